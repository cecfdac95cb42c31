"""What listeners like you heard."""

import numpy as np
from scipy.sparse import csr_array

from songrec.models.base import Recommender, checked_train, positive
from songrec.models.neighbours import weighted_sum
from songrec.ranking import binarised
from songrec.similarity import nearest


class UserKNN(Recommender):
    """User-based collaborative filtering with cosine similarity.

    neighbours : K, the number of most similar training users who have a say.

    With H_u the set of songs that user u has heard, and N_K(u) the K training users most similar to u (ties
    to the lower code; a training user is not its own neighbour),

        cos(u, v) = |H_u ∩ H_v| / √(|H_u| · |H_v|)
        score(u, i) = sum of cos(u, v) over the users v in N_K(u) who have heard i

    Similarities are computed for the users asked for, never users x users. Plays count as heard or not.
    Vector similarity between users is Breese et al. 1998, choosing the K nearest Herlocker et al. 1999.

    >>> train = csr_array(np.array([[1, 1, 0, 0], [1, 1, 1, 0], [0, 0, 1, 1]]))
    >>> UserKNN(neighbours=1).fit(train).recommend(train[[0]], 3, users=[0])[0]
    array([[ 2, -1, -1]], dtype=int32)
    """

    def __init__(self, neighbours: int = 100):
        self.neighbours = neighbours

    def fit(self, train: csr_array) -> "UserKNN":
        self.n_neighbours_ = positive("neighbours", self.neighbours)
        self.heard_ = checked_train(train)
        self.listeners_ = self.heard_.T.tocsr()
        self.n_songs_ = self.heard_.shape[1]
        return self

    def _represent(self, heard: csr_array, users: np.ndarray) -> csr_array:
        """The nearest training users of each user and their cosines: (n, training users)."""
        m = self.heard_.shape[0]
        songs = np.unique(heard.indices)  # the rest of the (memory-mapped) log need not be read
        columns = binarised(self.listeners_[songs])
        sizes = np.diff(self.heard_.indptr)
        return nearest(heard[:, songs], columns, min(self.n_neighbours_, m), sizes=sizes, own=users)

    def _scores(self, represented: csr_array, enough: int) -> csr_array:
        return weighted_sum(represented, self.heard_)
