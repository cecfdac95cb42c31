"""Models compared user by user: all differences, ratios and tests of a run in one place."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from songrec.csr import column_counts
from songrec.evaluation import paired_difference, paired_ratio
from songrec.evaluation.comparisons import (
    ALPHA,
    cohens_d,
    holm,
    minimum_detectable_difference,
    sign_flip,
    signed_rank,
    win_rate_difference,
)
from songrec.evaluation.metrics import ACCURACY, DECIDING, METRICS
from songrec.lists import TopN
from songrec.studies.stacked import stacked

PerUser = Mapping[str, pd.DataFrame]
"""Model -> values by user, columns `metric@k`."""

Pairs = list[tuple[str, str, str]]
"""Column, model, and the model that it is compared with."""


TESTED = ["p", "p_holm", "wilcoxon", "wilcoxon_holm", "effect", "win_rate_difference", "minimum_detectable"]
"""Columns of a difference that are NaN for metrics of which no value is better in itself."""

HELD_OUT = "held out"
"""Stands where a model's name would, in the rows of `reach` that tell what users really listened to."""


def pairs(per_user: PerUser, cutoff: int, baseline: str) -> Pairs:
    """Who is compared with whom, each two models once by a metric.

    By every metric at the cut-off: each model with the baseline, and the best with each other one; by the
    deciding metric every two, the better one first.
    """
    found = []
    for name in next(iter(per_user.values())).columns:
        if not name.endswith(f"@{cutoff}"):
            continue
        ranked = sorted(per_user, key=lambda model: -per_user[model][name].mean())
        leaders = ranked if name == f"{DECIDING}@{cutoff}" else ranked[:1]
        mine = [(model, baseline) for model in per_user if model != baseline and baseline in per_user]
        further = [(ahead, than) for place, ahead in enumerate(leaders) for than in ranked[place + 1 :]]
        mine += [(a, b) for a, b in further if (a, b) not in mine and (b, a) not in mine]
        found += [(name, *pair) for pair in mine]
    return found


def differences(per_user: PerUser, cutoff: int, baseline: str = "popularity") -> pd.DataFrame:
    """Every comparison of a run as a difference of means, with its tests.

    Parameters
    ----------
    per_user : mapping
        Model -> values by user, columns `metric@k`; the same users for all.
    cutoff : int
        The cut-off.
    baseline : str
        The model that all others are compared with.

    Returns
    -------
    DataFrame
        model, than, metric, k; value (`model` minus `than`), ci_low, ci_high, n_users; and, for metrics of
        accuracy, two-sided p-values of the permutation test of the mean (p) and of the signed-rank test
        (wilcoxon), each also corrected by Holm's method for all comparisons of the table (p_holm,
        wilcoxon_holm), Cohen's d (effect), the share of users for whom `model` is better minus that for whom
        `than` is (win_rate_difference), and the difference that one such test would find with a power of .8
        (minimum_detectable).

    Examples
    --------
    >>> one, two = pd.DataFrame({"recall@10": [0.1, 0.3, 0.2]}), pd.DataFrame({"recall@10": [0.2, 0.5, 0.5]})
    >>> found = differences({"popularity": one, "item_knn": two}, 10)
    >>> found[["model", "than", "value", "p_holm"]]
          model        than  value  p_holm
    0  item_knn  popularity    0.2    0.25
    """
    asked = pairs(per_user, cutoff, baseline)
    table = _each(paired_difference, per_user, asked)
    table[TESTED] = np.nan
    tested = table["metric"].isin(ACCURACY).to_numpy()
    if tested.any():
        found = _tests(per_user, [pair for pair, test in zip(asked, tested, strict=True) if test])
        table.loc[tested, TESTED] = found[TESTED].to_numpy()
    return table


def ratios(per_user: PerUser, cutoff: int, baseline: str = "popularity") -> pd.DataFrame:
    """The same comparisons as ratios of means: model, than, metric, k, value, ci_low, ci_high, n_users."""
    return _each(paired_ratio, per_user, pairs(per_user, cutoff, baseline))


def _each(compare, per_user: PerUser, asked: Pairs) -> pd.DataFrame:
    tables = [
        compare(per_user[model][[name]], per_user[than][[name]]).assign(model=model, than=than)
        for name, model, than in asked
    ]
    return stacked(tables, "model than metric k value ci_low ci_high n_users")


def _tests(per_user: PerUser, asked: Pairs) -> pd.DataFrame:
    """The columns `TESTED`, a row a pair; `_each` has checked the users."""
    sides = list(dict.fromkeys((name, model) for name, *models in asked for model in models))
    users = next(iter(per_user.values())).index
    values = np.column_stack([per_user[model].loc[users, name].to_numpy(np.float64) for name, model in sides])
    place = {side: number for number, side in enumerate(sides)}
    first = np.array([place[name, model] for name, model, _ in asked])
    second = np.array([place[name, than] for name, _, than in asked])
    between = values[:, first] - values[:, second]
    p, wilcoxon = sign_flip(values, first, second), signed_rank(between)
    return pd.DataFrame(
        {
            "p": p,
            "p_holm": holm(p),
            "wilcoxon": wilcoxon,
            "wilcoxon_holm": holm(wilcoxon),
            "effect": cohens_d(between),
            "win_rate_difference": win_rate_difference(between),
            "minimum_detectable": minimum_detectable_difference(between),
        }
    )


def best(differences: pd.DataFrame, metrics: pd.DataFrame, cutoff: int) -> pd.DataFrame:
    """For each metric that has a better end: who is best, and who is not significantly worse.

    Parameters
    ----------
    differences : DataFrame
        From `differences`.
    metrics : DataFrame
        Means: model, metric, k, value.
    cutoff : int
        The cut-off that was compared.

    Returns
    -------
    DataFrame
        metric, k, model, best: true for the highest mean, and for every model whose comparison with it has a
        corrected p of at least .05. Where several share the highest mean to four digits, a comparison with
        any of them counts.
    """
    alike = differences[(differences["k"] == cutoff) & (differences["p_holm"] >= ALPHA)]
    rows = metrics[(metrics["k"] == cutoff) & metrics["metric"].map(_has_better_end)]
    tables = []
    for metric, of in rows.groupby("metric", sort=False):
        means = of.set_index("model")["value"]
        mine = alike.loc[alike["metric"] == metric, ["model", "than"]].to_numpy()
        marks = means.index.isin(_not_worse(means, mine))
        tables.append(pd.DataFrame({"metric": metric, "k": cutoff, "model": means.index, "best": marks}))
    return stacked(tables, "metric k model best")


def _has_better_end(metric: str) -> bool:
    return metric in ACCURACY and METRICS[metric].best == "high"


def _not_worse(means: pd.Series, alike) -> set[str]:
    """The models with the highest mean, to four digits, and those that are alike to one of them."""
    rounded = means.map(lambda value: float(f"{value:.4g}"))
    first = set(rounded.index[rounded == rounded.max()])
    return first | {model for pair in alike if first & set(pair) for model in pair}


def not_worse(values: Mapping[str, pd.Series]) -> set[str]:
    """The model with the highest mean, and all that are not significantly worse, of these alone.

    Parameters
    ----------
    values : mapping
        Model -> its values, of the same users.

    Returns
    -------
    set of str
        The permutation test compares the best with each other model; Holm's method corrects for these.

    Examples
    --------
    >>> sorted(not_worse({"a": pd.Series([0.9, 0.8] * 9), "b": pd.Series([0.9, 0.7] * 9)}))
    ['a']
    """
    means = pd.Series({model: of.mean() for model, of in values.items()})
    first, *others = means.sort_values(ascending=False, kind="stable").index
    if not others:
        return {first}
    users = values[first].index
    columns = np.column_stack([values[model].loc[users].to_numpy(np.float64) for model in (first, *others)])
    places = np.arange(1, len(others) + 1)
    p = holm(sign_flip(columns, np.zeros_like(places), places))
    alike = [(first, model) for model, each in zip(others, p, strict=True) if each >= ALPHA]
    return _not_worse(means, alike)


def tally(differences: pd.DataFrame) -> dict[str, int]:
    """How many comparisons were corrected together (tests); and how many pairs by MAP differ (apart)."""
    rows = differences[differences["metric"] == DECIDING]
    apart = int((rows["p_holm"] < ALPHA).sum())
    return {"tests": int(differences["p_holm"].notna().sum()), "pairs": len(rows), "apart": apart}


def reach(lists: Mapping[str, TopN], train: csr_array, holdout: csr_array, cutoff: int) -> pd.DataFrame:
    """Which songs fill the lists: model, song_share, place_share, both cumulative.

    Songs stand in the order of their listeners in `train`, most first (ties by the lower code); the first
    `song_share` of them fill `place_share` of all places within the cut-off. Rows of the "model" `HELD_OUT`
    tell the same of what users really listened to: of all entries of `holdout`.
    """
    n = train.shape[1]
    order = np.argsort(-column_counts(train), kind="stable")
    first = {model: topn.songs[:, :cutoff] for model, topn in lists.items()}
    named = {HELD_OUT: holdout.indices} | {model: songs[songs >= 0] for model, songs in first.items()}
    points = np.unique(np.concatenate([np.geomspace(1, n, 150), np.linspace(1, n, 50)]).round().astype(int))
    tables = []
    for model, songs in named.items():
        share = np.bincount(songs, minlength=n)[order].cumsum()[points - 1] / max(len(songs), 1)
        tables.append(pd.DataFrame({"model": model, "song_share": points / n, "place_share": share}))
    return pd.concat(tables, ignore_index=True)
