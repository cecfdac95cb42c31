"""Every song explained by the songs most like it."""

from scipy.sparse import csr_array

from songrec.models.base import PositiveFloat, PositiveInt, estimator
from songrec.models.neighbours import SongNeighbours
from songrec.similarity import neighbours as nearest_rows


@estimator
class FsSLIM(SongNeighbours):
    r"""Linear regression of each song on its nearest neighbours: EASE for catalogues too large for EASE.

    Parameters
    ----------
    neighbours : int, at least 1
        K, the number of most similar songs (by cosine) that a song is regressed on.
    l2 : float, above 0
        λ, the penalty on squared weights, in listeners; with 0, songs with the same listeners could not be
        told apart.

    Notes
    -----
    With X the matrix of who heard what (0 or 1), :math:`G = X^T X` the counts of common listeners,
    :math:`N = N_K(i)` the K nearest neighbours of song i, ties to the lower code, and :math:`H_u` the fold-in
    of user u,

    .. math:: w = (G_{NN} + \lambda I)^{-1} G_{Ni}, \quad B_{Ni} = w \text{ and 0 elsewhere}, \quad
        \text{score}(u, i) = \sum_{j \in H_u} B_{ji}

    so each column of B minimises :math:`|x_i - X w|^2 + \lambda |w|^2` over weights that only neighbours
    have. It is SLIM with features selected by similarity, with the squared penalty alone: weights may be
    negative, none is pressed to zero, and each column has a closed form. With all other songs as neighbours
    it is EASE, whose memory grows with the square of the catalogue; here it grows with K n, beside a fixed
    amount for counting (`CELLS`). Steck's sparse approximation also starts from the strongest relations of
    each song, but solves for many songs at once.

    Only songs with a score above zero are listed.

    References
    ----------
    Ning & Karypis 2011, "SLIM: sparse linear methods for top-N recommender systems", section IV.C;
    Steck 2019, "Markov random fields for collaborative filtering".

    Examples
    --------
    >>> import numpy as np
    >>> train = csr_array(np.array([[1, 1, 0], [1, 1, 0], [0, 1, 1]]))
    >>> FsSLIM(neighbours=1, l2=1.0).fit(train).weights_.toarray().round(3)
    array([[0.   , 0.667, 0.   ],
           [0.5  , 0.   , 0.25 ],
           [0.   , 0.   , 0.   ]], dtype=float32)
    """

    neighbours: PositiveInt = 100
    l2: PositiveFloat = 30.0

    def _fit(self, binary: csr_array, plays: csr_array) -> None:
        from songrec.models.fs_slim_kernel import regressions

        near = nearest_rows(binary.T.tocsr(), self.neighbours)
        self.weights_ = regressions(binary, near, self.l2)

    def _rows(self) -> csr_array:
        return self.weights_
