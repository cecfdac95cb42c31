"""User-based neighbours."""

from dataclasses import asdict

import numpy as np
from scipy.sparse import csr_array, diags_array

from songrec.models.neighbours import KNN, RowSums, to_the_power
from songrec.models.weighting import WEIGHTINGS, of_one_play
from songrec.similarity import Similarity, nearest


class UserKNN(RowSums, KNN):
    r"""User-based collaborative filtering.

    Parameters
    ----------
    neighbours : int, at least 1
        K, the number of most similar training users who have a say.
    similarity : {"cosine", "asymmetric", "tversky", "jaccard"}
        The last two compare sets and go with `weighting="binary"` only.
    alpha : float, at least 0
        Of "asymmetric" and "tversky".
    beta : float, at least 0
        Of "tversky".
    shrink : float, at least 0
        h, added to the denominator: pairs with little in common are trusted less.
    q : float, at least 0
        The power to which a similarity is raised; above 1 the nearest users decide more.
    weighting : {"binary", "log_plays", "tf_idf", "bm25"}
        What the plays weigh in the similarities: a function of `songrec.models.weighting`.

    Notes
    -----
    Let :math:`x_{ui}` be the weight of the plays of song i by user u, :math:`c = \sum_i x_{ui} x_{vi}` and
    :math:`a_u = \sum_i x_{ui}^2` (for "binary" the songs in common and the songs of u). The similarity of a
    training user v to the user u to be served is

    .. math::

        \text{cosine} \quad & w(u, v) = c / (\sqrt{a_u a_v} + h) \\
        \text{asymmetric} \quad & w(u, v) = c / (a_u^\alpha a_v^{1 - \alpha} + h) \\
        \text{tversky} \quad & w(u, v) = c / (c + \alpha (a_u - c) + \beta (a_v - c) + h) \\
        \text{jaccard} \quad & w(u, v) = c / (a_u + a_v - c + h)

    and with :math:`N_K(u)` the K training users of the highest :math:`w(u, v)` (ties to the lower code; a
    training user is not its own neighbour) and :math:`H_v` the songs that v has heard,

    .. math:: \text{score}(u, i) = \sum_{v \in N_K(u),\; i \in H_v} w(u, v)^q

    Similarities are computed for the users asked for, never users x users. The plays of the training users
    shape the similarities; the user to be served counts as having played each song once, because a fold-in
    says which songs, not how often. A vote counts once, however often the voter played the song.

    References
    ----------
    Vector similarity between users is Breese et al. 1998, choosing the K nearest Herlocker et al. 1999; the
    asymmetric cosine and q are Aiolli 2013.

    Examples
    --------
    >>> train = csr_array(np.array([[1, 1, 0, 0], [1, 1, 1, 0], [0, 0, 1, 1]]))
    >>> UserKNN(neighbours=1).fit(train).recommend(train[[0]], 3, users=[0])[0]
    array([[ 2, -1, -1]], dtype=int32)
    """

    def _fit(self, binary: csr_array, plays: csr_array) -> None:
        # Parameters may be changed after the fit, and count from the next one on.
        self.n_neighbours_, self.q_, self.kind_ = self.neighbours, self.q, asdict(self._similarity())
        self.heard_ = binary
        weights = WEIGHTINGS[self.weighting](plays)
        self.listeners_ = weights.T.tocsr()
        self.sizes_ = weights.astype(np.float64).power(2).sum(axis=1)
        self.one_play_ = of_one_play(self.weighting, plays).astype(np.float32)

    def _encode_users(self, fold_in: csr_array, users: np.ndarray) -> csr_array:
        """The nearest training users of each user and the weight of their votes: (n, training users)."""
        songs = np.unique(fold_in.indices)  # the rest of the (memory-mapped) log need not be read
        queries = (fold_in[:, songs] @ diags_array(self.one_play_[songs])).tocsr()
        k = min(self.n_neighbours_, self.heard_.shape[0])
        nearby = nearest(
            queries, self.listeners_[songs], k, Similarity(**self.kind_), sizes=self.sizes_, own=users
        )
        return to_the_power(nearby, self.q_)

    def _rows(self) -> csr_array:
        return self.heard_
