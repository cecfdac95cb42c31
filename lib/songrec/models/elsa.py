"""EASE seen through a few factors: linear, yet with a vector for every user and song."""

from collections.abc import Iterator

import numpy as np
from scipy.sparse import csr_array

from songrec.csr import column_counts
from songrec.kernels.threads import single_threaded_blas
from songrec.models.base import NonNegativeInt, PositiveFloat, PositiveInt, estimator
from songrec.models.dense import unit_rows
from songrec.models.factors import Factorised
from songrec.models.iterative import Iterative

DECAYS, SMALL = (0.9, 0.999), 1e-8
"""Adam's usual constants (Kingma & Ba 2015)."""


@estimator
class ELSA(Factorised, Iterative):
    r"""Linear shallow autoencoder: item weights of a low rank, trained in batches (Vančura et al. 2022).

    Parameters
    ----------
    factors : int, at least 1
        f, the length of the vectors.
    learning_rate : float, above 0
        Of Adam.
    batch_size : int, at least 1
        Users in a step.
    epochs : int, at least 1
        How often all users are gone through.
    seed : int, at least 0
        Of the first vectors and of the batches.

    Notes
    -----
    With X the matrix of who heard what (0 or 1) and A a vector of length 1 for each song, in rows, it
    minimises, where a hat stands for a row divided by its length,

    .. math:: \sum_u |\hat x_u - \hat y_u|^2, \quad Y = X (A A^T - I)

    so that the weights :math:`A A^T - I` have a diagonal of zeros of themselves, EASE's by constraint.
    The user's vector is the sum of the vectors of the songs in the fold-in, known and new users alike:

    .. math:: \text{score}(u, i) = a_i \cdot \sum_{j \in H_u} a_j

    less 1 for songs that were heard, which is left out here: they are not recommended again. So a vector
    index can serve it. The authors take the steps of NAdam, here they are Adam's.

    The gradient needs no matrix users x songs. With :math:`u = x_u A` and the f x f matrix :math:`M = A^T A`,

    .. math:: |y_u|^2 = u M u^T - 2 |u|^2 + |x_u|^2, \quad x_u \cdot y_u = |u|^2 - |x_u|^2

    and likewise for what is derived from them: a step takes time as f² n and the batch's entries f.

    References
    ----------
    Vančura et al. 2022, "Scalable linear shallow autoencoder for collaborative filtering",
    RecSys.

    Examples
    --------
    >>> train = csr_array(np.array([[1, 1, 0, 0], [1, 1, 0, 0], [1, 0, 0, 0], [0, 0, 1, 1], [0, 0, 1, 1]]))
    >>> ELSA(factors=2).fit(train).recommend(train[[2]], 1)[0]
    array([[1]], dtype=int32)
    """

    factors: PositiveInt = 128
    learning_rate: PositiveFloat = 0.03
    batch_size: PositiveInt = 256
    epochs: PositiveInt = 15
    seed: NonNegativeInt = 0

    def _epochs(self, binary: csr_array, plays: csr_array) -> Iterator[None]:
        random = np.random.default_rng(self.seed)
        heard = binary[np.diff(binary.indptr) > 0].astype(np.float32)
        n, songs = heard.shape
        vectors = random.standard_normal((songs, self.factors), np.float32)
        vectors[column_counts(heard) == 0] = 0
        moments, steps = (np.zeros_like(vectors), np.zeros_like(vectors)), 0
        for _ in range(self.epochs):
            order = random.permutation(n)
            with single_threaded_blas():
                for start in range(0, n, self.batch_size):
                    batch = heard[order[start : start + self.batch_size]]
                    unit, lengths = unit_rows(vectors)
                    _, slope = loss_and_slope(batch, unit)
                    slope -= np.einsum("if,if->i", slope, unit)[:, None] * unit
                    slope /= lengths
                    steps += 1
                    vectors -= self.learning_rate * _adam(moments, slope, steps)
            self.song_factors_ = unit_rows(vectors)[0]
            yield

    def _encode_users(self, fold_in: csr_array, users: np.ndarray) -> np.ndarray:
        return fold_in.astype(np.float64) @ np.ascontiguousarray(self.song_factors_, np.float64)


def loss_and_slope(batch: csr_array, unit: np.ndarray) -> tuple[float, np.ndarray]:
    r"""The objective of `ELSA`, a mean over users, and its derivative by A.

    Parameters
    ----------
    batch : csr_array (n, n_songs)
        0 and 1, in the precision of `unit`; no row is empty.
    unit : array (n_songs, f)
        A, the derivative taken as if the lengths of its rows were free.

    Returns
    -------
    loss : float
    slope : array (n_songs, f)
    """
    gram = unit.T @ unit
    users = batch @ unit
    through = users @ gram
    own, n = np.einsum("uf,uf->u", users, users), np.diff(batch.indptr).astype(unit.dtype)
    size = np.sqrt(np.maximum(np.einsum("uf,uf->u", users, through) - 2 * own + n, SMALL))
    cosine = (own - n) / (size * np.sqrt(n))
    # The derivative by y is a·y − b·x, and y = A u − x.
    a, b = ((2 / len(n) * part)[:, None] for part in (cosine / size**2, 1 / (size * np.sqrt(n))))
    by_users = a * (through - users) - b * users
    slope = unit @ (users.T @ (a * users))
    slope += batch.T @ (by_users - (a + b) * users)
    return float(2 - 2 * cosine.mean()), slope


def _adam(moments: tuple[np.ndarray, np.ndarray], slope: np.ndarray, steps: int) -> np.ndarray:
    """The direction of step number `steps`; the moments move on (Kingma & Ba 2015, algorithm 1)."""
    for moment, value, decay in zip(moments, (slope, slope * slope), DECAYS, strict=True):
        moment *= decay
        moment += (1 - decay) * value
    first, second = (moment / (1 - decay**steps) for moment, decay in zip(moments, DECAYS, strict=True))
    return first / (np.sqrt(second) + SMALL)
