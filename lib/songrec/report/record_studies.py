"""Tables of the studies on record: cold start, fewer dimensions, songs that a model finds alike."""

import pandas as pd

from songrec.report import tables_definitions, tables_repeats
from songrec.report.numbers import ends
from songrec.report.record import Record
from songrec.report.show import Table, table


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
    return _right(table(pd.DataFrame(rows).fillna(""), note=f"{note}the 95 % interval."))


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
    return _right(table(pd.DataFrame(rows), note="In brackets the 95 % interval.", empty="Nothing is known."))


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
    return _right(table(pd.DataFrame(rows), note="± is half of the 95 % interval."))


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
    return _right(table(cells))


def seeds(record: Record) -> Table:
    """MAP@10 of each draw: a row a model, a column a seed."""
    return _right(table(tables_repeats.seed_cells(record.study("repeats", "by_seed"), 10)))


def definitions(record: Record) -> Table:
    """By how much one word's number moves with its definition, the lists being the same."""
    cells = tables_definitions.spread_cells(record.study("definitions", "spread"))
    note = "The largest of a word's values over its smallest, at ten places."
    return _right(table(cells, note=note))


def _right(made: Table) -> Table:
    """All columns but the first aligned right."""
    return Table(made.cells, [place < 1 for place in range(made.cells.shape[1])], made.strong, made.note)
