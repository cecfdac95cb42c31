"""What listeners like you heard."""

import numpy as np
from scipy.sparse import csr_array, diags_array

from songrec.models.base import Recommender, checked_train, positive
from songrec.models.neighbours import not_negative, similarity_named, to_the_power, weighted_sum
from songrec.models.weighting import of_one_play, weighted
from songrec.similarity import Similarity, nearest


class UserKNN(Recommender):
    """User-based collaborative filtering.

    neighbours : K, the number of most similar training users who have a say.
    similarity, alpha, beta, shrink, q, weighting : as those of `ItemKNN`, for users instead of songs.

    With x_ui what the plays of song i by user u weigh, c = Σ_i x_ui x_vi and a_u = Σ_i x_ui² (for "binary"
    the songs in common and the songs of u), the similarity of a training user v to the user u to be served is

        cosine       w(u, v) = c / (√(a_u a_v) + h)
        asymmetric   w(u, v) = c / (a_u^alpha · a_v^(1 − alpha) + h)
        tversky      w(u, v) = c / (c + alpha (a_u − c) + beta (a_v − c) + h)
        jaccard      w(u, v) = c / (a_u + a_v − c + h)

    and with N_K(u) the K training users of the highest w(u, v) (ties to the lower code; a training user is
    not its own neighbour),

        score(u, i) = sum of w(u, v)^q over the users v in N_K(u) who have heard i

    Similarities are computed for the users asked for, never users x users. The plays of the training users
    shape the similarities; the user to be served counts as having played each song once (a fold-in says which
    songs, not how often), and a vote is a vote, however often the voter played the song.
    Vector similarity between users is Breese et al. 1998, choosing the K nearest Herlocker et al. 1999; the
    asymmetric cosine and q are Aiolli 2013.

    >>> train = csr_array(np.array([[1, 1, 0, 0], [1, 1, 1, 0], [0, 0, 1, 1]]))
    >>> UserKNN(neighbours=1).fit(train).recommend(train[[0]], 3, users=[0])[0]
    array([[ 2, -1, -1]], dtype=int32)
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

    def fit(self, train: csr_array) -> "UserKNN":
        kind = similarity_named(self.similarity, self.alpha, self.beta, self.shrink, self.weighting)
        self.n_neighbours_, self.q_ = positive("neighbours", self.neighbours), not_negative("q", self.q)
        self.alpha_, self.beta_, self.shrink_, self.of_sets_ = (
            kind.alpha,
            kind.beta,
            kind.shrink,
            kind.of_sets,
        )
        self.heard_ = checked_train(train)
        weights = weighted(self.weighting, train)
        self.listeners_ = weights.T.tocsr()
        self.sizes_ = weights.astype(np.float64).power(2).sum(axis=1)
        self.one_play_ = of_one_play(self.weighting, train).astype(np.float32)
        self.n_songs_ = self.heard_.shape[1]
        return self

    def _encode_users(self, heard: csr_array, users: np.ndarray) -> csr_array:
        """The nearest training users of each user and what they have to say: (n, training users)."""
        songs = np.unique(heard.indices)  # the rest of the (memory-mapped) log need not be read
        queries = (heard[:, songs] @ diags_array(self.one_play_[songs])).tocsr()
        kind = Similarity(self.alpha_, self.beta_, self.shrink_, self.of_sets_)
        k = min(self.n_neighbours_, self.heard_.shape[0])
        nearby = nearest(queries, self.listeners_[songs], k, kind, sizes=self.sizes_, own=users)
        return to_the_power(nearby, self.q_)

    def _scores(self, represented: csr_array, n_needed: int) -> csr_array:
        return weighted_sum(represented, self.heard_)
