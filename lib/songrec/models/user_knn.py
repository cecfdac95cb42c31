"""User-based neighbours."""

from dataclasses import asdict

import numpy as np
from scipy.sparse import csr_array

from songrec.csr import row_sums
from songrec.models.neighbours import KNN, RowSums, divided, swapped, to_the_power
from songrec.models.weighting import WEIGHTINGS, Typical, typical
from songrec.similarity import Similarity, nearest
from songrec.similarity.exact import CELLS


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
    reverse : bool
        Turned round: the users who have u among their neighbours, not the neighbours of u.
    normalize : bool
        Divide the similarities of a neighbourhood by their sum; unless turned round, this changes no order.

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

    or, turned round, the sum over all v with :math:`u \in N_K(v)`: those whose K-th best similarity to other
    training users is not above :math:`w(u, v)`. Somebody like whom there are many is then heard less often.
    Normalised, each :math:`w(u, v)^q` is divided by the sum over the neighbourhood that it belongs to, over
    :math:`N_K(u)` or, turned round, :math:`N_K(v)` among the training users.

    Similarities are computed for the users asked for, never users x users. The plays of the user who is
    served shape them as those of a training user would; a vote counts once, however often the voter played
    the song.

    References
    ----------
    Vector similarity between users is Breese et al. 1998, choosing the K nearest Herlocker et al. 1999; the
    asymmetric cosine and q are Aiolli 2013. How often one is among the neighbours of others is studied by
    Radovanović et al. 2010.

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
        self.weighting_, self.reverse_, self.normalize_ = self.weighting, self.reverse, self.normalize
        self.rarity_, self.typical_plays_ = typical(plays)
        weights = WEIGHTINGS[self.weighting](plays)
        self.listeners_ = weights.T.tocsr()
        self.sizes_ = weights.astype(np.float64).power(2).sum(axis=1)
        if self.reverse:
            self._keep_neighbourhoods(weights)

    def _keep_neighbourhoods(self, weights: csr_array) -> None:
        """Of each training user the similarity that the K-th neighbour has, 0 for fewer, and their sum."""
        n, k, asking = weights.shape[0], self.neighbours, swapped(self._similarity())
        self.reach_, self.sums_ = np.zeros(n, np.float32), np.zeros(n)
        step = max(1, CELLS // k)
        for users in (np.arange(start, min(start + step, n)) for start in range(0, n, step)):
            kept = nearest(weights[users], self.listeners_, k, asking, own=users)
            self.sums_[users] = row_sums(to_the_power(kept, self.q))
            full = np.flatnonzero(np.diff(kept.indptr) == k)
            if len(full):
                self.reach_[users[full]] = kept[full].data.reshape(-1, k).min(axis=1)

    def _encode_users(self, fold_in: csr_array, users: np.ndarray) -> csr_array:
        """The nearest training users of each user and the weight of their votes: (n, training users)."""
        songs = np.unique(fold_in.indices)  # the rest of the (memory-mapped) log need not be read
        asking = WEIGHTINGS[self.weighting_](fold_in, Typical(self.rarity_, self.typical_plays_))
        n_users = self.heard_.shape[0]
        nearby = nearest(
            asking[:, songs],
            self.listeners_[songs],
            n_users if self.reverse_ else min(self.n_neighbours_, n_users),
            Similarity(**self.kind_),
            sizes=self.sizes_,
            own=users,
        )
        if self.reverse_:
            nearby.data[nearby.data < self.reach_[nearby.indices]] = 0
            nearby.eliminate_zeros()
        votes = to_the_power(nearby, self.q_)
        if not self.normalize_:
            return votes
        if not self.reverse_:
            return divided(votes, row_sums(votes))
        votes.data = (votes.data / self.sums_[votes.indices]).astype(np.float32)
        return votes

    def _rows(self) -> csr_array:
        return self.heard_
