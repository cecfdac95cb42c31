"""Comparing two rankings live: which listener gets which, lists mixed of both, and what plays say."""

from collections.abc import Sequence
from hashlib import blake2b, shake_256
from itertools import combinations, takewhile

import numpy as np
import pandas as pd
from scipy.special import stdtr, stdtrit

from songrec.errors import ConfigError, DataError
from songrec.evaluation.comparisons import sign_flip, win_rate_difference
from songrec.evaluation.statistics import LEVEL, mean_interval
from songrec.lists import NOTHING

CREDITS = ["user", "version", "than", "lists", "played"]
INTERLEAVED, SPLIT = "interleaved", "split"
REPORT = ["design", "version", "than", "value", "se", "ci_low", "ci_high", "p", "wins", "n_users", "lists"]


def arm_of(user_id: str, shares: Sequence[float] = (0.5, 0.5), trial: str = "") -> int:
    """Which part of a split a user belongs to: the same one at every request, on every machine.

    Parameters
    ----------
    user_id : str
        The user.
    shares : sequence of float
        Of the parts, above 0; they are divided by their sum.
    trial : str
        Another name divides the users anew, independently.

    Examples
    --------
    >>> [arm_of(user, (0.9, 0.1)) for user in ("ann", "bob", "eve")]
    [0, 0, 0]
    """
    if not len(shares) or min(shares) <= 0:
        raise ConfigError(f"the shares of a split must be above 0, not {list(shares)}")
    digest = blake2b(f"{trial}\n{user_id}".encode(), digest_size=8).digest()
    place = int.from_bytes(digest, "big") / 2**64
    return min(int(np.searchsorted(np.cumsum(shares) / sum(shares), place, side="right")), len(shares) - 1)


def team_draft(first: Sequence, second: Sequence, n: int, key: str) -> tuple[list, list[int]]:
    """One list from two, by team draft: each item is credited to the ranking that put it there.

    Parameters
    ----------
    first, second : sequence
        Two rankings, best first, each item once; `NOTHING` ends one.
    n : int
        Length of the mixed list.
    key : str
        Of the coin: the same key gives the same list. It should name list or request.

    Returns
    -------
    items : list
        At most n, each once; n where both rankings together hold as many.
    teams : list of int
        0 or 1 for each: whose it is.

    Notes
    -----
    In each round a coin says which ranking picks first, then the other picks; each picks its highest item
    that is not in the list yet (Radlinski, Kurup & Joachims 2008, algorithm 2). Where one has no more, the
    other goes on alone. The coins are the bits of a hash (SHAKE-256) of the key.

    Examples
    --------
    >>> team_draft("abcd", "bxcy", 4, "list-1")
    (['b', 'a', 'c', 'x'], [1, 0, 0, 1])
    """
    coins = int.from_bytes(shake_256(key.encode()).digest(n // 8 + 1), "big")
    queues = [takewhile(lambda item: item != NOTHING, each) for each in (first, second)]
    items: dict = {}  # a set that keeps its order
    teams: list[int] = []
    while len(items) < n:
        before, leader, coins = len(items), coins & 1, coins >> 1
        for team in (leader, 1 - leader):
            item = next((item for item in queues[team] if item not in items), NOTHING)
            if item != NOTHING and len(items) < n:
                items[item] = None
                teams.append(team)
        if len(items) == before:
            break
    return list(items), teams


def credits_of(items: pd.DataFrame, plays: pd.DataFrame) -> pd.DataFrame:
    """What each user played of what each model had put into the lists.

    Parameters
    ----------
    items : DataFrame
        Songs that were shown: list, user, song, version (of the model that a song is credited to).
    plays : DataFrame
        list, user, song. A song counts once for a list that it was played from. A play that names no list, or
        one that did not show the song to this user, counts for nobody.

    Returns
    -------
    DataFrame
        user, version, than, lists, played: for each user how many lists were shown, and how many of their
        songs were played that are the version's. Of lists made by two versions, `than` is the other one, and
        both have a row; of lists by one version alone it is empty. Lists of more versions do not count.

    Examples
    --------
    >>> items = pd.DataFrame({"list": "1", "user": "ann", "song": list("abc"), "version": list("xyx")})
    >>> credits_of(items, pd.DataFrame({"list": ["1", "1"], "user": "ann", "song": ["c", "q"]}))
      user version than  lists  played
    0  ann       x    y      1       1
    1  ann       y    x      1       0
    """
    items = items[["list", "user", "song", "version"]].drop_duplicates(["list", "user", "song"])
    played = plays[["list", "user", "song"]].dropna().drop_duplicates()
    found = items.merge(played.assign(played=1), "left", ["list", "user", "song"])
    by = found.groupby(["user", "list", "version"], as_index=False)["played"].sum()
    count = by.groupby(["user", "list"])["version"].transform("size")
    least, most = (by.groupby(["user", "list"])["version"].transform(end) for end in ("min", "max"))
    other = least.where(by["version"] == most, most).where(count == 2, "")
    by = by.assign(than=other)[count <= 2]
    grouped = by.groupby(["user", "version", "than"], as_index=False)
    made = grouped.agg(lists=("list", "size"), played=("played", "sum"))
    return made.astype({"played": int})[CREDITS]


def compare_online(credits: pd.DataFrame) -> pd.DataFrame:
    """Each version against each other, from `credits_of` all users.

    Returns
    -------
    DataFrame
        design, version, than, value, se, ci_low, ci_high, p, wins, n_users, lists; the better version first.
        `value` is the mean over users of the songs played of a list, the version's minus the other's, with
        Student's 95 % interval.

        * interleaved: both versions in the same lists of the same users. The difference is paired within each
          user, `p` is of the permutation test of the mean (`sign_flip`), `wins` the share of users who
          played more of the version's minus the share who played less.
        * split: each user saw lists of one version; users of several do not count. The means are of
          different users: Welch's interval and test; no `wins`.

    Raises
    ------
    DataError
        When no two versions were compared.

    Notes
    -----
    A difference in a split is the version's only if users were divided at random, over the same time: a
    version that was promoted in between is compared with another season.
    """
    rows = [*_interleaved(credits[credits["than"] != ""]), *_split(credits[credits["than"] == ""])]
    if not rows:
        raise DataError(
            "no two versions can be compared: there must be lists of two versions (interleaved), or lists of "
            "one version for some users and of another for others"
        )
    return pd.DataFrame(rows, columns=REPORT)


def _interleaved(credits: pd.DataFrame):
    for (first, second), of in credits[credits["version"] < credits["than"]].groupby(["version", "than"]):
        theirs = credits[(credits["version"] == second) & (credits["than"] == first)].set_index("user")
        ours, theirs = of.set_index("user"), theirs.loc[of["user"]]
        values = np.column_stack([each["played"] / each["lists"] for each in (ours, theirs)])
        difference = values[:, :1] - values[:, 1:]
        mean, se, low, high = (float(each[0]) for each in mean_interval(difference))
        p = float(sign_flip(values, np.array([0]), np.array([1]))[0])
        wins = float(win_rate_difference(difference)[0])
        sizes = [len(ours), int(ours["lists"].sum())]
        if mean >= 0:
            yield [INTERLEAVED, first, second, mean, se, low, high, p, wins, *sizes]
        else:
            yield [INTERLEAVED, second, first, -mean, se, -high, -low, p, -wins, *sizes]


def _split(credits: pd.DataFrame):
    alone = credits[credits.groupby("user")["version"].transform("size") == 1]
    values = {version: of["played"] / of["lists"] for version, of in alone.groupby("version")}
    for first, second in combinations(values, 2):
        pair = sorted((first, second), key=lambda version: -values[version].mean())
        lists = int(alone.loc[alone["version"].isin(pair), "lists"].sum())
        ours, theirs = (values[version].to_numpy(float) for version in pair)
        yield [SPLIT, *pair, *welch(ours, theirs), np.nan, len(ours) + len(theirs), lists]


def welch(ours: np.ndarray, theirs: np.ndarray) -> tuple[float, float, float, float, float]:
    """Difference of two means of different users, its standard error, 95 % interval and p-value (Welch 1947).

    Not known, NaN, but for the difference, where a side has one user, or all users of both are alike.

    >>> [round(each, 3) for each in welch(np.array([1.0, 2.0, 3.0]), np.array([0.0, 1.0, 1.0, 0.0]))]
    [1.5, 0.645, -0.554, 3.554, 0.103]
    """
    difference = float(ours.mean() - theirs.mean())
    if min(len(ours), len(theirs)) < 2:
        return difference, np.nan, np.nan, np.nan, np.nan
    parts = np.array([each.var(ddof=1) / len(each) for each in (ours, theirs)])
    if not parts.sum():
        return difference, np.nan, np.nan, np.nan, np.nan
    se = float(np.sqrt(parts.sum()))
    freedom = parts.sum() ** 2 / (parts**2 / (np.array([len(ours), len(theirs)]) - 1)).sum()
    half = float(stdtrit(freedom, (1 + LEVEL) / 2)) * se
    p = float(2 * stdtr(freedom, -abs(difference) / se))
    return difference, se, difference - half, difference + half, p
