"""Songs like those you heard."""

from dataclasses import replace

from scipy.sparse import csr_array

from songrec.models.base import checked_train, positive
from songrec.models.neighbours import SongNeighbours, not_negative, similarity_named, to_the_power
from songrec.models.weighting import weighted
from songrec.similarity import neighbours


class ItemKNN(SongNeighbours):
    """Item-based collaborative filtering.

    neighbours : K, the number of most similar songs kept for each song.
    similarity : "cosine", "asymmetric", "tversky" or "jaccard" (the last two compare sets: no weighting).
    alpha : of "asymmetric" and "tversky"; beta : of "tversky".
    shrink : h, added to the denominator: what few have in common is trusted less.
    q : the power to which a similarity is raised; above 1 the nearest songs decide more.
    weighting : what the plays weigh in the similarities, a name in `songrec.models.weighting`.

    With x_ui what the plays of song i by user u weigh, c = Σ_u x_ui x_uj and a_i = Σ_u x_ui² (for "binary"
    the listeners in common and the listeners of i), the similarity of a song i that may be listed to a song j
    that was heard is

        cosine       w(j, i) = c / (√(a_i a_j) + h)
        asymmetric   w(j, i) = c / (a_i^alpha · a_j^(1 − alpha) + h)
        tversky      w(j, i) = c / (c + alpha (a_i − c) + beta (a_j − c) + h)
        jaccard      w(j, i) = c / (a_i + a_j − c + h)

    and with N_K(j) the K songs i of the highest w(j, i) (ties to the lower code), H_u what user u has heard,

        score(u, i) = sum of w(j, i)^q over the songs j in H_u that have i in N_K(j)

    Plays shape the similarities only: what the user to be served has heard counts as heard, however often.
    Sarwar et al. 2001 introduced the model; keeping K neighbours for each song that was heard, and adding up
    their similarities, is Deshpande & Karypis 2004; the asymmetric cosine and q are Aiolli 2013.

    >>> import numpy as np
    >>> train = csr_array(np.array([[1, 1, 0, 0], [1, 1, 1, 0], [0, 0, 1, 1]]))
    >>> ItemKNN(neighbours=2).fit(train).recommend(csr_array(np.array([[1, 0, 0, 0]])), 3)[0]
    array([[ 1,  2, -1]], dtype=int32)
    """

    def __init__(
        self,
        neighbours: int = 100,
        similarity: str = "cosine",
        alpha: float = 0.5,
        beta: float = 0.5,
        shrink: float = 0.0,
        q: float = 1.0,
        weighting: str = "binary",
    ):
        self.neighbours = neighbours
        self.similarity = similarity
        self.alpha = alpha
        self.beta = beta
        self.shrink = shrink
        self.q = q
        self.weighting = weighting

    def fit(self, train: csr_array) -> "ItemKNN":
        k, q = positive("neighbours", self.neighbours), not_negative("q", self.q)
        listed = similarity_named(self.similarity, self.alpha, self.beta, self.shrink, self.weighting)
        heard = replace(
            listed, alpha=listed.beta, beta=listed.alpha
        )  # the song that was heard is the one that asks
        checked_train(train)
        songs = weighted(self.weighting, train.T.tocsr())
        self.similarity_ = to_the_power(neighbours(songs, k, heard), q)
        self.n_songs_ = songs.shape[0]
        return self
