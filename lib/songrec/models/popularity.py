"""The most popular songs: the baseline that every other model must beat."""

from typing import Literal

import numpy as np
from scipy.sparse import csr_array

from songrec.models.base import Recommender, estimator
from songrec.ranking import best


@estimator
class Popularity(Recommender):
    """The same list for everybody, less what they have heard.

    Parameters
    ----------
    by : {"listeners", "plays"}
        Whether a song's score is the number of users who played it, or how often it was played.

    Examples
    --------
    >>> train = csr_array(np.array([[9, 1, 0], [0, 1, 1], [0, 1, 1]]))
    >>> songs, scores = Popularity().fit(train).recommend(train[[0]], 2)
    >>> songs, scores
    (array([[ 2, -1]], dtype=int32), array([[  2., -inf]], dtype=float32))
    >>> Popularity(by="plays").fit(train).recommend(csr_array((1, 3)), 3)[0]
    array([[0, 1, 2]], dtype=int32)
    """

    by: Literal["listeners", "plays"] = "listeners"

    def _fit(self, binary: csr_array, plays: csr_array) -> None:
        counted = binary if self.by == "listeners" else plays
        self.popularity_ = np.asarray(counted.sum(axis=0, dtype=np.float64)).ravel()

    def _encode_users(self, fold_in: csr_array, users: np.ndarray) -> np.ndarray:
        return np.empty((fold_in.shape[0], 0))  # one user is like another

    def _scores(self, encoded: np.ndarray, n_needed: int) -> csr_array:
        known = np.flatnonzero(self.popularity_ > 0).astype(np.int32)
        songs, scores = best(known, self.popularity_[known], n_needed)
        n = len(encoded)
        indptr = np.arange(n + 1) * len(songs)
        return csr_array((np.tile(scores, n), np.tile(songs, n), indptr), shape=(n, self.n_songs_))
