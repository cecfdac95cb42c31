"""What most people hear: the baseline that every other model must beat."""

import numpy as np
from scipy.sparse import csr_array

from songrec.errors import ConfigError
from songrec.models.base import Recommender, checked_train
from songrec.ranking import best


class Popularity(Recommender):
    """The same list for everybody, less what they have heard.

    by : "listeners" scores a song by the number of users who played it, "plays" by how often it was played.

    >>> train = csr_array(np.array([[9, 1, 0], [0, 1, 1], [0, 1, 1]]))
    >>> songs, scores = Popularity().fit(train).recommend(train[[0]], 2)
    >>> songs, scores
    (array([[ 2, -1]], dtype=int32), array([[  2., -inf]], dtype=float32))
    >>> Popularity(by="plays").fit(train).recommend(csr_array((1, 3)), 3)[0]
    array([[0, 1, 2]], dtype=int32)
    """

    def __init__(self, by: str = "listeners"):
        self.by = by

    def fit(self, train: csr_array) -> "Popularity":
        if self.by not in ("listeners", "plays"):
            raise ConfigError(f'by must be "listeners" or "plays", not {self.by!r}')
        heard = checked_train(train)
        counted = heard if self.by == "listeners" else train
        self.popularity_ = np.asarray(counted.sum(axis=0, dtype=np.float64)).ravel()
        self.n_songs_ = heard.shape[1]
        return self

    def _encode_users(self, heard: csr_array, users: np.ndarray) -> np.ndarray:
        return np.empty((heard.shape[0], 0))  # one user is like another

    def _scores(self, represented: np.ndarray, n_needed: int) -> csr_array:
        known = np.flatnonzero(self.popularity_ > 0).astype(np.int32)
        songs, scores = best(known, self.popularity_[known], n_needed)
        n = len(represented)
        indptr = np.arange(n + 1) * len(songs)
        return csr_array((np.tile(scores, n), np.tile(songs, n), indptr), shape=(n, self.n_songs_))
