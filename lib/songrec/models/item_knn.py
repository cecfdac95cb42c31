"""Songs like those you heard."""

import numpy as np
from scipy.sparse import csr_array

from songrec.errors import DataError
from songrec.models.base import Recommender, checked_train, positive
from songrec.models.neighbours import weighted_sum
from songrec.ranking import best_in_rows
from songrec.similarity import cosine_neighbours


class ItemKNN(Recommender):
    """Item-based collaborative filtering with cosine similarity.

    neighbours : K, the number of most similar songs kept for each song.

    With U_i the set of listeners of song i, N_K(j) the K songs most similar to j (ties to the lower code),
    and H_u what user u has heard,

        cos(j, i) = |U_j ∩ U_i| / √(|U_j| · |U_i|)
        score(u, i) = sum of cos(j, i) over the songs j in H_u that have i in N_K(j)

    Plays count as heard or not. Sarwar et al. 2001 introduced the model; keeping K neighbours for each song
    that was heard, and adding up their similarities, is Deshpande & Karypis 2004.

    >>> train = csr_array(np.array([[1, 1, 0, 0], [1, 1, 1, 0], [0, 0, 1, 1]]))
    >>> ItemKNN(neighbours=2).fit(train).recommend(csr_array(np.array([[1, 0, 0, 0]])), 3)[0]
    array([[ 1,  2, -1]], dtype=int32)
    """

    def __init__(self, neighbours: int = 100):
        self.neighbours = neighbours

    def fit(self, train: csr_array) -> "ItemKNN":
        k = positive("neighbours", self.neighbours)
        heard = checked_train(train)
        self.similarity_ = cosine_neighbours(heard.T.tocsr(), k)
        self.n_songs_ = heard.shape[1]
        return self

    def _represent(self, heard: csr_array, users: np.ndarray) -> csr_array:
        return heard

    def _scores(self, represented: csr_array, enough: int) -> csr_array:
        return weighted_sum(represented, self.similarity_)

    def similar_songs(self, songs: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """The `k` nearest neighbours of each song and their cosines; no more than `neighbours` of them."""
        self._check_fitted()
        songs = np.asarray(songs)
        if len(songs) and not (songs.min() >= 0 and songs.max() < self.n_songs_):
            raise DataError(f"song codes must lie between 0 and {self.n_songs_ - 1}")
        return best_in_rows(self.similarity_[songs], positive("k", k))
