"""The same search from several seeds: how much of what tuning gives was left to luck?"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from songrec.splits import Split
from songrec.studies import repeats
from songrec.tuning import search

Found = Mapping[int, Mapping[str, Mapping[str, Any]]]
"""Seed -> model -> estimator and what its search found (`Search.facts`)."""


def searches(
    models: Mapping[str, Mapping[str, Any]],
    split: Split,
    seeds: Sequence[int],
    *,
    trials: int,
    seconds: float,
    unfinished: Path,
    most: int = 0,
) -> dict[int, dict[str, dict[str, Any]]]:
    """Search each model's space once for each seed, on one and the same split.

    Parameters
    ----------
    models : mapping
        Model -> `estimator`, `hyperparameters` (those that are fixed) and `space` (`tuning.spaces.searched`).
    split : Split
        Its training and validation parts are looked at, and no other.
    seeds : sequence of int
        Of the proposals. Trial 0 is the defaults under each.
    trials : int
        As for `songrec.tuning.search`.
    seconds : float
        For each search.
    unfinished : Path
        Folder in which searches that were cut off are kept.
    most : int
        As for `songrec.tuning.search`.

    Returns
    -------
    dict
        Seed -> model -> `estimator` and the facts of the search.
    """
    return {
        seed: {
            model: {"estimator": of["estimator"]}
            | search(
                of["estimator"],
                of["hyperparameters"],
                of["space"],
                split.train,
                split.validation,
                trials=trials,
                most=most,
                seconds=seconds,
                seed=seed,
                journal=unfinished / f"{model}.{seed}",
            ).facts
            for model, of in models.items()
        }
        for seed in seeds
    }


def by_seed(found: Found, split: Split, cutoff: int) -> pd.DataFrame:
    """What each search's choice is worth on the test users: `repeats.by_seed`, and validation.

    Parameters
    ----------
    found : mapping
        `searches`.
    split : Split
        The one that they were made on.
    cutoff : int
        Length of the lists.

    Returns
    -------
    DataFrame
        model, seed, metric, k, value, se, ci_low, ci_high, n_users, and validation: the search's own value.
    """
    scored = {seed: repeats.score(split, tuned, cutoff) for seed, tuned in found.items()}
    table = repeats.by_seed(scored)
    pairs = zip(table["seed"], table["model"], strict=True)
    return table.assign(validation=[found[seed][model]["value"] for seed, model in pairs])


def spread(table: pd.DataFrame) -> pd.DataFrame:
    """Each model over its searches, beside the interval over users.

    Parameters
    ----------
    table : DataFrame
        `by_seed`.

    Returns
    -------
    DataFrame
        model, metric, k, searches, value (the mean over the searches), sd_searches (the standard deviation
        between them), se_users (the root mean square of the standard errors between users), ci_low, ci_high
        (of the mean, by both: `repeats.spread`), smallest, largest.
    """
    over = repeats.spread(table).rename(columns={"splits": "searches", "sd_splits": "sd_searches"})
    ends = table.groupby(["model", "metric", "k"], as_index=False)["value"].agg(smallest="min", largest="max")
    return over.merge(ends, on=["model", "metric", "k"], validate="one_to_one")
