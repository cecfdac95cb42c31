"""How similar the lists of different models are, user by user."""

from collections.abc import Mapping
from itertools import combinations

import numpy as np

from songrec.errors import DataError
from songrec.lists import TopN


def jaccard(one: np.ndarray, other: np.ndarray, k: int) -> np.ndarray:
    r"""Songs that two lists share among their first k, over the songs that either names: (n_users,), 0..1.

    :math:`|A \cap B| / |A \cup B|` (Jaccard 1912), whatever the order. Two empty lists agree: 1.

    >>> jaccard(np.array([[1, 2], [3, -1], [-1, -1]]), np.array([[2, 5], [4, 5], [-1, -1]]), k=2).round(3)
    array([0.333, 0.   , 1.   ])
    """
    one, other = one[:, :k], other[:, :k]
    if len(one) != len(other):
        raise DataError(f"{len(one)} lists beside {len(other)}: row i belongs to one user in both")
    shared = ((one[:, :, None] == other[:, None, :]) & (one >= 0)[:, :, None]).sum(axis=(1, 2))
    union = (one >= 0).sum(axis=1) + (other >= 0).sum(axis=1) - shared
    return np.where(union > 0, shared / np.maximum(union, 1), 1.0)


def overlaps(lists: Mapping[str, TopN], k: int) -> dict[tuple[str, str], np.ndarray]:
    """`jaccard` of every two models, by pair, in the order of `lists`; all for the same users."""
    return {(a, b): jaccard(lists[a].songs, lists[b].songs, k) for a, b in combinations(lists, 2)}


def lowest_overlap_users(lists: Mapping[str, TopN], k: int, n: int) -> np.ndarray:
    """Rows of the n users with the lowest mean `jaccard` over all pairs of models.

    Users for whom a model has fewer than k songs are passed over; ties by row.
    Empty for fewer than two models.
    """
    pairs = overlaps(lists, k)
    if not pairs:
        return np.array([], int)
    mean = np.mean(list(pairs.values()), axis=0)
    full = np.all([(topn.songs[:, :k] >= 0).sum(axis=1) == k for topn in lists.values()], axis=0)
    order = np.argsort(mean, kind="stable")
    return order[full[order]][:n]
