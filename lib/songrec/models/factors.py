"""What factor models share: scores and nearest songs from song factors."""

import numpy as np

from songrec.models.base import Recommender
from songrec.models.dense import mask_unknown_users, song_neighbours


class Factorised(Recommender):
    """A model whose fitted state is `song_factors_`, float32 (n_songs, f), and what folding a user in needs.

    No user factors are kept: every user, known or new, is folded in from the fold-in, with the song factors
    fixed. `_encode_users` gives float64 (n, f) user vectors, a row of zeros where the fold-in holds nothing
    that the model knows. A song that no training user has heard has only zeros: it is never listed.
    """

    song_factors_: np.ndarray

    def _scores(self, encoded: np.ndarray, n_needed: int) -> np.ndarray:
        factors = self.song_factors_.astype(np.float64)
        scores = mask_unknown_users(encoded @ factors.T, encoded.any(axis=1))
        scores[:, ~factors.any(axis=1)] = -np.inf
        return scores

    def _similar_songs(self, songs: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        return song_neighbours(self.song_factors_, songs, k)
