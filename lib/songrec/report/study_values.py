"""One number out of a table that a stage kept: the row is named by what stands in its other columns.

    growth/value?model=item_knn,shown=1       of studies/<stage>/growth.csv, column `value`, that row

Where a column has its interval: in `<column>_low` and `<column>_high`, else in `ci_low` and `ci_high`. Those
two speak of the difference in a table that has one, and of `value` in any other.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd

from songrec.config import suggest
from songrec.errors import DataError
from songrec.report.record import Estimate, Record


def study_estimate(record: Record, stage: str, asked: str, name: Callable[[str], str]) -> Estimate:
    """The number that `asked` names, `<table>/<column>?<key>=<value>,...`, with its interval if it has one.

    name : turns a model's stand-in (`best`, `single`) into its name.

    Raises `DataError` when there is no such table or column, or when not exactly one row fits.
    """
    place, _, conditions = asked.partition("?")
    table_name, _, column = place.partition("/")
    table = record.study(stage, table_name)
    where = f"studies/{stage}/{table_name}.csv of {record.profile}"
    _known(column, table, where)
    rows = table
    for condition in filter(None, conditions.split(",")):
        key, _, value = condition.partition("=")
        _known(key, table, where)
        rows = rows[_equal(rows[key], name(value) if key in ("model", "one", "other", "than") else value)]
    if len(rows) != 1:
        raise DataError(f"{where}: {len(rows)} rows fit {conditions!r}, and it must be one")
    row = rows.iloc[0]
    low, high = _interval(row, column)
    return Estimate(row[column], np.nan, low, high, int(row.get("n_users", 0)))


def _equal(column: pd.Series, value: str) -> pd.Series:
    try:
        return column.astype(float) == float(value)
    except ValueError:
        return column.astype(str) == value


def _interval(row: pd.Series, column: str) -> tuple[float, float]:
    if f"{column}_low" in row:
        return row[f"{column}_low"], row[f"{column}_high"]
    if column == ("difference" if "difference" in row else "value") and "ci_low" in row:
        return row["ci_low"], row["ci_high"]
    return np.nan, np.nan


def _known(column: str, table: pd.DataFrame, where: str) -> None:
    if column not in table:
        raise DataError(f"{where}: no column {column!r}{suggest(column, list(table.columns))}")
