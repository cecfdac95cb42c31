"""Neural collaborative filtering: a product and a small network, side by side."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array

from songrec.errors import ConfigError
from songrec.extras import require
from songrec.models.base import checked_train, positive
from songrec.models.dense import single_threaded_blas
from songrec.models.iterative import Iterative
from songrec.models.torch_training import array, in_order, sums_of_rows, tensor, xavier

if TYPE_CHECKING:
    import torch


class NeuMF(Iterative):
    """NeuMF (He et al. 2017) with the user's number replaced by the user's songs.

    factors : width f of the embeddings and of the network's first layer; the second has f / 2. negatives :
    songs drawn for each song that was heard, evenly over the catalogue; a draw that the user did hear is left
    out. learning_rate : of Adam. batch_size : users in a step. seed : of all random numbers.

    He et al. learn an embedding for each user, so that a new listener needs another training. Here, as in
    FISM (Kabbur et al. 2013), a user is the sum of what was heard: with embeddings P and Q (GMF), R and S
    (network) of each song, H the songs heard and * the product by elements,

        p = |H|^-½ Σ_{j in H} P_j,   r = |H|^-½ Σ_{j in H} R_j
        network   h = max(0, r · A + S_i · B + b),   g = max(0, h · C + c)
        score(u, i) = Σ (p * Q_i * v) + g · w        (He et al., eqs. 8, 10 and 12; σ of it is a probability)
        minimise  - Σ log σ(score of heard) - Σ log(1 - σ(score of drawn))                       (eq. 7)

    In training the song to be found, and its negatives with it, meets a user made of the *other* songs;
    otherwise its own embedding would give it away. Known and new users are alike, and nothing is refitted.
    There is no pre-training. Only training needs PyTorch: scores are computed with NumPy.
    """

    extra = "neural"

    def __init__(
        self,
        factors: int = 16,
        negatives: int = 4,
        learning_rate: float = 5e-3,
        batch_size: int = 10,
        epochs: int = 20,
        seed: int = 0,
    ):
        self.factors = factors
        self.negatives = negatives
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.epochs = epochs
        self.seed = seed

    def fit_epochs(self, train: csr_array) -> Iterator[int]:
        for name in ("factors", "negatives", "batch_size", "epochs"):
            positive(name, getattr(self, name))
        if not self.learning_rate > 0:
            raise ConfigError(f"learning_rate must be above 0, not {self.learning_rate!r}")
        heard = checked_train(train)
        require(self.extra, type(self).__name__)
        from torch.optim import Adam

        heard = heard[np.diff(heard.indptr) > 0]
        random = np.random.default_rng(self.seed)
        weights = self._initial(heard.shape[1], random)
        adam = Adam(weights.values(), lr=self.learning_rate, fused=True)
        for epoch in range(self.epochs):
            order = random.permutation(heard.shape[0])
            with in_order():
                for start in range(0, len(order), self.batch_size):
                    adam.zero_grad()
                    self._loss(weights, heard[order[start : start + self.batch_size]], random).backward()
                    adam.step()
            self._keep(weights)
            yield epoch + 1

    def _initial(self, n_songs: int, random: np.random.Generator) -> dict[str, "torch.Tensor"]:
        f, half = self.factors, max(1, self.factors // 2)
        weights = {name: xavier(random, n_songs, f) for name in "PQRS"}
        weights |= {"A": xavier(random, f, f), "B": xavier(random, f, f), "C": xavier(random, f, half)}
        weights |= {"v": xavier(random, f, 1), "w": xavier(random, half, 1)}
        return weights | {
            b: tensor(np.zeros(n, np.float32), learned=True) for b, n in (("b", f), ("c", half))
        }

    def _loss(self, weights, heard: csr_array, random: np.random.Generator) -> "torch.Tensor":
        """Binary cross-entropy of a block of users and its draws, per song heard; float32 scalar."""
        from torch.nn.functional import binary_cross_entropy_with_logits

        n = np.diff(heard.indptr)
        user, song = np.repeat(np.arange(len(n)), n), heard.indices
        drawn = random.integers(0, heard.shape[1], (heard.nnz, self.negatives))
        songs = np.column_stack([song, drawn])
        wanted = np.zeros(songs.shape, np.float32)
        wanted[:, 0] = 1
        counts = np.ones(songs.shape, np.float32)
        pairs = user[:, None] * heard.shape[1] + drawn
        counts[:, 1:] = ~np.isin(pairs, user * heard.shape[1] + song)
        counts *= (n[user] > 1)[:, None]  # whoever heard one song is nobody without it
        scale = tensor((np.maximum(n[user] - 1, 1) ** -0.5).astype(np.float32)[:, None])
        user, song, songs = (tensor(codes.astype(np.int64)) for codes in (user, song, songs))
        p, r = ((sums_of_rows(weights[e], heard)[user] - weights[e][song]) * scale for e in "PR")
        logits = network(weights, p, r, songs)
        losses = binary_cross_entropy_with_logits(logits, tensor(wanted), tensor(counts), reduction="sum")
        return losses / heard.nnz

    def _keep(self, weights: dict[str, "torch.Tensor"]) -> None:
        """What scoring needs, as plain arrays; a matrix that always meets another is multiplied into it."""
        with in_order():
            self.heard_ = array(weights["P"] * weights["v"].T)
            self.heard_network_ = array(weights["R"] @ weights["A"])
            self.songs_ = array(weights["Q"].T)
            self.songs_network_ = array((weights["S"] @ weights["B"] + weights["b"]).T)
            self.second_, self.second_bias_ = array(weights["C"].T), array(weights["c"][:, None])
            self.last_ = array(weights["w"][:, 0])
        self.n_songs_ = self.songs_.shape[1]

    def _encode_users(self, heard: csr_array, users: np.ndarray) -> csr_array:
        return heard

    def _scores(self, represented: csr_array, n_needed: int) -> np.ndarray:
        """One user at a time: what a user and all songs fill stays in the cache, and no batch moves a bit."""
        n = np.diff(represented.indptr)
        scale = np.maximum(n, 1)[:, None] ** -0.5
        exact = represented.astype(np.float64)
        products = (exact @ self.heard_ * scale).astype(np.float32)
        firsts = (exact @ self.heard_network_ * scale).astype(np.float32)
        scores = np.full((len(n), self.n_songs_), -np.inf, np.float32)
        with single_threaded_blas():
            for user in np.flatnonzero(n):
                first = np.maximum(self.songs_network_ + firsts[user][:, None], 0)
                second = np.maximum(self.second_ @ first + self.second_bias_, 0)
                scores[user] = products[user] @ self.songs_ + self.last_ @ second
        return scores


def network(weights, p: "torch.Tensor", r: "torch.Tensor", songs: "torch.Tensor") -> "torch.Tensor":
    """Logits (n, m) of m songs for each of n users: p, r (n, f) as in `NeuMF`, songs int64 (n, m).

    The first layer is split into the user's half and the song's, so that neither is computed once a pair.
    """
    song_half = (weights["S"] @ weights["B"] + weights["b"])[songs]
    first = ((r @ weights["A"])[:, None, :] + song_half).relu()
    second = (first @ weights["C"] + weights["c"]).relu()
    product = (weights["Q"][songs] @ (p * weights["v"].T)[:, :, None])[:, :, 0]
    return product + (second @ weights["w"])[:, :, 0]
