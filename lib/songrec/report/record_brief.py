"""The brief's figures on record: beside those measured, and what they say about its unnamed data."""

from collections.abc import Sequence

import pandas as pd

from songrec.report.record import RANGE, SHARES, Record, written
from songrec.report.show import Table, right_aligned, table
from songrec.report.style import label
from songrec.report.tables_models import NAMES

BRIEF = {
    "popularity": {"precision": 0.12, "recall": 0.08, "average_precision": 0.07, "coverage": 0.15},
    "user_knn": {"precision": 0.31, "recall": 0.24, "average_precision": 0.22, "coverage": 0.48},
    "item_knn": {"precision": 0.34, "recall": 0.27, "average_precision": 0.25, "coverage": 0.52},
}
"""What was promised before anything was measured, for popularity, user-CF and item-CF."""


def brief(records: Sequence[Record]) -> Table:
    """The brief's figures beside those measured on each log of songs."""
    songs = [record for record in records if record.item == "song"]
    rows = []
    for metric in BRIEF["popularity"]:
        for model, stated in BRIEF.items():
            row = {"metric": f"{NAMES[metric]}@10", "model": label(model)}
            share = metric in SHARES
            row["brief"] = f"{100 * stated[metric]:.0f} %" if share else f"{stated[metric]:.2f}"
            for record in songs:
                row[record.run["title"]] = written(metric, record.estimate(model, f"{metric}@10"))
            rows.append(row)
    return right_aligned(table(pd.DataFrame(rows), note=RANGE), left=2)


def implied(record: Record) -> Table:
    """What the brief's figures say about its unnamed data, beside the same quantities measured.

    Precision over recall: with h hits in ten places and n songs held out, P@10 = h / 10 and R@10 = h / n, so
    10 P@10 / R@10 is about n. Coverage: popularity lists about the same few songs on any catalogue, and they
    are 15 % of a small one.
    """
    rows = []
    for model, stated in BRIEF.items():
        measured = [record.estimate(model, f"{metric}@10").value for metric in ("precision", "recall")]
        rows.append(
            {
                "quantity": f"songs held out of a user, 10 × P@10 / R@10 of {label(model)}",
                "brief": f"{10 * stated['precision'] / stated['recall']:.0f}",
                "measured": f"{10 * measured[0] / measured[1]:.1f}",
            }
        )
    songs = record.run["songs"]
    listed = record.estimate("popularity", "coverage@10").value * songs
    rows += [
        {"quantity": "songs in popularity's lists", "brief": "", "measured": f"{listed:,.0f}"},
        {
            "quantity": "size of the catalogue; for the brief, that in which as many are 15 %",
            "brief": f"{listed / BRIEF['popularity']['coverage']:,.0f}",
            "measured": f"{songs:,}",
        },
        {
            "quantity": "gain of item-KNN over popularity, precision@10",
            "brief": f"{BRIEF['item_knn']['precision'] / BRIEF['popularity']['precision']:.1f}",
            "measured": f"{record.compare('over', 'item_knn', 'popularity', 'precision@10').value:.2f}",
        },
    ]
    return right_aligned(table(pd.DataFrame(rows)), left=1)
