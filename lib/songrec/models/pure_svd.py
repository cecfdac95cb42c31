"""A log seen through its strongest directions."""

import numpy as np
from scipy.sparse import csr_array

from songrec.kernels.threads import single_threaded_blas
from songrec.models.base import NonNegativeInt, PositiveInt, estimator
from songrec.models.factors import Factorised

DENSE = 1_000
"""Up to this many users or songs, the decomposition is taken of the dense matrix."""


@estimator
class PureSVD(Factorised):
    r"""Truncated singular value decomposition of the binary log, missing entries taken as zeros.

    Parameters
    ----------
    factors : int, at least 1
        f, the number of singular directions kept; no more than the log's rank.
    seed : int, at least 0
        Of ARPACK's start.

    Notes
    -----
    With :math:`X \approx U \Sigma V^T` the decomposition of the binary training matrix cut off at its f
    largest singular values (Cremonesi et al., eqs. 11 and 12),

    .. math:: \text{score}(u, i) = x_u V v_i^T

    where :math:`x_u` is the fold-in as 0 and 1: a user needs no factors, so known and new users are treated
    alike. V is found by ARPACK to machine precision; the sign of a direction changes nothing. With as many
    factors as X has rank, the scores are X itself: a song unheard scores 0, and nothing is learnt.

    References
    ----------
    Cremonesi, Koren & Turrin 2010, "Performance of recommender algorithms on top-N recommendation tasks".

    Examples
    --------
    >>> train = csr_array(np.array([[1, 1, 0, 0], [1, 1, 0, 0], [1, 0, 0, 0], [0, 0, 1, 1], [0, 0, 1, 1]]))
    >>> PureSVD(factors=2).fit(train).recommend(train[[2]], 1)[0]
    array([[1]], dtype=int32)
    """

    factors: PositiveInt = 50
    seed: NonNegativeInt = 0
    digits = 9  # of a score that are more than rounding: scores are of the order of 1

    def _fit(self, binary: csr_array, plays: csr_array) -> None:
        with single_threaded_blas():
            self.song_factors_ = directions(binary.astype(np.float64), self.factors, self.seed).astype(
                np.float32
            )

    def _encode_users(self, fold_in: csr_array, users: np.ndarray) -> np.ndarray:
        return fold_in.astype(np.float64) @ np.ascontiguousarray(self.song_factors_, np.float64)


def directions(matrix: csr_array, factors: int, seed: int) -> np.ndarray:
    """The right singular vectors of the f largest singular values: float64 (columns, f or the rank).

    To be called with BLAS on one thread.
    """
    if min(matrix.shape) <= max(DENSE, 2 * factors):
        _, sizes, rows = np.linalg.svd(matrix.toarray(), full_matrices=False)
    else:
        from scipy.sparse.linalg import svds

        start = np.random.default_rng(seed).random(min(matrix.shape))
        _, sizes, rows = svds(matrix, k=factors, v0=start, return_singular_vectors="vh")
        sizes, rows = sizes[::-1], rows[::-1]
    rank = min(factors, int((sizes > sizes[0] * max(matrix.shape) * np.finfo(np.float64).eps).sum()))
    return np.ascontiguousarray(rows[:rank].T)
