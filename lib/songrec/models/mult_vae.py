"""A variational autoencoder with a multinomial likelihood."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array

from songrec.errors import ConfigError
from songrec.extras import require
from songrec.models.base import checked_train, positive
from songrec.models.dense import mask_unknown_users
from songrec.models.iterative import Iterative
from songrec.models.torch_training import array, in_order, sums_of_rows, tensor, xavier

if TYPE_CHECKING:
    import torch


class MultVAE(Iterative):
    """Mult-VAE (Liang et al. 2018): a listener is a point in a small space, and a point a mixture of songs.

    hidden, latent : widths of the hidden layers and of the latent space. dropout : share of the heard songs
    hidden from the encoder in training. beta : weight of the Kullback-Leibler term once `anneal` epochs have
    raised it from zero, step by step. learning_rate : of Adam. batch_size : users in a step. seed : of all
    random numbers.

    With x_u in {0, 1}^I the songs heard by user u and n_u their number (Liang et al., eqs. 1, 2, 5 and 7),

        encoder   h = tanh(x_u / √n_u · A + a),  μ_u = h · B + b,  log σ_u² = h · C + c
        decoder   z ~ Normal(μ_u, σ_u²),  π(z) = softmax(tanh(z · D + d) · W + w)
        minimise  - Σ_i x_ui log π_i(z)  +  β · ½ Σ_l (μ_l² + σ_l² - 1 - log σ_l²)

    summed over users. score(u, i) = π_i(μ_u), the probability of the song. A new user is folded in by the
    encoder, which treats known and new alike. Only training needs PyTorch: scores are computed with NumPy.
    """

    extra = "neural"

    def __init__(
        self,
        hidden: int = 100,
        latent: int = 50,
        dropout: float = 0.5,
        beta: float = 0.2,
        anneal: int = 10,
        learning_rate: float = 5e-3,
        batch_size: int = 250,
        epochs: int = 12,
        seed: int = 0,
    ):
        self.hidden = hidden
        self.latent = latent
        self.dropout = dropout
        self.beta = beta
        self.anneal = anneal
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.epochs = epochs
        self.seed = seed

    def fit_epochs(self, train: csr_array) -> Iterator[int]:
        self._check_parameters()
        heard = checked_train(train)
        require(self.extra, type(self).__name__)
        from torch.optim import Adam

        heard = heard[np.diff(heard.indptr) > 0]
        random = np.random.default_rng(self.seed)
        weights = self._initial(heard.shape[1], random)
        adam = Adam(weights.values(), lr=self.learning_rate, fused=True)
        steps = -(-heard.shape[0] // self.batch_size)
        for epoch in range(self.epochs):
            order = random.permutation(heard.shape[0])
            with in_order():
                for step in range(steps):
                    batch = heard[order[step * self.batch_size : (step + 1) * self.batch_size]]
                    beta = self.beta * min(1, (epoch + step / steps) / self.anneal)
                    adam.zero_grad()
                    self._loss(weights, batch, beta, random).backward()
                    adam.step()
            self._keep(weights)
            yield epoch + 1

    def _check_parameters(self) -> None:
        for name in ("hidden", "latent", "anneal", "batch_size", "epochs"):
            positive(name, getattr(self, name))
        if not 0 <= self.dropout < 1:
            raise ConfigError(f"dropout must be at least 0 and less than 1, not {self.dropout!r}")
        if not self.beta >= 0:
            raise ConfigError(f"beta must not be negative, but is {self.beta!r}")
        if not self.learning_rate > 0:
            raise ConfigError(f"learning_rate must be above 0, not {self.learning_rate!r}")

    def _initial(self, n_songs: int, random: np.random.Generator) -> dict[str, "torch.Tensor"]:
        shapes = {
            "A": (n_songs, self.hidden),
            "B": (self.hidden, self.latent),
            "C": (self.hidden, self.latent),
            "D": (self.latent, self.hidden),
            "W": (n_songs, self.hidden),
        }
        weights = {name: xavier(random, *shape) for name, shape in shapes.items()}
        width = {name: shape[1] for name, shape in shapes.items()} | {"W": n_songs}
        biases = {name.lower(): tensor(np.zeros(width[name], np.float32), learned=True) for name in shapes}
        return weights | biases

    def _loss(self, weights, heard: csr_array, beta: float, random: np.random.Generator) -> "torch.Tensor":
        """The objective for a block of users, per user; float32 scalar."""
        n = np.diff(heard.indptr)
        kept = random.random(heard.nnz) >= self.dropout
        scale = kept / np.repeat(np.sqrt(n), n) / (1 - self.dropout)
        hidden = (sums_of_rows(weights["A"], heard, scale) + weights["a"]).tanh()
        mean = hidden @ weights["B"] + weights["b"]
        log_variance = hidden @ weights["C"] + weights["c"]
        noise = tensor(random.standard_normal(mean.shape, np.float32))
        decoded = ((mean + noise * (log_variance / 2).exp()) @ weights["D"] + weights["d"]).tanh()
        return (
            surprise(decoded, weights["W"], weights["w"], heard) + beta * divergence(mean, log_variance)
        ) / len(n)

    def _keep(self, weights: dict[str, "torch.Tensor"]) -> None:
        """What scoring needs, as plain arrays; the variance is only for training."""
        names = {"encoder": "A", "mean": "B", "decoder": "D", "songs": "W"}
        for attribute, name in names.items():
            setattr(self, f"{attribute}_", array(weights[name]))
            setattr(self, f"{attribute}_bias_", array(weights[name.lower()]))
        self.n_songs_ = len(self.songs_)

    def _encode_users(self, heard: csr_array, users: np.ndarray) -> csr_array:
        return heard

    def _scores(self, represented: csr_array, n_needed: int) -> np.ndarray:
        n = np.diff(represented.indptr)[:, None]
        hidden = np.tanh(
            represented.astype(np.float64) @ self.encoder_ / np.sqrt(np.maximum(n, 1)) + self.encoder_bias_
        )
        decoded = np.tanh((hidden @ self.mean_ + self.mean_bias_) @ self.decoder_ + self.decoder_bias_)
        logits = decoded @ self.songs_.T + self.songs_bias_
        logits -= logits.max(axis=1, keepdims=True, initial=-np.inf)
        np.exp(logits, out=logits)
        logits /= logits.sum(axis=1, keepdims=True)
        return mask_unknown_users(logits, n[:, 0] > 0)


def surprise(
    decoded: "torch.Tensor", songs: "torch.Tensor", bias: "torch.Tensor", heard: csr_array
) -> "torch.Tensor":
    """- Σ x_ui log softmax(decoded_u · songsᵀ + bias)_i, summed over all users u and the songs i they heard.

    Only the normalising sum needs all songs; the logits of those that were heard add up to a product with
    their sum, which is far cheaper than picking them out of the whole.
    """
    import torch

    logits = torch.addmm(bias, decoded, songs.T)
    each = tensor(np.diff(heard.indptr).astype(np.float32))
    of_heard = (decoded * sums_of_rows(songs, heard)).sum() + sums_of_rows(bias[:, None], heard).sum()
    return each @ logits.logsumexp(dim=1) - of_heard


def divergence(mean: "torch.Tensor", log_variance: "torch.Tensor") -> "torch.Tensor":
    """Kullback-Leibler divergence of Normal(mean, exp(log_variance)) from Normal(0, 1), summed over users and
    dimensions (Kingma & Welling 2014, appendix B).
    """
    return (mean.square() + log_variance.exp() - 1 - log_variance).sum() / 2
