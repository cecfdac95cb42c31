"""Weights of plays in a similarity, by how often a song was played: pure functions of a matrix of plays.

Rows are what is to be compared and columns its features, in the language of text retrieval documents and
terms: the rows are songs for item-KNN (its features are its listeners) and users for user-KNN. Each function
returns a csr_array (float32) of the same shape, canonical, with weights above zero where there are plays.
"""

from typing import Literal

import numpy as np
from scipy.sparse import csr_array

from songrec.ranking import binarised

K1, B = 1.2, 0.75
"""BM25: how soon more plays cease to count, and how much those of long rows are discounted: usual values."""


def binary(plays: csr_array) -> csr_array:
    """1 for played, however often."""
    return binarised(plays)


def log_plays(plays: csr_array) -> csr_array:
    """log2(1 + plays): 1 for one play, 2 for three, 3 for seven (a logarithm as in Hu et al. 2008).

    >>> log_plays(csr_array(np.array([[0, 1, 7]]))).toarray()
    array([[0., 1., 3.]], dtype=float32)
    """
    return _filled(plays, np.log2(1 + play_counts(plays)))


def tf_idf(plays: csr_array) -> csr_array:
    """log2(1 + plays) times the `rarity` of the column (Salton & Buckley 1988)."""
    counts = binarised(plays)
    return _filled(plays, np.log2(1 + play_counts(plays)) * rarity(counts)[counts.indices])


def bm25(plays: csr_array) -> csr_array:
    r"""Okapi BM25 (Robertson & Zaragoza 2009).

    .. math:: \frac{(K_1 + 1) \, \text{plays}}{\text{plays} + K_1 (1 - B + B \cdot \text{length} /
        \text{mean length})} \cdot \text{rarity}

    with the length the plays of the row. More plays count for more, but never for more than K1 + 1; those of
    a row with many plays count for less. The rarity is that of `tf_idf`: the formula's own is negative for
    columns that most rows have.
    """
    counts, data = binarised(plays), play_counts(plays)
    row = np.repeat(np.arange(counts.shape[0]), np.diff(counts.indptr))
    lengths = np.bincount(row, data, minlength=counts.shape[0])
    discount = K1 * (1 - B + B * lengths / lengths.mean())
    return _filled(plays, data * (K1 + 1) / (data + discount[row]) * rarity(counts)[counts.indices])


def rarity(rows: csr_array) -> np.ndarray:
    r"""The inverse document frequency of each column (Spärck Jones 1972): float64 (columns,).

    :math:`\ln\frac{1 + n}{1 + n_j} + 1` for n rows of which :math:`n_j` have the column j, smoothed as in
    scikit-learn: always above zero.
    """
    having = np.bincount(rows.indices, minlength=rows.shape[1])
    return np.log((1 + rows.shape[0]) / (1 + having)) + 1


Weighting = Literal["binary", "log_plays", "tf_idf", "bm25"]
WEIGHTINGS = {"binary": binary, "log_plays": log_plays, "tf_idf": tf_idf, "bm25": bm25}


def of_one_play(weighting: str, plays: csr_array) -> np.ndarray:
    """The weight of a single play in each column, up to a factor common to its row: float64 (columns,)."""
    return rarity(binarised(plays)) if weighting in ("tf_idf", "bm25") else np.ones(plays.shape[1])


def play_counts(plays: csr_array) -> np.ndarray:
    """The plays of each entry, in the order of `binarised`'s: float64."""
    copy = csr_array(plays, dtype=np.float64, copy=True)
    copy.sum_duplicates()
    copy.eliminate_zeros()
    return copy.data


def _filled(plays: csr_array, values: np.ndarray) -> csr_array:
    copy = binarised(plays)
    copy.data[:] = values
    return copy
