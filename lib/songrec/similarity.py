"""Nearest neighbours by cosine between the rows of binary sparse matrices: exact sets, ties by lower code.

The heavy part, a sparse product with the best few kept per row, is the kernel of similaripy (C++, OpenMP; the
fastest of those measured). Its values are float32 and its ties fall by chance of memory order, so here it
only proposes candidates. They are ranked by

    c² / (a · b),    c common features, a and b the features of either side,

the squared cosine, as a ratio of integers in float64: equal ratios give equal numbers, so a tie is a tie (and
different ratios stay different while c² · b < 2**53). A row whose k-th place might be tied with something
that the kernel left out is asked again with more room, until it cannot be.
"""

import numpy as np
from scipy.sparse import csr_array

from songrec.lists import NOTHING

MARGIN = 64
"""Candidates asked of the kernel beyond k: room for ties at the k-th place."""

CELLS = 8_000_000
"""Candidates held at once (about 30 bytes each): what bounds the memory, whatever the matrix."""

SLACK = 1e-6
"""More than the relative error of the kernel's float32 values (three roundings of 2**-24)."""


def binarised(matrix) -> csr_array:
    """A copy with 1.0 (float32) where `matrix` is not zero: canonical, int32 indices, safe to write into."""
    copy = csr_array(matrix, copy=True)
    copy.sum_duplicates()
    copy.eliminate_zeros()
    ones = np.ones(copy.nnz, np.float32)
    return csr_array((ones, copy.indices.astype(np.int32), copy.indptr.astype(np.int32)), shape=copy.shape)


def cosine_neighbours(rows: csr_array, k: int, *, threads: int = 0) -> csr_array:
    """For each row its `k` nearest other rows by cosine, of what is not zero.

    rows : (n, features) sparse. threads : 0 lets OpenMP decide; the result does not depend on it.

    Returns a csr_array (n, n) of cosines (float32), columns ascending, at most `k` in a row and no row beside
    itself; rows with nothing in common are no neighbours.

    >>> songs = csr_array(np.array([[1, 1, 0], [1, 1, 1], [0, 0, 1]]))
    >>> cosine_neighbours(songs, 1).toarray().round(3)
    array([[0.   , 0.816, 0.   ],
           [0.816, 0.   , 0.   ],
           [0.   , 0.577, 0.   ]], dtype=float32)
    """
    rows = binarised(rows)
    n = rows.shape[0]
    codes, cosines = nearest(rows, rows.T.tocsr(), k, own=np.arange(n), threads=threads)
    found = codes != NOTHING
    indptr = np.concatenate([[0], np.cumsum(found.sum(axis=1))])
    neighbours = csr_array((cosines[found], codes[found], indptr.astype(np.int32)), shape=(n, n))
    neighbours.sort_indices()
    return neighbours


def nearest(
    queries: csr_array,
    columns: csr_array,
    k: int,
    *,
    sizes: np.ndarray | None = None,
    own: np.ndarray | None = None,
    threads: int = 0,
) -> tuple[np.ndarray, np.ndarray]:
    """For each query its `k` nearest items by cosine, best first, ties by the lower code.

    queries : csr_array (m, features); columns : csr_array (features, n), one column an item: both binary and
    canonical (see `binarised`). sizes : (n,) features of each item; counted from `columns` when None.
    own : (m,) the item that a query must not find, -1 for none.

    Returns (codes int32 (m, k), cosines float32 (m, k)), padded with -1 and 0.
    """
    m, n = queries.shape[0], columns.shape[1]
    sizes = np.bincount(columns.indices, minlength=n) if sizes is None else sizes
    own = np.full(m, NOTHING) if own is None else own
    codes = np.full((m, k), NOTHING, np.int32)
    squares = np.zeros((m, k))
    pending = np.flatnonzero(np.diff(queries.indptr))
    room = k + MARGIN
    while len(pending):
        room = min(room, n)
        open_rows = []
        for block in np.array_split(pending, -(-len(pending) * room // CELLS)):
            settled, found, found_squares = _ask(queries[block], columns, sizes, own[block], k, room, threads)
            codes[block, : found.shape[1]] = found
            squares[block, : found.shape[1]] = found_squares
            open_rows.append(block[~settled])
        pending = np.concatenate(open_rows)
        room *= 4
    return codes, np.sqrt(squares).astype(np.float32)


def _ask(queries, columns, sizes, own, k, room, threads):
    """One call of the kernel: (which rows are settled, their best k codes, their squared cosines)."""
    found, values = _kernel(queries, columns, sizes, room, threads)
    there = values > 0
    common = np.rint(values * np.sqrt(sizes[found]))
    heard = np.diff(queries.indptr)[:, None].astype(np.float64)
    squares = np.where(
        there & (found != own[:, None]), common**2 / (heard * np.maximum(sizes[found], 1)), 0.0
    )
    order = np.lexsort((found, -squares), axis=1)[:, :k]
    codes, best = (np.take_along_axis(array, order, axis=1) for array in (found, squares))
    # What the kernel left out is no better than the worst that it returned, if it filled its room at all.
    worst = values.min(axis=1).astype(np.float64) / np.sqrt(heard[:, 0])
    settled = (room == columns.shape[1]) | (worst == 0) | (np.sqrt(best[:, -1]) > worst * (1 + SLACK))
    return settled, np.where(best > 0, codes, NOTHING), best


def _kernel(queries, columns, sizes, room, threads):
    """The `room` items with the highest c / √b for each query, in no order: (codes, values), 0 where no
    more."""
    import similaripy

    heard = np.unique(queries.indices)
    if len(heard) < len(columns.indptr) - 1:  # its preparation takes time by the size of what it is given
        queries, columns = queries[:, heard], columns[heard]
    result = similaripy.s_plus(
        queries,
        columns,
        l1=0,
        l2=0,
        l3=1,  # divide by a power of the item's weight alone: the query's own size does not change the order
        pop2=sizes.astype(np.float32),
        beta2=0.5,
        k=room,
        verbose=False,
        num_threads=threads,
    )
    shape = (queries.shape[0], room)  # the kernel writes `room` places for each row, in the order of the rows
    return result.col.reshape(shape), result.data.reshape(shape).astype(np.float64)
