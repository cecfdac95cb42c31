"""Songs like those you heard."""

import numpy as np
from scipy.sparse import csr_array

from songrec.errors import DataError
from songrec.models.base import Recommender, checked_train, positive
from songrec.ranking import best_in_rows
from songrec.similarity import cosine_neighbours


class ItemKNN(Recommender):
    """Item-based collaborative filtering with cosine similarity (Sarwar et al. 2001; Deshpande & Karypis
    2004).

    neighbours : K, the number of most similar songs kept for each song.

    A candidate i scores the sum of the similarities to it of the user's songs j that keep it as a neighbour:
    score(u, i) = sum over j in songs of u, i in N_K(j), of cos(j, i), with cos(j, i) = |U_j ∩ U_i| / √(|U_j|
    |U_i|) over the sets of listeners; plays count as heard or not (Deshpande & Karypis 2004, section 4.1,
    figure 2). Sums are made in double precision and rounded to single before they are ranked, so that the
    order of addition decides no tie.

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
        songs = np.unique(represented.indices)
        similarity = self.similarity_[songs].astype(np.float64)
        return (represented[:, songs] @ similarity).astype(np.float32)

    def similar_songs(self, songs: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """The `k` nearest neighbours of each song and their cosines; no more than `neighbours` of them."""
        self._check_fitted()
        songs = np.asarray(songs)
        if len(songs) and not (songs.min() >= 0 and songs.max() < self.n_songs_):
            raise DataError(f"song codes must lie between 0 and {self.n_songs_ - 1}")
        return best_in_rows(self.similarity_[songs], positive("k", k))
