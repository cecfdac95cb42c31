"""Implicit feedback as a weighted factorisation, solved for users and songs in turn."""

from collections.abc import Iterator
from typing import Literal

import numpy as np
from scipy.sparse import csr_array

from songrec.csr import row_sums
from songrec.kernels.threads import blas_threads
from songrec.models.base import NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt, estimator
from songrec.models.factors import Factorised
from songrec.models.iterative import Iterative
from songrec.models.weighting import play_counts
from songrec.ranking import binarised

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
        λ: the mean over all vectors, of users and of songs.
    alpha : float, above 0
        How much more confidence a play gives than no play: 1 / alpha is Rendle et al.'s weight of no play.
    frequency_exponent : float, at least 0
        ν: 0 regularises all vectors alike, 1 in proportion to what their pairs count in the objective.
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

    .. math:: \sum_{ui} c_{ui} (p_{ui} - x_u \cdot y_i)^2
        + \sum_u \lambda_u |x_u|^2 + \sum_i \lambda_i |y_i|^2

    where the penalty of a vector goes by what its pairs count (Rendle et al., eq. 5),

    .. math:: \lambda_u = \lambda \, (\textstyle\sum_i c_{ui})^\nu / m, \quad
        \lambda_i = \lambda \, (\textstyle\sum_u c_{ui})^\nu / m

    with m the mean of all these powers, so that λ means as much for any ν. Without counts of plays,
    :math:`\sum_i c_{ui}` is :math:`\alpha` times their :math:`|I_u| + \alpha_0 |I|`, with
    :math:`\alpha_0 = 1 / \alpha`; their objective is this one with both λ and the scores on another scale.

    With Y held fixed that is a least-squares problem for each user (Hu et al., eq. 4):

    .. math:: x_u = (Y^T Y + Y^T (C_u - 1) Y + \lambda_u I)^{-1} Y^T C_u p_u, \quad
        \text{score}(u, i) = x_u \cdot y_i

    and so for each song with X held fixed. With `penalty` "entries", λ is that times the songs of the user,
    or the listeners of the song (Zhou et al. 2008). Every such system is solved by preconditioned conjugate
    gradients, until the objective is within `TOLERANCE` of its least; a user is folded in by the same
    equation, to the last digits (`EXACT`). `gram_` and `basis_` are the eigenvalues and eigenvectors of
    :math:`Y^T Y`.

    The plays of a fold-in count as those of a training user, by `confidence`.

    References
    ----------
    Hu, Koren & Volinsky 2008, "Collaborative filtering for implicit feedback datasets"; Zhou, Wilkinson,
    Schreiber & Pan 2008, "Large-scale parallel collaborative filtering for the Netflix prize"; Rendle,
    Krichene, Zhang & Koren 2022, "Revisiting the performance of iALS on item recommendation benchmarks".

    Examples
    --------
    >>> train = csr_array(np.array([[1, 1, 0, 0], [1, 1, 0, 0], [1, 0, 0, 0], [0, 0, 1, 1], [0, 0, 1, 1]]))
    >>> ALS(factors=2).fit(train).recommend(train[[2]], 1)[0]
    array([[1]], dtype=int32)
    """

    factors: PositiveInt = 64
    regularization: PositiveFloat = 10.0
    alpha: PositiveFloat = 10.0
    frequency_exponent: NonNegativeFloat = 0.0
    confidence: Literal["binary", "log_plays", "plays"] = "binary"
    epochs: PositiveInt = 15
    seed: NonNegativeInt = 0
    penalty: Literal["vectors", "entries"] = "vectors"

    def _epochs(self, binary: csr_array, plays: csr_array) -> Iterator[None]:
        from songrec.models.als_kernel import eigenbasis, solve, turn

        self._keep_parameters()
        by_user = self._weights(plays)
        by_song = csr_array(by_user.T.tocsr())
        shape = binary.shape[1], self.factors
        songs = START * np.random.default_rng(self.seed).random(shape, np.float32)
        users = np.zeros((binary.shape[0], self.factors), np.float32)
        sides = [self._frequencies(entries) for entries in (by_user, by_song)]
        mean = 1.0 if self.penalised_ == "entries" else float(np.concatenate(sides).mean())
        self.penalty_ = self.regularization / mean
        threads = blas_threads()
        numbers = {"alpha": self.extra_confidence_, "unobserved": UNOBSERVED, "tolerance": TOLERANCE}
        gram, basis = eigenbasis(songs, threads)
        for _ in range(self.epochs):
            both = (by_user, songs, users, sides[0]), (by_song, users, songs, sides[1])
            for entries, fixed, solved, frequencies in both:
                for side in (fixed, solved):
                    turn(side, basis, threads)
                solve(entries, fixed, gram, self.penalty_ * frequencies, solved, **numbers, threads=threads)
                gram, basis = eigenbasis(solved, threads)
            self.song_factors_, self.gram_, self.basis_ = songs.copy(), gram, basis
            yield

    def take(self, factors: np.ndarray) -> "ALS":
        """Songs' factors that were found elsewhere, float32 (n_songs, f), for `penalty` "entries": fitted."""
        from songrec.models.als_kernel import eigenbasis

        self._check_parameters()
        self._keep_parameters()
        self.song_factors_ = np.ascontiguousarray(factors, np.float32)
        self.gram_, self.basis_ = eigenbasis(self.song_factors_, blas_threads())
        self.penalty_, self.n_songs_ = float(self.regularization), len(factors)
        return self

    def _keep_parameters(self) -> None:
        """Those that a fold-in goes by, whatever becomes of the others."""
        self.confidence_, self.frequency_exponent_ = self.confidence, float(self.frequency_exponent)
        self.extra_confidence_, self.penalised_ = float(self.alpha), self.penalty

    @property
    def weighs_plays(self) -> bool:
        return getattr(self, "confidence_", self.confidence) != "binary"

    def _weights(self, plays: csr_array) -> csr_array:
        """What each play weighs in the confidence: float32, canonical."""
        binary = binarised(plays)
        if self.confidence_ == "binary":
            return binary
        weights = WEIGHTS[self.confidence_](play_counts(plays)).astype(np.float32)
        return csr_array((weights, binary.indices, binary.indptr), binary.shape)

    def _frequencies(self, entries: csr_array) -> np.ndarray:
        """What λ is multiplied by in each row, but for a constant: float64 (rows,)."""
        if self.penalised_ == "entries":
            return np.maximum(np.diff(entries.indptr), 1.0)
        counted = row_sums(entries) * self.extra_confidence_ + UNOBSERVED * entries.shape[1]
        return counted**self.frequency_exponent_

    def _encode_users(self, fold_in: csr_array, users: np.ndarray) -> np.ndarray:
        """Eq. 4 for every user: (n, f)."""
        from songrec.models.als_kernel import solve, turn

        threads = blas_threads()
        entries = self._weights(fold_in)
        penalties = self.penalty_ * self._frequencies(entries)
        songs, place = np.unique(entries.indices, return_inverse=True)
        shape = entries.shape[0], len(songs)
        heard = csr_array((entries.data, place.astype(np.int32), entries.indptr), shape)
        factors = self.song_factors_[songs].astype(np.float64)
        vectors = np.zeros((fold_in.shape[0], len(self.gram_)))
        turn(factors, self.basis_, threads)
        numbers = {"alpha": self.extra_confidence_, "unobserved": UNOBSERVED, "tolerance": EXACT}
        solve(heard, factors, self.gram_, penalties, vectors, **numbers, threads=threads)
        turn(vectors, np.ascontiguousarray(self.basis_.T), threads)
        return vectors
