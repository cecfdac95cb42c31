"""What listeners like you heard."""

import numpy as np
from scipy.sparse import csr_array

from songrec.models.base import Recommender, checked_train, positive
from songrec.similarity import binarised, nearest


class UserKNN(Recommender):
    """User-based collaborative filtering with cosine similarity (Breese et al. 1998; Herlocker et al. 1999).

    neighbours : K, the number of most similar training users asked for each user.

    score(u, i) = sum over the K users v nearest to u, who heard i, of cos(u, v), with
    cos(u, v) = |I_u ∩ I_v| / √(|I_u| |I_v|) over the sets of songs; neighbours tie by the lower user code,
    and a training user is not its own neighbour. Similarities are computed for the users asked for, never
    users x users.

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
        users = np.unique(represented.indices)
        heard = self.heard_[users].astype(np.float64)
        return (represented[:, users] @ heard).astype(np.float32)
