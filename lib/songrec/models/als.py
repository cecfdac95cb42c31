"""Implicit feedback as a weighted factorisation, solved for users and songs in turn."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Literal

import numpy as np
from scipy.sparse import csr_array, csr_matrix

from songrec.models.base import NonNegativeInt, PositiveFloat, PositiveInt, estimator
from songrec.models.dense import single_threaded_blas
from songrec.models.factors import Factorised
from songrec.models.iterative import Iterative
from songrec.models.weighting import play_counts

WEIGHTS = {
    "binary": np.ones_like,
    "log_plays": lambda plays: np.log2(1 + plays),
    "plays": lambda plays: plays,
}
"""What r plays weigh: 1 in each for a single play."""

BLOCK = 500
"""Users folded in at once: what bounds the songs whose factors are held in double precision."""


@estimator
class ALS(Factorised, Iterative):
    r"""Matrix factorisation of implicit feedback by alternating least squares.

    Parameters
    ----------
    factors : int, at least 1
        f, the length of the vectors.
    regularization : float, above 0
        λ, as the library `implicit` counts it: the same for every vector, however many songs the user has.
    alpha : float, above 0
        How much more confidence a play gives than no play.
    confidence : {"binary", "log_plays", "plays"}
        What r plays weigh: 1, log2(1 + r) or r.
    epochs : int, at least 1
        How often all users and then all songs are solved for.
    seed : int, at least 0
        Of the first vectors.

    Notes
    -----
    With :math:`p_{ui} = 1` where user u has heard song i, else 0, and
    :math:`c_{ui} = 1 + \alpha \cdot \text{weight}(r_{ui})`, the vectors :math:`x_u` of the users and
    :math:`y_i` of the songs minimise, over all pairs, heard or not (Hu et al., eq. 3),

    .. math:: \sum_{ui} c_{ui} (p_{ui} - x_u \cdot y_i)^2 + \lambda (\sum_u |x_u|^2 + \sum_i |y_i|^2)

    With Y held fixed that is a least-squares problem for each user (eq. 4):

    .. math:: x_u = (Y^T Y + Y^T (C_u - 1) Y + \lambda I)^{-1} Y^T C_u p_u, \quad
        \text{score}(u, i) = x_u \cdot y_i

    The library `implicit` fits Y, with three steps of conjugate gradients for each vector and half-epoch. A
    user is always folded in by eq. 4, exactly. A fold-in says which songs, not how often: there each counts
    as played once, whatever `confidence` the songs were fitted with.

    References
    ----------
    Hu, Koren & Volinsky 2008, "Collaborative filtering for implicit feedback datasets".

    Examples
    --------
    >>> train = csr_array(np.array([[1, 1, 0, 0], [1, 1, 0, 0], [1, 0, 0, 0], [0, 0, 1, 1], [0, 0, 1, 1]]))
    >>> ALS(factors=2).fit(train).recommend(train[[2]], 1)[0]
    array([[1]], dtype=int32)
    """

    factors: PositiveInt = 64
    regularization: PositiveFloat = 10.0
    alpha: PositiveFloat = 10.0
    confidence: Literal["binary", "log_plays", "plays"] = "binary"
    epochs: PositiveInt = 15
    seed: NonNegativeInt = 0

    def _epochs(self, binary: csr_array, plays: csr_array) -> Iterator[None]:
        weights = WEIGHTS[self.confidence](play_counts(plays).astype(np.float32))
        confidences = csr_matrix((1 + self.alpha * weights, binary.indices, binary.indptr), binary.shape)
        from implicit.cpu.als import AlternatingLeastSquares

        with single_threaded_blas():
            inner = AlternatingLeastSquares(
                self.factors, self.regularization, iterations=1, random_state=self.seed
            )
        penalty, extra_confidence = float(self.regularization), float(self.alpha)
        for _ in range(self.epochs):
            with single_threaded_blas():
                inner.fit(confidences, show_progress=False)  # continues from the factors that it holds
                self._keep(inner.item_factors, penalty, extra_confidence)
            yield

    def _keep(self, factors: np.ndarray, penalty: float, extra_confidence: float) -> None:
        """Song factors, and the part of eq. 4 that is the same for every user."""
        self.song_factors_ = factors.copy()
        exact = factors.astype(np.float64)
        inverse = np.linalg.inv(exact.T @ exact + penalty * np.eye(factors.shape[1]))
        self.inverse_ = (inverse + inverse.T) / 2
        self.extra_confidence_ = extra_confidence

    def _encode_users(self, fold_in: csr_array, users: np.ndarray) -> np.ndarray:
        """Eq. 4 for every user: (n, f)."""
        vectors = np.zeros((fold_in.shape[0], len(self.inverse_)))
        with single_threaded_blas():
            for start in range(0, len(vectors), BLOCK):
                rows = slice(start, start + BLOCK)
                vectors[rows] = self._solve(fold_in[rows])
        return vectors

    def _solve(self, fold_in: csr_array) -> np.ndarray:
        songs, place = np.unique(fold_in.indices, return_inverse=True)
        factors = self.song_factors_[songs].astype(np.float64)
        projected = factors @ self.inverse_
        vectors = np.zeros((fold_in.shape[0], len(self.inverse_)))
        for user, (first, last) in enumerate(pairwise(fold_in.indptr)):
            own = place[first:last]
            vectors[user] = user_vector(factors[own], projected[own], self.extra_confidence_)
        return vectors


def user_vector(factors: np.ndarray, projected: np.ndarray, extra_confidence: float) -> np.ndarray:
    r"""Eq. 4 of Hu et al. 2008 for one user.

    Parameters
    ----------
    factors : float64 array (h, f)
        Factors :math:`Y_H` of the songs H in the fold-in.
    projected : float64 array (h, f)
        The factors times :math:`M = (Y^T Y + \lambda I)^{-1}`.
    extra_confidence : float
        a, the confidence in a song of the fold-in less that in any other.

    Returns
    -------
    float64 array (f,)
        The user's vector.

    Notes
    -----
    :math:`C_u - 1` is a for the songs H and 0 elsewhere, so Woodbury's identity makes of eq. 4

    .. math:: x_u = (1 + a) M Y_H^T (1 + a Y_H M Y_H^T)^{-1} 1

    a system as large as H. Where f is smaller, the system that is solved is as large as f.
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
