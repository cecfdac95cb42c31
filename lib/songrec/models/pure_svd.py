"""A log seen through its strongest directions."""

import numpy as np
from scipy.sparse import csr_array

from songrec.models.base import checked_train, positive
from songrec.models.dense import single_threaded_blas
from songrec.models.factors import Factorised, checked_seed

DENSE = 1_000
"""Up to this many users or songs, the decomposition is taken of the dense matrix."""

DIGITS = 9
"""Decimals of a score that are more than rounding: scores are of the order of 1."""


class PureSVD(Factorised):
    """Truncated singular value decomposition of the binary log, missing entries taken as zeros.

    factors : f, the singular directions kept (no more than the log's rank). seed : of ARPACK's start.

    With X ≈ U Σ Vᵀ the decomposition of the binary training matrix cut off at its f largest singular values
    (Cremonesi, Koren & Turrin 2010, eq. 11 and 12),

        score(u, i) = x_u V v_iᵀ

    where x_u is what the user has heard, as 0 and 1: a user needs no factors, so a new one is as good as a
    known one. V is found by ARPACK to machine precision; the sign of a direction changes nothing. With as
    many factors as X has rank, the scores are X itself: a song unheard scores 0, and nothing is learnt.

    >>> train = csr_array(np.array([[1, 1, 0, 0], [1, 1, 0, 0], [1, 0, 0, 0], [0, 0, 1, 1], [0, 0, 1, 1]]))
    >>> PureSVD(factors=2).fit(train).recommend(train[[2]], 1)[0]
    array([[1]], dtype=int32)
    """

    def __init__(self, factors: int = 50, seed: int = 0):
        self.factors = factors
        self.seed = seed

    def fit(self, train: csr_array) -> "PureSVD":
        factors, seed = positive("factors", self.factors), checked_seed(self.seed)
        heard = checked_train(train)
        with single_threaded_blas():
            self.song_factors_ = _directions(heard.astype(np.float64), factors, seed).astype(np.float32)
        self.n_songs_ = heard.shape[1]
        return self

    def _encode_users(self, heard: csr_array, users: np.ndarray) -> np.ndarray:
        return heard.astype(np.float64) @ np.ascontiguousarray(self.song_factors_, np.float64)

    def _scores(self, represented: np.ndarray, n_needed: int) -> np.ndarray:
        return np.round(super()._scores(represented, n_needed), DIGITS) + 0.0  # and no negative zeros


def _directions(heard: csr_array, factors: int, seed: int) -> np.ndarray:
    """The right singular vectors of the largest singular values, as columns, largest first."""
    if min(heard.shape) <= max(DENSE, 2 * factors):
        _, sizes, rows = np.linalg.svd(heard.toarray(), full_matrices=False)
    else:
        from scipy.sparse.linalg import svds

        start = np.random.default_rng(seed).random(min(heard.shape))
        _, sizes, rows = svds(heard, k=factors, v0=start, return_singular_vectors="vh")
        sizes, rows = sizes[::-1], rows[::-1]
    rank = min(factors, int((sizes > sizes[0] * max(heard.shape) * np.finfo(np.float64).eps).sum()))
    return np.ascontiguousarray(rows[:rank].T)
