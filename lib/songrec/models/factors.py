"""What factor models share: scores and nearest songs from song factors."""

from typing import ClassVar

import numpy as np
from scipy.sparse import csr_array

from songrec.models.base import Recommender
from songrec.models.dense import song_neighbours
from songrec.ranking import best_products, products


class Factorised(Recommender):
    """A model whose fitted state is `song_factors_`, float32 (n_songs, f), and what folding a user in needs.

    No user factors are kept: every user, known or new, is folded in from the fold-in, with the song factors
    fixed. `_encode_users` gives float64 (n, f) user vectors, a row of zeros where the fold-in holds nothing
    that the model knows. A song that no training user has heard has only zeros: it is never listed. Scores
    are rounded to so many `digits`, if any.
    """

    song_factors_: np.ndarray
    digits: ClassVar[int | None] = None

    def _scores(self, encoded: np.ndarray, n_needed: int) -> np.ndarray:
        return products(encoded, self._factors(), self.digits)

    def _factors(self) -> np.ndarray:
        """The song factors in double precision, made once: who asks for one list after another waits less."""
        kept = vars(self).get("_double")
        if kept is None or kept[0] is not self.song_factors_:
            kept = self._double = self.song_factors_, np.asarray(self.song_factors_, np.float64)
        return kept[1]

    def _rank(self, encoded: np.ndarray, k: int, seen: csr_array) -> tuple[np.ndarray, np.ndarray]:
        return best_products(encoded, self.song_factors_, self.digits, k, seen)

    def _similar_songs(self, songs: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        return song_neighbours(self.song_factors_, songs, k)
