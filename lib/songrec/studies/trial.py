"""A trial among listeners whose tastes are known: does the order that was measured offline hold online?

The synthetic world says how likely each choice of a user is each song. So a list has a true value, which no
log tells: the songs of it that its listener is expected to play. Models are fitted on a part of the world's
log and compared four ways: by that truth, offline on the part held out, and by the two trials that a service
can run (`songrec.evaluation.interleaving`), with listeners who look and play at random as `Listener` says.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtri

from songrec.data import SyntheticWorld, codes_of
from songrec.errors import ConfigError
from songrec.evaluation import paired_difference, score_lists, summarise
from songrec.evaluation.comparisons import ALPHA, POWER, sign_flip, win_rate_difference
from songrec.evaluation.interleaving import REPORT, arm_of, compare_online, credits_of, team_draft
from songrec.evaluation.metrics import DECIDING
from songrec.lists import NOTHING
from songrec.models import create
from songrec.splits import Split
from songrec.studies.stacked import ESTIMATE, stacked

METRICS = (DECIDING, "ndcg", "recall")
TRUTH = "expected_plays"
"""The true value of a list, beside the metrics: the songs of it that are played, on average."""

TRUE, OFFLINE = "true", "offline"


@dataclass(frozen=True)
class Listener:
    """How those who are shown a list behave.

    Attributes
    ----------
    choices : int
        A listener likes a song that is among so many of the next choices: with the probability
        1 - (1 - p)^choices, where p is that of one choice among the songs not heard yet.
    patience : float
        The song at position r is looked at with the probability 1 / log2(1 + r)^patience: 0 looks at all
        songs, 1 discounts as NDCG does. What is looked at and liked is played.
    """

    choices: int
    patience: float

    def looks(self, k: int) -> np.ndarray:
        """The probability that each of the first k positions is looked at."""
        return np.log2(1 + np.arange(1, k + 1)) ** -self.patience


def lists_of(tuned: Mapping[str, Mapping[str, Any]], split: Split, k: int) -> dict[str, np.ndarray]:
    """What each model, fitted on all but the test, lists for each test user: int32 (n, k).

    Parameters
    ----------
    tuned : mapping
        Model -> estimator and hyperparameters (`songrec.tuning.read_tuned`).
    split : Split
        Of the world's log.
    k : int
        Length of the lists.
    """
    if len(tuned) < 2:
        raise ConfigError("a trial compares two models or more: name them in `models`, or say `trial: null`")
    train, test = split.final_train(), split.test
    return {
        name: create(of["estimator"], **of["hyperparameters"])
        .fit(train)
        .recommend(test.fold_in, k, users=test.users)[0]
        for name, of in tuned.items()
    }


def likings(
    world: SyntheticWorld, split: Split, lists: Mapping[str, np.ndarray], listener: Listener
) -> dict[str, np.ndarray]:
    """How likely each listener is to like each song of each list: float64 (n, k), 0 where there is none."""
    test = split.test
    codes = codes_of(split.song_ids, world.song_ids)
    known = codes != NOTHING
    found = {name: np.zeros(songs.shape) for name, songs in lists.items()}
    for user_ids, taste in world.tastes():
        place = codes_of(split.user_ids[test.users], user_ids)
        for user, row in enumerate(place):
            if row == NOTHING:
                continue
            chances = np.zeros(len(split.song_ids) + 1)  # the last is that of NOTHING
            chances[codes[known]] = taste.chances(user)[known]
            chances[test.fold_in.indices[slice(*test.fold_in.indptr[row : row + 2])]] = 0
            liked = 1 - (1 - chances / chances.sum()) ** listener.choices
            for name, songs in lists.items():
                found[name][row] = liked[songs[row]]
    return found


def truth(liked: Mapping[str, np.ndarray], listener: Listener, users: np.ndarray) -> dict[str, pd.DataFrame]:
    """The expected plays of each list by user: model -> one column, `expected_plays@k`."""
    return {
        name: pd.DataFrame(
            {f"{TRUTH}@{values.shape[1]}": (values * listener.looks(values.shape[1])).sum(axis=1)},
            index=pd.Index(users, name="user"),
        )
        for name, values in liked.items()
    }


def offline(lists: Mapping[str, np.ndarray], split: Split) -> dict[str, pd.DataFrame]:
    """The accuracy of each list on what was held out: model -> columns `metric@k` by user."""
    test = split.test
    return {
        name: score_lists(songs, test.holdout, songs.shape[1], test.users, METRICS)
        for name, songs in lists.items()
    }


def quality(*sides: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Means over users of `truth` and `offline`: model, metric, k, value, se, ci_low, ci_high, n_users."""
    tables = [summarise(values).assign(model=name) for side in sides for name, values in side.items()]
    return stacked(tables, f"model metric k {ESTIMATE}")


def trial(
    first: str,
    second: str,
    lists: Mapping[str, np.ndarray],
    liked: Mapping[str, np.ndarray],
    user_ids: np.ndarray,
    listener: Listener,
    shown: int,
    seed: int,
) -> pd.DataFrame:
    """Two models before the listeners, both ways, with the events that a service would log.

    Parameters
    ----------
    first, second : str
        The models.
    lists, liked : mapping
        From `lists_of`, `likings`.
    user_ids : array of str (n,)
        Whose they are.
    listener : Listener
        How they behave.
    shown : int
        Lists for each user in each of the two trials.
    seed : int
        Of the coins and of the listeners.

    Returns
    -------
    DataFrame
        As from `compare_online`: a row by interleaving, where every user sees lists of both, and one by the
        split, where half of the users see lists of the first and half those of the second.
    """
    items, plays = events(first, second, lists, liked, user_ids, listener, shown, seed)
    return compare_online(credits_of(items, plays))


def events(
    first: str,
    second: str,
    lists: Mapping[str, np.ndarray],
    liked: Mapping[str, np.ndarray],
    user_ids: np.ndarray,
    listener: Listener,
    shown: int,
    seed: int,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What a service would log of a `trial`: items shown (list, user, position, song, version), and plays.

    Users of the split have ids of their own there, as if the two trials had different listeners.
    """
    pair, name = (first, second), f"{seed}\n{first}\n{second}"
    rows: list[tuple] = []
    for row, user in enumerate(user_ids):
        ranked = [lists[model][row] for model in pair]
        chance = [dict(zip(lists[model][row].tolist(), liked[model][row], strict=True)) for model in pair]
        chance, n = chance[0] | chance[1], len(ranked[0])
        arm = arm_of(user, trial=name)
        alone = [song for song in ranked[arm].tolist() if song != NOTHING]
        for number in range(shown):
            mixed, teams = team_draft(*(each.tolist() for each in ranked), n, f"{name}\n{user}\n{number}")
            for who, songs, whose in (
                (f"{user} mixed", mixed, teams),
                (f"{user} split", alone, [arm] * len(alone)),
            ):
                rows += [
                    (f"{who} {number}", who, position, song, pair[team], chance[song])
                    for position, (song, team) in enumerate(zip(songs, whose, strict=True), start=1)
                ]
    items = pd.DataFrame(rows, columns=["list", "user", "position", "song", "version", "chance"])
    looks = listener.looks(len(lists[first][0]))[items["position"] - 1]
    drawn = np.random.default_rng(seed).random(len(items))
    played = items.loc[drawn < looks * items["chance"], ["list", "user", "song"]]
    return items.drop(columns="chance"), played


def pairs(
    true: Mapping[str, pd.DataFrame],
    measured: Mapping[str, pd.DataFrame],
    online: Mapping[tuple[str, str], pd.DataFrame],
) -> pd.DataFrame:
    """Every two models, by every way of comparing them.

    Parameters
    ----------
    true, measured : mapping
        From `truth`, `offline`; of the latter the deciding metric counts.
    online : mapping
        (model, model) -> `trial`.

    Returns
    -------
    DataFrame
        design (true, offline, interleaved, split), version, than, value, se, ci_low, ci_high, p, wins,
        n_users, lists, needed. The model whose lists are truly better comes first: a value below 0 says the
        contrary. `needed` are the users with whom a test at 5 % would find this difference with a power of
        .8: n (2.80 se / value)^2; the true means have no p, for nothing is drawn.
    """
    rows = []
    for one, other in combinations(true, 2):
        better, worse = sorted((one, other), key=lambda model: -float(true[model].mean().iloc[0]))
        for design, side in ((TRUE, true), (OFFLINE, measured)):
            ours, theirs = (
                side[model][[column for column in side[model] if column.startswith((TRUTH, DECIDING))]]
                for model in (better, worse)
            )
            row = paired_difference(ours, theirs).iloc[0].to_dict()
            values = np.column_stack([ours, theirs])
            p = float(sign_flip(values, np.array([0]), np.array([1]))[0]) if design == OFFLINE else np.nan
            wins = float(win_rate_difference(values[:, :1] - values[:, 1:])[0])
            row |= {"design": design, "version": better, "than": worse, "p": p, "wins": wins}
            rows.append(row)
        for row in online[one, other].to_dict("records"):
            if row["version"] != better:
                ends = {"ci_low": -row["ci_high"], "ci_high": -row["ci_low"]}
                row |= {"value": -row["value"], "wins": -row["wins"], **ends}
            rows.append(row | {"version": better, "than": worse})
    table = pd.DataFrame(rows).reindex(columns=REPORT)
    errors = table["se"] / table["value"].where(table["value"] != 0)
    table["needed"] = table["n_users"] * ((ndtri(1 - ALPHA / 2) + ndtri(POWER)) * errors) ** 2
    return table.astype({"lists": "Int64"})


def trials(
    lists: Mapping[str, np.ndarray],
    liked: Mapping[str, np.ndarray],
    user_ids: np.ndarray,
    listener: Listener,
    shown: int,
    seed: int,
) -> dict[tuple[str, str], pd.DataFrame]:
    """`trial` of every two models."""
    return {
        (one, other): trial(one, other, lists, liked, user_ids, listener, shown, seed)
        for one, other in combinations(lists, 2)
    }
