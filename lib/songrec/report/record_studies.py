"""Tables of the studies on record: cold start, fewer dimensions, songs that a model finds alike."""

from collections.abc import Sequence

import pandas as pd

from songrec.report import tables_definitions, tables_repeats
from songrec.report.numbers import decimals, ends
from songrec.report.record import RANGE, Record
from songrec.report.show import Table, right_aligned, table


def cold_start(record: Record) -> Table:
    """MAP@10 of new users by the number of songs they have shown: a row a model, a column a number."""
    growth = record.study("cold_start", "growth")
    growth = growth[(growth["metric"] == "average_precision") & (growth["k"] == 10)]
    rows = []
    for model, mine in growth.groupby("model", sort=False):
        cells = {
            f"{row.shown} shown": f"{row.value:.4f} ± {(row.ci_high - row.ci_low) / 2:.4f}"
            if row.value
            else "no list"
            for row in mine.itertuples()
        }
        rows.append({"model": record.label(str(model)), **cells})
    users = int(growth["n_users"].max())
    note = (
        f"{users:,} users whom no model had met; the hidden songs are the same in every column. ± is half of "
    )
    return right_aligned(table(pd.DataFrame(rows).fillna(""), note=f"{note}the 95 % interval."))


def cold_gains(records: Sequence[Record]) -> Table:
    """By how much models are ahead of the charts, on every log: a row a model, a column a number of songs."""
    rows, marks = [], []
    for record in records:
        gains = record.study("cold_start", "gains")
        gains = gains[gains["shown"] > 0].assign(half=(gains["ci_high"] - gains["ci_low"]) / 2)
        digits = decimals(gains["half"].max())
        for place, (model, mine) in enumerate(gains.groupby("model", sort=False)):
            mine = mine.assign(lead=mine["difference"].round(digits) + 0.0)  # never -0.000
            cells = {
                f"{row.shown} shown": f"{row.lead:+.{digits}f} ± {row.half:.{digits}f}"
                for row in mine.itertuples()
            }
            head = {"data set": "" if place else record.run["title"], "model": record.label(str(model))}
            rows.append(head | cells)
            marks.append(dict(zip(cells, mine["ci_low"] > 0, strict=True)))
    note = f"MAP@10 minus that of popularity with as much shown, user by user. {RANGE} Bold: clear of zero."
    return right_aligned(table(pd.DataFrame(rows), strong=pd.DataFrame(marks), note=note), left=2)


def new_songs(record: Record) -> Table:
    """How well new songs are placed by their artist, beside chance."""
    found = record.study("cold_start", "new_songs")
    found = found[found["k"] == 10]
    rows = []
    for way, mine in found.groupby("way", sort=False):
        by = mine.set_index("metric")
        rows.append(
            {
                "way": way,
                **{
                    name: f"{by.loc[metric, 'value']:.4f} ({_interval(by.loc[metric])})"
                    for metric, name in (("average_precision", "MAP@10"), ("recall", "Recall@10"))
                },
                "users": f"{int(by['n_users'].max()):,}",
            }
        )
    return right_aligned(
        table(pd.DataFrame(rows), note="In brackets the 95 % interval.", empty="Nothing is known.")
    )


def _interval(row: pd.Series) -> str:
    return ends(row["ci_low"], row["ci_high"], 4) or "exact"


def ranks(record: Record) -> Table:
    """Accuracy and memory against the number of factors, beside the full space."""
    found = record.study("scale", "accuracy")
    rows = [
        {
            "model": _RANKED.get(row.model, row.model),
            "dimensions": f"{row.rank:,}",
            "MAP@10": f"{row.average_precision:.4f} ± "
            f"{(row.average_precision_high - row.average_precision_low) / 2:.4f}",
            "Recall@10": f"{row.recall:.4f}",
            "memory, MB": f"{row.bytes / 1e6:,.1f}",
        }
        for row in found.itertuples()
    ]
    return right_aligned(table(pd.DataFrame(rows), note="± is half of the 95 % interval."))


_RANKED = {
    "item_knn": "item-KNN, full space",
    "reduced_item_knn": "item-KNN on the factors",
    "pure_svd": "PureSVD",
}


def similar(record: Record, song: int = 0, models: str = "item_knn als") -> Table:
    """What models find most like one song, side by side; `song` counts from 0."""
    frame = record.similar
    songs = list(dict.fromkeys(frame["song"]))
    mine = frame[frame["song"] == songs[song]]
    columns = {
        record.label(model): mine[mine["model"] == model].set_index("rank")["like it"]
        for model in models.split()
    }
    cells = pd.DataFrame(columns).fillna("").rename_axis("").reset_index()
    return table(cells.astype({"": str}), note=f"Like: {songs[song]}.")


def repeats(record: Record) -> Table:
    """Several draws of the split: MAP@10 over them, its spread between draws and between users."""
    cells = tables_repeats.spread_cells(record.study("repeats", "spread"), 10)
    return right_aligned(table(cells))


def seeds(record: Record) -> Table:
    """MAP@10 of each draw: a row a model, a column a seed."""
    return right_aligned(table(tables_repeats.seed_cells(record.study("repeats", "by_seed"), 10)))


def draws(records: Sequence[Record]) -> Table:
    """Who is ahead of whom over several draws of the split, log by log: a row two neighbours in the order."""
    tables = []
    for record in records:
        cells = tables_repeats.order_cells(record.study("repeats", "order"))
        cells.insert(0, "data set", [record.run["title"], *[""] * (len(cells) - 1)])
        tables.append(cells)
    note = "MAP@10, user by user. Clear of 0: the paired 95 % interval of that draw lies above it."
    return right_aligned(table(pd.concat(tables, ignore_index=True), note=note), left=3)


def definitions(record: Record) -> Table:
    """By how much one word's number moves with its definition, the lists being the same."""
    cells = tables_definitions.spread_cells(record.study("definitions", "spread"))
    note = "The largest of a word's values over its smallest, at ten places."
    return right_aligned(table(cells, note=note))
