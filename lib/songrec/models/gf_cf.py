"""A graph filter in closed form."""

import numpy as np
from scipy.sparse import csr_array

from songrec.csr import column_counts
from songrec.kernels.threads import single_threaded_blas
from songrec.models.base import NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt, estimator
from songrec.models.dense import COUNTED
from songrec.models.pure_svd import directions
from songrec.models.song_weights import SongWeights, check_memory


@estimator
class GFCF(SongWeights):
    r"""Graph filter: a step over common listeners, and an ideal low-pass filter (Shen et al. 2021).

    Parameters
    ----------
    factors : int, at least 1
        f, how many of the graph's lowest frequencies pass the second filter.
    alpha : float, at least 0
        α, what the second filter weighs against the first.
    power : float, above 0
        s, to which the first filter's entries are raised: below 1 it evens them out; 1 as published.
    seed : int, at least 0
        Of ARPACK's start.

    Notes
    -----
    With X the matrix of who heard what (0 or 1), :math:`D_U` and :math:`D_I` the songs of each user and the
    listeners of each song, and V the right singular vectors of :math:`\tilde X = D_U^{-1/2} X D_I^{-1/2}`
    with the f largest singular values (Shen et al., section 5),

    .. math:: W = (\tilde X^T \tilde X)^{\circ s} + \alpha D_I^{-1/2} V V^T D_I^{1/2}, \quad
        \text{score}(u, i) = \sum_{j \in H_u} W_{ji}

    with the power taken entry by entry, as Park et al. 2024 do for another filter. The first is item-KNN
    with all neighbours, in which a listener of few songs counts for more; the second is `PureSVD` of a log in
    which popular songs and busy users weigh less. Nothing is iterated, and a new user needs no more than the
    sum. The matrix W is dense: 4 bytes for each pair of songs. Its diagonal is set to 0: it would raise only
    songs that were heard already. Only songs with a score above zero are listed.

    References
    ----------
    Shen et al. 2021, "How powerful is graph convolution for recommendation?", CIKM; Park, Shin & Shin 2024,
    "Turbo-CF: matrix decomposition-free graph filtering for fast recommendation", SIGIR.

    Examples
    --------
    >>> train = csr_array(np.array([[1, 1, 0], [1, 1, 0], [0, 1, 1]]))
    >>> GFCF(alpha=0).fit(train).weights_.round(3)
    array([[0.   , 0.408, 0.   ],
           [0.408, 0.   , 0.289],
           [0.   , 0.289, 0.   ]], dtype=float32)
    """

    factors: PositiveInt = 128
    alpha: NonNegativeFloat = 0.3
    power: PositiveFloat = 1.0
    seed: NonNegativeInt = 0

    def _fit(self, binary: csr_array, plays: csr_array) -> None:
        n = binary.shape[1]
        check_memory("GFCF", 4 * n**2 + 24 * n * (COUNTED + self.factors) + 12 * binary.nnz, n)
        users = np.maximum(np.diff(binary.indptr), 1)
        listeners = np.maximum(column_counts(binary), 1)
        size = np.sqrt(listeners).astype(np.float64)
        normalised = csr_array(binary.astype(np.float64) / np.sqrt(users)[:, None] / size)
        by_song = normalised.T.tocsr()
        weights = np.empty((len(size), len(size)), np.float32)
        with single_threaded_blas():
            low = directions(normalised, self.factors, self.seed)
            heard, listed = low * (self.alpha / size)[:, None], np.ascontiguousarray((low * size[:, None]).T)
            for start in range(0, len(size), COUNTED):
                some = slice(start, start + COUNTED)
                weights[some] = (by_song[some] @ normalised).toarray() ** self.power + heard[some] @ listed
        np.fill_diagonal(weights, 0)
        self.weights_ = weights
