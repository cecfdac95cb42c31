"""Songs that a short random walk leads to."""

import numpy as np
from scipy.sparse import csr_array, diags_array

from songrec.models.base import checked_train, positive
from songrec.models.neighbours import SongNeighbours, not_negative
from songrec.similarity import Similarity, nearest


class RP3beta(SongNeighbours):
    """Three steps of a random walk from a user, with popular songs held back.

    alpha : the power of each step's probability; beta : how much popular songs are held back, 0 for P3alpha.
    neighbours : K, the number of songs kept that are reached best from each song.

    A walk goes from user u to one of the songs u has heard, on to one of its listeners v, and on to a song
    that v has heard. With U_i the listeners of song i and H_v what user v has heard, the last two steps lead
    from song j to song i with

        w(j, i) = (Σ over v in U_j ∩ U_i of (1/|U_j|)^alpha (1/|H_v|)^alpha) / |U_i|^beta
        score(u, i) = sum of w(j, i) over the songs j in H_u that have i among the K highest of their w(j, ·)

    The first step's (1/|H_u|)^alpha is the same for all songs of a user and left out: it changes no order. A
    song does not lead back to itself (ties go to the lower code). Plays count as heard or not.

    P3alpha (beta = 0) is Cooper et al. 2014, RP3beta Christoffel et al. 2015 and Paudel et al. 2017.
    It is the asymmetric similarity |U_j|^-alpha |U_i|^-beta of `songrec.similarity`, with each common
    listener counting |H_v|^-alpha: who has heard everything says little.

    >>> train = csr_array(np.array([[1, 1, 0, 0], [1, 1, 1, 0], [0, 0, 1, 1]]))
    >>> RP3beta().fit(train).recommend(csr_array(np.array([[1, 0, 0, 0]])), 3)[0]
    array([[ 1,  2, -1]], dtype=int32)
    """

    def __init__(self, neighbours: int = 100, alpha: float = 1.0, beta: float = 0.6):
        self.neighbours = neighbours
        self.alpha = alpha
        self.beta = beta

    def fit(self, train: csr_array) -> "RP3beta":
        k = positive("neighbours", self.neighbours)
        alpha, beta = not_negative("alpha", self.alpha), not_negative("beta", self.beta)
        heard = checked_train(train)
        says = np.maximum(np.diff(heard.indptr), 1.0) ** -alpha
        self.n_songs_ = heard.shape[1]
        self.similarity_ = nearest(
            heard.T.tocsr(),
            (diags_array(says) @ heard).tocsr(),
            k,
            Similarity(alpha, beta),
            sizes=np.bincount(heard.indices, minlength=self.n_songs_).astype(np.float64),
            own=np.arange(self.n_songs_),
        )
        return self
