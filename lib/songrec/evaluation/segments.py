"""Users and songs in groups, and the accuracy in each."""

from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_array

from songrec.csr import column_counts, row_of_entries
from songrec.evaluation.hits import find_hits

CLASSES = ("head", "middle", "tail")
"""Songs by popularity: each class has about a third of the listening."""


def popularity_classes(train: csr_array) -> np.ndarray:
    """The class of each song, int (n_songs,): its place in `CLASSES`.

    Songs stand in the order of their listeners, most first (ties by the lower code). The head are the first
    of them that together have a third of all (user, song) pairs, the middle those up to two thirds, the
    tail the rest; songs that nobody listens to belong to the tail. The song at a boundary belongs above it.

    >>> popularity_classes(csr_array([[1, 1, 0], [1, 0, 1], [0, 0, 0]]))
    array([0, 1, 2])
    """
    listeners = column_counts(train)
    order = np.argsort(-listeners, kind="stable")
    before = np.cumsum(listeners[order]) - listeners[order]
    # Whole numbers on both sides: a third of the listening is no float.
    rank = (3 * before >= train.nnz).astype(int) + (3 * before >= 2 * train.nnz)
    classes = np.empty(len(order), int)
    classes[order] = np.where(listeners[order] > 0, rank, len(CLASSES) - 1)
    return classes


def recall_by_class(songs: np.ndarray, holdout: csr_array, classes: np.ndarray, k: int) -> np.ndarray:
    """Recall of the held-out songs of each class alone.

    Parameters
    ----------
    songs : int array (n_users, n)
        Lists.
    holdout : csr_array (n_users, n_songs)
        What they should find.
    classes : int array (n_songs,)
        From `popularity_classes`.
    k : int
        The cut-off: k places for all classes together.

    Returns
    -------
    float64 array (n_users, len(CLASSES))
        Of the user's held-out songs of a class, the share that stands among the first k; NaN where the user
        has none of that class.

    Examples
    --------
    >>> recall_by_class(np.array([[0, 2]]), csr_array([[1, 1, 1]]), np.array([0, 0, 2]), k=2)
    array([[0.5, nan, 1. ]])
    """
    row, rank, _ = find_hits(songs, holdout).within(k)
    owner = row_of_entries(holdout)
    found, hidden = (
        np.bincount(user * len(CLASSES) + mine, minlength=len(songs) * len(CLASSES)).reshape(-1, len(CLASSES))
        for user, mine in ((row, classes[songs[row, rank - 1]]), (owner, classes[holdout.indices]))
    )
    return np.where(hidden > 0, found / np.maximum(hidden, 1), np.nan)


def groups_by(values: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """Users in as many groups of about equal size as there are names, by ascending value: int (n_users,).

    Equal values stay together, so that a group may be smaller than the others, or empty. -1 where the value
    is NaN.

    >>> groups_by(np.array([0.3, 0.1, np.nan, 0.2]), ["low", "middle", "high"])
    array([ 2,  0, -1,  1])
    """
    known = ~np.isnan(values)
    groups = np.full(len(values), -1)
    if known.any():
        inner = np.linspace(0, 1, len(names) + 1)[1:-1]
        edges = np.quantile(values[known], inner, method="inverted_cdf")
        groups[known] = np.searchsorted(edges, values[known], side="left")
    return groups
