"""What lists do besides hitting: surprise, reach, popularity, variety, and how alike models' lists are."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from songrec.evaluation import (
    artist_coverage,
    artist_diversity,
    history_popularity,
    lorenz,
    mean_popularity,
    means_of,
    overlaps,
    popularity,
    popularity_lift,
    serendipity,
)
from songrec.evaluation.metrics import DECIDING
from songrec.lists import TopN
from songrec.splits import HeldOut
from songrec.studies.compare import not_worse

MEASURES = (
    DECIDING,
    "serendipity",
    "coverage",
    "artist_coverage",
    "gini",
    "lift",
    "novelty",
    "diversity",
    "artist_diversity",
)
EVERYBODY = "everybody"
HELD_OUT = "held out"
"""Stands for a model where the hidden songs themselves are measured."""

_INTERVAL = ["value", "ci_low", "ci_high", "n_users"]


def per_user(
    lists: Mapping[str, TopN],
    held: HeldOut,
    train: csr_array,
    artists: np.ndarray,
    baseline: str,
    cutoff: int,
) -> dict[str, pd.DataFrame]:
    """What the evaluate stage does not measure, by user.

    Parameters
    ----------
    lists : mapping
        Model -> its lists, all for the users of `held`.
    held : HeldOut
        What the lists should find.
    train : csr_array (n_users, n_songs)
        What says how popular a song is.
    artists : int (n_songs,)
        Codes, -1 where the artist is not known.
    baseline : str
        The model whose lists are what everybody expects.
    cutoff : int
        Places of a list that count.

    Returns
    -------
    dict
        Model -> columns serendipity@k, popularity@k, artist_diversity@k, NaN where a list has none.
    """
    shares, found = popularity(train), {}
    for model, topn in lists.items():
        columns = {
            "serendipity": serendipity(topn.songs, held.holdout, lists[baseline].songs, cutoff),
            "popularity": mean_popularity(topn.songs, shares, cutoff),
            "artist_diversity": artist_diversity(topn.songs, artists, cutoff),
        }
        named = {f"{name}@{cutoff}": values for name, values in columns.items()}
        found[model] = pd.DataFrame(named, index=pd.Index(topn.users, name="user"))
    return found


def lift(
    extra: Mapping[str, pd.DataFrame],
    held: HeldOut,
    train: csr_array,
    groups: np.ndarray,
    names: Sequence[str],
    cutoff: int,
) -> pd.DataFrame:
    """Popularity lift of lists over histories, for everybody and by group of users.

    Parameters
    ----------
    extra : mapping
        From `per_user`.
    held, train
        As there.
    groups : int (n_users,)
        Places in `names`, -1 for none.
    names : sequence of str
        Of the groups.
    cutoff : int
        Places of a list that count.

    Returns
    -------
    DataFrame
        model, group, value, ci_low, ci_high, n_users. Rows of the "model" `HELD_OUT` say it of what users
        really went on to play.
    """
    shares = popularity(train)
    heard = history_popularity(held.fold_in, shares)
    listed = {model: values[f"popularity@{cutoff}"].to_numpy() for model, values in extra.items()}
    listed[HELD_OUT] = history_popularity(held.holdout, shares)
    masks = {EVERYBODY: np.full(len(groups), True)}
    masks |= {name: groups == place for place, name in enumerate(names)}
    rows = [
        {"model": model, "group": group, **popularity_lift(values[mask], heard[mask])}
        for model, values in listed.items()
        for group, mask in masks.items()
    ]
    return pd.DataFrame(rows)


def summary(
    metrics: pd.DataFrame,
    extra: Mapping[str, pd.DataFrame],
    lifts: pd.DataFrame,
    lists: Mapping[str, TopN],
    artists: np.ndarray,
    cutoff: int,
) -> pd.DataFrame:
    """Every model by every measure of `MEASURES`, from the highest MAP to the lowest.

    Parameters
    ----------
    metrics : DataFrame
        Of the evaluate stage.
    extra, lifts
        From `per_user` and `lift`.
    lists, artists, cutoff
        As in `per_user`.

    Returns
    -------
    DataFrame
        model, metric, value, ci_low, ci_high, n_users, best. A measure that nothing is known of (artists)
        is left out. `best` is decided for serendipity alone: the largest mean and all that are not
        significantly worse.
    """
    evaluated = metrics[metrics["k"] == cutoff].set_index(["metric", "model"])[_INTERVAL]
    everybody = lifts[lifts["group"] == EVERYBODY].set_index("model")[_INTERVAL]
    columns = {
        name: {m: of[f"{name}@{cutoff}"] for m, of in extra.items()}
        for name in ("serendipity", "artist_diversity")
    }
    means = {name: means_of(of) for name, of in columns.items()}
    order = evaluated.loc[DECIDING].sort_values("value", ascending=False, kind="stable").index
    rows = []
    for model in order:
        found = {"artist_coverage": {"value": artist_coverage(lists[model].songs, artists, cutoff)}}
        found |= {"lift": everybody.loc[model]} | {name: of.loc[model] for name, of in means.items()}
        for name in MEASURES:
            row = found[name] if name in found else evaluated.loc[name, model]
            rows.append({"model": model, "metric": name, **row})
    table = pd.DataFrame(rows, columns=["model", "metric", *_INTERVAL]).dropna(subset="value")
    best = not_worse(columns["serendipity"])
    marks = table["model"].isin(best).astype("boolean")
    return table.assign(best=marks.where(table["metric"] == "serendipity")).reset_index(drop=True)


def known_artists(lists: Mapping[str, TopN], artists: np.ndarray, cutoff: int) -> float:
    """The share of all places whose song has an artist that is known."""
    first = np.concatenate([topn.songs[:, :cutoff].ravel() for topn in lists.values()])
    return float((artists[first[first >= 0]] >= 0).mean()) if (first >= 0).any() else 0.0


def lorenz_curves(lists: Mapping[str, TopN], n_songs: int, cutoff: int) -> pd.DataFrame:
    """Lorenz curves at 201 points: model, song_share (least named first), place_share."""
    points = np.unique(np.linspace(0, n_songs, 201).round().astype(int))
    tables = []
    for model, topn in lists.items():
        across, up = lorenz(topn.songs, n_songs, cutoff)
        curve = {"model": model, "song_share": across[points], "place_share": up[points]}
        tables.append(pd.DataFrame(curve))
    return pd.concat(tables, ignore_index=True)


def overlap(lists: Mapping[str, TopN], cutoff: int) -> pd.DataFrame:
    """How alike every two models' lists are, as the mean Jaccard.

    Returns
    -------
    DataFrame
        one, other, value, ci_low, ci_high, n_users.
    """
    if not (pairs := overlaps(lists, cutoff)):
        return pd.DataFrame(columns=["one", "other", *_INTERVAL])
    return means_of(pairs).set_index(pd.MultiIndex.from_tuples(pairs, names=["one", "other"])).reset_index()
