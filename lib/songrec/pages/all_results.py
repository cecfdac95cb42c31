"""Every mean on record: log, protocol, model, metric and cut-off, for one table to filter and sort."""

from collections.abc import Sequence

import pandas as pd

from songrec.evaluation.metrics import DECIDING, METRICS
from songrec.results import Results, protocol_of

DIGITS = 4
"""Decimals that are shown: intervals support no more (`show.numbers.MOST`)."""


def means(every: Sequence[Results]) -> pd.DataFrame:
    """A row for each mean of the records: what was measured, and the ends of its 95 % interval.

    Returns
    -------
    DataFrame
        Log, Protocol, Model, Metric, k, Mean, Low, High, Users; numbers are numbers, so that they sort. First
        stands what decides, best model first: the deciding metric at 10, log by log.
    """
    rows = pd.concat([_of(run) for run in every], ignore_index=True)
    first = (rows["k"] == 10) & (rows["Metric"] == METRICS[DECIDING].title())
    by_log = [each.sort_values("Mean", ascending=False) for _, each in rows[first].groupby("run", sort=False)]
    return pd.concat([*by_log, rows[~first]], ignore_index=True).drop(columns="run")


def _of(run: Results) -> pd.DataFrame:
    rows = run.table("evaluate", "metrics")
    return pd.DataFrame(
        {
            "run": run.name,
            "Log": run.title.partition(", weak")[0].partition(", strong")[0],
            "Protocol": protocol_of(run).replace("_", " "),
            "Model": [run.label(model) for model in rows["model"]],
            "Metric": [METRICS[metric].title() for metric in rows["metric"]],
            "k": rows["k"],
            "Mean": rows["value"].round(DIGITS),
            "Low": rows["ci_low"].round(DIGITS),
            "High": rows["ci_high"].round(DIGITS),
            "Users": rows["n_users"],
        }
    )
