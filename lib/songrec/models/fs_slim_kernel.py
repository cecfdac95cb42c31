"""The regressions of `songrec.models.fs_slim`: common listeners counted and systems solved by compiled loops.

Songs are taken in blocks. For each song of a block the common listeners of its *group*, its neighbours and
itself, are the upper triangle of a small matrix. A pair of songs belongs to many groups, so pairs are not
counted group by group: one song after the other is compared with all that its listeners have heard, and each
group that it belongs to picks its row of counts. Only pairs of a song with less popular ones are counted,
and songs that have no popular neighbours share a block, so that most blocks have little to count: for the
48 million entries of the Million Song log twice the work of one pass over all pairs, in eight blocks.
"""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from scipy.sparse import coo_array, csr_array, eye_array

from songrec.errors import DataError
from songrec.kernels.compiled import compiled
from songrec.kernels.threads import in_threads

CELLS = 2**28
"""Counts held at once, 4 bytes each: 53,000 songs of 100 neighbours (more only for one that has more)."""

PARTS = 64
"""Into how many parts each step is divided, so that threads end at the same time."""


def regressions(binary: csr_array, near: csr_array, l2: float, threads: int) -> csr_array:
    """Each song regressed on its neighbours: B of `FsSLIM`.

    Parameters
    ----------
    binary : csr_array (n_users, n)
        Who heard what.
    near : csr_array (n, n)
        In each row the neighbours of that song, itself not among them.
    l2 : float, above 0
        The penalty on squared weights.
    threads : int
        How many threads share the work; the result does not depend on it.

    Returns
    -------
    csr_array (n, n)
        Weights, float32: column i those of the neighbours of song i, columns ascending.

    Raises
    ------
    DataError
        For an `l2` so small that songs with the same listeners cannot be told apart.
    """
    n = binary.shape[1]
    by_rank = np.argsort(-np.bincount(binary.indices, minlength=n), kind="stable").astype(np.int32)
    rank = np.empty_like(by_rank)
    rank[by_rank] = np.arange(n)
    listeners = _entries(binary).T.tocsr()[by_rank]
    log = listeners.T.tocsr()  # songs are ranks from here on, and ascend in each row
    groups, songs = _groups(near, rank)
    weights = np.empty(groups.nnz, np.float32)
    for block in _blocks(groups):
        counts = _counts(groups[block], log, listeners, threads)
        filled = slice(groups.indptr[block.start], groups.indptr[block.stop])
        _solve_all(groups[block], rank[songs[block]], counts, l2, weights[filled], threads)
    if not np.isfinite(weights).all():
        raise DataError(f"FsSLIM: songs with the same listeners cannot be told apart with l2 {l2}: raise it")
    target = np.repeat(songs, np.diff(groups.indptr))
    result = coo_array((weights, (by_rank[groups.indices], target)), shape=near.shape).tocsr()
    result.eliminate_zeros()  # what songs say of themselves
    return result


def _entries(matrix: csr_array) -> csr_array:
    """The matrix with data of one byte, which nobody reads."""
    return csr_array((np.ones(matrix.nnz, np.int8), matrix.indices, matrix.indptr), shape=matrix.shape)


def _groups(near: csr_array, rank: np.ndarray) -> tuple[csr_array, np.ndarray]:
    """Rows of ranks, ascending: the neighbours of a song and itself. Second, the song of each row.

    Rows are in the order of the second most popular member: in a group, the counts of the most popular one
    are those with all the others.
    """
    groups = (_entries(near) + eye_array(len(rank), dtype=np.int8)).tocsr()
    groups = csr_array((groups.data, rank[groups.indices], groups.indptr), shape=near.shape)
    groups.sort_indices()
    second = np.minimum(groups.indptr[:-1] + 1, groups.indptr[1:] - 1)
    songs = np.argsort(groups.indices[second], kind="stable").astype(np.int32)
    return groups[songs], songs


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


def _parts(ends: np.ndarray) -> list[tuple[int, int]]:
    """Ranges of rows with about the same of what `ends` adds up."""
    cuts = np.unique(np.searchsorted(ends, np.linspace(0, ends[-1], PARTS + 1)))
    cuts = np.union1d(cuts, [0, len(ends) - 1]).tolist()
    return list(pairwise(cuts))


def _counts(groups, log, listeners, threads) -> np.ndarray:
    """Common listeners in each group: upper triangles, row after row, one behind the other."""
    starts = _triangles(groups)
    counts = np.empty(starts[-1], np.int32)
    place = np.arange(groups.nnz, dtype=np.int32)
    asked = csr_array((place, groups.indices, groups.indptr), shape=groups.shape).T.tocsr()
    matrices = [
        part for matrix in (log, listeners, groups, asked) for part in (matrix.indptr, matrix.indices)
    ]
    parts = [(*part, *matrices, asked.data, starts, counts) for part in _parts(listeners.indptr)]
    in_threads(_count, parts, threads)
    return counts


def _solve_all(groups, own, counts, l2, weights, threads) -> None:
    starts = _triangles(groups)
    shared = (groups.indptr, groups.indices, own, starts, counts, l2, weights)
    in_threads(_solve, [(*part, *shared) for part in _parts(starts)], threads)


@compiled
def _count(
    first,
    last,
    log_starts,
    heard,
    starts,
    listeners,
    group_starts,
    members,
    asked_starts,
    asking,
    places,
    cells,
    counts,
):
    """Rows of counts of the songs from `first` to `last`, for each group that asks for one."""
    seen = np.zeros(len(starts) - 1, np.int32)
    before = np.int32(0)  # what `seen` holds of earlier songs is not above it
    for song in range(first, last):
        own = starts[song + 1] - starts[song]
        wanted = False
        for ask in range(asked_starts[song], asked_starts[song + 1]):
            wanted |= places[ask] + 1 < group_starts[asking[ask] + 1]
        if wanted:
            for at in range(starts[song], starts[song + 1]):
                user = listeners[at]
                for entry in range(log_starts[user + 1] - 1, log_starts[user] - 1, -1):
                    other = heard[entry]
                    if other <= song:
                        break
                    seen[other] = max(seen[other], before) + 1
        for ask in range(asked_starts[song], asked_starts[song + 1]):
            group, place = asking[ask], places[ask]
            end = group_starts[group + 1]
            left = np.int64(end - place)
            cell = cells[group + 1] - left * (left + 1) // 2
            counts[cell] = own
            for other in range(1, left):
                counts[cell + other] = max(seen[members[place + other]] - before, 0)
        before += own


@compiled
def _solve(first, last, group_starts, members, own, cells, counts, l2, weights):
    """Weights of the groups from `first` to `last`: Gauss' elimination in the upper triangle.

    Its pivots are those of Cholesky's factor, squared: none needs an exchange of rows. The right-hand side is
    the last column. Four rows are taken off at once, in a fixed order.
    """
    largest = 0
    for group in range(first, last):
        largest = max(largest, group_starts[group + 1] - group_starts[group])
    system = np.empty((largest, largest))
    solution = np.empty(largest)
    for group in range(first, last):
        start = group_starts[group]
        n = group_starts[group + 1] - start - 1
        place = 0
        while members[start + place] != own[group]:
            place += 1
        cell = cells[group]
        for i in range(n + 1):
            row = i - (i > place)
            for j in range(i, n + 1):
                if i == place:
                    if j > i:
                        system[j - 1, n] = counts[cell]
                elif j == place:
                    system[row, n] = counts[cell]
                else:
                    system[row, j - (j > place)] = counts[cell]
                cell += 1
            if i != place:
                system[row, row] += l2
        for j in range(n):
            rest = system[j, j : n + 1]
            i = 0
            while i + 4 <= j:
                a, b, c, d = system[i], system[i + 1], system[i + 2], system[i + 3]
                by_a, by_b, by_c, by_d = a[j] / a[i], b[j] / b[i + 1], c[j] / c[i + 2], d[j] / d[i + 3]
                a, b, c, d = a[j:], b[j:], c[j:], d[j:]
                for k in range(n + 1 - j):
                    rest[k] -= by_a * a[k] + by_b * b[k] + by_c * c[k] + by_d * d[k]
                i += 4
            while i < j:
                a = system[i, j : n + 1]
                by_a = a[0] / system[i, i]
                for k in range(n + 1 - j):
                    rest[k] -= by_a * a[k]
                i += 1
        for i in range(n - 1, -1, -1):
            value = system[i, n]
            for j in range(i + 1, n):
                value -= system[i, j] * solution[j]
            solution[i] = value / system[i, i]
        for i in range(n):
            weights[start + i + (i >= place)] = solution[i]
        weights[start + place] = 0
