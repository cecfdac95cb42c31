"""What both neighbourhood models do: add up similarities."""

import numpy as np
from scipy.sparse import csr_array


def weighted_sum(weights: csr_array, rows: csr_array) -> csr_array:
    """`weights @ rows` (n, m) @ (m, n_songs) in float32, reading only the rows that have a weight.

    Terms of single precision are added in double precision and the sum rounded to single, so that the order
    of addition decides no tie. Columns come in any order.

    >>> weighted_sum(csr_array(np.array([[0.5, 0.0]])), csr_array(np.array([[1, 2], [4, 8]]))).toarray()
    array([[0.5, 1. ]], dtype=float32)
    """
    used = np.unique(weights.indices)
    if len(used) < rows.shape[0]:
        weights, rows = weights[:, used], rows[used]
    total = weights.astype(np.float64) @ rows
    return csr_array((total.data.astype(np.float32), total.indices, total.indptr), shape=total.shape)
