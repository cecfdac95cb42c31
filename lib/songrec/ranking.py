"""Rows of sparse matrices: what is stored in them, and the k best by partial sorting, ties to the lower
code."""

from itertools import pairwise

import numpy as np
from scipy.sparse import csr_array, issparse

from songrec.kernels.threads import blas_threads, in_threads, single_threaded_blas
from songrec.lists import NOTHING

PARTS = 8
"""Parts for each thread."""


def binarised(matrix) -> csr_array:
    """A copy with 1.0 (float32) where `matrix` is not zero: canonical, int32 indices, safe to write into."""
    copy = csr_array(matrix, copy=True)
    copy.sum_duplicates()
    copy.eliminate_zeros()
    ones = np.ones(copy.nnz, np.float32)
    return csr_array((ones, copy.indices.astype(np.int32), copy.indptr.astype(np.int32)), shape=copy.shape)


def best(codes: np.ndarray, values: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """The `k` highest values and their codes, best first; fewer when there are fewer above -inf.

    Parameters
    ----------
    codes : int array (n,)
        In any order, each only once.
    values : float array (n,)
        -inf is no candidate.
    k : int
        How many are wanted.

    Returns
    -------
    codes : int array
        At most k, ties by the lower code.
    values : float array
        Their values.

    Notes
    -----
    Only a partition of `values` (linear time) and a sort of what reaches the k-th value: no full sort. Where
    there are many, only of those that reach the k-th highest of the maxima of their parts: at least k do.

    Examples
    --------
    >>> best(np.array([7, 3, 5, 1]), np.array([2.0, 1.0, 1.0, 1.0]), 3)
    (array([7, 1, 3]), array([2., 1., 1.]))
    """
    if (depth := len(values) // (4 * k)) > 1:
        parts = values[: len(values) // depth * depth].reshape(depth, -1).max(axis=0)
        reach = values >= np.partition(parts, len(parts) - k)[len(parts) - k]
        codes, values = codes[reach], values[reach]
    floor = np.partition(values, len(values) - k)[len(values) - k] if len(values) > k else -np.inf
    reach = (values >= floor) & (values > -np.inf)
    codes, values = codes[reach], values[reach]
    order = np.lexsort((codes, -values))[:k]
    return codes[order], values[order]


FEW = 16
"""Rows that are ranked without compiled loops: to load those takes longer, and a service need not."""


def best_in_rows(
    scores: csr_array | np.ndarray, k: int, seen: csr_array | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Rank the columns of each row, in the dtype of the scores; ties go to the lower column.

    Parameters
    ----------
    scores : csr_array or array (n, m)
        Sparse (an entry that is not stored is no candidate) or dense (-inf is no candidate).
    k : int
        Length of the lists.
    seen : csr_array (n, m), optional
        Columns stored in the row of `seen` are left out.

    Returns
    -------
    codes : int32 array (n, k)
        Columns, best first, padded with -1.
    values : float32 array (n, k)
        Their scores, rounded, padded with -inf.

    Examples
    --------
    >>> codes, values = best_in_rows(np.array([[1.0, 3.0, 3.0], [-np.inf, -np.inf, 2.0]]), 2)
    >>> codes
    array([[ 1,  2],
           [ 2, -1]], dtype=int32)
    """
    n, m = scores.shape
    if n <= FEW:
        return _few(scores, k, seen)
    from songrec.kernels.lists import rank_dense, rank_stored

    if issparse(scores):
        return _in_threads(rank_stored, n, (scores.indptr, scores.indices, scores.data, m, k), k, seen)
    return _in_threads(rank_dense, n, (np.ascontiguousarray(scores), k), k, seen)


def best_sums(
    weights: csr_array, rows: csr_array, k: int, seen: csr_array | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """`best_in_rows` of what is above zero in `weights @ rows`, without that product where rows are many.

    Parameters
    ----------
    weights : csr_array (n, j)
        Weights of the rows, for each result.
    rows : csr_array (j, m)
        What is added up: in double precision, in the order stored, rounded to single.
    k : int
        Length of the lists.
    seen : csr_array (n, m), optional
        Columns that are left out.

    Returns
    -------
    codes : int32 array (n, k)
        As from `best_in_rows`.
    values : float32 array (n, k)
        As from `best_in_rows`.
    """
    n, m = weights.shape[0], rows.shape[1]
    if n <= FEW:
        return _few(positive_only(weighted_sum(weights, rows)), k, seen)
    from songrec.kernels.lists import rank_sums

    tables = (table for matrix in (weights, rows) for table in (matrix.indptr, matrix.indices, matrix.data))
    return _in_threads(rank_sums, n, (*tables, m, k), k, seen)


def best_products(
    left: np.ndarray, right: np.ndarray, digits: int | None, k: int, seen: csr_array
) -> tuple[np.ndarray, np.ndarray]:
    """`best_in_rows` of `products`, a tile at a time where rows are many, by all threads that BLAS has.

    Parameters
    ----------
    left, right, digits
        As for `products`.
    k : int
        Length of the lists.
    seen : csr_array (n, m)
        Columns that are left out, in ascending order.

    Returns
    -------
    codes : int32 array (n, k)
        As from `best_in_rows`.
    values : float32 array (n, k)
        As from `best_in_rows`.
    """
    n = len(left)
    if n <= FEW:
        return _few(products(left, right, digits), k, seen)
    from songrec.kernels.lists import TILE, USERS, rank_products

    rows, tiles = _padded(left, USERS), _padded(right, TILE)
    tiles = tiles.reshape(-1, TILE, right.shape[1])
    scale = 0.0 if digits is None else 10.0**digits
    table = (rows, tiles, right.any(axis=1), scale, k)
    threads, blocks = blas_threads(), len(rows) // USERS
    with single_threaded_blas():
        return _in_threads(rank_products, n, table, k, seen, threads, blocks)


def products(left: np.ndarray, right: np.ndarray, digits: int | None = None) -> np.ndarray:
    """The dot products of two sets of vectors, in double precision, rounded to single.

    Parameters
    ----------
    left : float64 array (n, f)
        A row of zeros is of nobody known: its products are -inf.
    right : array (m, f)
        A row of zeros is of nothing known, likewise.
    digits : int, optional
        Decimals that are kept.

    Returns
    -------
    float32 array (n, m)
        Sums taken in double precision and rounded to single are the same for one user as for a batch.

    Examples
    --------
    >>> products(np.array([[0.5, -1.0], [0.0, 0.0]]), np.array([[2.0, 1.0], [0.0, 0.0]]))
    array([[  0., -inf],
           [-inf, -inf]], dtype=float32)
    """
    found = left @ np.asarray(right, np.float64).T
    if digits is not None:
        found = np.round(found, digits) + 0.0  # and no negative zeros
    found = found.astype(np.float32)
    found[~left.any(axis=1)] = -np.inf
    found[:, ~right.any(axis=1)] = -np.inf
    return found


def weighted_sum(weights: csr_array, rows: csr_array) -> csr_array:
    """The product `weights @ rows` in float32, reading only the rows that have a weight.

    Parameters
    ----------
    weights : csr_array (n, m)
        Weights of the rows, for each result.
    rows : csr_array (m, n_songs)
        What is added up.

    Returns
    -------
    csr_array (n, n_songs)
        Weighted sums, float32; columns in any order.

    Notes
    -----
    Terms of single precision are added in double precision and the sum rounded to single, so that the order
    of addition decides no tie.

    Examples
    --------
    >>> weighted_sum(csr_array(np.array([[0.5, 0.0]])), csr_array(np.array([[1, 2], [4, 8]]))).toarray()
    array([[0.5, 1. ]], dtype=float32)
    """
    used = np.unique(weights.indices)
    if len(used) < rows.shape[0]:
        weights, rows = weights[:, used], rows[used]
    total = weights.astype(np.float64) @ rows
    return csr_array((total.data.astype(np.float32), total.indices, total.indptr), shape=total.shape)


def positive_only(scores: csr_array | np.ndarray) -> csr_array | np.ndarray:
    """Scores of zero and below become -inf: no candidates. Written into `scores`."""
    values = scores.data if issparse(scores) else scores
    values[values <= 0] = -np.inf
    return scores


def _few(scores, k: int, seen: csr_array | None) -> tuple[np.ndarray, np.ndarray]:
    n, m = scores.shape
    codes, values = _padding(n, k)
    hidden = np.zeros(m, bool)
    every = np.arange(m, dtype=np.int32)
    for row in range(n):
        row_codes, row_values = _stored(scores, row) if issparse(scores) else (every, scores[row])
        if seen is not None:
            gone, _ = _stored(seen, row)
            hidden[gone] = True
            open_ = ~hidden[row_codes]
            row_codes, row_values = row_codes[open_], row_values[open_]
            hidden[gone] = False
        found, found_values = best(row_codes, row_values, k)
        codes[row, : len(found)] = found
        values[row, : len(found)] = found_values
    return codes, values


def _in_threads(
    rank, n: int, table: tuple, k: int, seen: csr_array | None, threads: int = 0, parts: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Rows, or as many blocks of them, shared out: each is ranked by one thread alone."""
    codes, values = _padding(n, k)
    nothing = np.zeros(n + 1, np.int32), np.zeros(0, np.int32)
    hidden = nothing if seen is None else (seen.indptr, seen.indices)
    threads = threads or blas_threads()
    cuts = np.unique(np.linspace(0, parts or n, PARTS * threads + 1).astype(int)).tolist()
    in_threads(lambda first, end: rank(first, end, *table, *hidden, codes, values), pairwise(cuts), threads)
    return codes, values


def _padded(rows: np.ndarray, multiple: int) -> np.ndarray:
    """In double precision, with rows of zeros up to a multiple of so many."""
    result = np.zeros((-(-len(rows) // multiple) * multiple, rows.shape[1]))
    result[: len(rows)] = rows
    return result


def _padding(n: int, k: int) -> tuple[np.ndarray, np.ndarray]:
    return np.full((n, k), NOTHING, np.int32), np.full((n, k), -np.inf, np.float32)


def _stored(matrix: csr_array, row: int) -> tuple[np.ndarray, np.ndarray]:
    span = slice(matrix.indptr[row], matrix.indptr[row + 1])
    return matrix.indices[span], matrix.data[span]
