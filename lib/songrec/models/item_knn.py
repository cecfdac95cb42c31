"""Item-based neighbours."""

from dataclasses import replace

from scipy.sparse import csr_array

from songrec.models.neighbours import KNN, SongNeighbours, to_the_power
from songrec.models.weighting import WEIGHTINGS
from songrec.similarity import Similarity, neighbours


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
        What the plays weigh in the similarities: a function of `songrec.models.weighting`.

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

    .. math:: \text{score}(u, i) = \sum_{j \in H_u,\; i \in N_K(j)} w(j, i)^q

    Plays shape the similarities only: in a fold-in a song counts once, however often it was played.

    References
    ----------
    Sarwar et al. 2001 introduced the model. Keeping K neighbours of each song of the fold-in and adding up
    their similarities is Deshpande & Karypis 2004; the asymmetric cosine and q are Aiolli 2013.

    Examples
    --------
    >>> import numpy as np
    >>> train = csr_array(np.array([[1, 1, 0, 0], [1, 1, 1, 0], [0, 0, 1, 1]]))
    >>> ItemKNN(neighbours=2).fit(train).recommend(csr_array(np.array([[1, 0, 0, 0]])), 3)[0]
    array([[ 1,  2, -1]], dtype=int32)
    """

    def _fit(self, binary: csr_array, plays: csr_array) -> None:
        songs = WEIGHTINGS[self.weighting](plays.T.tocsr())
        self.similarity_ = to_the_power(neighbours(songs, self.neighbours, self.asking()), self.q)

    def asking(self) -> Similarity:
        """The similarity from a song of the fold-in, the row that asks, to those that may be listed."""
        kind = self._similarity()
        return replace(kind, alpha=kind.beta, beta=kind.alpha)
