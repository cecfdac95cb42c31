"""What a sparse matrix in CSR form tells of its rows and columns."""

import numpy as np
from numpy.typing import DTypeLike
from scipy.sparse import csr_array


def row_of_entries(matrix: csr_array, dtype: DTypeLike = np.int64) -> np.ndarray:
    """The row of each stored entry: (nnz,)."""
    return np.repeat(np.arange(matrix.shape[0], dtype=dtype), np.diff(matrix.indptr))


def row_sums(matrix: csr_array) -> np.ndarray:
    """The sum of each row, in double precision and the order stored: float64 (n,)."""
    return np.bincount(row_of_entries(matrix), matrix.data, minlength=matrix.shape[0])


def column_counts(matrix: csr_array) -> np.ndarray:
    """How many entries are stored in each column, of plays the listeners of each song: int64 (m,)."""
    return np.bincount(matrix.indices, minlength=matrix.shape[1])
