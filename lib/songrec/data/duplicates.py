"""Merging (user, song) pairs that stand several times in a log, as each play of an event log does."""

from typing import NamedTuple

import numpy as np

from songrec.data.interactions import Interactions, arranged
from songrec.data.validation import MAX_PLAYS


class Merged(NamedTuple):
    """A log with every pair once, how many lines were merged away, and how many sums were cut."""

    log: Interactions
    duplicates: int
    capped: int


def merge(
    rows: np.ndarray,
    columns: np.ndarray,
    plays: np.ndarray,
    seconds: np.ndarray | None,
    user_ids: np.ndarray,
    song_ids: np.ndarray,
) -> Merged:
    """Every pair at its first place in the log, with the sum of its plays, cut at 2**31 - 1.

    Of times, the first and the last are kept.

    Parameters
    ----------
    rows, columns : int32 array (n,)
        Codes of user and song of each line, into the sorted ids.
    plays : int32 array (n,)
        At least 1.
    seconds : int64 array (n,), optional
        Times.
    user_ids, song_ids : array of str
        Sorted.
    """
    at = arranged(rows, columns, (len(user_ids), len(song_ids)))
    if at.has_canonical_format:
        return Merged(Interactions.from_arranged(at, plays, user_ids, song_ids, seconds, seconds), 0, 0)
    new = np.concatenate([[True], at.indices[1:] != at.indices[:-1]])
    new[at.indptr[:-1][np.diff(at.indptr) > 0]] = True
    starts = np.flatnonzero(new)
    sums = np.add.reduceat(plays[at.data].astype(np.int64), starts)
    place = np.minimum.reduceat(at.data, starts)
    kept = np.zeros(len(rows), bool)
    kept[place] = True
    times = [None, None]
    if seconds is not None:
        times = [extreme.reduceat(seconds[at.data], starts) for extreme in (np.minimum, np.maximum)]
    small = at.indptr.dtype
    indptr = np.concatenate([[0], np.cumsum(new)])[at.indptr].astype(small)
    order = (np.cumsum(kept) - 1)[place].astype(small)
    matrix = type(at)((np.minimum(sums, MAX_PLAYS).astype(np.int32), at.indices[starts], indptr), at.shape)
    log = Interactions(matrix, user_ids, song_ids, order, *times)
    return Merged(log, len(rows) - len(starts), int((sums > MAX_PLAYS).sum()))
