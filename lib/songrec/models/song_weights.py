"""What models share whose fitted state is one weight for every pair of songs."""

import logging

import numpy as np
from scipy.sparse import csr_array

from songrec.errors import DataError
from songrec.kernels.threads import blas_threads
from songrec.measure import free_memory
from songrec.models import base
from songrec.models.base import Recommender
from songrec.ranking import best_in_rows, positive_only

log = logging.getLogger(__name__)

FEW = 32
"""Users scored by SciPy: who asks for a few lists should not have to wait for a compiler."""


class SongWeights(Recommender):
    """A model whose fitted state is `weights_`, float32 (n_songs, n_songs): row j, what song j says of all.

    A user's scores are the sum of the rows of the fold-in. Only songs with a score above zero are listed.
    """

    weights_: np.ndarray

    def _scores(self, encoded: csr_array, n_needed: int) -> np.ndarray:
        # One row of weights after the other is added, in the order of the songs: the same bits either way.
        if encoded.shape[0] <= FEW:
            return positive_only(encoded @ self.weights_)
        from songrec.models.ease_kernel import positive_sums

        return positive_sums(encoded, self.weights_, blas_threads())

    def _similar_songs(self, songs: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """The list of a user who has heard that song alone."""
        step = max(1, base.CELLS // self.n_songs_)
        parts = [songs[start : start + step] for start in range(0, max(1, len(songs)), step)]
        found = [best_in_rows(positive_only(np.asarray(self.weights_[part])), k) for part in parts]
        return tuple(np.concatenate(values) for values in zip(*found, strict=True))


def check_memory(model: str, needed: int, n_songs: int) -> None:
    """State what a fit needs, in bytes, before it begins; `DataError` where so much is not free."""
    free = free_memory()
    line = f"{model} needs {needed / 2**30:.1f} GiB for {n_songs:,} songs, {free / 2**30:.1f} GiB are free"
    if needed > free:
        raise DataError(f"{line}: use FsSLIM, or keep fewer songs")
    log.info(line)
