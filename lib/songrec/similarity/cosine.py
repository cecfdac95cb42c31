"""Nearest neighbours by cosine between the rows of large binary matrices: exact sets, ties by lower code.

The costly part, a sparse product with the best few kept per row, is the kernel of similaripy (C++, OpenMP;
the fastest of those measured). Its values are float32, and which of several tied items it keeps depends on
the threads, so here it only proposes candidates. They are compared by

.. math:: c^2 / (a b)

with c the common features, a and b the features of either side: the squared cosine, a ratio of integers in
float64. Equal ratios give equal numbers, so a tie is a tie (and different ratios stay different while
:math:`c^2 b < 2^{53}`). A row whose k-th place might be tied with something that the kernel left out is asked
again for more candidates, until it cannot be.
"""

import numpy as np
from scipy.sparse import coo_array, csr_array, vstack

MARGIN = 64
"""Candidates asked of the kernel beyond k, for ties at the k-th place."""

CELLS = 4_000_000
"""Candidates held at once, about 50 bytes each (more only for a matrix that itself holds more)."""

SLACK = 1e-6
"""More than the relative error of the kernel's float32 values, three roundings of 2**-24."""


def nearest_by_cosine(
    queries: csr_array, columns: csr_array, k: int, sizes: np.ndarray, own: np.ndarray, threads: int = 0
) -> csr_array:
    """For each query its `k` nearest items by cosine: `songrec.similarity.nearest` for binary matrices.

    Parameters
    ----------
    queries : csr_array (m, features)
        As `binarised` gives it.
    columns : csr_array (features, n)
        One column an item, as `binarised` gives it.
    k : int
        Neighbours of each query.
    sizes : array (n,)
        Features of each item, of which `columns` may hold only a part.
    own : int array (m,)
        The item that a query must not find, -1 for none.
    threads : int
        0 lets OpenMP decide; the result does not depend on it.

    Returns
    -------
    csr_array (m, n)
        Cosines, float32, columns ascending.
    """
    m, n = queries.shape[0], columns.shape[1]
    cells = max(
        CELLS, columns.nnz // 2
    )  # each call of the kernel reads the whole matrix: not too many of them
    step = max(1, cells // min(k + MARGIN, max(n, 1)))
    blocks = [csr_array((0, n), dtype=np.float32)]
    for start in range(0, m, step):
        block = slice(start, start + step)
        blocks.append(_block(queries[block], columns, sizes, own[block], k, cells, threads))
    return vstack(blocks, format="csr")


def _block(queries, columns, sizes, own, k, cells, threads) -> csr_array:
    """`nearest_by_cosine` for a block of queries, asking again about the rows that stay open."""
    n = columns.shape[1]
    found = []
    pending, n_asked = np.flatnonzero(np.diff(queries.indptr)), k + MARGIN
    while len(pending):
        n_asked, still = min(n_asked, n), []
        step = max(1, cells // n_asked)
        for part in (pending[start : start + step] for start in range(0, len(pending), step)):
            settled, row, codes, squares = _ask(queries[part], columns, sizes, own[part], k, n_asked, threads)
            found.append((part[row], codes, squares))
            still.append(part[~settled])
        pending, n_asked = np.concatenate(still), n_asked * 4
    if not found:
        return csr_array((len(own), n), dtype=np.float32)
    row, codes, squares = (np.concatenate(parts) for parts in zip(*found, strict=True))
    cosines = np.sqrt(squares).astype(np.float32)
    return coo_array((cosines, (row, codes)), shape=(len(own), n)).tocsr()


def _ask(queries, columns, sizes, own, k, n_asked, threads):
    """Ask the kernel once: (which rows are settled; row, code and squared cosine of their neighbours)."""
    codes, values = _kernel(queries, columns, sizes, n_asked, threads)
    common = np.rint(values * np.sqrt(sizes[codes]))
    features = np.diff(queries.indptr)[:, None].astype(np.float64)
    squares = common**2 / (features * np.maximum(sizes[codes], 1))
    squares[(values == 0) | (codes == own[:, None])] = 0
    kth = np.zeros(len(own))
    if k < codes.shape[1]:
        kth = np.partition(squares, -k, axis=1)[:, -k]
    # What the kernel left out is no better than the worst that it gave, where it is full.
    filled = codes.shape[1] == n_asked < columns.shape[1]
    worst = values.min(axis=1) / np.sqrt(features[:, 0]) if filled else np.zeros(len(own))
    settled = (worst == 0) | (np.sqrt(kth) > worst * (1 + SLACK))
    keep = _first(codes, squares, kth, k) & settled[:, None]
    return settled, np.nonzero(keep)[0], codes[keep], squares[keep]


def _first(codes, squares, kth, k):
    """Mask of the `k` best of each row (fewer where fewer are above zero), the k-th value being known."""
    kth = kth[:, None]
    better, tied = squares > kth, (squares == kth) & (kth > 0)
    places = k - better.sum(axis=1)  # left for the tied: those of the lowest codes
    last = np.iinfo(np.int32).max
    by_code = np.sort(np.where(tied, codes, last), axis=1)
    limit = np.take_along_axis(by_code, np.clip(places, 1, by_code.shape[1])[:, None] - 1, axis=1)
    return better | (tied & (codes <= limit))


def _kernel(queries, columns, sizes, n_asked, threads):
    """Per query the `n_asked` items highest by c / √b, unordered: (codes, values); value 0 where no more."""
    import similaripy

    used = np.unique(queries.indices)
    if np.diff(columns.indptr)[used].sum() < columns.nnz // 2:  # do not prepare what is not asked for
        queries, columns = queries[:, used], columns[used]
    result = similaripy.s_plus(
        queries,
        columns,
        l1=0,
        l2=0,
        l3=1,  # divide by a power of the item's weight alone: the query's own size changes no order
        pop2=sizes.astype(np.float32),
        beta2=0.5,
        k=n_asked,
        verbose=False,
        num_threads=threads,
    )
    shape = (queries.shape[0], n_asked)  # the kernel fills `n_asked` places for each query, from the left
    codes, values = result.col.reshape(shape), result.data.reshape(shape)
    filled = max(1, int((values > 0).sum(axis=1).max()))
    return codes[:, :filled], values[:, :filled].astype(np.float64)
