"""Item-based neighbours."""

import numpy as np
from scipy.sparse import csr_array

from songrec.models.neighbours import KNN, SongNeighbours, song_neighbours, swapped
from songrec.models.weighting import WEIGHTINGS, bm25_discount, in_fold_in
from songrec.similarity import Similarity


class ItemKNN(SongNeighbours, KNN):
    r"""Item-based collaborative filtering.

    Parameters
    ----------
    neighbours : int, at least 1
        K, the number of most similar songs kept for each song.
    similarity : {"cosine", "asymmetric", "tversky", "jaccard"}
        The last two compare sets and go with `weighting="binary"` only.
    alpha : float, at least 0
        Of "asymmetric" and "tversky".
    beta : float, at least 0
        Of "tversky".
    shrink : float, at least 0
        h, added to the denominator: pairs with little in common are trusted less.
    q : float, at least 0
        The power to which a similarity is raised; above 1 the nearest songs decide more.
    weighting : {"binary", "log_plays", "tf_idf", "bm25"}
        What plays weigh: a function of `songrec.models.weighting`.
    reverse : bool
        Turned round: the neighbourhood of the candidate i decides, not that of the song j of the fold-in.
    normalize : bool
        Divide the similarities of a neighbourhood by their sum.

    Notes
    -----
    Let :math:`x_{ui}` be the weight of the plays of song i by user u, :math:`c = \sum_u x_{ui} x_{uj}` and
    :math:`a_i = \sum_u x_{ui}^2` (for "binary" the listeners in common and the listeners of i). The
    similarity of a song i that may be listed to a song j of the fold-in is

    .. math::

        \text{cosine} \quad & w(j, i) = c / (\sqrt{a_i a_j} + h) \\
        \text{asymmetric} \quad & w(j, i) = c / (a_i^\alpha a_j^{1 - \alpha} + h) \\
        \text{tversky} \quad & w(j, i) = c / (c + \alpha (a_i - c) + \beta (a_j - c) + h) \\
        \text{jaccard} \quad & w(j, i) = c / (a_i + a_j - c + h)

    and with :math:`N_K(j)` the K songs i of the highest :math:`w(j, i)` (ties to the lower code) and
    :math:`H_u` the fold-in of user u,

    .. math:: \text{score}(u, i) = \sum_{j \in H_u,\; i \in N_K(j)} x_{uj} \, w(j, i)^q

    or, turned round, the sum over the j in :math:`H_u \cap N_K(i)`, with :math:`N_K(i)` the K songs j of the
    highest :math:`w(j, i)`. Normalised, each :math:`w(j, i)^q` is divided by the sum over the neighbourhood
    that it belongs to: over :math:`N_K(j)`, so that each song of the fold-in has as much to say, or over
    :math:`N_K(i)`, a weighted mean over the candidate's neighbours.

    The weight :math:`x_{uj}` of the user's own plays is the one that they have in the similarities, up to a
    factor that all songs of the user have in common; for "binary" it is 1.

    References
    ----------
    Sarwar et al. 2001 introduced the model; their weighted sum (section 3.2.1) weighs the candidate's
    neighbours by what the user gave them, and divides by the similarities. Keeping K neighbours of each song
    of the fold-in, adding up their similarities and normalising each song's is Deshpande & Karypis 2004; the
    asymmetric cosine and q are Aiolli 2013.

    Examples
    --------
    >>> import numpy as np
    >>> train = csr_array(np.array([[1, 1, 0, 0], [1, 1, 1, 0], [0, 0, 1, 1]]))
    >>> ItemKNN(neighbours=2).fit(train).recommend(csr_array(np.array([[1, 0, 0, 0]])), 3)[0]
    array([[ 1,  2, -1]], dtype=int32)
    """

    def _fit(self, binary: csr_array, plays: csr_array) -> None:
        of_songs = csr_array(plays.T.tocsr())
        vars(self).pop("weighting_", None)  # of a fit before: kept only where plays weigh
        if self.weighting != "binary":
            self.weighting_ = self.weighting
        if self.weighting == "bm25":
            self.discount_ = bm25_discount(of_songs)
        self.similarity_ = song_neighbours(
            WEIGHTINGS[self.weighting](of_songs),
            self.neighbours,
            self.to_candidates(),
            reverse=self.reverse,
            normalize=self.normalize,
            q=self.q,
        )

    def to_candidates(self) -> Similarity:
        """The similarity from a song of the fold-in to a candidate, whose side `alpha` belongs to."""
        return swapped(self._similarity())

    def _encode_users(self, fold_in: csr_array, users: np.ndarray) -> csr_array:
        if not self.weighs_plays:
            return fold_in
        return in_fold_in(self.weighting_, fold_in, getattr(self, "discount_", None))
