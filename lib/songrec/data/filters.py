"""Which songs and users of a log are kept, in a stated order, with what is left after every step."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from songrec.csr import column_counts, row_of_entries
from songrec.data.interactions import Interactions, codes_of
from songrec.errors import DataError

_MISMATCH = re.compile(r"ERROR: <(SO\w{16}) TR\w{16}> ")


@dataclass(frozen=True)
class Step:
    """What was left of the log after a step."""

    step: str
    users: int
    songs: int
    triplets: int


def read_mismatches(path: Path) -> np.ndarray:
    """Ids, sorted, of the songs that the Million Song Dataset's own list calls wrongly matched to a track.

    Lines read `ERROR: <SO... TR...> artist - title != artist - title`; another line is a `DataError`.
    """
    try:
        lines = Path(path).read_text(encoding="utf-8", errors="replace").split("\n")
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}") from error
    found = [_MISMATCH.match(line) for line in lines if line]
    if None in found:
        line = found.index(None) + 1
        raise DataError(f"{path}:{line}: not a line of sid_mismatches.txt: {lines[line - 1][:100]!r}")
    return np.unique(np.array([match[1] for match in found], dtype=str))


def remove_songs(log: Interactions, song_ids: Iterable[str]) -> Interactions:
    """The log without these songs; ids that are not in it are ignored."""
    codes = codes_of(log.song_ids, list(song_ids))
    keep = np.ones(log.n_songs, bool)
    keep[codes[codes >= 0]] = False
    return _select(log, np.ones(log.n_users, bool), keep)


def keep_minimum(log: Interactions, min_listeners: int = 1, min_songs: int = 1) -> Interactions:
    """Songs with enough listeners, then users with enough of those songs: one pass each.

    Parameters
    ----------
    log : Interactions
        The log.
    min_listeners : int
        Fewest listeners of a song.
    min_songs : int
        Fewest songs of a user, counted among the songs kept.

    Notes
    -----
    A song may then have fewer listeners again (Liang et al. 2018 filter in this way); `k_core` goes on.
    """
    songs = column_counts(log.plays) >= min_listeners
    users = _listened(log, songs) >= min_songs
    return _select(log, users, songs)


def k_core(log: Interactions, k: int) -> Interactions:
    """The largest part of the log in which every user has k songs and every song k listeners.

    >>> log = Interactions.from_triplets(["u1", "u1", "u2", "u2", "u3"], ["a", "b", "a", "b", "a"], [1] * 5)
    >>> k_core(log, 2).plays.shape
    (2, 2)
    """
    rows = row_of_entries(log.plays, np.int32)
    columns = log.plays.indices
    users, songs = np.ones(log.n_users, bool), np.ones(log.n_songs, bool)
    while True:
        alive = users[rows] & songs[columns]
        rows, columns = rows[alive], columns[alive]
        enough_songs = np.bincount(rows, minlength=log.n_users) >= k
        enough_listeners = np.bincount(columns, minlength=log.n_songs) >= k
        if (enough_songs == users).all() and (enough_listeners == songs).all():
            return _select(log, users, songs)
        users, songs = enough_songs, enough_listeners


def apply_filters(
    log: Interactions,
    remove: Iterable[str] | None = None,
    min_listeners: int = 1,
    min_songs: int = 1,
    core: int = 1,
) -> tuple[Interactions, list[Step]]:
    """Filter by all steps that are asked for, in the order of the parameters.

    Parameters
    ----------
    log : Interactions
        The whole log.
    remove : iterable of str, optional
        Ids of songs to remove.
    min_listeners, min_songs : int
        See `keep_minimum`.
    core : int
        See `k_core`.

    Returns
    -------
    log : Interactions
        What is left; users and songs without a triplet are gone.
    steps : list of Step
        What was left after each step that was asked for; the first entry is the whole log.

    Raises
    ------
    DataError
        When a step leaves nothing.
    """
    steps = [Step("as ingested", log.n_users, log.n_songs, log.plays.nnz)]
    if remove is not None:
        log = _note(steps, "wrongly matched songs removed", remove_songs(log, remove))
    if min_listeners > 1:
        log = _note(
            steps, f"songs with {min_listeners} listeners or more", keep_minimum(log, min_listeners, 1)
        )
    if min_songs > 1:
        log = _note(steps, f"users with {min_songs} songs or more", keep_minimum(log, 1, min_songs))
    if core > 1:
        log = _note(steps, f"{core}-core", k_core(log, core))
    return log, steps


def _note(steps: list[Step], name: str, log: Interactions) -> Interactions:
    if not log.plays.nnz:
        before = steps[-1]
        raise DataError(
            f"nothing is left after the filter {name!r}: before it were {before.triplets:,} triplets of "
            f"{before.users:,} users and {before.songs:,} songs. Ask for less."
        )
    steps.append(Step(name, log.n_users, log.n_songs, log.plays.nnz))
    return log


def _listened(log: Interactions, songs: np.ndarray) -> np.ndarray:
    """How many of these songs (a mask) each user has."""
    running = np.concatenate([[0], np.cumsum(songs[log.plays.indices])])
    return np.diff(running[log.plays.indptr])


def _select(log: Interactions, users: np.ndarray, songs: np.ndarray) -> Interactions:
    """The part of the log where both masks hold, without users and songs that have nothing there."""
    users = users & (_listened(log, songs) > 0)
    rows = np.repeat(users, np.diff(log.plays.indptr))
    songs = songs & (np.bincount(log.plays.indices[rows], minlength=log.n_songs) > 0)
    return log if users.all() and songs.all() else log.select(users, songs)
