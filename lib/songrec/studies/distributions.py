"""How counts are spread: the share at or above each value, and quantiles."""

from collections.abc import Mapping

import numpy as np
import pandas as pd


def survival(counts: np.ndarray) -> pd.DataFrame:
    """How much of a distribution lies at or above each value that occurs.

    Returns
    -------
    DataFrame
        value (ascending), share_at_least: the share of entries with at least that value.

    Examples
    --------
    >>> survival(np.array([1, 1, 5, 2]))
       value  share_at_least
    0      1            1.00
    1      2            0.50
    2      5            0.25
    """
    values, times = np.unique(counts, return_counts=True)
    at_least = times[::-1].cumsum()[::-1] / max(times.sum(), 1)
    return pd.DataFrame({"value": values, "share_at_least": at_least})


def quantiles(distributions: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """Minimum, median, mean, upper quantiles and maximum of each named distribution.

    Quantiles are values that occur: the least that so large a share does not exceed.

    Returns
    -------
    DataFrame
        of, min, median, mean, 90 %, 99 %, max: one row a distribution.
    """
    rows = []
    for name, counts in distributions.items():
        low, median, high, top = np.quantile(counts, [0, 0.5, 0.9, 0.99], method="inverted_cdf")
        rows.append([name, low, median, float(np.mean(counts)), high, top, counts.max()])
    return pd.DataFrame(rows, columns=["of", "min", "median", "mean", "90 %", "99 %", "max"])


def named(tables: Mapping[str, pd.DataFrame], column: str) -> pd.DataFrame:
    """Tables of the same columns one below the other, their names in a first column."""
    parts = [table.assign(**{column: name}) for name, table in tables.items()]
    whole = pd.concat(parts, ignore_index=True)
    return whole[[column, *whole.columns.drop(column)]]
