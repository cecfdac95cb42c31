"""Implicit feedback as a weighted factorisation, solved for users and songs in turn."""

from collections.abc import Iterator
from typing import Literal

import numpy as np
from scipy.sparse import csr_array

from songrec.kernels.threads import blas_threads
from songrec.models.base import NonNegativeInt, PositiveFloat, PositiveInt, estimator
from songrec.models.factors import Factorised
from songrec.models.iterative import Iterative
from songrec.models.weighting import play_counts

WEIGHTS = {
    "binary": np.ones_like,
    "log_plays": lambda plays: np.log2(1 + plays),
    "plays": lambda plays: plays,
}
"""What r plays weigh: 1 in each for a single play."""

START = np.float32(0.01)
"""The first vectors of the songs lie between 0 and this."""

UNOBSERVED = 1.0
"""c_ui of a song not heard."""

TOLERANCE, EXACT = 1e-8, 1e-26
"""How far a half-step may stay above the least objective, and a fold-in: see `als_kernel.solve`."""


@estimator
class ALS(Factorised, Iterative):
    r"""Matrix factorisation of implicit feedback by alternating least squares.

    Parameters
    ----------
    factors : int, at least 1
        f, the length of the vectors.
    regularization : float, above 0
        λ, the same for every vector, however many songs the user has.
    alpha : float, above 0
        How much more confidence a play gives than no play.
    confidence : {"binary", "log_plays", "plays"}
        What r plays weigh: 1, log2(1 + r) or r.
    epochs : int, at least 1
        How often all users and then all songs are solved for.
    seed : int, at least 0
        Of the first vectors.
    penalty : {"vectors", "entries"}
        What λ is added for: once for each vector, or once for each entry of a vector's row, so that a user
        of n songs has n λ. The second is the objective of Spark's ALS (`songrec.engines.spark.models`).

    Notes
    -----
    With :math:`p_{ui} = 1` where user u has heard song i, else 0, and
    :math:`c_{ui} = 1 + \alpha \cdot \text{weight}(r_{ui})`, the vectors :math:`x_u` of the users and
    :math:`y_i` of the songs minimise, over all pairs, heard or not (Hu et al., eq. 3),

    .. math:: \sum_{ui} c_{ui} (p_{ui} - x_u \cdot y_i)^2 + \lambda (\sum_u |x_u|^2 + \sum_i |y_i|^2)

    With Y held fixed that is a least-squares problem for each user (eq. 4):

    .. math:: x_u = (Y^T Y + Y^T (C_u - 1) Y + \lambda I)^{-1} Y^T C_u p_u, \quad
        \text{score}(u, i) = x_u \cdot y_i

    and so for each song with X held fixed. With `penalty` "entries", λ is that times the songs of the user,
    or the listeners of the song (Zhou et al. 2008). Every such system is solved by preconditioned conjugate
    gradients, until the objective is within `TOLERANCE` of its least; a user is folded in by the same
    equation, to the last digits (`EXACT`). `gram_` and `basis_` are the eigenvalues and eigenvectors of
    :math:`Y^T Y`.

    A fold-in says which songs, not how often: there each counts as played once, whatever `confidence` the
    songs were fitted with.

    References
    ----------
    Hu, Koren & Volinsky 2008, "Collaborative filtering for implicit feedback datasets"; Zhou, Wilkinson,
    Schreiber & Pan 2008, "Large-scale parallel collaborative filtering for the Netflix prize".

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
    penalty: Literal["vectors", "entries"] = "vectors"

    def _epochs(self, binary: csr_array, plays: csr_array) -> Iterator[None]:
        from songrec.models.als_kernel import eigenbasis, solve, turn

        by_user = binary
        if self.confidence != "binary":
            weights = WEIGHTS[self.confidence](play_counts(plays)).astype(np.float32)
            by_user = csr_array((weights, binary.indices, binary.indptr), binary.shape)
        by_song = csr_array(by_user.T.tocsr())
        shape = binary.shape[1], self.factors
        songs = START * np.random.default_rng(self.seed).random(shape, np.float32)
        users = np.zeros((binary.shape[0], self.factors), np.float32)
        penalty, extra_confidence, threads = float(self.regularization), float(self.alpha), blas_threads()
        numbers = {"alpha": extra_confidence, "unobserved": UNOBSERVED, "tolerance": TOLERANCE}
        gram, basis = eigenbasis(songs, threads)
        for _ in range(self.epochs):
            for entries, fixed, solved in ((by_user, songs, users), (by_song, users, songs)):
                for side in (fixed, solved):
                    turn(side, basis, threads)
                penalties = self._penalties(entries, penalty)
                solve(entries, fixed, gram, penalties, solved, **numbers, threads=threads)
                gram, basis = eigenbasis(solved, threads)
            self.song_factors_, self.gram_, self.basis_ = songs.copy(), gram, basis
            self.penalty_, self.extra_confidence_ = penalty, extra_confidence
            yield

    def take(self, factors: np.ndarray) -> "ALS":
        """Songs' factors that were found elsewhere, float32 (n_songs, f): the model is then fitted."""
        from songrec.models.als_kernel import eigenbasis

        self._check_parameters()
        self.song_factors_ = np.ascontiguousarray(factors, np.float32)
        self.gram_, self.basis_ = eigenbasis(self.song_factors_, blas_threads())
        self.penalty_, self.extra_confidence_ = float(self.regularization), float(self.alpha)
        self.n_songs_ = len(factors)
        return self

    def _penalties(self, rows: csr_array, penalty: float) -> np.ndarray:
        """λ of each row: float64 (n,)."""
        entries = np.diff(rows.indptr) if self.penalty == "entries" else np.ones(rows.shape[0])
        return penalty * np.maximum(entries, 1.0)

    def _encode_users(self, fold_in: csr_array, users: np.ndarray) -> np.ndarray:
        """Eq. 4 for every user: (n, f)."""
        from songrec.models.als_kernel import solve, turn

        threads = blas_threads()
        songs, place = np.unique(fold_in.indices, return_inverse=True)
        once = np.ones(len(place), np.float32)
        heard = csr_array((once, place.astype(np.int32), fold_in.indptr), (fold_in.shape[0], len(songs)))
        factors = self.song_factors_[songs].astype(np.float64)
        vectors = np.zeros((fold_in.shape[0], len(self.gram_)))
        penalties = self._penalties(fold_in, self.penalty_)
        turn(factors, self.basis_, threads)
        numbers = {"alpha": self.extra_confidence_, "unobserved": UNOBSERVED, "tolerance": EXACT}
        solve(heard, factors, self.gram_, penalties, vectors, **numbers, threads=threads)
        turn(vectors, np.ascontiguousarray(self.basis_.T), threads)
        return vectors
