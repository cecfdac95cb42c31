"""Rows of sparse matrices: what is stored in them, and the k best by partial sorting, ties to the lower
code."""

import numpy as np
from scipy.sparse import csr_array, issparse

from songrec.lists import NOTHING


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
    Only a partition of `values` (linear time) and a sort of what reaches the k-th value: no full sort.

    Examples
    --------
    >>> best(np.array([7, 3, 5, 1]), np.array([2.0, 1.0, 1.0, 1.0]), 3)
    (array([7, 1, 3]), array([2., 1., 1.]))
    """
    floor = np.partition(values, len(values) - k)[len(values) - k] if len(values) > k else -np.inf
    reach = (values >= floor) & (values > -np.inf)
    codes, values = codes[reach], values[reach]
    order = np.lexsort((codes, -values))[:k]
    return codes[order], values[order]


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
    codes = np.full((n, k), NOTHING, np.int32)
    values = np.full((n, k), -np.inf, np.float32)
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


def _stored(matrix: csr_array, row: int) -> tuple[np.ndarray, np.ndarray]:
    span = slice(matrix.indptr[row], matrix.indptr[row + 1])
    return matrix.indices[span], matrix.data[span]
