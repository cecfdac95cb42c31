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
            row[f"{asked}, ms"] = _three_digits(1000 * each.seconds)
            row[f"processor, {asked}, ms"] = _three_digits(1000 * each.cpu_seconds)
            row[f"times this project's, {asked}"] = _three_digits(each.times)
        rows.append(row)
    first = found.iloc[0]
    machine = first["machine"]
    most = found["runs"].max()
    fewer = [
        f"{NAMES.get(each.evaluator, each.evaluator)} with {each.cutoffs} cut-offs had {each.runs}"
        for each in found[found["runs"] < most].itertuples()
    ]
    note = (
        f"{first['users']:,} lists of {first['n']:,} places: the median of {most} runs, wall clock and "
        f"processor, all evaluators in turn on the same lists. "
        + "".join(f"{sentence}. " for sentence in fewer)
        + machine
    )
    return right_aligned(table(pd.DataFrame(rows), note=note), left=1)


def _three_digits(value: float) -> str:
    return f"{value:,.1f}" if value < 100 else f"{value:,.0f}"
