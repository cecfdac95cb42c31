"""What tuning gained on the test users."""

from collections.abc import Mapping

import pandas as pd
from scipy.sparse import csr_array

from songrec.evaluation import paired_difference, score_lists
from songrec.lists import TopN
from songrec.studies.stacked import stacked


def gain(
    lists: Mapping[str, TopN], untuned: Mapping[str, TopN], holdout: csr_array, cutoff: int
) -> pd.DataFrame:
    """Each model's mean average precision without and with tuning, and the difference user by user.

    Parameters
    ----------
    lists, untuned : dict of str to TopN
        Each model's lists for the same users, with tuned and with untuned hyper-parameters.
    holdout : csr_array (n_users, n_songs)
        What they should find.
    cutoff : int
        Length of the list that is evaluated.

    Returns
    -------
    DataFrame
        model, metric, k, statistic (untuned, tuned, difference), value, ci_low, ci_high, n_users; only the
        difference has an interval.
    """
    tables = []
    for model, tuned in lists.items():
        ours, plain = (
            score_lists(each.songs, holdout, cutoff, each.users) for each in (tuned, untuned[model])
        )
        difference = paired_difference(ours, plain).drop(columns="se").assign(statistic="difference")
        for statistic, values in (("untuned", plain), ("tuned", ours)):
            mean = difference[["metric", "k", "n_users"]].assign(value=values.mean().to_numpy())
            tables.append(mean.assign(statistic=statistic, model=model))
        tables.append(difference.assign(model=model))
    return stacked(tables, "model metric k statistic value ci_low ci_high n_users")
