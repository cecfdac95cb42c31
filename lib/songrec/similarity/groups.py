"""Common listeners of all pairs in many small groups of songs.

Groups are taken in blocks. A pair of songs belongs to many groups, so pairs are not counted group by group:
one song after the other is compared with all that its listeners have heard, and each group that it belongs to
picks its row of counts. Only pairs of a song with less popular ones are counted, and groups without popular
songs share a block, so that most blocks have little to count: for the 48 million entries of the Million Song
log, and each song's 100 nearest as a group, twice the work of one pass over all pairs, in eight blocks.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array

from songrec.csr import column_counts
from songrec.kernels.threads import in_threads

CELLS = 2**28
"""Counts held at once, 4 bytes each: 53,000 groups of 101 songs (more only for one that has more)."""

PARTS = 64
"""Into how many parts each step is divided, so that threads end at the same time."""


class Counted(NamedTuple):
    """Groups whose pairs have been counted.

    Attributes
    ----------
    groups : int array (n,)
        Which groups these are.
    starts : int array (n + 1,)
        Where in `songs` each begins.
    songs : int32 array
        Their songs, the most popular first.
    cells : int array (n + 1,)
        Where in `counts` the triangle of each begins.
    counts : int32 array
        Common listeners: for each group the upper triangle, row after row, the songs' own listeners on the
        diagonal.
    """

    groups: np.ndarray
    starts: np.ndarray
    songs: np.ndarray
    cells: np.ndarray
    counts: np.ndarray


def common_listeners_in_groups(groups: csr_array, binary: csr_array, threads: int = 0) -> Iterator[Counted]:
    """Count the common listeners of all pairs of songs that share a group.

    Parameters
    ----------
    groups : csr_array (any, n_songs)
        The songs of each group; whatever is stored counts.
    binary : csr_array (n_users, n_songs)
        Who heard what; whatever is stored counts.
    threads : int
        0: as many as BLAS may use; the result does not depend on it.

    Yields
    ------
    Counted
        Every group once, in blocks.

    Examples
    --------
    >>> heard = csr_array([[1, 1, 0], [1, 1, 1], [0, 1, 1]])
    >>> (found,) = common_listeners_in_groups(csr_array([[1, 0, 1]]), heard)
    >>> found.songs, found.counts
    (array([0, 2], dtype=int32), array([2, 1, 2], dtype=int32))
    """
    n = binary.shape[1]
    by_rank = np.argsort(-column_counts(binary), kind="stable").astype(np.int32)
    rank = np.empty_like(by_rank)
    rank[by_rank] = np.arange(n)
    listeners = _entries(binary).T.tocsr()[by_rank]
    log = listeners.T.tocsr()  # songs are ranks from here on, and ascend in each row
    groups, order = _by_rank(groups, rank)
    for block in _blocks(groups):
        part = groups[block]
        counts = _counts(part, log, listeners, threads)
        yield Counted(order[block], part.indptr, by_rank[part.indices], _triangles(part), counts)


def parts(ends: np.ndarray) -> list[tuple[int, int]]:
    """Ranges of rows with about the same of what `ends` adds up."""
    cuts = np.unique(np.searchsorted(ends, np.linspace(0, ends[-1], PARTS + 1)))
    return list(pairwise(np.union1d(cuts, [0, len(ends) - 1]).tolist()))


def _entries(matrix: csr_array) -> csr_array:
    """The matrix with data of one byte, which nobody reads."""
    return csr_array((np.ones(matrix.nnz, np.int8), matrix.indices, matrix.indptr), shape=matrix.shape)


def _by_rank(groups: csr_array, rank: np.ndarray) -> tuple[csr_array, np.ndarray]:
    """Groups as ascending ranks, in the order of their second most popular song; which group each is.

    In a group, the counts of the most popular song are those with all the others.
    """
    groups = _entries(groups)
    groups = csr_array((groups.data, rank[groups.indices], groups.indptr), shape=groups.shape)
    groups.sort_indices()
    second = np.minimum(groups.indptr[:-1] + 1, np.maximum(groups.indptr[1:] - 1, 0))
    leading = np.append(groups.indices, len(rank))[second]
    order = np.argsort(leading, kind="stable").astype(np.int32)
    return groups[order], order


def _blocks(groups: csr_array) -> Iterator[slice]:
    ends = _triangles(groups)
    first = 0
    while first < groups.shape[0]:
        last = int(np.searchsorted(ends, ends[first] + CELLS, side="right")) - 1
        last = max(last, first + 1)
        yield slice(first, last)
        first = last


def _triangles(groups: csr_array) -> np.ndarray:
    """Where the triangle of each group begins, and where the last one ends."""
    size = np.diff(groups.indptr).astype(np.int64)
    return np.concatenate([[0], np.cumsum(size * (size + 1) // 2)])


def _counts(groups, log, listeners, threads) -> np.ndarray:
    from songrec.similarity.group_kernel import count

    starts = _triangles(groups)
    counts = np.empty(starts[-1], np.int32)
    place = np.arange(groups.nnz, dtype=np.int32)
    asked = csr_array((place, groups.indices, groups.indptr), shape=groups.shape).T.tocsr()
    matrices = [
        table for matrix in (log, listeners, groups, asked) for table in (matrix.indptr, matrix.indices)
    ]
    in_threads(
        lambda first, last: count(first, last, *matrices, asked.data, starts, counts),
        parts(listeners.indptr),
        threads,
    )
    return counts
