"""Every model's lists against what was held out: means, hits a user, and users by what is known of them."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from songrec.evaluation import Evaluation, summarise
from songrec.splits import HeldOut
from songrec.studies.stacked import ESTIMATE, stacked

PerUser = Mapping[str, pd.DataFrame]
"""Model -> values by user, columns `metric@k`."""


def metrics(evaluations: Mapping[str, Evaluation], protocol: str) -> pd.DataFrame:
    """The table of results: a row a model, metric and cut-off.

    Returns
    -------
    DataFrame
        protocol, model, metric, k, value, se, ci_low, ci_high, n_users. Coverage and Gini are one number of
        all lists together: without standard error and interval.
    """
    tables = []
    for model, found in evaluations.items():
        whole = found.catalogue.melt(var_name="metric", ignore_index=False).reset_index()
        whole["n_users"] = len(found.per_user)
        rows = pd.concat([summarise(found.per_user), whole], ignore_index=True)
        tables.append(rows.assign(protocol=protocol, model=model))
    return stacked(tables, f"protocol model metric k {ESTIMATE}")


def hits(per_user: PerUser, cutoff: int, most: int = 5) -> pd.DataFrame:
    """Share of users by number of hits within the cut-off.

    Parameters
    ----------
    per_user : mapping
        Model -> values by user.
    cutoff : int
        The cut-off.
    most : int
        So many hits and more are one row.

    Returns
    -------
    DataFrame
        model, hits (text: 0, 1, ..., 5+), value, and Wilson's 95 % interval (Wilson 1927), which stays within
        0 and 1: ci_low, ci_high.
    """
    from scipy.stats import binomtest

    rows = []
    for model, values in per_user.items():
        found = (values[f"precision@{cutoff}"] * cutoff).round().astype(int).clip(upper=most)
        counts = np.bincount(found, minlength=most + 1)
        for number, users in enumerate(counts):
            low, high = binomtest(int(users), len(found)).proportion_ci(method="wilson")
            text = f"{number}+" if number == most else f"{number}"
            rows.append([model, text, users / len(found), low, high])
    return pd.DataFrame(rows, columns=["model", "hits", "value", "ci_low", "ci_high"])


def known_songs(users: HeldOut) -> np.ndarray:
    """How many songs a model may know of each user: int (n_users,)."""
    return np.diff(users.fold_in.indptr)


def groups(known: np.ndarray, n: int = 4) -> np.ndarray:
    """Users in groups of about equal size by how much is known of them: int (n_users,), 0 the least known.

    Equal numbers stay together, so that a group may be smaller than the others, or missing.
    """
    edges = np.unique(np.quantile(known, np.linspace(0, 1, n + 1)[1:-1], method="inverted_cdf"))
    return np.unique(np.searchsorted(edges, known, side="left"), return_inverse=True)[1]


def activity(per_user: PerUser, known: np.ndarray, column: str) -> pd.DataFrame:
    """A metric by how much the model knows of the user.

    Parameters
    ----------
    per_user : mapping
        Model -> values by user.
    known : int array (n_users,)
        From `known_songs`, in the order of the rows.
    column : str
        The `metric@k`.

    Returns
    -------
    DataFrame
        model, group (text, such as `12 to 19`), value, ci_low, ci_high, n_users.
    """
    group, rows = groups(known), []
    for model, values in per_user.items():
        for number, name in enumerate(_names(known, group)):
            mean = summarise(values.loc[group == number, [column]]).iloc[0]
            rows.append([model, name, *mean[["value", "ci_low", "ci_high", "n_users"]]])
    return pd.DataFrame(rows, columns=["model", "group", "value", "ci_low", "ci_high", "n_users"])


def activity_gap(per_user: PerUser, known: np.ndarray, column: str) -> pd.DataFrame:
    """The mean of the best known users minus that of the least known, with Welch's 95 % interval.

    Returns
    -------
    DataFrame
        model, group, than, value, ci_low, ci_high; no rows where all users are in one group. The groups are
        those of `activity`: other users in each, hence no pairs.
    """
    from scipy.stats import ttest_ind

    group = groups(known)
    names, rows = _names(known, group), []
    if len(names) > 1:
        for model, values in per_user.items():
            many, few = (values[column].to_numpy()[group == number] for number in (len(names) - 1, 0))
            low, high = ttest_ind(many, few, equal_var=False).confidence_interval()
            rows.append([model, names[-1], names[0], many.mean() - few.mean(), low, high])
    return pd.DataFrame(rows, columns=["model", "group", "than", "value", "ci_low", "ci_high"])


def _names(known: np.ndarray, group: np.ndarray) -> list[str]:
    ends = [(known[group == number].min(), known[group == number].max()) for number in range(group.max() + 1)]
    return [f"{low:,} to {high:,}" if low < high else f"{low:,}" for low, high in ends]
