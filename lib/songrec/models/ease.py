"""Every song explained by all others at once."""

import logging

import numpy as np
from scipy.sparse import csr_array

from songrec.errors import ConfigError, DataError
from songrec.measure import free_memory
from songrec.models import base, spd_inverse
from songrec.models.base import Recommender, checked_train, positive
from songrec.models.dense import COUNTED, common_listeners
from songrec.ranking import best_in_rows

log = logging.getLogger(__name__)


class EASE(Recommender):
    """Linear regression of each song on all others, in closed form.

    l2 : λ, the penalty on squared weights, in listeners: a song with far fewer listeners hardly speaks.
    dropout : p, the share of a listener's songs that are hidden at random in training, 0 <= p < 1.

    With X the matrix of who heard what (0 or 1), B minimises |X - X B|² + λ |B|² with a diagonal of zeros, so
    that no song explains itself. With G = Xᵀ X, the counts of common listeners, and H_u what user u heard,

        P = (G + λ I)⁻¹,   B_ij = -P_ij / P_jj (i ≠ j),   score(u, i) = sum of B_ji over the songs j in H_u

    Steck 2019, "Embarrassingly shallow autoencoders for sparse data", equation 8. Weights may be negative;
    only songs with a score above zero are listed.

    With dropout this is the full-rank EDLAE of Steck 2020, "Autoencoders that don't overfit towards the
    identity": a hidden song is to be found from those that remain, each weighing 1/(1-p) in its stead. In
    expectation that only adds to the penalty, more for a song with more listeners:

        P = (G + λ I + p/(1-p) diag(G))⁻¹

    The matrix B is dense: 4 bytes for each pair of songs. `fit` states what it needs and refuses to start
    where it does not fit; `FsSLIM` is the sparse approximation for large catalogues.

    >>> train = csr_array(np.array([[1, 1, 0], [1, 1, 0], [0, 1, 1]]))
    >>> EASE(l2=1.0).fit(train).weights_.round(3)
    array([[ 0.   ,  0.667, -0.25 ],
           [ 0.571,  0.   ,  0.375],
           [-0.286,  0.5  ,  0.   ]], dtype=float32)
    """

    def __init__(self, l2: float = 100.0, dropout: float = 0.0):
        self.l2 = l2
        self.dropout = dropout

    def fit(self, train: csr_array) -> "EASE":
        _between("l2", self.l2, 0, np.inf, "a number above 0")
        if self.dropout != 0:
            _between("dropout", self.dropout, 0, 1, "a share of at least 0 and below 1")
        heard = checked_train(train)
        _check_memory(heard.shape[1])
        weights = common_listeners(heard)
        diagonal = np.einsum("ii->i", weights)
        diagonal += np.float32(self.l2) + diagonal * np.float32(self.dropout / (1 - self.dropout))
        spd_inverse.invert(weights)
        weights /= -diagonal.copy()
        diagonal[:] = 0
        self.weights_ = weights
        self.n_songs_ = heard.shape[1]
        return self

    def _encode_users(self, heard: csr_array, users: np.ndarray) -> csr_array:
        return heard

    def _scores(self, represented: csr_array, n_needed: int) -> np.ndarray:
        # One row of weights after the other is added, in the order of the songs: the same bits every time.
        return _positive_only(represented @ self.weights_)

    def similar_songs(self, songs: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """The `k` songs that each song speaks for most, and the weights: the list of who heard it alone."""
        self._check_fitted()
        songs, k = np.asarray(songs), positive("k", k)
        if len(songs) and not (songs.min() >= 0 and songs.max() < self.n_songs_):
            raise DataError(f"song codes must lie between 0 and {self.n_songs_ - 1}")
        step = max(1, base.CELLS // self.n_songs_)
        parts = [songs[start : start + step] for start in range(0, max(1, len(songs)), step)]
        found = [best_in_rows(_positive_only(np.asarray(self.weights_[part])), k) for part in parts]
        return tuple(np.concatenate(values) for values in zip(*found, strict=True))


def memory_needed(n_songs: int) -> int:
    """Bytes that `fit` needs at once: the matrix, and what its inversion or the counting takes beside it."""
    counting = 12 * COUNTED * n_songs
    return 4 * n_songs**2 + max(spd_inverse.workspace(n_songs), counting)


def _check_memory(n_songs: int) -> None:
    needed, free = memory_needed(n_songs) / 2**30, free_memory() / 2**30
    line = f"EASE needs {needed:.1f} GiB for {n_songs:,} songs, {free:.1f} GiB are free"
    if needed > free:
        raise DataError(f"{line}: use FsSLIM, or keep fewer songs")
    log.info(line)


def _positive_only(scores: np.ndarray) -> np.ndarray:
    scores[scores <= 0] = -np.inf
    return scores


def _between(name: str, value: float, low: float, high: float, what: str) -> None:
    number = isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)
    if not (number and low < value < high):
        raise ConfigError(f"{name} must be {what}, not {value!r}")
