"""The listening log as a matrix."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy.sparse import csr_array

from songrec.arrays import load_arrays, save_arrays
from songrec.errors import DataError

_PIECE = 1 << 20
"""Entries that are hashed at a time."""


@dataclass(frozen=True)
class Interactions:
    """Plays of users and songs, and where in the log each stood.

    Attributes
    ----------
    plays : csr_array (n_users, n_songs)
        int32. Within a row the songs ascend; no entry is zero.
    user_ids : array of str (n_users,)
        Sorted; an id's place is its code (int32).
    song_ids : array of str (n_songs,)
        Sorted; an id's place is its code (int32).
    order : int array (plays.nnz,)
        For each entry of `plays.data` the position of that triplet in the log (0 is the first). Protocols
        that draw rows "in file order" need it.
    first : int64 array (plays.nnz,), optional
        For each entry the first time at which the user played the song, in seconds since 1970, where the log
        has times.
    last : int64 array (plays.nnz,), optional
        The last time, as `first`.
    """

    plays: csr_array
    user_ids: np.ndarray
    song_ids: np.ndarray
    order: np.ndarray
    first: np.ndarray | None = None
    last: np.ndarray | None = None

    @classmethod
    def from_triplets(cls, users, songs, plays) -> "Interactions":
        """From three arrays of equal length, in the log's order; a (user, song) pair may stand there once.

        Examples
        --------
        >>> log = Interactions.from_triplets(["u2", "u1", "u1"], ["b", "b", "a"], [3, 1, 5])
        >>> log.plays.toarray()
        array([[5, 1],
               [0, 3]], dtype=int32)
        >>> log.order
        array([2, 1, 0], dtype=int32)
        """
        plays = np.asarray(plays)
        user_ids, rows = np.unique(np.asarray(users, dtype=str), return_inverse=True)
        song_ids, columns = np.unique(np.asarray(songs, dtype=str), return_inverse=True)
        return cls.from_codes(rows, columns, plays, user_ids, song_ids)

    @classmethod
    def from_codes(cls, rows, columns, plays, user_ids, song_ids, first=None, last=None) -> "Interactions":
        """From integer codes into sorted id arrays, in the log's order.

        Raises
        ------
        DataError
            When lengths differ, a pair stands twice, or a play count is not in 1..2**31-1.
        """
        rows, columns, plays = (np.asarray(a) for a in (rows, columns, plays))
        if not len(rows) == len(columns) == len(plays):
            raise DataError(
                f"users, songs and plays differ in length: {len(rows)}, {len(columns)}, {len(plays)}"
            )
        if len(plays) and not (plays.min() >= 1 and plays.max() < 2**31):
            raise DataError("play counts must lie between 1 and 2**31 - 1: ingest rejects the others by line")
        at = arranged(rows, columns, (len(user_ids), len(song_ids)))
        if not at.has_canonical_format:
            raise DataError("a (user, song) pair stands twice: merge duplicates first, as ingest does")
        return cls.from_arranged(at, plays, np.asarray(user_ids), np.asarray(song_ids), first, last)

    @classmethod
    def from_arranged(cls, at: csr_array, plays, user_ids, song_ids, first=None, last=None) -> "Interactions":
        """From what `arranged` gives of a log where no pair stands twice, and its columns in log order."""
        matrix = csr_array((plays[at.data].astype(np.int32), at.indices, at.indptr), shape=at.shape)
        times = [None if each is None else np.asarray(each)[at.data] for each in (first, last)]
        return cls(matrix, user_ids, song_ids, at.data, *times)

    @property
    def n_users(self) -> int:
        return self.plays.shape[0]

    @property
    def n_songs(self) -> int:
        return self.plays.shape[1]

    @property
    def density(self) -> float:
        """Share of the users x songs cells that hold a play count."""
        cells = self.n_users * self.n_songs
        return self.plays.nnz / cells if cells else 0.0

    def select(self, users: np.ndarray | None = None, songs: np.ndarray | None = None) -> "Interactions":
        """Only the users and songs where the boolean masks hold; codes are given anew, the order is kept."""
        users = np.ones(self.n_users, bool) if users is None else users
        songs = np.ones(self.n_songs, bool) if songs is None else songs
        keep = np.repeat(users, np.diff(self.plays.indptr)) & songs[self.plays.indices]
        indptr = np.concatenate([[0], np.cumsum(keep)])[self.plays.indptr]
        code = (np.cumsum(songs) - 1).astype(self.plays.indices.dtype)
        matrix = csr_array(
            (
                self.plays.data[keep],
                code[self.plays.indices[keep]],
                indptr[np.concatenate([[True], users])].astype(self.plays.indptr.dtype),
            ),
            shape=(np.count_nonzero(users), np.count_nonzero(songs)),
        )
        there = np.zeros(self.plays.nnz, bool)
        there[self.order[keep]] = True
        order = (np.cumsum(there) - 1)[self.order[keep]].astype(self.order.dtype)
        times = (None if each is None else each[keep] for each in (self.first, self.last))
        return Interactions(matrix, self.user_ids[users], self.song_ids[songs], order, *times)

    def fingerprint(self) -> str:
        """Twelve hexadecimal digits of a SHA-256 over ids, plays, their order in the log, and their times."""
        digest = hashlib.sha256()
        times = [] if self.first is None else [self.first, self.last]
        for array in (self.plays.indptr, self.plays.indices, self.plays.data, self.order, *times):
            for start in range(0, len(array), _PIECE):
                digest.update(array[start : start + _PIECE].astype(np.int64))
        for ids in (self.user_ids, self.song_ids):
            digest.update("\n".join(ids.tolist()).encode())
        return digest.hexdigest()[:12]

    def save(self, folder: Path) -> None:
        """Save as plain arrays into a folder."""
        fields = [
            "plays",
            "user_ids",
            "song_ids",
            "order",
            *([] if self.first is None else ["first", "last"]),
        ]
        save_arrays(
            folder, {name: getattr(self, name) for name in fields}, {"fingerprint": self.fingerprint()}
        )

    @classmethod
    def load(cls, folder: Path) -> "Interactions":
        """Load memory-mapped what `save` wrote; `DataError` for a folder that holds anything else."""
        arrays, _ = load_arrays(folder)
        try:
            log = cls(**arrays)
            sizes = len(log.user_ids), len(log.song_ids)
        except TypeError as error:
            raise DataError(f"{folder} holds no interactions: {error}. Make it again: songrec run") from error
        if log.plays.shape != sizes or len(log.order) != log.plays.nnz:
            raise DataError(f"{folder} is damaged: its parts differ in length. Make it again: songrec run")
        return log


def codes_of(ids: np.ndarray, wanted) -> np.ndarray:
    """Codes (int32) of the wanted ids in a sorted id array; -1 for an id that is not there.

    >>> codes_of(np.array(["a", "c"]), ["c", "b"])
    array([ 1, -1], dtype=int32)
    """
    wanted = np.asarray(wanted, dtype=str)
    if not len(ids):
        return np.full(len(wanted), -1, np.int32)
    place = np.minimum(np.searchsorted(ids, wanted), len(ids) - 1)
    return np.where(ids[place] == wanted, place, -1).astype(np.int32)


def arranged(rows, columns, shape: tuple[int, int]) -> csr_array:
    """The places of a log's lines, by user and then by song: two lines of one pair stand side by side.

    Parameters
    ----------
    rows, columns : int array (n,)
        Codes of user and song, line by line.
    shape : tuple of int
        Users, songs.

    Returns
    -------
    csr_array (n_users, n_songs)
        Its data are the places (0 is the first line); int32 where that holds them.
    """
    small = np.int32 if len(rows) < 2**31 else np.int64
    rows, columns = np.asarray(rows), np.asarray(columns).astype(small, copy=False)
    ends = np.array([0, len(rows)], small)
    # From one row to as many columns as users: SciPy counts and places, which sorts stably in linear time.
    line = csr_array((np.arange(len(rows), dtype=small), rows.astype(small, copy=False), ends), (1, shape[0]))
    by_user = line.tocsc()
    at = csr_array((by_user.data, columns[by_user.data], by_user.indptr), shape=shape)
    at.sort_indices()  # which does nothing where each user's songs stand in order, as in most published logs
    return at


def sorted_ids(ids: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Distinct ids as a sorted array, and the code (int32) there of each in the order given.

    >>> sorted_ids(["b", "c", "a"])
    (array(['a', 'b', 'c'], dtype='<U1'), array([1, 2, 0], dtype=int32))
    """
    order = pc.sort_indices(pa.array(ids, pa.string())).to_numpy()  # by UTF-8, as by code points
    rank = np.empty(len(order), np.int32)
    rank[order] = np.arange(len(order), dtype=np.int32)
    return np.array(ids, dtype=str)[order], rank
