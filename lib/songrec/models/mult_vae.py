"""A variational autoencoder with a multinomial likelihood."""

from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array

from songrec.models.base import NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt, Share, estimator
from songrec.models.dense import mask_unknown_users
from songrec.models.torch_training import Neural, array, sums_of_rows, tensor, xavier

if TYPE_CHECKING:
    import torch


@estimator
class MultVAE(Neural):
    r"""Variational autoencoder with a multinomial likelihood (Liang et al. 2018).

    Parameters
    ----------
    hidden : int, at least 1
        Width of the hidden layers; 600 is the authors'.
    latent : int, at least 1
        Width of the latent space; 200 is the authors'.
    dropout : float, at least 0 and below 1
        Share of a user's songs hidden from the encoder in training.
    beta : float, at least 0
        Weight of the Kullback-Leibler term once `anneal` epochs have raised it from zero, step by step.
    anneal : int, at least 1
        Epochs.
    learning_rate : float, above 0
        Of Adam.
    batch_size : int, at least 1
        Users in a step.
    epochs : int, at least 1
        How often all users are gone through.
    seed : int, at least 0
        Of all random numbers.

    Notes
    -----
    With :math:`x_u \in \{0, 1\}^I` the songs of user u and :math:`n_u` their number (eqs. 1, 2, 5 and 7),

    .. math::

        \text{encoder} \quad & h = \tanh(x_u A / \sqrt{n_u} + a), \quad \mu_u = h B + b, \quad
            \log \sigma_u^2 = h C + c \\
        \text{decoder} \quad & z \sim \text{Normal}(\mu_u, \sigma_u^2), \quad
            \pi(z) = \text{softmax}(\tanh(z D + d) W + w) \\
        \text{minimise} \quad & -\sum_i x_{ui} \log \pi_i(z)
            + \tfrac{\beta}{2} \sum_l (\mu_l^2 + \sigma_l^2 - 1 - \log \sigma_l^2)

    summed over users. The score is :math:`\pi_i(\mu_u)`, the probability of the song. A new user is folded in
    by the encoder, which treats known and new alike.

    References
    ----------
    Liang et al. 2018, "Variational autoencoders for collaborative filtering".
    """

    hidden: PositiveInt = 600
    latent: PositiveInt = 200
    dropout: Share = 0.5
    beta: NonNegativeFloat = 0.2
    anneal: PositiveInt = 10
    learning_rate: PositiveFloat = 5e-3
    batch_size: PositiveInt = 250
    epochs: PositiveInt = 12
    seed: NonNegativeInt = 0

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

    def _loss(
        self, weights, batch: csr_array, random: np.random.Generator, progress: float
    ) -> "torch.Tensor":
        """The objective for a block of users after `progress` epochs, per user; float32 scalar."""
        beta = self.beta * min(1, progress / self.anneal)
        n = np.diff(batch.indptr)
        kept = random.random(batch.nnz) >= self.dropout
        scale = kept / np.repeat(np.sqrt(n), n) / (1 - self.dropout)
        hidden = (sums_of_rows(weights["A"], batch, scale) + weights["a"]).tanh()
        mean = hidden @ weights["B"] + weights["b"]
        log_variance = hidden @ weights["C"] + weights["c"]
        noise = tensor(random.standard_normal(mean.shape, np.float32))
        decoded = ((mean + noise * (log_variance / 2).exp()) @ weights["D"] + weights["d"]).tanh()
        return (
            negative_log_likelihood(decoded, weights["W"], weights["w"], batch)
            + beta * divergence(mean, log_variance)
        ) / len(n)

    def _keep(self, weights: dict[str, "torch.Tensor"]) -> None:
        """What scoring needs, as plain arrays; the variance is only for training."""
        names = {"encoder": "A", "mean": "B", "decoder": "D", "songs": "W"}
        for attribute, name in names.items():
            setattr(self, f"{attribute}_", array(weights[name]))
            setattr(self, f"{attribute}_bias_", array(weights[name.lower()]))

    def _scores(self, encoded: csr_array, n_needed: int) -> np.ndarray:
        n = np.diff(encoded.indptr)[:, None]
        hidden = np.tanh(
            encoded.astype(np.float64) @ self.encoder_ / np.sqrt(np.maximum(n, 1)) + self.encoder_bias_
        )
        decoded = np.tanh((hidden @ self.mean_ + self.mean_bias_) @ self.decoder_ + self.decoder_bias_)
        logits = decoded @ self.songs_.T + self.songs_bias_
        logits -= logits.max(axis=1, keepdims=True, initial=-np.inf)
        np.exp(logits, out=logits)
        logits /= logits.sum(axis=1, keepdims=True)
        return mask_unknown_users(logits, n[:, 0] > 0)


def negative_log_likelihood(
    decoded: "torch.Tensor", songs: "torch.Tensor", bias: "torch.Tensor", binary: csr_array
) -> "torch.Tensor":
    r"""The multinomial's, :math:`-\sum_{ui} x_{ui} \log \text{softmax}(d_u S^T + b)_i`.

    Parameters
    ----------
    decoded : Tensor (n, f)
        d, the last hidden layer of each user.
    songs : Tensor (n_songs, f)
        S, a row a song.
    bias : Tensor (n_songs,)
        b.
    binary : csr_array (n, n_songs)
        x, the songs of each user.

    Returns
    -------
    Tensor ()
        Summed over all users and their songs.

    Notes
    -----
    Only the normalising sum needs all songs; the logits of a user's songs add up to a product with their sum,
    which is far cheaper than picking them out of the whole.
    """
    import torch

    logits = torch.addmm(bias, decoded, songs.T)
    each = tensor(np.diff(binary.indptr).astype(np.float32))
    of_own = (decoded * sums_of_rows(songs, binary)).sum() + sums_of_rows(bias[:, None], binary).sum()
    return each @ logits.logsumexp(dim=1) - of_own


def divergence(mean: "torch.Tensor", log_variance: "torch.Tensor") -> "torch.Tensor":
    """Kullback-Leibler divergence of Normal(mean, exp(log_variance)) from Normal(0, 1), summed over users and
    dimensions (Kingma & Welling 2014, appendix B).
    """
    return (mean.square() + log_variance.exp() - 1 - log_variance).sum() / 2
