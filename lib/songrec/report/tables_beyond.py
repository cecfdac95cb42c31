"""What lists do besides hitting, as tables: each figure of that page is drawn from one of these."""

from collections.abc import Hashable, Mapping, Sequence

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from songrec.evaluation import (
    artist_coverage,
    artist_diversity,
    history_popularity,
    lorenz,
    mean_popularity,
    paired_difference,
    popularity,
    popularity_lift,
    serendipity,
    summarise,
)
from songrec.lists import TopN
from songrec.report.numbers import decimals, with_interval
from songrec.report.style import label
from songrec.report.tables_models import DECIDING, HELD_OUT, NAMES, PerUser, ranked_models
from songrec.report.words import share
from songrec.splits import HeldOut

SHOWN = {
    DECIDING: "MAP",
    "serendipity": "Serendipity",
    "coverage": "Coverage",
    "artist_coverage": "Artist coverage",
    "gini": "Gini",
    "lift": "Popularity lift",
    "novelty": NAMES["novelty"],
    "diversity": "Diversity, listeners",
    "artist_diversity": "Diversity, artists",
}
SHARES = ("coverage", "artist_coverage", "lift")
"""Shown as per cent."""

ORDERED = (DECIDING, "serendipity")
"""More of them is better for the listener; the others only describe."""

EVERYBODY = "everybody"
_INTERVAL = ["value", "ci_low", "ci_high", "n_users"]


def per_user(
    lists: Mapping[str, TopN],
    held: HeldOut,
    train: csr_array,
    artists: np.ndarray,
    charts: str,
    cutoff: int,
) -> dict[str, pd.DataFrame]:
    """What the evaluate stage does not measure, by model: columns `serendipity@k`, `popularity@k`,
    `artist_diversity@k`, index `user`; NaN where a list has none (`songrec.evaluation.bias`, `.artists`).

    charts : the model whose lists are what everybody expects.
    """
    shares, found = popularity(train), {}
    for model, topn in lists.items():
        columns = {
            "serendipity": serendipity(topn.songs, held.holdout, lists[charts].songs, cutoff),
            "popularity": mean_popularity(topn.songs, shares, cutoff),
            "artist_diversity": artist_diversity(topn.songs, artists, cutoff),
        }
        named = {f"{name}@{cutoff}": values for name, values in columns.items()}
        found[model] = pd.DataFrame(named, index=pd.Index(topn.users, name="user"))
    return found


def lifts(
    extra: PerUser, held: HeldOut, train: csr_array, groups: np.ndarray, names: Sequence[str], cutoff: int
) -> pd.DataFrame:
    """Popularity lift of lists over histories, for everybody and by group of users.

    groups : int (n_users,), places in `names`, -1 for none. Columns `model`, `group`, `value`, `ci_low`,
    `ci_high`, `n_users`. Rows of the "model" `HELD_OUT` say it of what users really went on to play.
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


def glance(
    metrics: pd.DataFrame,
    values: PerUser,
    extra: PerUser,
    lift: pd.DataFrame,
    lists: Mapping[str, TopN],
    artists: np.ndarray,
    cutoff: int,
) -> pd.DataFrame:
    """Every model by every measure: `model`, `metric`, `value`, `ci_low`, `ci_high`, `n_users`, `best`.

    Models stand from the highest MAP to the lowest. `best` marks, in `ORDERED`, the largest mean and all
    whose paired difference to it is not clear of 0. A measure that nothing is known of (artists) is left out.
    """
    rows, names = [], ("serendipity", "artist_diversity")
    means = {n: means_of({model: f[f"{n}@{cutoff}"] for model, f in extra.items()}) for n in names}
    for model in ranked_models(metrics, cutoff):
        mine = metrics[(metrics["model"] == model) & (metrics["k"] == cutoff)].set_index("metric")
        everybody = lift[(lift["model"] == model) & (lift["group"] == EVERYBODY)].iloc[0]
        found = {name: mine.loc[name, _INTERVAL] for name in SHOWN if name in mine.index}
        found |= {name: means[name].loc[model] for name in names}
        found |= {"lift": everybody[_INTERVAL]}
        found["artist_coverage"] = {"value": artist_coverage(lists[model].songs, artists, cutoff)}
        rows += [{"model": model, "metric": name, **dict(found[name])} for name in SHOWN]
    table = pd.DataFrame(rows, columns=["model", "metric", *_INTERVAL]).dropna(subset="value")
    table["best"] = False
    for name in ORDERED:
        source = {model: (values if name == DECIDING else extra)[model] for model in values}
        table.loc[table["metric"] == name, "best"] = _among_best(table, source, name, cutoff)
    return table.reset_index(drop=True)


def means_of(values: Mapping[Hashable, np.ndarray | pd.Series]) -> pd.DataFrame:
    """Means over the users who have a value: `value`, `ci_low`, `ci_high`, `n_users`; index as `values`.

    All of the same users in the same order, NaN where there is none. Columns that are known for the same
    users share their resamples, which is what makes an interval costly. NaN where nobody is left.
    """
    columns = np.column_stack([np.asarray(column, np.float64) for column in values.values()])
    known = ~np.isnan(columns)
    found = np.full((columns.shape[1], len(_INTERVAL)), np.nan)
    masks, which = np.unique(known, axis=1, return_inverse=True)
    for number, mask in enumerate(masks.T):
        mine = np.flatnonzero(which.ravel() == number)
        found[mine, -1] = mask.sum()
        if mask.any():
            part = pd.DataFrame(columns[np.ix_(mask, mine)]).add_prefix("value@")
            found[mine] = summarise(part)[_INTERVAL].to_numpy()
    index = pd.Index(range(len(values)), tupleize_cols=False)
    table = pd.DataFrame(found, index=index, columns=_INTERVAL).astype({"n_users": int})
    return table.set_axis(pd.Index(list(values), tupleize_cols=False))


def _among_best(table: pd.DataFrame, source: PerUser, name: str, cutoff: int) -> list[bool]:
    rows = table[table["metric"] == name]
    top, column = rows.loc[rows["value"].idxmax(), "model"], [f"{name}@{cutoff}"]
    behind = {m: paired_difference(source[top][column], source[m][column]) for m in rows["model"]}
    return [m == top or not behind[m]["ci_low"].iloc[0] > 0 for m in rows["model"]]


def glance_cells(table: pd.DataFrame, cutoff: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """`glance` ready for `show.table`: (cells of text, marks of the best), a row a model."""
    models = list(dict.fromkeys(table["model"]))
    cells, marks = {"model": [label(model) for model in models]}, {}
    for name, title in SHOWN.items():
        rows = table[table["metric"] == name].set_index("model").reindex(models)
        if rows["value"].isna().all():
            continue
        heading = title if name == "novelty" else f"{title}@{cutoff}" if name in ORDERED else title
        cells[heading] = text_of(rows, percent=name in SHARES)
        marks[heading] = rows["best"].to_numpy(bool)
    return pd.DataFrame(cells), pd.DataFrame(marks)


def text_of(rows: pd.DataFrame, percent: bool = False) -> list[str]:
    """Numbers with the half-width of their interval, all to the same digits."""
    scale, unit = (100, " %") if percent else (1, "")
    value, low, high = (rows[name].to_numpy(float) * scale for name in ("value", "ci_low", "ci_high"))
    half = (high - low) / 2
    digits = decimals(float(np.nanmax(half))) if np.isfinite(half).any() else (1 if percent else 3)
    three = zip(value, low, high, strict=True)
    return ["" if np.isnan(one[0]) else with_interval(*one, digits) + unit for one in three]


def lorenz_curves(lists: Mapping[str, TopN], n_songs: int, cutoff: int) -> pd.DataFrame:
    """Lorenz curves at 201 points: columns `model`, `song_share` (least named first), `place_share`."""
    points = np.unique(np.linspace(0, n_songs, 201).round().astype(int))
    tables = []
    for model, topn in lists.items():
        across, up = lorenz(topn.songs, n_songs, cutoff)
        curve = {"model": model, "song_share": across[points], "place_share": up[points]}
        tables.append(pd.DataFrame(curve))
    return pd.concat(tables, ignore_index=True)


def known_artists(lists: Mapping[str, TopN], artists: np.ndarray, cutoff: int) -> str:
    """Of how many listed songs the artist is known, for the foot of a table of artists."""
    first = np.concatenate([topn.songs[:, :cutoff].ravel() for topn in lists.values()])
    part = float((artists[first[first >= 0]] >= 0).mean()) if (first >= 0).any() else 0.0
    if not part:
        return "Nothing is known of artists here."
    left = "" if part == 1 else "; pairs with another are left out"
    return f"The artist is known in {share(part)} of all places{left}."
