"""What would have been shipped by looking at validation alone, beside the model that came first on test.

The first of many on test owes a part of its place to luck on these very users. The model that stands first
on validation was chosen by other plays, and its value on test has no such share of luck.
"""

from collections.abc import Sequence

import pandas as pd

from songrec.report.numbers import ends
from songrec.report.record import DECIDING, Record, written
from songrec.report.show import Table, right_aligned, table


def selection(records: Sequence[Record]) -> Table:
    """For every log, of all models and of single ones: chosen by validation, first on test, and between."""
    rows = []
    for record in records:
        for kind, single in (("of all", False), ("of single models", True)):
            chosen = record.chosen(single)
            first = record.single() if single else record.ranked()[0]
            between = record.compare("minus", first, chosen, DECIDING)
            rows.append(
                {
                    "data set": "" if single else record.run["title"],
                    "": kind,
                    "chosen by validation": record.label(chosen),
                    "its MAP@10 on test": written("average_precision", record.estimate(chosen, DECIDING)),
                    "first on test": record.label(first),
                    "ahead by": "same model"
                    if first == chosen
                    else f"{between.value:.4f} ({ends(between.low, between.high, 4)})",
                }
            )
    note = "± is half of the 95 % interval; in brackets that of the difference, user by user."
    return right_aligned(table(pd.DataFrame(rows), note=note), left=3)
