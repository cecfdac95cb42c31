"""Every song explained by the songs most like it."""

import numpy as np
from scipy.sparse import csr_array

from songrec.csr import column_counts
from songrec.models.base import PositiveFloat, PositiveInt, Power, estimator
from songrec.models.neighbours import SongNeighbours
from songrec.similarity import Similarity
from songrec.similarity import neighbours as nearest_rows

RELATED = Similarity(0.375, 0.375)
"""How strongly two songs are related: between the counts themselves and their cosine, Steck's α = 0.75."""

MOST = 500
"""Neighbours of a song, at most, where `spread` would allow more: a song's system costs their cube."""


@estimator
class FsSLIM(SongNeighbours):
    r"""Sparse linear regression of each song on related songs: EASE for catalogues too large for EASE.

    Parameters
    ----------
    neighbours : int, at least 1
        K, the number of songs that a song is regressed on: of each, or on average (`spread`).
    l2 : float, above 0
        λ, the penalty on squared weights, in listeners where `alpha` is 0; with 0, songs with the same
        listeners could not be told apart.
    alpha : float, from -1 to 1
        α, how the penalty grows with a song's listeners.
    spread : int, at least 1
        A song may have up to so many times K neighbours (but for `MOST`) while all together have K n.

    Notes
    -----
    With X the matrix of who heard what (0 or 1), :math:`G = X^T X` the counts of common listeners,
    :math:`n_i = G_{ii}` the listeners of song i, N its neighbours, and :math:`H_u` the fold-in of user u,

    .. math:: w = (G_{NN} + \lambda \operatorname{diag}(n_N^\alpha))^{-1} G_{Ni}, \quad
        B_{Ni} = w \text{ and 0 elsewhere}, \quad \text{score}(u, i) = \sum_{j \in H_u} B_{ji}

    so each column of B minimises :math:`|x_i - X w|^2 + \lambda \sum_j n_j^\alpha w_j^2` over weights that
    only neighbours have. Songs are related by :math:`G_{ij} / (n_i n_j)^{0.375}`. With `spread` 1 the
    neighbours are the K most related songs, ties to the lower code; else those of the K n most related pairs
    of the catalogue, as a threshold finds them: songs with many relations then have more, others fewer.

    The name is that of SLIM with features selected (Ning & Karypis 2011, section IV.C), from which it departs
    twice: there is no penalty on absolute weights, which presses weights to zero (here the neighbours alone
    make B sparse), and weights may be negative. Each column so has a closed form. Penalty and threshold are
    those of Steck's sparse Markov random field with r = 0, which standardises songs by their deviation to the
    power α; here their mean is not taken off. With all other songs as neighbours and α = 0 it is EASE, whose
    memory grows with the square of the catalogue; here it grows with K n, beside a fixed amount for counting
    (`CELLS`).

    Only songs with a score above zero are listed.

    References
    ----------
    Ning & Karypis 2011, "SLIM: sparse linear methods for top-N recommender systems"; Steck 2019, "Markov
    random fields for collaborative filtering", section 3.2.

    Examples
    --------
    >>> train = csr_array(np.array([[1, 1, 0], [1, 1, 0], [0, 1, 1]]))
    >>> FsSLIM(neighbours=1, l2=1.0, alpha=0.0, spread=1).fit(train).weights_.toarray().round(3)
    array([[0.   , 0.667, 0.   ],
           [0.5  , 0.   , 0.25 ],
           [0.   , 0.   , 0.   ]], dtype=float32)
    """

    neighbours: PositiveInt = 50
    l2: PositiveFloat = 4.0
    alpha: Power = 0.75
    spread: PositiveInt = 2

    def _fit(self, binary: csr_array, plays: csr_array) -> None:
        from songrec.models.fs_slim_kernel import regressions

        listeners = np.maximum(column_counts(binary), 1.0)
        near = related(binary.T.tocsr(), self.neighbours, self.spread)
        self.weights_ = regressions(binary, near, self.l2 * listeners**self.alpha)

    def _rows(self) -> csr_array:
        return self.weights_


def related(songs: csr_array, neighbours: int, spread: int) -> csr_array:
    """The songs that each is regressed on, in rows, as `FsSLIM` says: csr_array (n, n), how strongly."""
    near = nearest_rows(songs, max(neighbours, min(spread * neighbours, MOST)), RELATED)
    over = near.nnz - neighbours * near.shape[0]
    if over > 0:
        near.data[near.data < np.partition(near.data, over)[over]] = 0
        near.eliminate_zeros()
    return near
