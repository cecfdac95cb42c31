"""Nearest neighbours between the rows of sparse matrices, by any of a family of similarities.

The result is exact, the same on any number of threads, and ties go to the lower code. What is compared:
plain cosines of whole numbers by their squares :math:`c^2 / (a b)`, and similarities of sets by their
ratios, in double precision, where equal ratios give equal numbers (and different cosines different ones while
:math:`c^2 b < 2^{53}`); all others rounded to single precision, so that what is equal but for the order of an
addition is a tie.
"""

from dataclasses import dataclass
from queue import SimpleQueue
from threading import Lock

import numpy as np
from scipy.sparse import csr_array, vstack

from songrec.arrays import read_only
from songrec.kernels.threads import blas_threads, in_threads
from songrec.lists import NOTHING

CELLS = 10_000_000
"""Candidates of queries held at once, 12 bytes each (more only for a single query)."""

LOGGED = 1 << 20
"""Offers that a thread collects, 16 bytes each, before they are sorted into the rows they are for."""

PARTS, LEAST = 64, 3_000
"""Parts for each thread, by entries: so many that no thread waits long for the last, but none of fewer
entries, which would be handed over longer than worked on."""


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


def neighbours(
    rows: csr_array,
    k: int,
    similarity: Similarity = COSINE,
    *,
    feature_weights: np.ndarray | None = None,
    threads: int = 0,
) -> csr_array:
    """For each row its `k` nearest other rows; ties go to the lower row.

    Parameters
    ----------
    rows : csr_array (n, features)
        Canonical, weights above zero.
    k : int
        Neighbours of each row.
    similarity : Similarity
        From the row that asks to the others.
    feature_weights : array (features,), optional
        What having a feature in common counts; it leaves a and b as they are.
    threads : int
        0: as many as BLAS may use; the result does not depend on it.

    Returns
    -------
    csr_array (n, n)
        Similarities, float32, columns ascending: at most `k` in a row, none on the diagonal and none of rows
        with nothing in common.

    Notes
    -----
    Every pair is counted once: half of the multiply-adds of a sparse product. Memory grows with n k, about 18
    bytes for each neighbour, beside the rows and one copy of them.

    Examples
    --------
    >>> songs = csr_array(np.array([[1, 1, 0], [1, 1, 1], [0, 0, 1]]))
    >>> neighbours(songs, 1).toarray().round(3)
    array([[0.   , 0.816, 0.   ],
           [0.816, 0.   , 0.   ],
           [0.   , 0.577, 0.   ]], dtype=float32)
    """
    from songrec.similarity.kernel import Items, Rows, by_feature

    data = _data(rows)
    whole = feature_weights is None and _is_whole(data)
    sizes = _sizes(rows, data)
    order = np.argsort(-np.diff(rows.indptr), kind="stable").astype(np.int32)
    indptr, features = _unsigned(rows)
    starts, places, turned = by_feature(order, indptr, features, data, rows.shape[1])
    rule, left, right = _sides(similarity, whole, sizes[order], sizes[order])
    weights = np.empty(0) if feature_weights is None else np.asarray(feature_weights, np.float64)
    asking = Rows(order, indptr, features, data, weights, np.full(len(order), NOTHING), *left)
    return _search(rule, k, asking, Items(starts, places, turned, order, *right), True, threads)


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
        0: as many as BLAS may use; the result does not depend on it.

    Returns
    -------
    csr_array (m, n)
        Similarities, float32, columns ascending: at most `k` in a row.
    """
    from songrec.similarity.kernel import Items, Rows

    (m, n), k = (queries.shape[0], columns.shape[1]), min(k, columns.shape[1])
    own = np.full(m, NOTHING) if own is None else np.asarray(own, np.int64)
    asking, found = _data(queries), _data(columns)
    if sizes is None:
        sizes = np.bincount(columns.indices, np.square(columns.data, dtype=np.float64), minlength=n)
    whole = all(_is_whole(values) for values in (asking, found, sizes))
    rule, left, right = _sides(similarity, whole, _sizes(queries, asking), np.asarray(sizes, np.float64))
    indptr, features = _unsigned(queries)
    items = Items(*_unsigned(columns), found, np.arange(n, dtype=np.int32), *right)
    step = max(1, CELLS // max(1, _room(k)))
    blocks = [csr_array((0, n), dtype=np.float32)]
    for start in range(0, m, step):
        block = slice(start, min(start + step, m))
        order = np.arange(block.start, block.stop, dtype=np.int32)
        part = (side[block] for side in left)
        rows = Rows(order, indptr, features, asking, np.empty(0), own[block], *part)
        blocks.append(_search(rule, k, rows, items, False, threads))
    return vstack(blocks, format="csr")


def _data(matrix: csr_array) -> np.ndarray:
    """The weights; none where all are 1."""
    return np.empty(0) if (matrix.data == 1).all() else matrix.data.astype(np.float64)


def _unsigned(matrix: csr_array) -> tuple[np.ndarray, np.ndarray]:
    """indptr and indices as the kernel wants them."""
    return matrix.indptr.astype(np.uint64), matrix.indices.astype(np.int32, copy=False).view(np.uint32)


def _is_whole(values: np.ndarray) -> bool:
    return bool((np.floor(values) == values).all())


def _sizes(rows: csr_array, data: np.ndarray) -> np.ndarray:
    """The sum of squares of each row."""
    n = np.diff(rows.indptr)
    if not len(data):
        return n.astype(np.float64)
    return np.bincount(np.repeat(np.arange(len(n)), n), np.square(data, dtype=np.float64), minlength=len(n))


def _sides(similarity: Similarity, whole: bool, a: np.ndarray, b: np.ndarray) -> tuple:
    """(rule, rough and exact side of those who ask, rough and exact side of those who are found)."""
    from songrec.similarity.kernel import POWERS, SETS, SQUARES, Rule

    alpha, beta = similarity.alpha, similarity.beta
    kind = SETS if similarity.of_sets else SQUARES if similarity == COSINE and whole else POWERS
    rough = (alpha * a, beta * b) if similarity.of_sets else (_power(a, alpha), _power(b, beta))
    exact = map(read_only, rough if kind == POWERS else (a, b))
    left, right = zip((side.astype(np.float32) for side in rough), exact, strict=True)
    return Rule(kind, float(alpha), float(beta), float(similarity.shrink)), left, right


def _power(sizes: np.ndarray, exponent: float) -> np.ndarray:
    """Sizes to that power; 1 for what is empty and never compared."""
    return np.where(sizes > 0, sizes, 1.0) ** exponent


def _room(k: int) -> int:
    """Candidates that a row holds at most: it is cut to k again when they are so many."""
    return k + max(16, k // 2)


def _search(rule, k: int, rows, items, symmetric: bool, threads: int) -> csr_array:
    """What each of the rows keeps: (n_rows, n_items), in the order of the matrix."""
    from songrec.similarity import kernel

    n, n_items = len(rows.order), len(items.labels)
    k = min(k, n_items)
    threads = threads or blas_threads()
    if not n or not k:
        return csr_array((n, n_items), dtype=np.float32)
    room = _room(k)
    kept = kernel.Kept(
        np.zeros(n, np.int32), np.zeros(n, np.float32), np.empty((n, room)), np.empty((n, room), np.int32)
    )
    counters = np.int32 if not (len(rows.data) or len(rows.weights) or len(items.data)) else np.float64
    logged = n_items + k + min(LOGGED, 2 * n * k)  # enough for any single row
    spaces: SimpleQueue = SimpleQueue()
    for _ in range(threads):
        log = (np.empty(logged, kind) for kind in (np.int32, np.int32, np.float64))
        counts = np.zeros(n_items + 1, counters), np.empty(n_items + 1, np.uint32)
        spaces.put((kernel.Space(*counts, np.empty(4 * k), np.empty(4 * k, np.int32)), kernel.Log(*log)))
    turn = Lock()

    def work(first_row: int, row: int) -> None:
        space, log = spaces.get()
        try:
            while row > first_row:
                row, n_logged, _ = kernel.collect(
                    rule, k, rows, first_row, row, symmetric, items, kept.lowest, space, log
                )
                with turn:
                    kernel.keep(rule, k, log, n_logged, kept)
        finally:
            spaces.put((space, log))

    entries = np.diff(rows.indptr)[rows.order].astype(np.int64)
    parts = _parts(entries, threads * max(1, min(PARTS, int(entries.sum()) // (LEAST * threads))))
    in_threads(work, reversed(parts), threads)
    return _as_matrix(rule, k, rows.order - rows.order.min(), kept, parts, threads, n_items)


def _as_matrix(rule, k: int, order: np.ndarray, kept, parts, threads: int, n_items: int) -> csr_array:
    """What was kept, row by row in the order of the matrix."""
    from songrec.similarity import kernel

    lengths = np.zeros(len(order), np.int64)
    lengths[order] = np.minimum(kept.found, k)
    indptr = np.concatenate([[0], np.cumsum(lengths)])
    codes, values = np.empty(indptr[-1], np.int32), np.empty(indptr[-1], np.float32)
    in_threads(
        lambda *part: kernel.settle(rule, k, *part, order, kept, indptr, codes, values), parts, threads
    )
    small = indptr[-1] < np.iinfo(np.int32).max
    indptr = indptr.astype(np.int32) if small else indptr
    return csr_array((values, codes, indptr), shape=(len(order), n_items))


def _parts(weights: np.ndarray, n: int) -> list[tuple[int, int]]:
    """Cut into some n parts of about the same weight: (start, end) of each."""
    ends = np.cumsum(weights + 1.0)
    cuts = np.unique(np.searchsorted(ends, ends[-1] * np.arange(1, n + 1) / n) + 1)
    return list(zip([0, *cuts[:-1].tolist()], np.minimum(cuts, len(weights)).tolist(), strict=True))
