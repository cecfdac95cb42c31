"""Models compared user by user, all comparisons of a run in one table (gains.csv on record)."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from songrec.evaluation import (
    ACCURACY,
    cohens_d,
    holm,
    minimum_detectable_difference,
    paired_difference,
    ratio_gain,
    sign_flip,
    signed_rank,
    win_rate_difference,
)
from songrec.report.tables_models import DECIDING

PAIRED = [
    "model",
    "than",
    "metric",
    "k",
    "difference",
    "difference_low",
    "difference_high",
    "ratio",
    "ratio_low",
    "ratio_high",
    "n_users",
]
TESTED = ["p", "p_holm", "wilcoxon", "wilcoxon_holm", "effect", "superiority", "detectable"]
"""Columns of a comparison beside `PAIRED`: empty for metrics of which no value is better in itself."""

_SIGNED = ["difference", "difference_low", "difference_high", "effect", "superiority"]
_RATIOS = ["ratio", "ratio_low", "ratio_high"]


def gains(per_user: Mapping[str, pd.DataFrame], cutoff: int, baseline: str = "popularity") -> pd.DataFrame:
    """For every metric at the cut-off: each model against the baseline, and the best against each other one.

    By the deciding metric (average precision) every two models are compared, the better one first.

    per_user : each model's values, a row a user, a column `metric@k` (what the evaluate stage keeps).

    Returns the columns `PAIRED`: `model` minus `than` and `model` over `than`, with paired 95 % intervals;
    and `TESTED`, of the accuracy metrics: two-sided p-values of the permutation test of the mean (`p`) and
    of the signed-rank test (`wilcoxon`), both also corrected by Holm's method for all comparisons of the
    table (`_holm`), Cohen's d (`effect`), the share of users for whom `model` is better minus that for whom
    `than` is, and the difference that one such test would find with a power of .8. Four significant digits.

    >>> one, two = pd.DataFrame({"recall@10": [0.1, 0.3, 0.2]}), pd.DataFrame({"recall@10": [0.2, 0.5, 0.5]})
    >>> gains({"popularity": one, "item_knn": two}, 10)[["model", "than", "difference", "ratio", "p_holm"]]
          model        than  difference  ratio  p_holm
    0  item_knn  popularity         0.2    2.0    0.25
    """
    columns = [name for name in next(iter(per_user.values())).columns if name.endswith(f"@{cutoff}")]
    pairs = [(name, *pair) for name in columns for pair in _pairs(per_user, name, cutoff, baseline)]
    if not pairs:
        return pd.DataFrame(columns=[*PAIRED, *TESTED])
    table = pd.concat([_pair(per_user, *pair) for pair in pairs], ignore_index=True)
    tested = table["metric"].isin(ACCURACY).to_numpy()
    table.loc[:, TESTED] = np.nan
    if tested.any():
        found = _tests(per_user, [pair for pair, test in zip(pairs, tested, strict=True) if test])
        table.loc[tested, TESTED] = found[TESTED].to_numpy()
    numbers = [*PAIRED[4:10], *TESTED]
    table[numbers] = table[numbers].map(lambda value: float(f"{value:.4g}"))
    return table[[*PAIRED, *TESTED]]


def _pairs(
    per_user: Mapping[str, pd.DataFrame], name: str, cutoff: int, baseline: str
) -> list[tuple[str, str]]:
    """Who is compared with whom by this metric, each two models once."""
    ranked = sorted(per_user, key=lambda model: -per_user[model][name].mean())
    leaders = ranked if name == f"{DECIDING}@{cutoff}" else ranked[:1]
    pairs = [(model, baseline) for model in per_user if model != baseline and baseline in per_user]
    further = [(ahead, than) for place, ahead in enumerate(leaders) for than in ranked[place + 1 :]]
    return pairs + [(a, b) for a, b in further if (a, b) not in pairs and (b, a) not in pairs]


def _pair(per_user: Mapping[str, pd.DataFrame], name: str, model: str, than: str) -> pd.DataFrame:
    ours, theirs = per_user[model][[name]], per_user[than][[name]]
    difference, ratio = paired_difference(ours, theirs), ratio_gain(ours, theirs)
    row = difference.rename(columns={"ci_low": "difference_low", "ci_high": "difference_high"})
    row = row.assign(ratio=ratio["ratio"], ratio_low=ratio["ci_low"], ratio_high=ratio["ci_high"])
    return row.assign(model=model, than=than)[PAIRED]


def _tests(per_user: Mapping[str, pd.DataFrame], pairs: list[tuple[str, str, str]]) -> pd.DataFrame:
    """The columns `TESTED`, a row a pair (column, model, than). `_pair` has checked the users."""
    sides = list(dict.fromkeys((name, model) for name, *models in pairs for model in models))
    users = next(iter(per_user.values())).index
    values = np.column_stack([per_user[model].loc[users, name].to_numpy(np.float64) for name, model in sides])
    place = {side: number for number, side in enumerate(sides)}
    first = np.array([place[name, model] for name, model, _ in pairs])
    second = np.array([place[name, than] for name, _, than in pairs])
    differences = values[:, first] - values[:, second]
    p, wilcoxon = sign_flip(values, first, second), signed_rank(differences)
    return pd.DataFrame(
        {
            "p": p,
            "p_holm": holm(p),
            "wilcoxon": wilcoxon,
            "wilcoxon_holm": holm(wilcoxon),
            "effect": cohens_d(differences),
            "superiority": win_rate_difference(differences),
            "detectable": minimum_detectable_difference(differences),
        }
    )


def ordered(compared: pd.DataFrame, metric: str) -> pd.DataFrame:
    """The comparisons by one metric, the better model of each first; the best model's own at the top."""
    rows = compared[compared["metric"] == metric].reset_index(drop=True)
    rows = _turned(rows, (rows["difference"] < 0).to_numpy())
    wins = rows["model"].value_counts()
    rows["wins"], rows["losers"] = rows["model"].map(wins), rows["than"].map(wins).fillna(0)
    rows = rows.sort_values(["wins", "losers"], ascending=False, kind="stable")
    return rows.drop(columns=["wins", "losers"]).reset_index(drop=True)


def against_best(compared: pd.DataFrame, metric: str, best: str) -> pd.DataFrame:
    """Every other model minus the best one (`than`) by one metric, the nearest first."""
    rows = compared[(compared["metric"] == metric) & (compared[["model", "than"]] == best).any(axis=1)]
    rows = _turned(rows.reset_index(drop=True), (rows["model"] == best).to_numpy())
    return rows.sort_values("difference", ascending=False, kind="stable").reset_index(drop=True)


def _turned(rows: pd.DataFrame, which: np.ndarray) -> pd.DataFrame:
    """These rows told the other way round."""
    rows, other = rows.copy(), rows[which]
    names = ["model", "than", *_SIGNED, *_RATIOS]
    back = ["than", "model", "difference", "difference_high", "difference_low", "effect", "superiority"]
    for name, source in zip(names, [*back, "ratio", "ratio_high", "ratio_low"], strict=True):
        told = other[source]
        rows.loc[which, name] = 0.0 - told if name in _SIGNED else 1 / told if name in _RATIOS else told
    return rows
