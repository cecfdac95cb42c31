"""The table of results: one row per protocol, model, metric and cut-off."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from songrec.errors import DataError
from songrec.evaluation.evaluator import Evaluation
from songrec.evaluation.statistics import summarise
from songrec.files import write_text

COLUMNS = ["protocol", "model", "metric", "k", "value", "se", "ci_low", "ci_high", "n_users"]
NUMBERS = ["value", "se", "ci_low", "ci_high"]
DIGITS = 4
"""Significant digits of every number in the table. Another processor adds up in another order and may settle
a near-tie in a list otherwise; four digits is what holds there, and finer than standard errors support."""


def result_rows(evaluation: Evaluation, protocol: str, model: str) -> pd.DataFrame:
    """Rows of the result table for one model, in `COLUMNS`, rounded to `DIGITS` significant digits.

    Means over users carry standard error and interval. Coverage and Gini are one number of all lists
    together: their se, ci_low and ci_high are NaN (empty in the file).
    """
    means = summarise(evaluation.per_user)
    whole = evaluation.catalogue.melt(var_name="metric", ignore_index=False).reset_index()
    whole["n_users"] = len(evaluation.per_user)
    for column in ("se", "ci_low", "ci_high"):
        whole[column] = float("nan")
    rows = pd.concat([means, whole[list(means.columns)]], ignore_index=True)
    rows[NUMBERS] = rows[NUMBERS].map(_rounded)
    return rows.assign(protocol=protocol, model=model)[COLUMNS]


def save_results(rows: Sequence[pd.DataFrame], path: Path) -> None:
    """Write the rows of all models, in the order given, as CSV; the same rows give the same bytes."""
    table = pd.concat(rows, ignore_index=True)[COLUMNS]
    key = ["protocol", "model", "metric", "k"]
    if table.duplicated(key).any():
        twice = ", ".join(f"{table.loc[table.duplicated(key), name].iloc[0]}" for name in key)
        raise DataError(f"the result table has two rows for {twice}: one value each")
    write_text(path, table.to_csv(index=False, lineterminator="\n", float_format=f"%.{DIGITS}g"))


def load_results(path: Path) -> pd.DataFrame:
    """Read a result table; a missing file, or one with other columns, is a `DataError` that names it."""
    try:
        table = pd.read_csv(path)
    except (OSError, ValueError) as error:
        raise DataError(f"cannot read {path}: {error}") from error
    if list(table.columns) != COLUMNS:
        raise DataError(f"{path} is no result table: its columns are {list(table.columns)}, not {COLUMNS}")
    return table


def _rounded(number: float) -> float:
    return float(f"{number:.{DIGITS}g}")
