"""What factor models share: scores and nearest songs from song factors, and checks of hyper-parameters."""

from typing import Any

import numpy as np

from songrec.errors import ConfigError, DataError
from songrec.models.base import Recommender, positive
from songrec.models.dense import mask_unknown_users, song_neighbours


class Factorised(Recommender):
    """A model whose fitted state is `song_factors_`, float32 (n_songs, f), and what folding a user in needs.

    No user factors are kept: every user, known or new, is folded in from the songs they have heard, with the
    song factors fixed. `_encode_users` gives float64 (n, f) user vectors, a row of zeros where nothing that
    the model knows has been heard. A song that no training user has heard has only zeros: it is never listed.
    """

    song_factors_: np.ndarray

    def _scores(self, represented: np.ndarray, n_needed: int) -> np.ndarray:
        factors = self.song_factors_.astype(np.float64)
        scores = mask_unknown_users(represented @ factors.T, represented.any(axis=1))
        scores[:, ~factors.any(axis=1)] = -np.inf
        return scores

    def similar_songs(self, songs: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """The `k` songs nearest to each by the cosine of their factors; returned as from `recommend`."""
        self._check_fitted()
        songs = np.asarray(songs)
        if len(songs) and not (songs.min() >= 0 and songs.max() < self.n_songs_):
            raise DataError(f"song codes must lie between 0 and {self.n_songs_ - 1}")
        return song_neighbours(self.song_factors_, songs, positive("k", k))


def number_above_zero(name: str, value: Any) -> float:
    """`value` as a float above 0, or a `ConfigError` that names it."""
    numeric = isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)
    if not numeric or not 0 < value < np.inf:
        raise ConfigError(f"{name} must be a number above 0, not {value!r}")
    return float(value)


def checked_seed(value: Any) -> int:
    """`value` as an int of at least 0, or a `ConfigError`."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)) or value < 0:
        raise ConfigError(f"seed must be a whole number of at least 0, not {value!r}")
    return int(value)
