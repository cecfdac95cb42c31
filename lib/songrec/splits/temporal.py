"""Temporal protocols: models learn from what came first and must find what came later."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import NamedTuple

import numpy as np

from songrec.csr import row_of_entries
from songrec.data.interactions import Interactions
from songrec.errors import ConfigError, DataError
from songrec.splits.contract import Split, check_shares, held_out, keep, nobody, shares_of

FEWEST = 5
"""With a cut-off, a user who knew fewer songs by then is not tested: that is a question of cold start."""


class CutOffs(NamedTuple):
    """The last seconds that still belong to what comes before, in seconds since 1970.

    Attributes
    ----------
    validation : int
        Training holds the songs first played until then.
    test : int
        Training and validation hold the songs first played until then.
    """

    validation: int
    test: int


def temporal(
    log: Interactions,
    *,
    test: float = 0.2,
    validation: float = 0.1,
    until: str | float = "",
    seed: int = 0,
) -> Split:
    """Hold out each user's last new songs or, with `until`, what was new to a user after a cut-off.

    A song counts from the time at which the user first played it. Without `until` the model still learns from
    other users' later plays: it predicts the next songs of a user, but knows what became popular since. With
    `until` nothing first played after the cut-off is learnt from, as on the day when a system goes live.

    Parameters
    ----------
    log : Interactions
        The whole log, with times.
    test, validation : float
        Without `until`, a user with n songs has the int(test * n) last ones held out for test and the
        int(validation * n) before them for validation: as many as under `weak`, of short histories too. With
        `until`, `test` is not used, and validation holds the last int(validation * n) of the log's n (user,
        song) pairs before the cut-off, of all users together.
    until : str or float
        Empty: no cut-off. A date (2010-05-31): its last second, by UTC. A number between 0 and 1: the time
        until which this share of the log's pairs had been played for the first time.
    seed : int
        Nothing is drawn: the seed is only written into the split.

    Raises
    ------
    ConfigError
        For a log without times, and for an `until` that is neither a date nor a share.
    DataError
        When a part would be empty: no user has enough songs, or nothing lies before or after the cut-off.

    Notes
    -----
    Without `until`, songs that a user first played in the same second stand in the order of the log. With
    it, pairs of the same second are never divided, so a part may be smaller than its share.

    With `until`, a user is tested with at least 5 songs (`FEWEST`) until the cut-off and one after it. What
    other users first played after it is in no part. Validation has every user with something between the two
    cut-offs, so that the final model learns from all that came before the second.

    A song that nobody had played in training stays in the holdout, as under `weak`: no model can find it.
    The study counts these.

    Plays are totals over the whole log, and only the first and last time of a pair are known: a count in
    training may include plays after the cut-off. So may the counts of users and songs by which ingest
    filters the log.

    References
    ----------
    Ji et al. 2023, "A critical study on data leakage in recommender system offline evaluation": without a
    cut-off for all users, models recommend songs that were not there yet.

    Examples
    --------
    Six users and the day of each first play, before and after (see `Split.sketch`):

    >>> days = ["123456", "987654", "246135", "12345", "5678", "89"]
    >>> rows = [(u, s, int(day)) for u, of in enumerate(days) for s, day in enumerate(of)]
    >>> users, songs, day = np.array(rows).T
    >>> ids = np.array([*"abcdef"]), np.array([*"uvwxyz"])
    >>> log = Interactions.from_codes(users, songs, songs + 1, *ids, day * 86400, day * 86400)
    >>> print(temporal(log, test=0.4, validation=0.2).sketch())
    a 1 1 1 v T T
    b T T v 1 1 1
    c 1 v T 1 1 T
    d 1 1 v T T ·
    e 1 1 1 T · ·
    f 1 1 · · · ·

    The days count from 1970-01-01, so day 5 is 1970-01-06. By then a, c and d knew five songs; of these
    users a and c heard a new one later:

    >>> print(temporal(log, until="1970-01-06", validation=0.2).sketch())
    a 1 1 1 1 v T
    b · · · · v 1
    c 1 1 T 1 1 v
    d 1 1 1 1 v ·
    e v · · · · ·
    f · · · · · ·
    """
    _check_times(log)
    if until == "":
        check_shares(test=test, validation=validation)
        place, songs = _latest_first(log), np.diff(log.plays.indptr)
        hidden, chosen_by = (taken[row_of_entries(log.plays)] for taken in shares_of(songs, test, validation))
        trained, known = place >= hidden + chosen_by, place >= hidden
        split = _divided(log, trained, known, np.ones(log.n_users, bool), seed)
        if not len(split.test.users):
            raise nobody("test", songs.max())
        return split
    ends = cut_offs(log, until, validation)
    known = log.first <= ends.test
    songs = np.bincount(row_of_entries(log.plays)[known], minlength=log.n_users)
    split = _divided(log, log.first <= ends.validation, known, songs >= FEWEST, seed)
    if not len(split.test.users):
        raise DataError(
            f"until: no user knew {FEWEST} songs by {moment(ends.test)} (UTC) and a new one after it: "
            "set another `until`, or bring more data"
        )
    return split


def cut_offs(log: Interactions, until: str | float, validation: float) -> CutOffs:
    """The two times at which `temporal` divides a log; parameters and errors are those of `temporal`."""
    _check_times(log)
    check_shares(validation=validation)
    times = np.sort(log.first)
    end = _end(times, until)
    before = int(np.searchsorted(times, end, side="right"))
    if before == len(times) or not before:
        raise DataError(
            f"until: nothing was first played {'after' if before else 'until'} {moment(end)}, and the "
            f"log's first plays go from {moment(times[0])} to {moment(times[-1])} (UTC)"
        )
    trained = before - int(validation * len(times))
    if trained < 1:
        raise DataError(
            f"validation: {before} of {len(times)} pairs were first played until {moment(end)} (UTC), which "
            f"leaves nothing to train on with a share of {validation}: set a later `until` or a smaller share"
        )
    return CutOffs(int(times[trained - 1]), end)


def moment(seconds: int) -> str:
    """A time in seconds since 1970 as text.

    >>> moment(1275350399)
    '2010-05-31 23:59:59'
    """
    return f"{datetime.fromtimestamp(int(seconds), UTC):%Y-%m-%d %H:%M:%S}"


def _end(times: np.ndarray, until: str | float) -> int:
    """The cut-off that `until` names, in seconds since 1970; `times` are sorted."""
    return end_of(until, len(times), lambda place: int(times[place]))


def end_of(until: str | float, n: int, time_at: Callable[[int], int]) -> int:
    """The cut-off that `until` names; `time_at` gives the time at a place in the order of all n."""
    text = str(until).strip()
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return time_at(max(1, int(_share(text) * n)) - 1)
    return int(datetime(day.year, day.month, day.day, 23, 59, 59, tzinfo=UTC).timestamp())


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = np.nan
    if not 0 < share < 1:
        raise ConfigError(
            "until must be a date such as 2010-05-31, or a share between 0 and 1 (both excluded), "
            f"not {text!r}"
        )
    return share


def _check_times(log: Interactions) -> None:
    """`ConfigError` for a log without times, `DataError` for one without triplets."""
    if log.first is None:
        raise ConfigError(
            "protocol 'temporal' needs to know when songs were played, and this log has no times: name their "
            "column as `time` (a parameter of ingest), or choose another `protocol`"
        )
    if not log.plays.nnz:
        raise DataError("the log holds no triplets: there is nothing to divide")


def _latest_first(log: Interactions) -> np.ndarray:
    """Of each entry its place among its user's, from 0 for the song that was new last."""
    rows = row_of_entries(log.plays)
    ordered = np.lexsort((log.order, log.first, rows))
    size = np.diff(log.plays.indptr)[rows]
    place = np.empty(log.plays.nnz, np.int64)
    place[ordered] = log.plays.indptr[rows] + size - 1 - np.arange(log.plays.nnz)  # a row stays in its span
    return place


def _divided(
    log: Interactions, trained: np.ndarray, known: np.ndarray, tested: np.ndarray, seed: int
) -> Split:
    """The split of which training has the entries `trained`, validation the other ones that are `known`.

    All others are for test, of the users who are `tested`.
    """
    train, before = keep(log.plays, trained), keep(log.plays, known)
    validation = held_out(train, keep(log.plays, known & ~trained))
    test = held_out(before, keep(log.plays, ~known & tested[row_of_entries(log.plays)]))
    return Split("temporal", seed, log.user_ids, log.song_ids, train, validation, test)
