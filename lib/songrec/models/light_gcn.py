"""Vectors spread over the graph of users and songs."""

import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array

from songrec.csr import row_of_entries
from songrec.extras import require
from songrec.models.base import NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt, estimator
from songrec.models.factors import Factorised
from songrec.models.torch_training import Neural, array, deterministic_torch, tensor

if TYPE_CHECKING:
    import torch

START = np.float32(0.1)
"""Deviation of the first vectors, as the authors'."""


@estimator
class LightGCN(Factorised, Neural):
    r"""Light graph convolution: matrix factorisation over neighbours of neighbours (He et al. 2020).

    Parameters
    ----------
    factors : int, at least 1
        f, the length of the vectors.
    layers : int, at least 1
        K, how many steps the vectors are spread.
    learning_rate : float, above 0
        Of Adam.
    regularization : float, at least 0
        λ, on the vectors before they are spread.
    batch_size : int, at least 1
        Entries of the log in a step.
    epochs : int, at least 1
        How often all entries are gone through.
    seed : int, at least 0
        Of all random numbers.

    Notes
    -----
    With :math:`\tilde X = D_U^{-1/2} X D_I^{-1/2}` the log (0 or 1) divided by the roots of the songs of each
    user and of the listeners of each song, the vectors :math:`P^{(0)}` of users and :math:`Q^{(0)}` of songs
    are all that is learnt:

    .. math::

        P^{(k + 1)} &= \tilde X Q^{(k)}, \quad Q^{(k + 1)} = \tilde X^T P^{(k)} \\
        P &= \tfrac{1}{K + 1} \sum_k P^{(k)}, \quad Q = \tfrac{1}{K + 1} \sum_k Q^{(k)}, \quad
            \text{score}(u, i) = p_u \cdot q_i

    They minimise BPR's loss, :math:`-\ln \sigma(\text{score}(u, i) - \text{score}(u, j))` over the entries
    (u, i) of the log with a song j drawn evenly, and :math:`\lambda / 2` times the squares of the vectors
    :math:`P^{(0)}, Q^{(0)}` of each triple; where the user has heard j too it is left out.

    A user, known or new, is folded in by one step from the songs: the same equation, but for the vector of
    the user's own, which a new user does not have and which counts as 0:

    .. math:: p_u = \sum_{i \in H_u} \frac{1}{\sqrt{|H_u| \, d_i}} \sum_{k < K} q^{(k)}_i

    `heard_` holds what stands after the root of :math:`|H_u|`.

    References
    ----------
    He, Deng, Wang, Li, Zhang & Wang 2020, "LightGCN: simplifying and powering graph convolution network for
    recommendation", SIGIR.
    """

    factors: PositiveInt = 64
    layers: PositiveInt = 3
    learning_rate: PositiveFloat = 5e-3
    regularization: NonNegativeFloat = 1e-4
    batch_size: PositiveInt = 4096
    epochs: PositiveInt = 40
    seed: NonNegativeInt = 0

    def _epochs(self, binary: csr_array, plays: csr_array) -> Iterator[None]:
        require(self.extra, type(self).__name__)
        from torch.optim import Adam

        random = np.random.default_rng(self.seed)
        binary = binary[np.diff(binary.indptr) > 0]
        n_songs = binary.shape[1]
        sizes = [np.maximum(np.bincount(codes, minlength=n), 1.0) for codes, n in _codes(binary)]
        graph = Graph(csr_array(binary / np.sqrt(sizes[0])[:, None] / np.sqrt(sizes[1])))
        learnt = [
            tensor(START * random.standard_normal((n, self.factors), np.float32), True) for n in binary.shape
        ]
        adam = Adam(learnt, lr=self.learning_rate, fused=True)
        (users, _), (songs, _) = _codes(binary)
        unheard = np.bincount(songs, minlength=n_songs) == 0
        heard = users.astype(np.int64) * n_songs + songs
        for _ in range(self.epochs):
            order = random.permutation(len(users))
            with deterministic_torch():
                for start in range(0, len(order), self.batch_size):
                    batch = order[start : start + self.batch_size]
                    others = random.integers(0, n_songs, len(batch))
                    pairs = users[batch].astype(np.int64) * n_songs + others
                    fresh = heard[np.minimum(np.searchsorted(heard, pairs), len(heard) - 1)] != pairs
                    triples = [tensor(c.astype(np.int64)) for c in (users[batch], songs[batch], others)]
                    adam.zero_grad()
                    layers, weights = graph.layers(*learnt, self.layers), tensor(fresh.astype(np.float32))
                    triples_loss(layers, triples, weights, self.regularization).backward()
                    adam.step()
                layers = graph.layers(*learnt, self.layers)
                self.song_factors_ = array(sum(q for _, q in layers) / len(layers))
                inner = array(sum(q for _, q in layers[:-1]))
            self.heard_ = (inner / np.sqrt(sizes[1])[:, None]).astype(np.float32)
            self.song_factors_[unheard] = self.heard_[unheard] = 0
            yield

    def _encode_users(self, fold_in: csr_array, users: np.ndarray) -> np.ndarray:
        n = np.maximum(fold_in @ self.heard_.any(axis=1).astype(np.float64), 1)
        return fold_in.astype(np.float64) @ self.heard_.astype(np.float64) / np.sqrt(n)[:, None]


class Graph:
    """The log as a graph whose products PyTorch can differentiate: X̃, float32 (n_users, n_songs)."""

    def __init__(self, normalised: csr_array):
        import torch

        matrices = normalised, csr_array(normalised.T.tocsr())
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # that PyTorch's support of such matrices is young
            self.users, self.songs = (
                torch.sparse_csr_tensor(
                    *(tensor(part.astype(np.int64)) for part in (matrix.indptr, matrix.indices)),
                    tensor(matrix.data.astype(np.float32)),
                    matrix.shape,
                )
                for matrix in matrices
            )

    def layers(
        self, p: "torch.Tensor", q: "torch.Tensor", n: int
    ) -> list[tuple["torch.Tensor", "torch.Tensor"]]:
        """Vectors of users and songs, as they are and after each of n steps."""
        found = [(p, q)]
        for _ in range(n):
            p, q = found[-1]
            found.append((product(self.users, self.songs, q), product(self.songs, self.users, p)))
        return found


def triples_loss(layers, triples, weights: "torch.Tensor", regularization: float) -> "torch.Tensor":
    """BPR's loss and the penalty of triples (user, song, other): a weighted mean, float32 scalar."""
    from torch.nn.functional import softplus

    p, q = (sum(side) / len(layers) for side in zip(*layers, strict=True))
    user, song, other = triples
    losses = softplus((p[user] * (q[other] - q[song])).sum(dim=1))
    first = layers[0][0][user], layers[0][1][song], layers[0][1][other]
    losses = losses + regularization / 2 * sum(each.square().sum(dim=1) for each in first)
    return (weights * losses).sum() / weights.sum().clamp(min=1)


def product(matrix: "torch.Tensor", turned: "torch.Tensor", vectors: "torch.Tensor") -> "torch.Tensor":
    """A sparse matrix times vectors; the transpose is for the derivative: PyTorch would make it anew."""
    import torch

    class Product(torch.autograd.Function):
        @staticmethod
        def forward(context, vectors):
            return matrix @ vectors

        @staticmethod
        def backward(context, slope):
            return turned @ slope

    return Product.apply(vectors)


def _codes(binary: csr_array) -> list[tuple[np.ndarray, int]]:
    """User and song of each entry, and how many of them there are."""
    users = row_of_entries(binary, np.int32)
    return [(users, binary.shape[0]), (binary.indices, binary.shape[1])]
