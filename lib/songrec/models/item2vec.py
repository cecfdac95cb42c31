"""Songs as words: vectors of those that stand in the same histories."""

from collections.abc import Iterator

import numpy as np
from scipy.sparse import csr_array

from songrec.csr import column_counts, row_of_entries
from songrec.models.base import NonNegativeInt, PositiveFloat, PositiveInt, Power, estimator
from songrec.models.factors import Factorised
from songrec.models.iterative import Iterative


@estimator
class Item2Vec(Factorised, Iterative):
    r"""Skip-gram with negative sampling on the histories of the users (Barkan & Koenigstein 2016; Prod2Vec).

    Parameters
    ----------
    factors : int, at least 1
        f, the length of the vectors.
    negatives : int, at least 1
        k, songs drawn by chance against each pair.
    power : float, from -1 to 1
        p: a song with n listeners is drawn as often as :math:`n^p`; 0.75 is that of words.
    learning_rate : float, above 0
        Of the gradient steps.
    epochs : int, at least 1
        Each takes as many random pairs as the log has entries.
    seed : int, at least 0
        Of the first vectors and of the pairs.

    Notes
    -----
    A history has no order here: every other song of the user is context, as in Item2vec. With a vector
    :math:`x_j` of song j as one that was heard and :math:`y_i` of song i as one that is found beside it, it
    maximises, over pairs of songs of one user (Mikolov et al. 2013, eq. 4),

    .. math:: \sum \ln \sigma(x_j \cdot y_i) + \sum_{n = 1}^k \ln \sigma(-x_j \cdot y_{i_n})

    by steps that follow each other on one thread. A user, known or new, is the mean of the songs in the
    fold-in, and the score what the model itself gives for a pair:

    .. math:: \text{score}(u, i) = y_i \cdot \frac{1}{|H_u|} \sum_{j \in H_u} x_j

    The power decides how much of popularity is left in the scores, and for logs of songs the best one may lie
    far from that of words (Caselles-Dupré et al. 2018). `song_factors_` holds y, `heard_` x.

    References
    ----------
    Barkan & Koenigstein 2016, "Item2vec: neural item embedding for collaborative filtering"; Grbovic et al.
    2015, "E-commerce in your inbox: product recommendations at scale" (Prod2Vec); Mikolov et al. 2013,
    "Distributed representations of words and phrases and their compositionality"; Caselles-Dupré, Lesaint &
    Royo-Letelier 2018, "Word2vec applied to recommendation: hyperparameters matter".

    Examples
    --------
    >>> train = csr_array(np.array([[1, 1, 0, 0], [1, 1, 0, 0], [1, 0, 0, 0], [0, 0, 1, 1], [0, 0, 1, 1]]))
    >>> Item2Vec(factors=2).fit(train).recommend(train[[2]], 1)[0]
    array([[1]], dtype=int32)
    """

    factors: PositiveInt = 64
    negatives: PositiveInt = 5
    power: Power = 0.75
    learning_rate: PositiveFloat = 0.05
    epochs: PositiveInt = 100
    seed: NonNegativeInt = 0

    def _epochs(self, binary: csr_array, plays: csr_array) -> Iterator[None]:
        from songrec.models.item2vec_kernel import WHOLE, epoch

        random = np.random.default_rng(self.seed)
        listeners = column_counts(binary)
        shape = binary.shape[1], self.factors
        heard, found = (
            (random.random(shape, np.float32) - np.float32(0.5)) / np.float32(self.factors) for _ in range(2)
        )
        heard[listeners == 0] = found[listeners == 0] = 0
        weights = np.where(listeners > 0, np.maximum(listeners, 1.0) ** self.power, 0.0)
        shares = np.floor(np.cumsum(weights) / weights.sum() * WHOLE).astype(np.int64)
        shares[np.flatnonzero(listeners)[-1] :] = WHOLE
        rows = row_of_entries(binary, np.int32)
        log = binary.indptr, binary.indices, rows
        rate, state = np.float32(self.learning_rate), random.integers(2**64, size=1, dtype=np.uint64)
        for _ in range(self.epochs):
            epoch(*log, shares, self.negatives, heard, found, rate, state)
            self.heard_, self.song_factors_ = heard.copy(), found.copy()
            yield

    def _encode_users(self, fold_in: csr_array, users: np.ndarray) -> np.ndarray:
        known = np.maximum(fold_in @ self.heard_.any(axis=1).astype(np.float64), 1)
        return fold_in.astype(np.float64) @ self.heard_.astype(np.float64) / known[:, None]
