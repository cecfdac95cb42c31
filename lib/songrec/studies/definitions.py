"""One ranking by many definitions, against a few competitors, and with songs already heard let in."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from songrec.evaluation import find_hits, summarise
from songrec.evaluation.agreement import Agreement, same_order
from songrec.evaluation.variants import OWN, VARIANTS, by_every_definition
from songrec.lists import TopN
from songrec.models import Recommender
from songrec.splits import HeldOut
from songrec.studies import sampled
from songrec.studies.stacked import stacked

Scored = Mapping[str, pd.DataFrame]
"""Model -> values by user, columns `name@k`."""


def variants() -> pd.DataFrame:
    """Every definition: family, definition, libraries, own (whether this project reports it)."""
    rows = [
        [variant.family, variant.formula, variant.libraries, name in OWN.values()]
        for name, variant in VARIANTS.items()
    ]
    return pd.DataFrame(rows, columns=["family", "definition", "libraries", "own"])


def score(lists: Mapping[str, TopN], holdout: csr_array, cutoff: int) -> dict[str, pd.DataFrame]:
    """Every model's lists by every definition."""
    return {
        model: by_every_definition(find_hits(topn.songs, holdout), topn.users, cutoff)
        for model, topn in lists.items()
    }


def means(scored: Scored) -> pd.DataFrame:
    """Mean of every column for every model: `model` and the columns of `summarise`.

    All columns of all models are summarised at once: the bootstrap draws its users one time.
    """
    columns = {(model, column): df[column].to_numpy() for model, df in scored.items() for column in df}
    numbered = {
        f"{place}@{column.rsplit('@', 1)[1]}": v for place, ((_, column), v) in enumerate(columns.items())
    }
    table = summarise(pd.DataFrame(numbered))
    table["metric"] = [column.rsplit("@", 1)[0] for _, column in columns]
    table.insert(0, "model", [model for model, _ in columns])
    return table


def values(scored: Scored) -> pd.DataFrame:
    """`means` of the columns of `score`, with `family` and `definition` in words."""
    table = means(scored)
    table.insert(1, "family", [VARIANTS[name].family for name in table["metric"]])
    table.insert(2, "definition", [VARIANTS[name].formula for name in table["metric"]])
    return table


def spread(table: pd.DataFrame) -> pd.DataFrame:
    """How far a word's number moves: family, model, smallest, largest, ratio (NaN where nothing is hit)."""
    groups = table.groupby(["family", "model"], sort=False)["value"]
    rows = groups.agg(smallest="min", largest="max").reset_index()
    return rows.assign(ratio=rows["largest"] / rows["smallest"].where(rows["smallest"] > 0))


def orders(scored: Scored, cutoff: int) -> pd.DataFrame:
    """Does a definition change the order of the models? Against this project's of the same word, a row each.

    Returns
    -------
    DataFrame
        family, metric, definition, tau, and numbers of pairs: pairs, reversed, significant.
    """
    rows = []
    for name, variant in VARIANTS.items():
        if name != OWN[variant.family]:
            found = agreement(scored, scored, f"{OWN[variant.family]}@{cutoff}", f"{name}@{cutoff}")
            counts = found.pairs, len(found.reversed), len(found.significant)
            rows.append([variant.family, name, variant.formula, found.tau, *counts])
    columns = ["family", "metric", "definition", "tau", "pairs", "reversed", "significant"]
    return pd.DataFrame(rows, columns=columns)


def agreement(first: Scored, second: Scored, column: str, other: str | None = None) -> Agreement:
    """Whether `column` of the first and `other` (by default the same) of the second agree on the order."""
    return same_order(
        {model: df[column].to_numpy() for model, df in first.items()},
        {model: df[other or column].to_numpy() for model, df in second.items()},
    )


def two_ways(ways: Mapping[str, Scored], metric: str, cutoff: int) -> pd.DataFrame:
    """The same metric measured in two ways, models best first by the first way.

    Returns
    -------
    DataFrame
        model, way, metric, k, value, ci_low, ci_high, n_users, place (from 1).
    """
    tables = []
    for way, scored in ways.items():
        rows = means({model: df[[f"{metric}@{cutoff}"]] for model, df in scored.items()})
        place = rows["value"].rank(ascending=False, method="min").astype(int)
        tables.append(rows.drop(columns="se").assign(way=way, place=place))
    models = tables[0].sort_values("value", ascending=False, kind="stable")["model"].tolist()
    whole = stacked(tables, "model way metric k value ci_low ci_high n_users place")
    order = whole["model"].map(models.index)
    return whole.iloc[order.to_numpy().argsort(kind="stable")].reset_index(drop=True)


@dataclass(frozen=True)
class Sampled:
    """Held-out songs ranked among all songs not heard and among a few drawn at random.

    Attributes
    ----------
    ways : dict
        `all` and `sampled` -> model -> values by user.
    common : dict
        The same of the songs alone that every model lists; without models where there is no such song.
    unscored : dict
        Model -> by user the share of the songs that it does not list, which are misses both ways.
    share_common : float
        The share of all held-out songs that every model lists.
    random_recall : float
        The recall that a random ranking would have among the sampled ones.
    """

    ways: dict[str, Scored]
    common: dict[str, Scored]
    unscored: Scored
    share_common: float
    random_recall: float


def sampled_and_full(
    models: Mapping[str, Recommender], held: HeldOut, negatives: int, cutoff: int, seed: int
) -> Sampled:
    """Each held-out song ranked among all songs not heard and among a few drawn at random."""
    questions = sampled.draw_negatives(held, negatives, seed)
    found = {name: sampled.ranks(model, held, questions) for name, model in models.items()}
    listed = np.all([np.isfinite(full) for _, full in found.values()], axis=0)
    few, users = sampled.only(questions, listed, held.users)
    ways, common = {"all": {}, "sampled": {}}, {"all": {}, "sampled": {}}
    for name, (among, full) in found.items():
        for way, rank in (("all", full), ("sampled", among)):
            ways[way][name] = sampled.accuracy(rank, questions, held.users, cutoff)
            if len(users):
                common[way][name] = sampled.accuracy(rank[listed], few, users, cutoff)
    return Sampled(
        ways,
        common,
        {name: sampled.unscored(full, questions, held.users, cutoff) for name, (_, full) in found.items()},
        float(listed.mean()),
        sampled.random_recall(questions, held.users, cutoff),
    )


def unscored(found: Sampled) -> pd.DataFrame:
    """The share of held-out songs that a model does not list: model, value, ci_low, ci_high, n_users."""
    return means(found.unscored)[["model", "value", "ci_low", "ci_high", "n_users"]]


def seen_left_out_and_let_in(
    models: Mapping[str, Recommender], held: HeldOut, cutoff: int
) -> tuple[dict[str, Scored], pd.DataFrame]:
    """Lists without and with the songs that the user is known to have heard.

    Returns
    -------
    dict
        `left out` and `let in` -> model -> values by user.
    DataFrame
        model, value: the share of the places that songs already heard take when they are let in.
    """
    ways: dict[str, dict[str, pd.DataFrame]] = {"left out": {}, "let in": {}}
    rates = []
    for name, model in models.items():
        for found, exclude in zip(ways.values(), (True, False), strict=True):
            songs, _ = model.recommend(held.fold_in, cutoff, exclude_seen=exclude, users=held.users)
            found[name] = by_every_definition(find_hits(songs, held.holdout), held.users, cutoff)
        rates.append([name, seen_rate(songs, held.fold_in)])
    return ways, pd.DataFrame(rates, columns=["model", "value"])


def seen_rate(songs: np.ndarray, fold_in: csr_array) -> float:
    """Of all places filled, the share that holds a song of the user's fold-in; 0 when none is filled.

    >>> seen_rate(np.array([[0, 1], [2, -1]]), csr_array([[1, 0, 0], [0, 0, 1]]))
    0.6666666666666666
    """
    n_songs = fold_in.shape[1]
    first = np.arange(len(songs), dtype=np.int64) * n_songs
    seen = np.repeat(first, np.diff(fold_in.indptr)) + fold_in.indices
    listed = songs >= 0
    return float(np.isin((first[:, None] + songs)[listed], seen).sum() / max(listed.sum(), 1))


def reversals(found: Mapping[str, Agreement]) -> pd.DataFrame:
    """Pairs of models that two ways order differently: way, better (by the first), worse, significant."""
    rows = [
        [way, better, worse, (better, worse) in each.significant]
        for way, each in found.items()
        for better, worse in each.reversed
    ]
    return pd.DataFrame(rows, columns=["way", "better", "worse", "significant"])
