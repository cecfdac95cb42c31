"""Compiled loops of `songrec.ranking`: the k best columns of many rows, without what is hidden."""

import numpy as np

from songrec.kernels.compiled import compiled
from songrec.kernels.selection import is_better, select, sort

ROOM = 4
"""Candidates held at once, in lists: the more, the more rarely the best of them are looked for."""

CANCELLED = 1e-300
"""Stands for a sum of exactly 0: rounded to single precision it is 0, and added to a term it is that term."""

USERS, TILE = 128, 512
"""Rows and columns of a product that are made at once: half a megabyte, which a core's cache holds."""


@compiled
def _offer(value, code, n, k, values, codes):
    """Take a candidate in, if it may be among the k best: how many are held then.

    From `k` on, place k - 1 holds the worst of the best known.
    """
    if n >= k and not is_better(value, code, values[k - 1], codes[k - 1]):
        return n
    values[n], codes[n] = value, code
    n += 1
    if n == k or n == len(values):
        select(values, codes, n, k)
        return k
    return n


@compiled
def _write(n, k, values, codes, songs, scores):
    """Sort the best and write them, rounded, over the padding of a list."""
    if n > k:
        select(values, codes, n, k)
        n = k
    sort(values, codes, n)
    for place in range(n):
        songs[place], scores[place] = codes[place], np.float32(values[place])


@compiled
def _hide(indptr, indices, row, hidden, mark):
    for p in range(indptr[row], indptr[row + 1]):
        hidden[indices[p]] = mark


@compiled
def rank_dense(first, end, table, k, seen_indptr, seen, songs, scores):
    """Rank the columns of some rows; -inf is no candidate.

    Parameters
    ----------
    first, end : int
        The rows.
    table : float array (n, m)
        The values.
    k : int
        Length of the lists.
    seen_indptr, seen : int arrays
        Of a csr_array (n, m): columns that are left out.
    songs, scores : int32, float32 arrays (n, k)
        Written over their padding.
    """
    hidden = np.zeros(table.shape[1], np.bool_)
    values, codes = np.empty(ROOM * k, table.dtype), np.empty(ROOM * k, np.int32)
    for row in range(first, end):
        _hide(seen_indptr, seen, row, hidden, True)
        n, lowest = 0, -np.inf
        for column in range(table.shape[1]):
            value = table[row, column]
            if value >= lowest and value > -np.inf and not hidden[column]:
                n = _offer(value, np.int32(column), n, k, values, codes)
                if n == k:
                    lowest = np.float64(values[k - 1])
        _hide(seen_indptr, seen, row, hidden, False)
        _write(n, k, values, codes, songs[row], scores[row])


@compiled
def rank_stored(first, end, indptr, indices, data, m, k, seen_indptr, seen, songs, scores):
    """`rank_dense` for a csr_array (n, m), of which what is not stored is no candidate."""
    hidden = np.zeros(m, np.bool_)
    values, codes = np.empty(ROOM * k, data.dtype), np.empty(ROOM * k, np.int32)
    for row in range(first, end):
        _hide(seen_indptr, seen, row, hidden, True)
        n = 0
        for p in range(indptr[row], indptr[row + 1]):
            if data[p] > -np.inf and not hidden[indices[p]]:
                n = _offer(data[p], np.int32(indices[p]), n, k, values, codes)
        _hide(seen_indptr, seen, row, hidden, False)
        _write(n, k, values, codes, songs[row], scores[row])


@compiled
def rank_sums(
    first, end, w_indptr, w_indices, weights, indptr, indices, data, m, k, seen_indptr, seen, songs, scores
):
    """Rank the sums above zero of weighted sparse rows, without making them.

    Row i of the result ranks row i of the product of two matrices, `weights` (n, rows) and `data` (rows, m).
    Terms are added in double precision, in the order in which they are stored, and the sum is rounded to
    single: `songrec.models.neighbours.weighted_sum`.
    """
    hidden, sums = np.zeros(m, np.bool_), np.zeros(m)
    touched = np.empty(m + 1, np.int32)
    values, codes = np.empty(ROOM * k, np.float32), np.empty(ROOM * k, np.int32)
    for row in range(first, end):
        n_touched = 0
        for p in range(w_indptr[row], w_indptr[row + 1]):
            weight = np.float64(weights[p])
            for q in range(indptr[w_indices[p]], indptr[w_indices[p] + 1]):
                column = indices[q]
                before = sums[column]
                touched[n_touched] = column
                n_touched += before == 0
                total = before + weight * np.float64(data[q])
                # Terms that cancel out must not be taken for a column not met yet: `touched` holds each once.
                sums[column] = total if total != 0 else CANCELLED
        _hide(seen_indptr, seen, row, hidden, True)
        n = 0
        for t in range(n_touched):
            column = touched[t]
            value = np.float32(sums[column])
            sums[column] = 0
            if value > 0 and not hidden[column]:
                n = _offer(value, np.int32(column), n, k, values, codes)
        _hide(seen_indptr, seen, row, hidden, False)
        _write(n, k, values, codes, songs[row], scores[row])


@compiled
def rank_products(first, end, left, tiles, listed, scale, k, seen_indptr, seen, songs, scores):
    """Rank the dot products of vectors, without making them all: a tile at a time, by BLAS.

    Parameters
    ----------
    first, end : int
        The blocks of `USERS` rows.
    left : float64 array (blocks * USERS, f)
        A row of zeros is a user of whom nothing is known, and gets an empty list.
    tiles : float64 array (n_tiles, TILE, f)
        The vectors of the columns.
    listed : bool array (m,)
        Columns that may be listed.
    scale : float
        Products are rounded to a multiple of its inverse, unless it is 0, and then to single precision.
    k, seen_indptr, seen, songs, scores
        As for `rank_dense`; columns of a row of `seen` ascend.
    """
    n, m = len(songs), len(listed)
    product = np.empty((USERS, TILE))
    values, codes = np.empty((USERS, ROOM * k), np.float32), np.empty((USERS, ROOM * k), np.int32)
    held, lowest = np.empty(USERS, np.int64), np.empty(USERS, np.float32)
    for block in range(first, end):
        rows = left[block * USERS : (block + 1) * USERS]
        held[:], lowest[:] = 0, -np.inf
        for tile in range(len(tiles)):
            np.dot(rows, tiles[tile].T, product)
            for user in range(min(USERS, n - block * USERS)):
                row = block * USERS + user
                own = seen[seen_indptr[row] : seen_indptr[row + 1]]
                for place in range(min(TILE, m - tile * TILE)):
                    exact = product[user, place]
                    if scale > 0:
                        exact = np.rint(exact * scale) / scale + 0.0
                    value = np.float32(exact)
                    column = np.int32(tile * TILE + place)
                    if value >= lowest[user] and listed[column]:
                        at = np.searchsorted(own, column)
                        if at < len(own) and own[at] == column:
                            continue
                        held[user] = _offer(value, column, held[user], k, values[user], codes[user])
                        if held[user] == k:
                            lowest[user] = values[user, k - 1]
        for user in range(min(USERS, n - block * USERS)):
            if rows[user].any():
                row = block * USERS + user
                _write(held[user], k, values[user], codes[user], songs[row], scores[row])
