"""Matrix factorisation that learns an order: what was heard before what was not."""

from collections.abc import Iterator

import numpy as np
from scipy.sparse import csr_array, csr_matrix

from songrec.models.base import checked_train, positive
from songrec.models.dense import single_threaded_blas
from songrec.models.factors import Factorised, checked_seed, number_above_zero
from songrec.models.iterative import Iterative

RIDGE = 1e-3
"""Of the fold-in's least squares, relative to the mean diagonal entry: only to keep the system solvable."""


class BPR(Factorised, Iterative):
    """Bayesian personalised ranking: matrix factorisation fitted to the order of pairs of songs.

    factors : f, the length of the vectors. learning_rate : of the gradient steps. regularization : λ.
    epochs : each takes as many random (user, heard song, other song) triples as the log has entries.
    seed : of the first vectors and of the triples.

    With score(u, i) = x_u·q_i + b_i, it maximises (Rendle et al. 2009, BPR-OPT)

        Σ ln σ(score(u, i) − score(u, j)) − λ (Σ_u |x_u|² + Σ_i |q_i|² + Σ_i b_i²)

    over triples of a user, a song i heard and a song j not heard, by the stochastic gradient steps of the
    library `implicit`, which draws j as often as it was heard. One thread: its threads overwrite each other's
    steps, so that two would give another model every time.

    A user, known or new, is folded in with q and b fixed and in closed form. At BPR's optimum x_u is a
    weighted sum of q_i − q_j over the triples of u; with q̄ the mean of q over the log, that is put as

        x_u = (1 / √|H_u|) Σ_{i in H_u} (q_i − q̄) W

    where the f x f matrix W is what brings it nearest (least squares) to the vectors learnt for the training
    users. `song_factors_` holds b as the last column, and a user's vector ends in 1.

    >>> train = csr_array(np.array([[1, 1, 0, 0], [1, 1, 0, 0], [1, 0, 0, 0], [0, 0, 1, 1], [0, 0, 1, 1]]))
    >>> BPR(factors=2).fit(train).recommend(train[[2]], 1)[0]
    array([[1]], dtype=int32)
    """

    def __init__(
        self,
        factors: int = 64,
        learning_rate: float = 0.1,
        regularization: float = 0.01,
        epochs: int = 100,
        seed: int = 0,
    ):
        self.factors = factors
        self.learning_rate = learning_rate
        self.regularization = regularization
        self.epochs = epochs
        self.seed = seed

    def fit_epochs(self, train: csr_array) -> Iterator[int]:
        factors, epochs = positive("factors", self.factors), positive("epochs", self.epochs)
        rate = number_above_zero("learning_rate", self.learning_rate)
        penalty = number_above_zero("regularization", self.regularization)
        random = np.random.default_rng(checked_seed(self.seed))  # goes on from epoch to epoch
        heard = checked_train(train)
        from implicit.cpu.bpr import BayesianPersonalizedRanking

        inner = BayesianPersonalizedRanking(
            factors, rate, penalty, iterations=1, num_threads=1, random_state=random
        )
        for epoch in range(epochs):
            # Continues from the vectors that it holds.
            inner.fit(csr_matrix((heard.data, heard.indices, heard.indptr), heard.shape), show_progress=False)
            self._keep(heard, inner.item_factors, inner.user_factors)
            yield epoch + 1

    def _keep(self, heard: csr_array, songs: np.ndarray, users: np.ndarray) -> None:
        """Song factors, their mean over the log, and the map from a user's sum to the vector learnt."""
        self.song_factors_, self.n_songs_ = songs.copy(), heard.shape[1]
        exact = songs[:, :-1].astype(np.float64)
        self.mean_ = np.bincount(heard.indices, minlength=len(exact)) @ exact / heard.nnz
        with single_threaded_blas():
            sums, _ = self._sums(heard)
            square = sums.T @ sums
            square += RIDGE * max(np.trace(square) / len(square), 1e-30) * np.eye(len(square))
            self.map_ = np.linalg.solve(square, sums.T @ users[:, :-1].astype(np.float64))

    def _encode_users(self, heard: csr_array, users: np.ndarray) -> np.ndarray:
        sums, known = self._sums(heard)
        return np.column_stack([sums @ self.map_, known])

    def _sums(self, heard: csr_array) -> tuple[np.ndarray, np.ndarray]:
        """(1 / √|H|) Σ (q_i − q̄) of each row, float64 (n, f), and whether its user is known: (n,) 0 or 1."""
        factors = self.song_factors_.astype(np.float64)
        n = (heard @ factors.any(axis=1).astype(np.float64))[:, None]
        sums = heard.astype(np.float64) @ np.ascontiguousarray(factors[:, :-1]) - n * self.mean_
        return sums / np.sqrt(np.maximum(n, 1)), (n[:, 0] > 0).astype(np.float64)
