"""Nearest neighbours between the rows of sparse matrices, by any of a family of similarities.

Similarities are computed in double precision, rounded to single, and compared as they are rounded: what is
equal but for the order of an addition is a tie, and ties go to the lower code. The one exception is the plain
cosine of binary matrices, the similarity that is wanted at the largest scale:
`songrec.similarity.cosine` computes it in parallel, and compares the exact ratios.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.sparse import csr_array

from songrec.lists import NOTHING
from songrec.ranking import best, binarised
from songrec.similarity.cosine import nearest_by_cosine

CELLS = 2_000_000
"""Pairs with something in common held at once, about 60 bytes each (more only for a row that has more)."""


@dataclass(frozen=True)
class Similarity:
    r"""How similar two rows x and y are, from what they have in common.

    Attributes
    ----------
    alpha : float
        Exponent, or weight, of the side of x.
    beta : float
        Exponent, or weight, of the side of y.
    shrink : float
        The larger, the less is trusted what few have in common.
    of_sets : bool
        Which of the two formulas holds.

    Notes
    -----
    With :math:`c = \sum x y`, :math:`a = \sum x^2` and :math:`b = \sum y^2` (for binary rows: features in
    common, features of either),

    .. math::

        \text{of_sets=False} \quad & c / (a^\alpha b^\beta + \text{shrink}) \\
        \text{of_sets=True} \quad & c / (c + \alpha (a - c) + \beta (b - c) + \text{shrink})

    The first is the cosine for :math:`\alpha = \beta = 1/2` and the asymmetric cosine for :math:`\alpha +
    \beta = 1`. The second is Tversky's index of two sets: Jaccard's for :math:`\alpha = \beta = 1`, Dice's
    for 1/2. The family is that of `s_plus` in similaripy, without the mixtures.

    References
    ----------
    Aiolli 2013 for the asymmetric cosine; Tversky 1977, "Features of similarity".

    Examples
    --------
    >>> Similarity().between(2, 4, 9)
    0.3333333333333333
    >>> Similarity(1, 1, of_sets=True).between(2, 4, 9)
    0.18181818181818182
    """

    alpha: float = 0.5
    beta: float = 0.5
    shrink: float = 0.0
    of_sets: bool = False

    def between(self, common, a, b):
        """The similarity of rows by `common`, `a` and `b`, numbers or arrays, float64."""
        if self.of_sets:
            whole = common + self.alpha * (a - common) + self.beta * (b - common)
        else:
            whole = a**self.alpha * b**self.beta
        return common / (whole + self.shrink)


COSINE = Similarity()


def neighbours(rows: csr_array, k: int, similarity: Similarity = COSINE, *, threads: int = 0) -> csr_array:
    """For each row its `k` nearest other rows; ties go to the lower row.

    Parameters
    ----------
    rows : csr_array (n, features)
        Weights above zero.
    k : int
        Neighbours of each row.
    similarity : Similarity
        From the row that asks to the others.
    threads : int
        0 lets OpenMP decide; the result does not depend on it.

    Returns
    -------
    csr_array (n, n)
        Similarities, float32, columns ascending: at most `k` in a row, none on the diagonal and none of rows
        with nothing in common.

    Examples
    --------
    >>> songs = csr_array(np.array([[1, 1, 0], [1, 1, 1], [0, 0, 1]]))
    >>> neighbours(songs, 1).toarray().round(3)
    array([[0.   , 0.816, 0.   ],
           [0.816, 0.   , 0.   ],
           [0.   , 0.577, 0.   ]], dtype=float32)
    """
    return nearest(rows, rows.T.tocsr(), k, similarity, own=np.arange(rows.shape[0]), threads=threads)


def nearest(
    queries: csr_array,
    columns: csr_array,
    k: int,
    similarity: Similarity = COSINE,
    *,
    sizes: np.ndarray | None = None,
    own: np.ndarray | None = None,
    threads: int = 0,
) -> csr_array:
    """For each query its `k` nearest items; ties go to the lower code.

    Parameters
    ----------
    queries : csr_array (m, features)
        Canonical, weights above zero.
    columns : csr_array (features, n)
        One column an item; canonical, weights above zero.
    k : int
        Neighbours of each query.
    similarity : Similarity
        From the query (its side is a) to the item (b).
    sizes : array (n,), optional
        What b is for each item, where that is not the sum of squares of its column.
    own : int array (m,), optional
        The item that a query must not find, -1 for none.
    threads : int
        0 lets OpenMP decide; the result does not depend on it.

    Returns
    -------
    csr_array (m, n)
        Similarities, float32, columns ascending: at most `k` in a row.
    """
    m, n = queries.shape[0], columns.shape[1]
    if sizes is None:
        sizes = np.bincount(columns.indices, np.square(columns.data, dtype=np.float64), minlength=n)
    own = np.full(m, NOTHING) if own is None else np.asarray(own)
    if similarity == COSINE and _is_binary(queries) and _is_binary(columns):
        return nearest_by_cosine(binarised(queries), binarised(columns), k, sizes, own, threads)
    queries, columns = queries.astype(np.float64), columns.astype(np.float64)
    blocks = [
        _nearest_in_block(queries[a:b], columns, k, similarity, sizes, own[a:b])
        for a, b in _cuts(queries, columns)
    ]
    codes, values, lengths = (np.concatenate(parts) for parts in zip(*blocks, strict=True))
    ends = np.concatenate([[0], np.cumsum(lengths)])
    return csr_array((values, codes, ends.astype(np.int32)), shape=(m, n))


def _is_binary(matrix: csr_array) -> bool:
    return bool((matrix.data == 1).all())


def _cuts(queries: csr_array, columns: csr_array) -> list[tuple[int, int]]:
    """Blocks of queries, each with no more than `CELLS` items in common with them, if it is not one query."""
    lengths = np.diff(columns.indptr).astype(np.int64)[queries.indices]
    before = np.concatenate([[0], np.cumsum(lengths)])[queries.indptr]
    cells = np.cumsum(np.minimum(np.diff(before), columns.shape[1]))
    block = cells // CELLS if len(cells) else cells
    starts = np.flatnonzero(np.diff(block, prepend=-1))
    return list(pairwise([*starts.tolist(), len(cells)])) or [(0, 0)]


def _nearest_in_block(queries, columns, k, similarity, sizes, own):
    """(codes, similarities of all rows one after the other; how many each row has)."""
    common = queries @ columns
    row = np.repeat(np.arange(len(own)), np.diff(common.indptr))
    a = np.zeros(len(own))
    np.add.at(a, np.repeat(np.arange(len(own)), np.diff(queries.indptr)), queries.data**2)
    values = similarity.between(common.data, a[row], sizes[common.indices]).astype(np.float32)
    values[(common.indices == own[row]) | ~(values > 0)] = -np.inf
    found = []
    for start, end in pairwise(common.indptr.tolist()):
        codes, similarities = best(common.indices[start:end], values[start:end], k)
        order = np.argsort(codes)
        found.append((codes[order], similarities[order]))
    codes = np.concatenate([codes for codes, _ in found] or [np.zeros(0, np.int32)]).astype(np.int32)
    similarities = np.concatenate([one for _, one in found] or [np.zeros(0, np.float32)]).astype(np.float32)
    return codes, similarities, np.array([len(codes) for codes, _ in found], np.int64)
