"""What several draws of a split say, as tables: the figure is drawn from one of these."""

from collections.abc import Mapping
from itertools import pairwise

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from songrec.evaluation import paired_difference, summarise
from songrec.evaluation.statistics import LEVEL
from songrec.report.numbers import decimals, ends
from songrec.report.style import label
from songrec.report.tables_models import DECIDING, NAMES

Scored = Mapping[int, Mapping[str, pd.DataFrame]]
"""Seed -> model -> values by user (`songrec.evaluation.repeats.score`)."""


def by_seed(scored: Scored) -> pd.DataFrame:
    """Means in each split: columns `model`, `seed`, `metric`, `k`, `value`, `se`, `ci_low`, `ci_high`,
    `n_users`."""
    tables = [
        summarise(values).assign(model=model, seed=seed)
        for seed, of in scored.items()
        for model, values in of.items()
    ]
    order = ["model", "seed", "metric", "k", "value", "se", "ci_low", "ci_high", "n_users"]
    return pd.concat(tables, ignore_index=True)[order]


def spread(table: pd.DataFrame) -> pd.DataFrame:
    r"""Over the splits, by metric and best model first: columns `model`, `metric`, `k`, `splits`, `value`,
    `sd_splits`, `se_users`, `ci_low`, `ci_high`.

    table : `by_seed`. value : mean over the S splits. sd_splits : standard deviation between the splits'
    means, with S - 1 in its denominator. se_users : root mean square of the standard errors between users
    within a split. The interval is that of the mean over the splits: its variance is taken as
    $se^2 + sd^2 / S$, for the same users return in each split, and drawing again makes only the second
    part smaller; its t quantile has the degrees of freedom of Satterthwaite (1946). It is cautious: a
    standard error between users already holds some of the draw.
    """
    rows = []
    for (metric, k, model), of in table.groupby(["metric", "k", "model"], sort=False):
        splits, value = len(of), float(of["value"].mean())
        sd = float(of["value"].std(ddof=1)) if splits > 1 else np.nan
        se = float(np.sqrt((of["se"] ** 2).mean()))
        half = _half_width(se**2, sd**2 / splits, float(of["n_users"].mean()), splits)
        rows.append([model, metric, k, splits, value, sd, se, value - half, value + half])
    columns = ["model", "metric", "k", "splits", "value", "sd_splits", "se_users", "ci_low", "ci_high"]
    return pd.DataFrame(rows, columns=columns).sort_values(
        ["metric", "k", "value"], ascending=[True, True, False], kind="stable", ignore_index=True
    )


def _half_width(users: float, draws: float, n_users: float, splits: int) -> float:
    """Of the interval whose variance is `users` + `draws`; NaN for one split, whose spread nobody knows."""
    total = users + draws
    if splits < 2 or n_users < 2:
        return np.nan
    if not total:
        return 0.0
    freedom = total**2 / (users**2 / (n_users - 1) + draws**2 / (splits - 1))
    return float(stdtrit(freedom, (1 + LEVEL) / 2)) * total**0.5


def order(scored: Scored, cutoff: int) -> pd.DataFrame:
    """Each model against the next in the order of the means over the splits, by average precision.

    Columns `model`, `than`, `difference` (mean over the splits), `smallest`, `largest`, `splits`, `ahead`
    (splits in which the model's mean is the higher one), `clear` (splits in which the paired difference's
    interval lies above 0) and `behind` (in which it lies below).
    """
    column = f"{DECIDING}@{cutoff}"
    models = list(next(iter(scored.values())))
    means = {model: np.mean([of[model][column].mean() for of in scored.values()]) for model in models}
    ranked = sorted(models, key=lambda model: -means[model])
    rows = []
    for model, than in pairwise(ranked):
        pairs = pd.concat(
            [paired_difference(of[model][[column]], of[than][[column]]) for of in scored.values()]
        )
        found = pairs["difference"]
        counts = [len(found), (found > 0).sum(), (pairs["ci_low"] > 0).sum(), (pairs["ci_high"] < 0).sum()]
        rows.append([model, than, found.mean(), found.min(), found.max(), *map(int, counts)])
    columns = ["model", "than", "difference", "smallest", "largest", "splits", "ahead", "clear", "behind"]
    return pd.DataFrame(rows, columns=columns)


def spread_cells(table: pd.DataFrame, cutoff: int) -> pd.DataFrame:
    """`spread` of the deciding metric as text: a row a model."""
    rows = table[(table["metric"] == DECIDING) & (table["k"] == cutoff)]
    digits = decimals(float(((rows["ci_high"] - rows["ci_low"]) / 2).max()))
    more = digits + 1  # for errors, which are smaller than what they belong to
    return pd.DataFrame(
        {
            "model": rows["model"].map(label),
            f"{NAMES[DECIDING]}@{cutoff}, mean over the splits": [f"{v:.{digits}f}" for v in rows["value"]],
            "SD between splits": ["" if v != v else f"{v:.{more}f}" for v in rows["sd_splits"]],
            "standard error between users": [f"{v:.{more}f}" for v in rows["se_users"]],
            "95 % interval of both": [ends(r.ci_low, r.ci_high, digits) for r in rows.itertuples()],
        }
    )


def seed_cells(table: pd.DataFrame, cutoff: int) -> pd.DataFrame:
    """`by_seed` of the deciding metric as text: a row a model, a column a seed."""
    rows = table[(table["metric"] == DECIDING) & (table["k"] == cutoff)]
    digits = decimals(float(((rows["ci_high"] - rows["ci_low"]) / 2).max()))
    cells = {
        label(model): {f"seed {row.seed}": f"{row.value:.{digits}f}" for row in of.itertuples()}
        for model, of in rows.groupby("model", sort=False)
    }
    named = pd.DataFrame.from_dict(cells, orient="index")
    named.insert(0, f"{NAMES[DECIDING]}@{cutoff}", named.index)
    return named.reset_index(drop=True)


def order_cells(table: pd.DataFrame) -> pd.DataFrame:
    """`order` as text: a row a pair of neighbours in the ranking."""
    return pd.DataFrame(
        {
            "model": table["model"].map(label),
            "before": table["than"].map(label),
            "mean difference": [f"{v:+.4f}" for v in table["difference"]],
            "smallest to largest": [f"{r.smallest:+.4f} to {r.largest:+.4f}" for r in table.itertuples()],
            "ahead": [f"{r.ahead} of {r.splits}" for r in table.itertuples()],
            "clear of 0": [f"{r.clear} of {r.splits}" for r in table.itertuples()],
        }
    )
