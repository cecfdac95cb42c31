"""Matrix factorisation that learns an order: what was heard before what was not."""

from collections.abc import Iterator
from typing import Literal

import numpy as np
from scipy.sparse import csr_array

from songrec.csr import column_counts, row_of_entries
from songrec.kernels.threads import single_threaded_blas
from songrec.models.base import NonNegativeInt, PositiveFloat, PositiveInt, estimator
from songrec.models.factors import Factorised
from songrec.models.iterative import Iterative

RIDGE = 1e-3
"""Of the fold-in's least squares, relative to the mean diagonal entry: only to keep the system solvable."""


@estimator
class BPR(Factorised, Iterative):
    r"""Bayesian personalised ranking: matrix factorisation fitted to the order of pairs of songs.

    Parameters
    ----------
    factors : int, at least 1
        f, the length of the vectors.
    learning_rate : float, above 0
        Of the gradient steps.
    regularization : float, above 0
        λ.
    epochs : int, at least 1
        Each takes as many random (user, heard song, other song) triples as the log has entries.
    negatives : {"popularity", "uniform"}
        How the song not heard is drawn: as often as it was heard by anybody, or each song as often (Rendle et
        al. 2009).
    seed : int, at least 0
        Of the first vectors and of the triples.

    Notes
    -----
    With :math:`\text{score}(u, i) = x_u \cdot q_i + b_i` it maximises (Rendle et al., BPR-OPT)

    .. math:: \sum \ln \sigma(\text{score}(u, i) - \text{score}(u, j))
        - \lambda (\sum_u |x_u|^2 + \sum_i |q_i|^2 + \sum_i b_i^2)

    over triples of a user, a song i heard and a song j not heard, by stochastic gradient steps. User and song
    i are those of an entry of the log, each entry as likely; where the user has heard j too it is no triple
    and left out. The steps follow each other on one thread: those of several would overwrite each other, and
    give another model every time.

    A user, known or new, is folded in with q and b fixed and in closed form. At BPR's optimum :math:`x_u` is
    a weighted sum of :math:`q_i - q_j` over the triples of u; with :math:`\bar q` the mean of q over the
    songs j as they are drawn (each once, or each as often as it was heard), that is put as

    .. math:: x_u = \frac{1}{\sqrt{|H_u|}} \sum_{i \in H_u} (q_i - \bar q) W

    where the f x f matrix W brings it nearest (least squares) to the vectors learnt for the training users.
    `song_factors_` holds b as the last column, and a user's vector ends in 1.

    References
    ----------
    Rendle et al. 2009, "BPR: Bayesian personalized ranking from implicit feedback".

    Examples
    --------
    >>> train = csr_array(np.array([[1, 1, 0, 0], [1, 1, 0, 0], [1, 0, 0, 0], [0, 0, 1, 1], [0, 0, 1, 1]]))
    >>> BPR(factors=2).fit(train).recommend(train[[2]], 1)[0]
    array([[1]], dtype=int32)
    """

    factors: PositiveInt = 64
    learning_rate: PositiveFloat = 0.1
    regularization: PositiveFloat = 0.01
    epochs: PositiveInt = 100
    negatives: Literal["popularity", "uniform"] = "uniform"
    seed: NonNegativeInt = 0

    def _epochs(self, binary: csr_array, plays: csr_array) -> Iterator[None]:
        from songrec.models.bpr_kernel import epoch

        random = np.random.default_rng(self.seed)
        users, songs = (self._start(n, random) for n in binary.shape)
        users[:, -1] = 1
        users[np.diff(binary.indptr) == 0] = 0
        songs[column_counts(binary) == 0] = 0
        rows = row_of_entries(binary, np.int32)
        steps = np.float32(self.learning_rate), np.float32(self.regularization)
        negatives = np.unique(binary.indices) if self.negatives == "uniform" else binary.indices
        state = random.integers(2**64, size=1, dtype=np.uint64)
        for _ in range(self.epochs):
            epoch(binary.indptr, binary.indices, rows, negatives, users, songs, *steps, state)
            self._keep(binary, songs, users, negatives)
            yield

    def _start(self, n: int, random: np.random.Generator) -> np.ndarray:
        """First vectors: float32 (n, f + 1), between -1 / 2f and 1 / 2f."""
        return (random.random((n, self.factors + 1), np.float32) - np.float32(0.5)) / np.float32(self.factors)

    def _keep(self, binary: csr_array, songs: np.ndarray, users: np.ndarray, negatives: np.ndarray) -> None:
        """Song factors, their mean over the negatives, and the map from a user's sum to the vector learnt."""
        self.song_factors_ = songs.copy()
        exact = songs[:, :-1].astype(np.float64)
        self.mean_ = np.bincount(negatives, minlength=len(exact)) @ exact / len(negatives)
        with single_threaded_blas():
            sums, _ = self._sums(binary)
            square = sums.T @ sums
            square += RIDGE * max(np.trace(square) / len(square), 1e-30) * np.eye(len(square))
            self.map_ = np.linalg.solve(square, sums.T @ users[:, :-1].astype(np.float64))

    def _encode_users(self, fold_in: csr_array, users: np.ndarray) -> np.ndarray:
        sums, known = self._sums(fold_in)
        return np.column_stack([sums @ self.map_, known])

    def _sums(self, binary: csr_array) -> tuple[np.ndarray, np.ndarray]:
        """(1 / √|H|) Σ (q_i − q̄) of each row, float64 (n, f), and whether its user is known: (n,) 0 or 1."""
        factors = self.song_factors_.astype(np.float64)
        n = (binary @ factors.any(axis=1).astype(np.float64))[:, None]
        sums = binary.astype(np.float64) @ np.ascontiguousarray(factors[:, :-1]) - n * self.mean_
        return sums / np.sqrt(np.maximum(n, 1)), (n[:, 0] > 0).astype(np.float64)
