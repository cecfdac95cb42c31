"""Learning curves: how much of the log a model needs, the same question asked with less to learn from."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from songrec.errors import ConfigError
from songrec.evaluation import means_of, paired_ratio, score_lists
from songrec.lists import TopN
from songrec.models import create
from songrec.splits import HeldOut
from songrec.splits.contract import keep
from songrec.studies.stacked import leads_by, stacked

Curves = Mapping[str, Mapping[float, pd.DataFrame]]
"""Model -> share of the log, the largest first -> average precision by user."""


def subsample(train: csr_array, share: float, seed: int = 0) -> csr_array:
    """`train` with about this share of its entries, drawn at random; same shape.

    Each entry has one number, drawn once for a seed, and stays when it lies below the share: what is kept
    of a smaller share is part of what is kept of a larger one.

    Raises
    ------
    ConfigError
        For a share outside 0..1, or 0.

    Examples
    --------
    >>> subsample(csr_array(np.ones((100, 100), int)), 0.25).nnz
    2524
    """
    if isinstance(share, bool) or not 0 < share <= 1:
        raise ConfigError(f"a share of the log lies above 0 and is at most 1, not {share!r}")
    return keep(train, np.random.default_rng(seed).random(train.nnz) < share)


def curves(
    tuned: Mapping[str, Mapping[str, Any]],
    lists: Mapping[str, TopN],
    train: csr_array,
    held: HeldOut,
    shares: Sequence[float],
    k: int,
    seed: int = 0,
) -> dict[str, dict[float, pd.DataFrame]]:
    """Fit every model on each share of the log and evaluate its lists.

    Parameters
    ----------
    tuned : mapping
        Model -> `estimator` and `hyperparameters`, as `songrec.tuning.read_tuned` gives them.
    lists : mapping
        Model -> its lists once it has learned from the whole log.
    train : csr_array (n_users, n_songs)
        The whole log.
    held : HeldOut
        Users whose fold-in and holdout stay whole: only what a model learns from becomes less, so that the
        question, and what is known of the user when it is asked, are the same throughout.
    shares : sequence of float
        Shares of the log, besides all of it.
    k : int
        Length of the lists.
    seed : int
        Of the draw.

    Returns
    -------
    dict
        `Curves`.
    """
    songs = {model: {1.0: lists[model].songs} for model in tuned}
    for share in sorted(set(shares) - {1.0}, reverse=True):
        less = subsample(train, share, seed)
        for model, of in tuned.items():
            fitted = create(of["estimator"], **of["hyperparameters"]).fit(less)
            songs[model][share] = fitted.recommend(held.fold_in, k, users=held.users)[0]
    return {
        model: {share: score_lists(each, held.holdout, k, held.users) for share, each in by.items()}
        for model, by in songs.items()
    }


def means(found: Curves) -> pd.DataFrame:
    """Accuracy by share of the log: model, share, value, ci_low, ci_high, n_users."""
    columns = {(model, share): of.iloc[:, 0] for model, by in found.items() for share, of in by.items()}
    return (
        means_of(columns)
        .set_index(pd.MultiIndex.from_tuples(columns, names=["model", "share"]))
        .reset_index()
    )


def kept(found: Curves) -> pd.DataFrame:
    """What is left of each model's accuracy, as a ratio to its own with the whole log.

    Returns
    -------
    DataFrame
        model, share, value, ci_low, ci_high, n_users.
    """
    tables = [
        paired_ratio(values, by[1.0]).assign(model=model, share=share)
        for model, by in found.items()
        for share, values in by.items()
    ]
    return stacked(tables, "model share value ci_low ci_high n_users")


def lead(found: Curves, than: str) -> pd.DataFrame:
    """How far each model is ahead of another that has learned from as much, user by user.

    Returns
    -------
    DataFrame
        model, than, share, value, ci_low, ci_high, n_users.
    """
    return leads_by(found, "share", than).drop(columns=["metric", "k", "se"])
