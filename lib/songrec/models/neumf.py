"""Neural collaborative filtering: a product and a small network, side by side."""

from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array

from songrec.kernels.threads import single_threaded_blas
from songrec.models.base import NonNegativeInt, PositiveFloat, PositiveInt, estimator
from songrec.models.torch_training import Neural, array, sums_of_rows, tensor, xavier

if TYPE_CHECKING:
    import torch


@estimator
class NeuMF(Neural):
    r"""NeuMF (He et al. 2017) with the user's number replaced by the user's songs.

    Parameters
    ----------
    factors : int, at least 1
        f, the width of the embeddings and of the network's first layer; the second has f / 2.
    negatives : int, at least 1
        Songs drawn for each song of a user, evenly over the catalogue; a draw that the user has heard is left
        out.
    learning_rate : float, above 0
        Of Adam.
    batch_size : int, at least 1
        Users in a step.
    pretraining : int, at least 0
        For so many epochs GMF and network are each fitted by themselves.
    epochs : int, at least 1
        How often all users are gone through.
    seed : int, at least 0
        Of all random numbers.

    Notes
    -----
    He et al. learn an embedding for each user, so that a new user needs another training. Here, as in FISM
    (Kabbur et al. 2013), a user is the sum of their songs: with embeddings P and Q (GMF), R and S (network)
    of each song, H the songs of the user and * the product by elements (He et al., eqs. 7, 8, 10 and 12),

    .. math::

        & p = |H|^{-1/2} \sum_{j \in H} P_j, \quad r = |H|^{-1/2} \sum_{j \in H} R_j \\
        \text{network} \quad & h = \max(0, r A + S_i B + b), \quad g = \max(0, h C + c) \\
        & \text{score}(u, i) = \tfrac{1}{2} \big( \sum (p * Q_i * v) + g \cdot w \big) \\
        \text{minimise} \quad & -\sum_\text{heard} \log \sigma(\text{score})
            - \sum_\text{drawn} \log(1 - \sigma(\text{score}))

    In training the song to be found, and its negatives with it, meets a user made of the *other* songs;
    otherwise its own embedding would give it away. Known and new users are alike, and nothing is refitted.

    Before they are joined, GMF and network are fitted apart, each with its own part of the score: they have
    no weight in common, so the sum of their losses does that. Then both parts count by halves (section 3.4.1,
    α = 0.5) and all weights are learnt on, by Adam still, where He et al. go on with plain gradient steps.

    References
    ----------
    He et al. 2017, "Neural collaborative filtering"; Kabbur, Ning & Karypis 2013, "FISM: factored item
    similarity models for top-N recommender systems".
    """

    factors: PositiveInt = 16
    negatives: PositiveInt = 4
    learning_rate: PositiveFloat = 5e-3
    batch_size: PositiveInt = 10
    pretraining: NonNegativeInt = 5
    epochs: PositiveInt = 20
    seed: NonNegativeInt = 0

    def _initial(self, n_songs: int, random: np.random.Generator) -> dict[str, "torch.Tensor"]:
        f, half = self.factors, max(1, self.factors // 2)
        weights = {name: xavier(random, n_songs, f) for name in "PQRS"}
        weights |= {"A": xavier(random, f, f), "B": xavier(random, f, f), "C": xavier(random, f, half)}
        weights |= {"v": xavier(random, f, 1), "w": xavier(random, half, 1)}
        return weights | {
            b: tensor(np.zeros(n, np.float32), learned=True) for b, n in (("b", f), ("c", half))
        }

    def _loss(
        self, weights, batch: csr_array, random: np.random.Generator, progress: float
    ) -> "torch.Tensor":
        """Binary cross-entropy of a block of users and its draws, per song heard; float32 scalar."""
        from torch.nn.functional import binary_cross_entropy_with_logits

        n = np.diff(batch.indptr)
        user, song = np.repeat(np.arange(len(n)), n), batch.indices
        drawn = random.integers(0, batch.shape[1], (batch.nnz, self.negatives))
        songs = np.column_stack([song, drawn])
        wanted = np.zeros(songs.shape, np.float32)
        wanted[:, 0] = 1
        counts = np.ones(songs.shape, np.float32)
        pairs = user[:, None] * batch.shape[1] + drawn
        counts[:, 1:] = ~np.isin(pairs, user * batch.shape[1] + song)
        counts *= (n[user] > 1)[:, None]  # a user of one song has nothing left without it
        scale = tensor((np.maximum(n[user] - 1, 1) ** -0.5).astype(np.float32)[:, None])
        user, song, songs = (tensor(codes.astype(np.int64)) for codes in (user, song, songs))
        p, r = ((sums_of_rows(weights[e], batch)[user] - weights[e][song]) * scale for e in "PR")
        parts = halves(weights, p, r, songs)
        joined = parts if progress < self.pretraining else [sum(parts) / 2]
        losses = [
            binary_cross_entropy_with_logits(logits, tensor(wanted), tensor(counts), reduction="sum")
            for logits in joined
        ]
        return sum(losses) / batch.nnz

    def _keep(self, weights: dict[str, "torch.Tensor"]) -> None:
        """What scoring needs, as plain arrays; a matrix that always meets another is multiplied into it."""
        self.heard_ = array(weights["P"] * weights["v"].T / 2)
        self.heard_network_ = array(weights["R"] @ weights["A"])
        self.songs_ = array(weights["Q"].T)
        self.songs_network_ = array((weights["S"] @ weights["B"] + weights["b"]).T)
        self.second_, self.second_bias_ = array(weights["C"].T), array(weights["c"][:, None])
        self.last_ = array(weights["w"][:, 0] / 2)

    def _scores(self, encoded: csr_array, n_needed: int) -> np.ndarray:
        """One user at a time: what a user and all songs fill stays in the cache, and no batch moves a bit."""
        n = np.diff(encoded.indptr)
        scale = np.maximum(n, 1)[:, None] ** -0.5
        exact = encoded.astype(np.float64)
        products = (exact @ self.heard_ * scale).astype(np.float32)
        firsts = (exact @ self.heard_network_ * scale).astype(np.float32)
        scores = np.full((len(n), self.n_songs_), -np.inf, np.float32)
        with single_threaded_blas():
            for user in np.flatnonzero(n):
                first = np.maximum(self.songs_network_ + firsts[user][:, None], 0)
                second = np.maximum(self.second_ @ first + self.second_bias_, 0)
                scores[user] = products[user] @ self.songs_ + self.last_ @ second
        return scores


def halves(weights, p: "torch.Tensor", r: "torch.Tensor", songs: "torch.Tensor") -> list["torch.Tensor"]:
    """Logits (n, m) of GMF and of the network, for m songs, int64 (n, m), of each of n users.

    p and r, (n, f), are as in `NeuMF`. The first layer is split into the user's half and the song's, so that
    neither is computed once a pair.
    """
    song_half = (weights["S"] @ weights["B"] + weights["b"])[songs]
    first = ((r @ weights["A"])[:, None, :] + song_half).relu()
    second = (first @ weights["C"] + weights["c"]).relu()
    product = (weights["Q"][songs] @ (p * weights["v"].T)[:, :, None])[:, :, 0]
    return [product, (second @ weights["w"])[:, :, 0]]
