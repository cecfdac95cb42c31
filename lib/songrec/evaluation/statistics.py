r"""From per-user values to statements about the mean user: standard errors, intervals, differences, ratios.

Users are taken as independent draws, and what is estimated is the mean over all users of this kind. The
intervals are about users, not about other splits or seeds. Which one is published was decided by simulation
(tests/evaluation/test_coverage.py), on what per-user values are like: most of them 0, a few large.

* The mean of one model: the studentised bootstrap over users (`bootstrap.studentised_interval`). Of 300
  users of whom one in eight has any hit, Student's interval holds the true mean less than 93 times in 100
  where 95 are promised, and when it misses it nearly always lies too low; the bootstrap holds it as often as
  promised, at both ends. Where it has no answer (fewer than 30 users, or nearly all alike) the interval is
  Student's.
* The mean of a paired difference: Student's, the mean :math:`\pm\, t_{n-1, .975}` standard errors
  :math:`s / \sqrt{n}` (Student 1908). Differences of two models are nearly symmetric, and there t covers as
  it should.
* The ratio of two means: Fieller's, which is Student's solved for the ratio.

A single user has a mean, but its standard error and interval are NaN. Values that are all alike give an
interval without width.
"""

from collections.abc import Hashable, Mapping, Sequence

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from songrec.errors import DataError
from songrec.evaluation.bootstrap import studentised_interval

LEVEL = 0.95
"""Coverage of every interval."""


def summarise(per_user: pd.DataFrame) -> pd.DataFrame:
    """Mean of every column with standard error and 95 % interval, by the bootstrap over users.

    Parameters
    ----------
    per_user : DataFrame
        A row a user, columns `metric@k`.

    Returns
    -------
    DataFrame
        Columns metric, k, value, se, ci_low, ci_high, n_users; one row per column of `per_user`. The interval
        is not symmetric about the mean; it always holds it. The same values give the same interval. Values of
        a model are shares or numbers without a sign: an interval of values that are all at least 0, or at
        most 1, does not go beyond. (Differences have `paired_difference`.)

    Examples
    --------
    >>> summarise(pd.DataFrame({"recall@5": [0.0, 1.0, 0.5, 0.5]})).round(3)
       metric  k  value     se  ci_low  ci_high  n_users
    0  recall  5    0.5  0.204     0.0      1.0        4
    """
    values = _values(per_user)
    mean, se, low, high = mean_interval(values)
    bottom, top = studentised_interval(values, LEVEL)
    low = np.where(np.isnan(bottom), low, np.minimum(bottom, mean))
    high = np.where(np.isnan(top), high, np.maximum(top, mean))
    low = np.where(values.min(axis=0) >= 0, np.maximum(low, 0), low)
    high = np.where(values.max(axis=0) <= 1, np.minimum(high, 1), high)
    return _table(per_user, value=mean, se=se, ci_low=low, ci_high=high)


def paired_difference(per_user: pd.DataFrame, baseline: pd.DataFrame) -> pd.DataFrame:
    """Mean over the users of a model's value minus the baseline's, with Student's 95 % interval.

    Parameters
    ----------
    per_user, baseline : DataFrame
        Columns `metric@k`, the same on both sides; the same users as index, in any order.

    Returns
    -------
    DataFrame
        metric, k, value (the difference), se, ci_low, ci_high, n_users.

    Raises
    ------
    DataError
        When the two sides have other users or other columns.

    Examples
    --------
    >>> a, b = pd.DataFrame({"ndcg@5": [0.4, 0.9, 0.5]}), pd.DataFrame({"ndcg@5": [0.3, 0.6, 0.3]})
    >>> paired_difference(a, b).round(3)
      metric  k  value     se  ci_low  ci_high  n_users
    0   ndcg  5    0.2  0.058  -0.048    0.448        3
    """
    baseline = _aligned(per_user, baseline)
    difference, se, low, high = mean_interval(_values(per_user) - _values(baseline))
    return _table(per_user, value=difference, se=se, ci_low=low, ci_high=high)


def paired_ratio(per_user: pd.DataFrame, baseline: pd.DataFrame) -> pd.DataFrame:
    r"""How many times the baseline's mean: ratio of the two means with Fieller's 95 % interval.

    Parameters
    ----------
    per_user, baseline : DataFrame
        As those of `paired_difference`.

    Returns
    -------
    DataFrame
        metric, k, value (the ratio), ci_low, ci_high, n_users. The interval is NaN where the baseline's mean
        is not itself clear of 0, for then no bounded one exists; so is the ratio to a mean of 0.

    Notes
    -----
    The interval holds every ratio :math:`\rho` at which the mean of :math:`a_u - \rho b_u` over the users is
    within t standard errors of 0 (Fieller 1954): it keeps the pairing and is rightly not symmetric.

    Examples
    --------
    >>> a = pd.DataFrame({"ndcg@5": [0.4, 0.9, 0.5, 0.6]})
    >>> b = pd.DataFrame({"ndcg@5": [0.2, 0.4, 0.3, 0.3]})
    >>> paired_ratio(a, b).round(3)
      metric  k  value  ci_low  ci_high  n_users
    0   ndcg  5    2.0    1.39    2.379        4
    """
    baseline = _aligned(per_user, baseline)
    ratio, low, high = ratio_interval(_values(per_user), _values(baseline))
    return _table(per_user, value=ratio, ci_low=low, ci_high=high)


def means_of(values: Mapping[Hashable, np.ndarray | pd.Series]) -> pd.DataFrame:
    """Means over the users who have a value, with their intervals.

    Parameters
    ----------
    values : mapping
        Key -> float (n_users,), of the same users in the same order, NaN where a user has none.

    Returns
    -------
    DataFrame
        value, ci_low, ci_high, n_users; index as `values`. NaN where nobody has a value. Columns that are
        known for the same users share their resamples, which are what makes an interval costly.
    """
    names = ["value", "ci_low", "ci_high", "n_users"]
    columns = np.column_stack([np.asarray(column, np.float64) for column in values.values()])
    known = ~np.isnan(columns)
    found = np.full((columns.shape[1], len(names)), np.nan)
    masks, which = np.unique(known, axis=1, return_inverse=True)
    for number, mask in enumerate(masks.T):
        mine = np.flatnonzero(which.ravel() == number)
        found[mine, -1] = mask.sum()
        if mask.any():
            part = pd.DataFrame(columns[np.ix_(mask, mine)]).add_prefix("value@")
            found[mine] = summarise(part)[names].to_numpy()
    index = pd.Index(list(values), tupleize_cols=False)
    return pd.DataFrame(found, index=index, columns=names).astype({"n_users": int})


def mean_interval(values: np.ndarray) -> tuple[np.ndarray, ...]:
    """Mean, standard error, and ends of Student's 95 % interval, by column of (n_users, columns).

    >>> [float(each[0].round(3)) for each in mean_interval(np.array([[1.0], [2.0], [3.0], [4.0]]))]
    [2.5, 0.645, 0.446, 4.554]
    """
    n = len(values)
    mean = values.mean(axis=0)
    se = values.std(axis=0, ddof=1) / np.sqrt(n) if n > 1 else np.full(mean.shape, np.nan)
    if n > 1:  # the mean of equal values is rounded, on each processor differently: they have no error
        se = np.where(values.max(axis=0) == values.min(axis=0), 0.0, se)
    half = _t(n) * se
    return mean, se, mean - half, mean + half


def student(
    names: Sequence[str],
    n: int,
    mean: Sequence[float],
    sd: Sequence[float | None],
    low: Sequence[float],
    high: Sequence[float],
) -> pd.DataFrame:
    """A table as `summarise` gives it, from sums alone, with Student's interval.

    Parameters
    ----------
    names : sequence of str
        `metric@k` of each column.
    n : int
        Users.
    mean, sd, low, high : sequence of float
        Of each column its mean, standard deviation (n - 1 in its denominator), least and largest value. An
        interval of values that are at least 0, or at most 1, does not go beyond.

    Examples
    --------
    >>> student(["recall@5"], 4, [0.5], [0.408], [0.0], [1.0]).round(3)
       metric  k  value     se  ci_low  ci_high  n_users
    0  recall  5    0.5  0.204     0.0      1.0        4
    """
    mean, low, high = (np.asarray(each, float) for each in (mean, low, high))
    spread = np.array([np.nan if one is None else one for one in sd], float)
    se = np.where((low == high) & (n > 1), 0.0, spread / np.sqrt(n))
    half = _t(n) * se
    ends = np.where(low >= 0, np.maximum(mean - half, 0), mean - half)
    tops = np.where(high <= 1, np.minimum(mean + half, 1), mean + half)
    frame = pd.DataFrame(np.zeros((n and 1, len(names))), columns=list(names))
    return _table(frame, value=mean, se=se, ci_low=ends, ci_high=tops).assign(n_users=n)


def ratio_interval(ours: np.ndarray, theirs: np.ndarray) -> tuple[np.ndarray, ...]:
    """Ratio of means, and ends of Fieller's 95 % interval, by column; NaN where there is none."""
    n = len(ours)
    a, b = ours.mean(axis=0), theirs.mean(axis=0)
    scale = _t(n) ** 2 / (n * (n - 1)) if n > 1 else np.nan
    aa, bb = (scale * ((x - x.mean(axis=0)) ** 2).sum(axis=0) for x in (ours, theirs))
    ab = scale * ((ours - a) * (theirs - b)).sum(axis=0)
    # (b² - bb) ρ² - 2 (a b - ab) ρ + (a² - aa) <= 0
    square, linear, constant = b**2 - bb, a * b - ab, a**2 - aa
    with np.errstate(divide="ignore", invalid="ignore"):
        root = np.sqrt(np.maximum(linear**2 - square * constant, 0))
        found = a / b, (linear - root) / square, (linear + root) / square
    there = b != 0, square > 0, square > 0
    return tuple(np.where(*each, np.nan) for each in zip(there, found, strict=True))


def _t(n: int) -> float:
    return float(stdtrit(n - 1, (1 + LEVEL) / 2)) if n > 1 else np.nan


def _values(per_user: pd.DataFrame) -> np.ndarray:
    values = per_user.to_numpy(dtype=np.float64)
    if not values.size:
        raise DataError("no per-user values: there must be at least one user and one metric")
    if not np.isfinite(values).all():
        raise DataError("per-user values must be finite: a metric gave NaN or infinity")
    return values


def _aligned(per_user: pd.DataFrame, baseline: pd.DataFrame) -> pd.DataFrame:
    """The baseline with users and columns in the order of `per_user`."""
    for what, ours, theirs in (
        ("users", per_user.index, baseline.index),
        ("columns", per_user.columns, baseline.columns),
    ):
        if not (ours.is_unique and theirs.is_unique and len(ours) == len(theirs) and ours.isin(theirs).all()):
            raise DataError(f"a paired comparison needs the same {what} on both sides, each once")
    return baseline.loc[per_user.index, per_user.columns]


def _table(per_user: pd.DataFrame, **columns: np.ndarray) -> pd.DataFrame:
    names = [column.rsplit("@", 1) for column in per_user.columns]
    if any(len(name) != 2 or not name[1].isdigit() for name in names):
        raise DataError(f"columns must be called metric@k: {list(per_user.columns)}")
    head = {"metric": [name for name, _ in names], "k": [int(k) for _, k in names]}
    return pd.DataFrame({**head, **columns, "n_users": len(per_user)})
