"""Weights of plays in a similarity, by how often a song was played: pure functions of a matrix of plays.

Rows are what is to be compared and columns its features, in the language of text retrieval documents and
terms: the rows are songs for item-KNN (its features are its listeners) and users for user-KNN. Each function
returns a csr_array (float32) of the same shape, canonical, with weights above zero where there are plays.
"""

from typing import Literal, NamedTuple

import numpy as np
from scipy.sparse import csr_array

from songrec.csr import column_counts, row_of_entries
from songrec.ranking import binarised

K1, B = 1.2, 0.75
"""BM25: how soon more plays cease to count, and how much those of long rows are discounted: usual values."""


class Typical(NamedTuple):
    """What the weights of a row rest on beside itself: taken from the rows themselves unless it is given.

    So a row that is not of a matrix is weighed as if it were, and one that is as it is there.

    Attributes
    ----------
    rarity : float64 array (columns,)
        `rarity` of each column.
    length : float
        The mean number of plays of a row.
    """

    rarity: np.ndarray
    length: float


def typical(plays: csr_array) -> Typical:
    """That of the rows of a matrix of plays."""
    counts = binarised(plays)
    return Typical(rarity(counts), float(play_counts(plays).sum() / counts.shape[0]))


def binary(plays: csr_array, of: Typical | None = None) -> csr_array:
    """1 for played, however often."""
    return binarised(plays)


def log_plays(plays: csr_array, of: Typical | None = None) -> csr_array:
    """log2(1 + plays): 1 for one play, 2 for three, 3 for seven (a logarithm as in Hu et al. 2008).

    >>> log_plays(csr_array(np.array([[0, 1, 7]]))).toarray()
    array([[0., 1., 3.]], dtype=float32)
    """
    return _filled(plays, np.log2(1 + play_counts(plays)))


def tf_idf(plays: csr_array, of: Typical | None = None) -> csr_array:
    """log2(1 + plays) times the `rarity` of the column (Salton & Buckley 1988)."""
    of = of or typical(plays)
    return _filled(plays, np.log2(1 + play_counts(plays)) * of.rarity[binarised(plays).indices])


def bm25(plays: csr_array, of: Typical | None = None) -> csr_array:
    r"""Okapi BM25 (Robertson & Zaragoza 2009).

    .. math:: \frac{(K_1 + 1) \, \text{plays}}{\text{plays} + K_1 (1 - B + B \cdot \text{length} /
        \text{mean length})} \cdot \text{rarity}

    with the length the plays of the row. More plays count for more, but never for more than K1 + 1; those of
    a row with many plays count for less. The rarity is that of `tf_idf`: the formula's own is negative for
    columns that most rows have.
    """
    of = of or typical(plays)
    counts, data = binarised(plays), play_counts(plays)
    discount = np.repeat(bm25_discount(plays, of), np.diff(counts.indptr))
    return _filled(plays, data * (K1 + 1) / (data + discount) * of.rarity[counts.indices])


def bm25_discount(plays: csr_array, of: Typical | None = None) -> np.ndarray:
    """What stands beside the plays in the denominator of `bm25`, for each row: float64 (rows,)."""
    counts, of = binarised(plays), of or typical(plays)
    row = row_of_entries(counts)
    lengths = np.bincount(row, play_counts(plays), minlength=counts.shape[0])
    return K1 * (1 - B + B * lengths / of.length)


def in_fold_in(weighting: str, plays: csr_array, discount: np.ndarray | None = None) -> csr_array:
    """Weights of a user's plays where songs are the rows that were weighed, and users their features.

    Parameters
    ----------
    weighting : str
        One of `WEIGHTINGS` that looks at plays.
    plays : csr_array (n, n_songs)
        Canonical; a user a row.
    discount : float array (n_songs,), optional
        `bm25_discount` of the songs: for "bm25".

    Returns
    -------
    csr_array (n, n_songs)
        Without the rarity of the user, which all songs of the row have in common.
    """
    if weighting != "bm25":
        return log_plays(plays)
    data = play_counts(plays)
    return _filled(plays, data * (K1 + 1) / (data + discount[binarised(plays).indices]))


def rarity(rows: csr_array) -> np.ndarray:
    r"""The inverse document frequency of each column (Spärck Jones 1972): float64 (columns,).

    :math:`\ln\frac{1 + n}{1 + n_j} + 1` for n rows of which :math:`n_j` have the column j, smoothed as in
    scikit-learn: always above zero.
    """
    having = column_counts(rows)
    return np.log((1 + rows.shape[0]) / (1 + having)) + 1


Weighting = Literal["binary", "log_plays", "tf_idf", "bm25"]
WEIGHTINGS = {"binary": binary, "log_plays": log_plays, "tf_idf": tf_idf, "bm25": bm25}


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
