r"""From per-user values to statements about the mean user: standard errors, intervals, differences, gains.

Users are taken as independent draws, and what is estimated is the mean over all users of this kind. For a
mean of n values with standard deviation s (n - 1 in its denominator) the standard error is $s / \sqrt{n}$
and the 95 % interval is the mean $\pm\, t_{n-1, .975}$ standard errors (Student 1908); with thousands
of users the values need not be normal. One user alone has a mean, but its standard error and interval are
NaN. Values that are all alike give an interval without width. The intervals speak of users, not of other
splits or seeds.
"""

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from songrec.errors import DataError

LEVEL = 0.95
"""Coverage of every interval."""


def summarise(per_user: pd.DataFrame) -> pd.DataFrame:
    """Mean of every column `metric@k` with standard error and 95 % interval.

    Returns the columns metric, k, value, se, ci_low, ci_high, n_users; one row per column of `per_user`.

    >>> summarise(pd.DataFrame({"recall@5": [0.0, 1.0, 0.5, 0.5]})).round(3)
       metric  k  value     se  ci_low  ci_high  n_users
    0  recall  5    0.5  0.204   -0.15     1.15        4
    """
    values = _values(per_user)
    mean, se, low, high = _mean_interval(values)
    return _table(per_user, value=mean, se=se, ci_low=low, ci_high=high)


def paired_difference(per_user: pd.DataFrame, baseline: pd.DataFrame) -> pd.DataFrame:
    """Mean of `per_user` minus mean of `baseline`, with the standard error and interval of that difference.

    The two are matched user by user, so what the users share cancels out. Returns the columns
    metric, k, value, baseline, difference, se, ci_low, ci_high, n_users; se and interval are the
    difference's. Raises `DataError` unless both hold the same users and columns (in any order).

    >>> a, b = pd.DataFrame({"ndcg@5": [0.4, 0.9, 0.5]}), pd.DataFrame({"ndcg@5": [0.2, 0.6, 0.4]})
    >>> paired_difference(a, b).round(3)
      metric  k  value  baseline  difference     se  ci_low  ci_high  n_users
    0   ndcg  5    0.6       0.4         0.2  0.058  -0.048    0.448        3
    """
    baseline = _aligned(per_user, baseline)
    ours, theirs = _values(per_user), _values(baseline)
    difference, se, low, high = _mean_interval(ours - theirs)
    return _table(
        per_user,
        value=ours.mean(axis=0),
        baseline=theirs.mean(axis=0),
        difference=difference,
        se=se,
        ci_low=low,
        ci_high=high,
    )


def ratio_gain(per_user: pd.DataFrame, baseline: pd.DataFrame) -> pd.DataFrame:
    r"""How many times the baseline's mean: ratio of the two means with Fieller's 95 % interval.

    The interval holds every ratio $\rho$ at which the mean of $a_u - \rho b_u$ over the users is within t
    standard errors of 0 (Fieller 1954), so it keeps the pairing and is rightly lopsided. Where the
    baseline's mean is not itself clear of 0 no bounded interval exists: NaN; so is the ratio to a mean of 0.
    Returns the columns metric, k, value, baseline, ratio, ci_low, ci_high, n_users.

    >>> a = pd.DataFrame({"ndcg@5": [0.4, 0.9, 0.5, 0.6]})
    >>> b = pd.DataFrame({"ndcg@5": [0.2, 0.4, 0.3, 0.3]})
    >>> ratio_gain(a, b).round(3)
      metric  k  value  baseline  ratio  ci_low  ci_high  n_users
    0   ndcg  5    0.6       0.3    2.0    1.39    2.379        4
    """
    baseline = _aligned(per_user, baseline)
    ours, theirs = _values(per_user), _values(baseline)
    a, b = ours.mean(axis=0), theirs.mean(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(b == 0, np.nan, a / b)
    low, high = _fieller(ours, theirs)
    return _table(per_user, value=a, baseline=b, ratio=ratio, ci_low=low, ci_high=high)


def _mean_interval(values: np.ndarray) -> tuple[np.ndarray, ...]:
    """Mean, standard error, low and high ends, by column."""
    n = len(values)
    mean = values.mean(axis=0)
    se = values.std(axis=0, ddof=1) / np.sqrt(n) if n > 1 else np.full(mean.shape, np.nan)
    if n > 1:  # the mean of equal values is rounded, on each processor differently: they have no error
        se = np.where(values.max(axis=0) == values.min(axis=0), 0.0, se)
    half = _t(n) * se
    return mean, se, mean - half, mean + half


def _fieller(ours: np.ndarray, theirs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Ends of Fieller's interval, by column; NaN where it is unbounded."""
    n = len(ours)
    a, b = ours.mean(axis=0), theirs.mean(axis=0)
    if n < 2:
        return np.full(a.shape, np.nan), np.full(a.shape, np.nan)
    scale = _t(n) ** 2 / (n * (n - 1))
    aa, bb = (scale * ((x - x.mean(axis=0)) ** 2).sum(axis=0) for x in (ours, theirs))
    ab = scale * ((ours - a) * (theirs - b)).sum(axis=0)
    # (b² - bb) ρ² - 2 (a b - ab) ρ + (a² - aa) <= 0
    square, linear, constant = b**2 - bb, a * b - ab, a**2 - aa
    with np.errstate(divide="ignore", invalid="ignore"):
        root = np.sqrt(np.maximum(linear**2 - square * constant, 0))
        low, high = (linear - root) / square, (linear + root) / square
    bounded = square > 0
    return np.where(bounded, low, np.nan), np.where(bounded, high, np.nan)


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
