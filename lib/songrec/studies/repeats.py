"""The same models on several draws of a split: how much of a number is due to the draw?"""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from songrec.evaluation import paired_difference, score_lists, summarise
from songrec.evaluation.metrics import DECIDING
from songrec.evaluation.statistics import LEVEL
from songrec.models import create
from songrec.splits import Split
from songrec.studies.stacked import ESTIMATE, stacked

METRICS = (DECIDING, "precision", "recall", "ndcg")

Scored = Mapping[int, Mapping[str, pd.DataFrame]]
"""Seed -> model -> values by user (`score`)."""


def score(split: Split, tuned: Mapping[str, Mapping[str, Any]], cutoff: int) -> dict[str, pd.DataFrame]:
    """Each model fitted on training and validation and scored on test.

    Parameters
    ----------
    split : Split
    tuned : mapping
        Model -> estimator and hyperparameters (`songrec.tuning.read_tuned`).
    cutoff : int

    Returns
    -------
    dict
        Model -> `METRICS` by user; the index holds the users' ids, whose codes may differ between splits.
    """
    train, test = split.final_train(), split.test
    scored = {}
    for name, of in tuned.items():
        model = create(of["estimator"], **of["hyperparameters"]).fit(train)
        songs, _ = model.recommend(test.fold_in, cutoff, users=test.users)
        scored[name] = score_lists(songs, test.holdout, cutoff, split.user_ids[test.users], METRICS)
    return scored


def by_seed(scored: Scored) -> pd.DataFrame:
    """Means in each split: model, seed, metric, k, value, se, ci_low, ci_high, n_users."""
    tables = [
        summarise(values).assign(model=model, seed=seed)
        for seed, of in scored.items()
        for model, values in of.items()
    ]
    return stacked(tables, f"model seed metric k {ESTIMATE}")


def spread(table: pd.DataFrame) -> pd.DataFrame:
    r"""Each model over the splits, by metric and best model first.

    Parameters
    ----------
    table : DataFrame
        `by_seed`.

    Returns
    -------
    DataFrame
        model, metric, k, splits, value (the mean over the S splits), sd_splits (the standard deviation
        between the splits' means, with S - 1 in its denominator), se_users (the root mean square of the
        standard errors between users within a split), ci_low, ci_high.

    Notes
    -----
    The interval is that of the mean over the splits. Its variance is taken as :math:`se^2 + sd^2 / S`, for
    the same users return in each split, and drawing again makes only the second part smaller; its t quantile
    has the degrees of freedom of Satterthwaite (1946). It is cautious: a standard error between users already
    holds some of the draw.
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

    Returns
    -------
    DataFrame
        model, than, metric, k, value (the mean difference over the splits), smallest, largest, splits, ahead
        (splits in which the model's mean is the higher one), significant (in which the paired difference's
        interval lies above 0), behind (in which it lies below).
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
        found = pairs["value"]
        counts = [len(found), (found > 0).sum(), (pairs["ci_low"] > 0).sum(), (pairs["ci_high"] < 0).sum()]
        rows.append(
            [model, than, DECIDING, cutoff, found.mean(), found.min(), found.max(), *map(int, counts)]
        )
    columns = ["model", "than", "metric", "k", "value", "smallest", "largest"]
    return pd.DataFrame(rows, columns=[*columns, "splits", "ahead", "significant", "behind"])
