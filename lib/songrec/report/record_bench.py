"""What it costs to judge lists: evaluators side by side, from the table that `make bench` keeps."""

from collections.abc import Sequence

import pandas as pd

from songrec.errors import DataError
from songrec.report.record import Record
from songrec.report.show import Table, right_aligned, table

FILE = "bench/evaluators.csv"

NAMES = {"songrec": "this project", "lenskit": "LensKit", "rectools": "RecTools"}


def evaluators(records: Sequence[Record]) -> Table:
    """A row for each evaluator: its metrics, and its times with all cut-offs and with one alone."""
    path = records[0].folder.parent / FILE
    try:
        found = pd.read_csv(path).dropna(subset=["seconds"])
    except (OSError, ValueError, KeyError) as error:
        raise DataError(f"cannot read {path}: {error}. `make bench` makes it.") from error
    rows = []
    for name, mine in found.groupby("evaluator", sort=False):
        row = {"evaluator": f"{NAMES.get(name, name)} {mine['version'].iloc[0]}"}
        row["metrics"] = f"{mine['metrics'].iloc[0]}"
        for each in mine.itertuples():
            asked = "one cut-off" if each.cutoffs == 1 else f"{each.cutoffs} cut-offs"
            row[f"{asked}, ms"] = f"{1000 * each.seconds:,.1f}"
            row[f"processor, {asked}, ms"] = f"{1000 * each.cpu_seconds:,.1f}"
            row[f"times this project's, {asked}"] = f"{each.times:,.1f}"
        rows.append(row)
    first = found.iloc[0]
    machine = first["machine"]
    note = (
        f"{first['users']:,} lists of {first['n']:,} places: the median of several runs, wall clock and "
        f"processor, all evaluators in turn on the same lists. {machine}"
    )
    return right_aligned(table(pd.DataFrame(rows), note=note), left=1)
