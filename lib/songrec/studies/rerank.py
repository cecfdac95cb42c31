r"""Another order for the same candidates: maximal marginal relevance (Carbonell and Goldstein 1998).

A list is filled place by place with the candidate that maximises

$$(1 - \lambda) \, r_i - \lambda \max_{j \in S} \cos(i, j)$$

where $r_i$ is the candidate's score, stretched to 0..1 over the candidates, S the songs chosen so far and
cos the cosine of the songs' listener sets. In words: a song gains by being likely, and loses by resembling
the song on the list that is most like it. At $\lambda = 0$ the order stays as it is. (The paper calls
$\lambda$ what is $1 - \lambda$ here.)
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from songrec.errors import ConfigError
from songrec.evaluation import (
    catalogue_coverage,
    intra_list_diversity,
    means_of,
    novelty,
    paired_difference,
    paired_ratio,
    score_lists,
)
from songrec.evaluation.hits import check_lists
from songrec.evaluation.metrics import DECIDING
from songrec.lists import NOTHING, Cap, TopN
from songrec.splits import HeldOut
from songrec.studies.stacked import stacked

METRICS = (DECIDING, "recall")

ROWS = 200
"""Lists whose cosines are held at a time: 16 MB for lists of 100."""

EFFECT = "metric k statistic value ci_low ci_high n_users"

DIGITS = 9
"""Decimals of a candidate's gain: below them, two are equal, and the one that stood higher comes first."""


def mmr(lists: TopN, train: csr_array, lambdas: Sequence[float], k: int) -> dict[float, np.ndarray]:
    """The first k places once the whole lists are the candidates.

    Parameters
    ----------
    lists : TopN
        The candidates, with their scores; a list shorter than k keeps its length.
    train : csr_array (any users, n_songs)
        Who listens to what; a song without a listener resembles nothing.
    lambdas : sequence of float
        Weights of the resemblance, each in 0..1.
    k : int
        Length of the new lists.

    Returns
    -------
    dict
        lambda -> songs, int32 (n_users, k).

    Raises
    ------
    ConfigError
        For a lambda outside 0..1.

    Examples
    --------
    >>> lists = TopN(np.array([0]), np.array([[0, 1, 2]]), np.array([[1.0, 0.9, 0.5]]))
    >>> train = csr_array([[1, 1, 0], [1, 1, 0], [0, 0, 1]])
    >>> mmr(lists, train, [0.0, 0.5], k=2)
    {0.0: array([[0, 1]], dtype=int32), 0.5: array([[0, 2]], dtype=int32)}
    """
    return mmr_from(lists, listener_vectors(train), lambdas, k)


def listener_vectors(train: csr_array) -> csr_array:
    """The songs as unit vectors of their listeners: float64 (n_songs, users). A product is a cosine."""
    unit = csr_array((np.ones(train.nnz), train.indices, train.indptr), shape=train.shape).T.tocsr()
    listeners = np.diff(unit.indptr)
    unit.data /= np.sqrt(np.repeat(listeners, listeners))
    return unit


def mmr_from(lists: TopN, unit: csr_array, lambdas: Sequence[float], k: int) -> dict[float, np.ndarray]:
    """`mmr`, of the `listener_vectors` that it makes: for who asks again and again."""
    if wrong := [value for value in lambdas if not 0 <= value <= 1]:
        raise ConfigError(f"lambda lies between 0 and 1, not {wrong[0]!r}")
    songs = check_lists(lists.songs, unit.shape[0])
    relevance = _stretched(lists.scores, songs >= 0)
    chosen = {value: np.full((len(songs), k), NOTHING, np.int32) for value in lambdas}
    for start in range(0, len(songs), ROWS):
        rows = slice(start, start + ROWS)
        alike = np.stack([_cosines(one, unit) for one in songs[rows]])
        for value, into in chosen.items():
            order = _greedy(relevance[rows], alike, value, min(k, songs.shape[1]))
            into[rows, : order.shape[1]] = np.take_along_axis(songs[rows], order, axis=1)
    return chosen


@dataclass(frozen=True)
class Evaluated:
    """Re-ranked lists of the users of one part, evaluated.

    Attributes
    ----------
    per_user : dict of float to DataFrame
        lambda -> accuracy, novelty and diversity by user.
    coverage : dict of float to float
        lambda -> catalogue coverage of all lists.
    """

    per_user: dict[float, pd.DataFrame]
    coverage: dict[float, float]


def evaluated(lists: TopN, held: HeldOut, train: csr_array, lambdas: Sequence[float], k: int) -> Evaluated:
    """Re-rank a part's lists with each lambda and evaluate them; `train` as in `mmr`."""
    per_user, coverage = {}, {}
    for value, songs in mmr(lists, train, lambdas, k).items():
        per_user[value] = _by_user(songs, held, train, k)
        coverage[value] = catalogue_coverage(songs, train.shape[1], k)
    return Evaluated(per_user, coverage)


def _by_user(songs: np.ndarray, held: HeldOut, train: csr_array, k: int) -> pd.DataFrame:
    frame = score_lists(songs, held.holdout, k, held.users, METRICS)
    frame[f"novelty@{k}"] = novelty(songs, train, k)
    frame[f"diversity@{k}"] = intra_list_diversity(songs, train, [k])[:, 0]
    return frame


def capped(lists: TopN, artists: np.ndarray, cap: int, k: int) -> np.ndarray:
    """The first k places of each list once no artist may have more than `cap` of them: int32 (n_users, k).

    Examples
    --------
    >>> lists = TopN(np.array([0]), np.array([[0, 1, 2, 3]]), np.array([[4.0, 3.0, 2.0, 1.0]]))
    >>> capped(lists, np.array([7, 7, 8, -1]), 1, k=3)
    array([[0, 2, 3]], dtype=int32)
    """
    chosen = np.full((len(lists.songs), k), NOTHING, np.int32)
    for row, songs in enumerate(lists.songs):
        listed = songs[songs != NOTHING]
        kept = listed[Cap(artists, cap).passing(listed, k)]
        chosen[row, : len(kept)] = kept
    return chosen


def cap_effects(
    lists: TopN, held: HeldOut, train: csr_array, artists: np.ndarray, caps: Sequence[int], k: int
) -> pd.DataFrame:
    """What each cap on the songs of an artist gives and costs, against no cap.

    Parameters
    ----------
    lists, held, train
        As for `evaluated`.
    artists : int array (n_songs,)
        `cold_start.metadata`.
    caps : sequence of int
        Songs of an artist that a list may hold.
    k : int
        Length of the lists.

    Returns
    -------
    DataFrame
        cap, and the columns of `effect`; among its metrics `artists`, how many different ones a list holds.
        Without rows where no artist is known.
    """
    if (artists == NOTHING).all():
        return pd.DataFrame(columns=["cap", *EFFECT.split()])
    named, per_user = np.append(artists, NOTHING), {}
    for cap in (0, *caps):
        songs = capped(lists, artists, cap, k)
        frame = per_user[cap] = _by_user(songs, held, train, k)
        different = np.diff(np.sort(named[songs], axis=1), axis=1, prepend=NOTHING) > 0
        frame[f"artists@{k}"] = different.sum(axis=1).astype(float)
    return stacked([effect(per_user, cap).assign(cap=cap) for cap in caps], f"cap {EFFECT}")


def choose(per_user: Mapping[float, pd.DataFrame], k: int, allowed: float) -> float:
    """The lambda with the highest mean diversity among those that lose at most this share of MAP@k.

    The loss is against lambda 0, which must be among them, so that there is always one; ties by the lower.
    """
    if 0 not in per_user:
        raise ConfigError("lambda 0, the order as it is, must be among those that are tried")
    means = pd.DataFrame({value: frame.mean() for value, frame in per_user.items()}).T.sort_index()
    floor = (1 - allowed) * means.loc[0, f"{DECIDING}@{k}"]
    return float(means.loc[means[f"{DECIDING}@{k}"] >= floor, f"diversity@{k}"].idxmax())


def curve(parts: Mapping[str, Evaluated], k: int) -> pd.DataFrame:
    """What each lambda gives on each part.

    Returns
    -------
    DataFrame
        part, lambda, metric, k, value, ci_low, ci_high, n_users. Intervals stand with accuracy and
        diversity; novelty is a plain mean, coverage one number of all lists.
    """
    tables = []
    for part, found in parts.items():
        by = found.per_user
        made = {
            name: means_of({value: frame[f"{name}@{k}"] for value, frame in by.items()})
            for name in (DECIDING, "diversity")
        }
        plain = {"novelty": {value: frame[f"novelty@{k}"].mean() for value, frame in by.items()}}
        for name, values in (plain | {"coverage": found.coverage}).items():
            made[name] = pd.DataFrame({"value": values, "n_users": len(by[0.0])})
        tables += [
            table.rename_axis("lambda").reset_index().assign(part=part, metric=name, k=k)
            for name, table in made.items()
        ]
    return stacked(tables, "part lambda metric k value ci_low ci_high n_users")


def effect(per_user: Mapping[float, pd.DataFrame], chosen: float) -> pd.DataFrame:
    """The chosen order against the order as it is, user by user.

    Returns
    -------
    DataFrame
        metric, k, statistic (before, after, difference, ratio), value, ci_low, ci_high, n_users; intervals
        stand with the two comparisons.
    """
    old, new = per_user[0], per_user[chosen]
    difference = paired_difference(new, old)
    means = {
        name: difference[["metric", "k", "n_users"]].assign(value=frame.mean().to_numpy())
        for name, frame in (("before", old), ("after", new))
    }
    found = means | {"difference": difference, "ratio": paired_ratio(new, old)}
    table = pd.concat([of.assign(statistic=name) for name, of in found.items()])
    return stacked([table.sort_index(kind="stable")], EFFECT)


def _stretched(scores: np.ndarray, listed: np.ndarray) -> np.ndarray:
    """Scores of each list from 0 (its last) to 1 (its first), -inf in empty places; 1 where all are equal."""
    scores = scores.astype(np.float64)
    high = np.where(listed, scores, -np.inf).max(axis=1, keepdims=True, initial=-np.inf)
    low = np.where(listed, scores, np.inf).min(axis=1, keepdims=True, initial=np.inf)
    with np.errstate(invalid="ignore", divide="ignore"):
        stretched = np.where(high > low, (scores - low) / (high - low), 1.0)
    return np.where(listed, stretched, -np.inf)


def _cosines(songs: np.ndarray, unit: csr_array) -> np.ndarray:
    """Cosines of one list's songs, (n, n); 0 for empty places."""
    vectors = unit[np.maximum(songs, 0)]
    alike = (vectors @ vectors.T).toarray()
    alike[songs < 0], alike[:, songs < 0] = 0.0, 0.0
    return alike


def _greedy(relevance: np.ndarray, alike: np.ndarray, value: float, k: int) -> np.ndarray:
    """Places of the candidates in their new order, int (n_users, k)."""
    users = np.arange(len(relevance))
    left = relevance.copy()
    nearest = np.zeros_like(relevance)
    order = np.empty((len(relevance), k), int)
    for place in range(k):
        gain = np.where(left > -np.inf, (1 - value) * np.maximum(left, 0) - value * nearest, -np.inf)
        order[:, place] = taken = np.argmax(gain.round(DIGITS), axis=1)
        left[users, taken] = -np.inf
        nearest = np.maximum(nearest, alike[users, taken])
    return _empty_last(order, relevance)


def _empty_last(order: np.ndarray, relevance: np.ndarray) -> np.ndarray:
    """Where the candidates ran out, any place was taken again: point at an empty place, which there is."""
    n_listed = (relevance > -np.inf).sum(axis=1, keepdims=True)
    return np.where(np.arange(order.shape[1]) < n_listed, order, n_listed.clip(max=relevance.shape[1] - 1))
