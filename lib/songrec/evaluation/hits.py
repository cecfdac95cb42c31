"""Which of the listed songs were held out: found once, for every metric and every cut-off."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse import csr_array

from songrec.csr import row_of_entries
from songrec.errors import ConfigError, DataError, positive

CELLS = 2_000_000
"""Users x songs that the look-up table holds at a time: 2 MB stay in the processor's cache."""


@dataclass(frozen=True)
class Hits:
    """What the accuracy metrics need to know about each user's list.

    Attributes
    ----------
    hits : bool array (n_users, n)
        Whether the song at this place of the list was held out.
    n_relevant : int64 array (n_users,)
        Songs held out for the user, at least 1.
    n_listed : int64 array (n_users,)
        Songs in the list; the places after them are padding.
    """

    hits: np.ndarray
    n_relevant: np.ndarray
    n_listed: np.ndarray

    @property
    def n_users(self) -> int:
        return self.hits.shape[0]

    def within(self, k: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Every hit among the first k places, list by list and best first.

        Parameters
        ----------
        k : int
            The cut-off.

        Returns
        -------
        row : int array
            Row of the user.
        rank : int array
            Place in the list, from 1.
        ordinal : int array
            Which of the user's hits it is, from 1.

        Raises
        ------
        ConfigError
            For a k that the lists do not serve (`check_cutoff`).

        Notes
        -----
        Hits are few (some in a hundred places), so sums over them cost little whatever the length of the
        lists; they are looked for once for each k, and all metrics share what was found.
        """
        check_cutoff(k, self.n_listed, self.hits.shape[1])
        if k not in self._within:
            row, rank, ordinal = self._found
            near = rank <= k
            self._within[k] = row[near], rank[near], ordinal[near]
        return self._within[k]

    @cached_property
    def _within(self) -> dict[int, tuple[np.ndarray, np.ndarray, np.ndarray]]:
        return {}

    @cached_property
    def _found(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        row, place = np.divmod(np.flatnonzero(self.hits), max(1, self.hits.shape[1]))
        count = np.bincount(row, minlength=self.n_users)
        first = np.cumsum(count) - count
        return row, place + 1, np.arange(len(row)) - first[row] + 1


def find_hits(ranked: np.ndarray, holdout: csr_array) -> Hits:
    """Look every listed song up in the holdout, over all users at once.

    Parameters
    ----------
    ranked : int array (n_users, n)
        Song codes, best first; -1 fills the end of a list shorter than n.
    holdout : csr_array (n_users, n_songs)
        Row i belongs to list i, and any stored entry counts as relevant.

    Returns
    -------
    Hits
        What was found.

    Raises
    ------
    DataError
        When the two do not fit together, a code is no song, a list names a song twice or goes on after
        padding, or a user has nothing held out (then no metric is defined).

    Examples
    --------
    >>> holdout = csr_array([[0, 1, 0, 1], [1, 0, 0, 0]])
    >>> found = find_hits(np.array([[3, 0, 1], [2, -1, -1]]), holdout)
    >>> found.hits
    array([[ True, False,  True],
           [False, False, False]])
    >>> found.n_relevant, found.n_listed
    (array([2, 1]), array([3, 1]))
    """
    n_users, n_songs = holdout.shape
    ranked = check_lists(ranked, n_songs)
    if len(ranked) != n_users:
        raise DataError(f"{len(ranked)} lists but {n_users} holdout rows: row i must belong to list i")
    if not holdout.has_canonical_format:
        holdout = holdout.copy()
        holdout.sum_duplicates()
    n_relevant = np.diff(holdout.indptr).astype(np.int64)
    _refuse(n_relevant == 0, "has an empty holdout: leave users with nothing to find out of the evaluation")

    return Hits(_hits(ranked, holdout), n_relevant, _listed(ranked))


def _hits(ranked: np.ndarray, holdout: csr_array) -> np.ndarray:
    """Whether the song at each place was held out: bool (n_users, n).

    A table of users x songs, for a block of users at a time, says which songs are held out; each place is
    one look into it. Only what was entered for a block is taken out again, so no table is ever wiped.
    """
    (n_users, n), width = ranked.shape, holdout.shape[1] + 1  # the first column stands for the padding, -1
    block = max(1, min(n_users, CELLS // width))
    table, hits = np.zeros(block * width, bool), np.empty(ranked.shape, bool)
    user = row_of_entries(holdout)
    held_out = user % block * width + holdout.indices + 1
    starts, cells = np.arange(block)[:, None] * width + 1, np.empty((block, n), np.int64)
    for top in range(0, n_users, block):
        lists = ranked[top : top + block]
        mine = held_out[slice(*holdout.indptr[[top, top + len(lists)]])]
        table[mine] = True
        np.add(lists, starts[: len(lists)], out=cells[: len(lists)])
        np.take(
            table, cells[: len(lists)], out=hits[top : top + block], mode="clip"
        )  # checked: none is outside
        table[mine] = False
    return hits


def _listed(ranked: np.ndarray) -> np.ndarray:
    """Songs in each list, int64 (n_users,)."""
    return np.count_nonzero(ranked >= 0, axis=1).astype(np.int64)


def check_lists(ranked: np.ndarray, n_songs: int) -> np.ndarray:
    """`ranked` as an array, once it is known to be lists of distinct songs padded at the end.

    Raises
    ------
    DataError
        Naming the first list at fault (rows count from 0).
    """
    ranked = np.asarray(ranked)
    if ranked.ndim != 2 or not len(ranked) or ranked.dtype.kind not in "iu":
        raise DataError(
            f"lists must be whole numbers, users x places, for at least one user: "
            f"got {ranked.dtype} of shape {ranked.shape}"
        )
    low, high = (int(ranked.min()), int(ranked.max())) if ranked.size else (0, -1)
    if low < -1 or high >= n_songs:
        _refuse(
            ((ranked < -1) | (ranked >= n_songs)).any(axis=1),
            f"lists a code outside the {n_songs} songs (and -1)",
        )
    if low < 0:
        listed = ranked >= 0
        _refuse(
            (listed[:, 1:] & ~listed[:, :-1]).any(axis=1),
            "has a song after padding: only a list's end is padded",
        )
    ascending = np.sort(ranked, axis=1)
    same = ascending[:, 1:] == ascending[:, :-1]
    if low < 0:
        same &= ascending[:, 1:] >= 0
    _refuse(same.any(axis=1), "names a song twice: each would count as a hit")
    return ranked


def check_cutoff(k: int, n_listed: np.ndarray, n: int) -> None:
    """Refuse a cut-off below 1, or one that asks for places that were cut off when the lists were made.

    Parameters
    ----------
    k : int
        The cut-off.
    n_listed : int array (n_users,)
        Songs in each list.
    n : int
        Places that a list has.

    Raises
    ------
    ConfigError
        When it cannot be served.

    Notes
    -----
    Beyond the last column (k > n) nothing is known of a full list. A list whose end is padding is complete:
    its model had no more to recommend, so its places up to any k are known to be empty.
    """
    positive("a cut-off", k)
    if k > n and np.any(n_listed >= n):
        raise ConfigError(
            f"the cut-off {k} lies beyond the lists, which were cut at {n}: make lists of length {k}"
        )


def first_places(songs: np.ndarray, n_songs: int, k: int) -> np.ndarray:
    """The first k places of lists, once both are known to make sense (`check_lists`, `check_cutoff`)."""
    songs = check_lists(songs, n_songs)
    check_cutoff(k, _listed(songs), songs.shape[1])
    return songs[:, :k]


def check_cutoffs(cutoffs: Sequence[int], n_listed: np.ndarray, n: int) -> None:
    """Refuse cut-offs that do not ascend, or of which one cannot be served (`check_cutoff`)."""
    for k in cutoffs:
        check_cutoff(k, n_listed, n)
    if not len(cutoffs) or list(cutoffs) != sorted(set(cutoffs)):
        raise ConfigError(f"cut-offs must ascend and there must be at least one: {list(cutoffs)}")


def _refuse(bad: np.ndarray, reason: str) -> None:
    if bad.any():
        raise DataError(f"the user in row {int(np.argmax(bad))} {reason} ({int(bad.sum())} such rows)")
