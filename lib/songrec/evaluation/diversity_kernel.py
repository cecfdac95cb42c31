"""The compiled loop of `songrec.evaluation.beyond.intra_list_diversity`."""

import numpy as np

from songrec.kernels.compiled import compiled


@compiled
def mean_distances(first, end, lists, starts, songs, cells, counts, ranked, cutoffs, result):
    """Mean of 1 - cosine over the pairs of the first places of some lists, whose pairs have been counted.

    Parameters
    ----------
    first, end : int
        Which of the counted groups.
    lists, starts, songs, cells, counts : arrays
        `songrec.similarity.groups.Counted`: a group is a list.
    ranked : int array (n_lists, n)
        The lists.
    cutoffs : int array (c,)
        Ascending.
    result : float64 array (n_lists, c)
        Written.
    """
    place_in_group = np.zeros(ranked.shape[1], np.int64)
    for group in range(first, end):
        row, n = lists[group], starts[group + 1] - starts[group]
        for place in range(n):
            for member in range(n):
                if songs[starts[group] + member] == ranked[row, place]:
                    place_in_group[place] = member
                    break
        total, place = 0.0, 0
        for column in range(len(cutoffs)):
            while place < min(cutoffs[column], n):
                a = place_in_group[place]
                for other in range(place):
                    b = place_in_group[other]
                    low, high = min(a, b), max(a, b)
                    common = counts[cells[group] + _place(low, high, n)]
                    if common:
                        own = counts[cells[group] + _place(low, low, n)]
                        total += common / np.sqrt(own * counts[cells[group] + _place(high, high, n)])
                place += 1
            if place > 1:
                result[row, column] = 1 - 2 * total / (place * (place - 1))


@compiled
def _place(low, high, n):
    """Where a pair stands in a triangle of n rows."""
    return low * n - low * (low - 1) // 2 + high - low
