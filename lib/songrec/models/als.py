"""Implicit feedback as a weighted factorisation, solved for users and songs in turn."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from scipy.sparse import csr_array, csr_matrix

from songrec.errors import ConfigError
from songrec.models.base import checked_train, positive
from songrec.models.dense import single_threaded_blas
from songrec.models.factors import Factorised, checked_seed, number_above_zero
from songrec.models.iterative import Iterative

WEIGHTS = {
    "binary": np.ones_like,
    "log_plays": lambda plays: np.log2(1 + plays),
    "plays": lambda plays: plays,
}
"""What r plays weigh: 1 in each for a single play."""

BLOCK = 500
"""Users folded in at once: what bounds the songs whose factors are held in double precision."""


class ALS(Factorised, Iterative):
    """Matrix factorisation of implicit feedback by alternating least squares.

    factors : f, the length of the vectors. regularization : λ, as the library counts it: the same for every
    vector, however many songs the user has. alpha : how much extra_confidence a play is than no play.
    confidence : what r plays weigh, "binary" 1, "log_plays" log2(1 + r), "plays" r.
    epochs : times that all users and then all songs are solved for. seed : of the first vectors.

    With p_ui = 1 where user u has heard song i, else 0, and c_ui = 1 + alpha · weight(r_ui), vectors x_u of
    the users and y_i of the songs minimise (Hu, Koren & Volinsky 2008, eq. 3)

        Σ_ui c_ui (p_ui − x_u·y_i)² + λ (Σ_u |x_u|² + Σ_i |y_i|²)

    over all pairs, heard or not. With Y held fixed that is a least-squares problem for each user (eq. 4):

        x_u = (YᵀY + Yᵀ(C_u − 1)Y + λ1)⁻¹ Yᵀ C_u p_u,      score(u, i) = x_u·y_i

    The library `implicit` fits Y (three steps of conjugate gradients for each vector and half-epoch). A user
    is always folded in by eq. 4, exactly, from the songs heard. A fold-in says which songs, not how often:
    there each counts as played once, whatever `confidence` the songs were fitted with.

    >>> train = csr_array(np.array([[1, 1, 0, 0], [1, 1, 0, 0], [1, 0, 0, 0], [0, 0, 1, 1], [0, 0, 1, 1]]))
    >>> ALS(factors=2).fit(train).recommend(train[[2]], 1)[0]
    array([[1]], dtype=int32)
    """

    def __init__(
        self,
        factors: int = 64,
        regularization: float = 10.0,
        alpha: float = 10.0,
        confidence: str = "binary",
        epochs: int = 15,
        seed: int = 0,
    ):
        self.factors = factors
        self.regularization = regularization
        self.alpha = alpha
        self.confidence = confidence
        self.epochs = epochs
        self.seed = seed

    def fit_epochs(self, train: csr_array) -> Iterator[int]:
        factors, epochs = positive("factors", self.factors), positive("epochs", self.epochs)
        penalty = number_above_zero("regularization", self.regularization)
        alpha, seed = number_above_zero("alpha", self.alpha), checked_seed(self.seed)
        if self.confidence not in WEIGHTS:
            raise ConfigError(f"confidence must be one of {', '.join(WEIGHTS)}, not {self.confidence!r}")
        heard = checked_train(train)
        weights = self._weights(train, heard)
        confidences = csr_matrix((1 + alpha * weights, heard.indices, heard.indptr), shape=heard.shape)
        from implicit.cpu.als import AlternatingLeastSquares

        with single_threaded_blas():
            inner = AlternatingLeastSquares(factors, penalty, iterations=1, random_state=seed)
        for epoch in range(epochs):
            with single_threaded_blas():
                inner.fit(confidences, show_progress=False)  # continues from the factors that it holds
                self._keep(inner.item_factors, penalty, alpha)
            self.n_songs_ = heard.shape[1]
            yield epoch + 1

    def _weights(self, train: csr_array, heard: csr_array) -> np.ndarray:
        """float32, one for each entry of `heard`."""
        plays = csr_array(train, copy=True)
        plays.sum_duplicates()
        plays.eliminate_zeros()
        return WEIGHTS[self.confidence](plays.data.astype(np.float32))

    def _keep(self, factors: np.ndarray, penalty: float, extra_confidence: float) -> None:
        """Song factors, and the part of eq. 4 that is the same for every user."""
        self.song_factors_ = factors.copy()
        exact = factors.astype(np.float64)
        inverse = np.linalg.inv(exact.T @ exact + penalty * np.eye(factors.shape[1]))
        self.inverse_ = (inverse + inverse.T) / 2
        self.extra_confidence_ = extra_confidence

    def _encode_users(self, heard: csr_array, users: np.ndarray) -> np.ndarray:
        """Eq. 4 for every user: (n, f)."""
        vectors = np.zeros((heard.shape[0], len(self.inverse_)))
        with single_threaded_blas():
            for start in range(0, len(vectors), BLOCK):
                rows = slice(start, start + BLOCK)
                vectors[rows] = self._folded_in(heard[rows])
        return vectors

    def _folded_in(self, heard: csr_array) -> np.ndarray:
        songs, place = np.unique(heard.indices, return_inverse=True)
        factors = self.song_factors_[songs].astype(np.float64)
        projected = factors @ self.inverse_
        vectors = np.zeros((heard.shape[0], len(self.inverse_)))
        for user, (first, last) in enumerate(pairwise(heard.indptr)):
            own = place[first:last]
            vectors[user] = fold_in(factors[own], projected[own], self.extra_confidence_)
        return vectors


def fold_in(factors: np.ndarray, projected: np.ndarray, extra_confidence: float) -> np.ndarray:
    """The vector (f,) of a user who has heard the songs with these `factors` (h, f).

    projected : factors (YᵀY + λ1)⁻¹, (h, f). extra_confidence : a, the confidence in a heard song less that
    in any other.

    C_u − 1 is a for the songs H of the user and 0 elsewhere, so with M = (YᵀY + λ1)⁻¹ Woodbury's identity
    makes of eq. 4: x_u = (1 + a) M Y_Hᵀ (1 + a Y_H M Y_Hᵀ)⁻¹ 1, a system as large as H. Where f is smaller,
    the system that is solved is as large as f.
    """
    h, f = factors.shape
    if h <= f:
        return (
            (1 + extra_confidence)
            * np.linalg.solve(np.eye(h) + extra_confidence * projected @ factors.T, np.ones(h))
            @ projected
        )
    return (1 + extra_confidence) * np.linalg.solve(
        np.eye(f) + extra_confidence * projected.T @ factors, projected.sum(axis=0)
    )
