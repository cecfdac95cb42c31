"""What `songrec.models.ease` counts and adds up in a large dense matrix, by compiled loops."""

from itertools import pairwise

import numpy as np
from scipy.sparse import csr_array

from songrec.arrays import read_only
from songrec.kernels.compiled import compiled
from songrec.kernels.threads import in_threads

PARTS = 16
"""Into how many parts the users are divided, so that threads end at the same time."""

COLUMNS = 8192
"""Columns whose sums are made at once."""

COUNTED = 64
"""Songs of a part when common listeners are counted."""


def lower_counts(binary: csr_array, threads: int) -> np.ndarray:
    """The lower triangle of Xᵀ X for a binary matrix X (n_users, n): float32 (n, n), exact up to 2**24.

    What lies above the diagonal is not set. A row stays in the cache while the songs of a song's listeners
    are counted in it, and of these only those that come no later: half of them all.

    >>> np.tril(lower_counts(csr_array(np.array([[1, 1], [0, 1]], np.float32)), 1))
    array([[1., 0.],
           [1., 2.]], dtype=float32)
    """
    by_song, n = csr_array(binary.T.tocsr()), binary.shape[1]
    counts = np.empty((n, n), np.float32)
    shared = (by_song.indptr, by_song.indices, binary.indptr, binary.indices, counts)
    parts = [(start, min(start + COUNTED, n), *shared) for start in range(0, n, COUNTED)]
    in_threads(_count, reversed(parts), threads)  # the longest first
    return counts


@compiled
def _count(first, last, starts, listeners, user_starts, songs, counts):
    for song in range(first, last):
        row = counts[song]
        row[: song + 1] = 0
        for place in range(starts[song], starts[song + 1]):
            user = listeners[place]
            for entry in range(user_starts[user], user_starts[user + 1]):
                other = songs[entry]
                if other > song:
                    break
                row[other] += 1


def positive_sums(encoded: csr_array, weights: np.ndarray, threads: int) -> np.ndarray:
    """The product of a binary matrix with a dense one, -inf where it is not above 0.

    Rows of `weights` are added in single precision, in the order in which `encoded` stores them: the same
    bits whatever the number of threads, and those of SciPy's product. What it does better is to read four
    rows at once, so that a row of sums is written a fourth as often, to use all threads, and to take so many
    columns at a time that the rows of the most heard songs stay in the cache.

    Parameters
    ----------
    encoded : csr_array (n, n_songs)
        What is stored counts as 1.
    weights : float32 array (n_songs, m)
        The dense matrix.
    threads : int
        How many threads share the users.

    Returns
    -------
    float32 array (n, m)
        The sums.

    Examples
    --------
    >>> positive_sums(csr_array(np.array([[1, 1]])), np.array([[1, -2], [0.5, 1]], np.float32), 1)
    array([[ 1.5, -inf]], dtype=float32)
    """
    n, columns = encoded.shape[0], weights.shape[1]
    sums = np.empty((n, columns), np.float32)
    shared = (encoded.indptr, encoded.indices, read_only(weights), sums)
    cuts = [n * part // PARTS for part in range(PARTS + 1)]
    blocks = ((start, min(start + COLUMNS, columns)) for start in range(0, columns, COLUMNS))
    in_threads(_sum_rows, [(*rows, *some, *shared) for some in blocks for rows in pairwise(cuts)], threads)
    return sums


@compiled
def _sum_rows(first, last, left, right, starts, songs, weights, sums):
    for row in range(first, last):
        own = sums[row, left:right]
        own[:] = 0
        entry, end = starts[row], starts[row + 1]
        while entry + 4 <= end:
            a, b, c, d = songs[entry], songs[entry + 1], songs[entry + 2], songs[entry + 3]
            one, two = weights[a, left:right], weights[b, left:right]
            three, four = weights[c, left:right], weights[d, left:right]
            for column in range(len(own)):
                own[column] = own[column] + one[column] + two[column] + three[column] + four[column]
            entry += 4
        while entry < end:
            one = weights[songs[entry], left:right]
            for column in range(len(own)):
                own[column] += one[column]
            entry += 1
        for column in range(len(own)):
            if not own[column] > 0:
                own[column] = -np.inf
