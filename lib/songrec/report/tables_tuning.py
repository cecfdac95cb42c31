"""What the searches of all models were worth, as tables."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from songrec.evaluation import average_precision, find_hits, paired_difference
from songrec.lists import TopN
from songrec.report.numbers import decimals, ends
from songrec.report.style import label
from songrec.report.tables_tune import asked

WORTH = [
    "model",
    "trials",
    "asked",
    "capped",
    "edges",
    "validation_untuned",
    "validation",
    "untuned",
    "value",
    "difference",
    "ci_low",
    "ci_high",
    "n_users",
]


def worth(
    tuned: Mapping[str, Mapping[str, Any]],
    lists: Mapping[str, TopN],
    untuned: Mapping[str, TopN],
    holdout: csr_array,
    cutoff: int,
) -> pd.DataFrame:
    """What tuning gave each model, a row a model in the order of `tuned`, in the columns `WORTH`.

    `validation_untuned` and `validation` are the MAP of the first and of the chosen trial; `untuned` and
    `value` that of the test users, with their difference and its paired 95 % interval, all of four digits.
    """
    rows = []
    for model, found in tuned.items():
        column = f"average_precision@{cutoff}"
        ours, plain = (
            pd.DataFrame(
                {column: average_precision(find_hits(each.songs, holdout), cutoff)}, index=each.users
            )
            for each in (lists[model], untuned[model])
        )
        test = paired_difference(ours, plain).iloc[0]
        at = "; ".join(f"{name} {end}" for name, end in found["edges"].items())
        rows.append(
            [model, found["trials"], found["asked"], found["capped"], at]
            + [np.nan if found[key] is None else found[key] for key in ("untuned_value", "value")]
            + [test[key] for key in ("baseline", "value", "difference", "ci_low", "ci_high", "n_users")]
        )
    table = pd.DataFrame(rows, columns=WORTH).astype({"n_users": int})
    numbers = WORTH[5:12]
    table[numbers] = table[numbers].map(lambda value: float(f"{value:.4g}"))
    return table


def worth_cells(table: pd.DataFrame, tuned: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """`worth` for reading, the models that had something to search."""
    rows = []
    for row in table[table["asked"] > 0].itertuples():
        digits = decimals((row.ci_high - row.ci_low) / 2)
        rows.append(
            [
                label(row.model),
                asked(tuned[row.model]),
                f"{row.validation_untuned:.4f}",
                f"{row.validation:.4f}",
                f"{row.untuned:.{digits}f}",
                f"{row.value:.{digits}f}",
                f"{row.difference:+.{digits}f}",
                ends(row.ci_low, row.ci_high, digits),
                row.edges or "none",
            ]
        )
    columns = ["model", "search", "validation, untuned", "validation, tuned"]
    columns += ["test, untuned", "test, tuned", "difference", "95 % interval", "at an edge"]
    return pd.DataFrame(rows, columns=columns)


def progress(trials: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """The best value so far after each trial: columns `model`, `trial` (from 1), `best`."""
    tables = [
        pd.DataFrame({"model": model, "trial": table["trial"] + 1, "best": table["value"].cummax()})
        for model, table in trials.items()
        if len(table)
    ]
    return (
        pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=["model", "trial", "best"])
    )


def points(trials: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Every trial once for each hyper-parameter that it set.

    Columns `model`, `hyperparameter`, `setting` (a number or a text), `value`, and `chosen`, which marks the
    trial that was kept.
    """
    tables = []
    for model, table in trials.items():
        names = [name for name in table.columns[3:] if table[name].notna().any()]
        for name in names:
            here = table[table[name].notna()]
            best = here.index == table["value"].idxmax()
            tables.append(
                pd.DataFrame(
                    {
                        "model": model,
                        "hyperparameter": name,
                        "setting": here[name].astype(object),
                        "value": here["value"],
                        "chosen": best,
                    }
                )
            )
    columns = ["model", "hyperparameter", "setting", "value", "chosen"]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=columns)


def seconds_cells(costs: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """What each search took, for reading."""
    rows = [
        [label(model), f"{len(cost['seconds'])}", f"{sum(cost['seconds']):,.1f}", int(cost["threads"])]
        for model, cost in costs.items()
        if cost["seconds"]
    ]
    return pd.DataFrame(rows, columns=["model", "trials", "search (s)", "threads"])
