"""Tables of what lists do besides hitting, on record: one log by every measure, or all logs by one."""

from collections.abc import Callable, Sequence

import pandas as pd

from songrec.report import tables_beyond
from songrec.report.numbers import with_interval
from songrec.report.record import RANGE, Record
from songrec.report.show import Table, right_aligned, table
from songrec.report.style import label
from songrec.report.tables_beyond import EVERYBODY, ORDERED, SHOWN, text_of
from songrec.report.tables_models import DECIDING, HELD_OUT
from songrec.report.tables_segments import ACTIVITY, BY_ACTIVITY, BY_SONG, BY_TASTE, TASTES
from songrec.report.words import share

REALLY_PLAYED = "what they really played"
"""Stands for a model where the hidden songs themselves are judged."""


def beyond(record: Record, metrics: Sequence[str] = tuple(SHOWN)) -> Table:
    """Every model of one log by MAP and these measures of `tables_beyond.SHOWN`, best first."""
    found = record.study("beyond", "glance")
    found = found[found["metric"].isin([DECIDING, *metrics])]
    cells, marks = tables_beyond.glance_cells(found, 10)
    marked = [column for column in cells if any(column.startswith(SHOWN[name]) for name in ORDERED)]
    note = (
        f"{RANGE} Bold, in {' and '.join(marked)}: the largest mean, and all whose paired difference to it "
        "is not clear of zero, each pair by itself. The other columns describe; what has no ± is one number "
        "of all lists together."
    )
    return right_aligned(table(cells, strong=marks, note=note))


def lifts(records: Sequence[Record], models: str = "") -> Table:
    """Popularity lift on every log: a row a model, last what users really played; a column a group."""
    names = (*TASTES, EVERYBODY)

    def cells(record: Record) -> pd.DataFrame:
        return _wide(record.study("beyond", "lifts"), "group", names, percent=True)

    return _by_log(records, cells, models, f"{RANGE} At 0 lists are as popular as the user's own history.")


def by_song(records: Sequence[Record], models: str = "") -> Table:
    """Recall of hidden songs by how much they are heard, on every log: a row a model, a column a class."""

    def cells(record: Record) -> pd.DataFrame:
        found = record.study("beyond", "segments")
        classes = record.study("beyond", "makeup")["songs"]
        return _wide(found[found["by"] == BY_SONG], "group", classes)

    made_of = " ".join(f"{record.run['title']}: {_makeup(record)}." for record in records)
    return _by_log(records, cells, models, f"Recall@10. {RANGE} The classes. {made_of}")


def _makeup(record: Record) -> str:
    """How many songs each class has."""
    rows = record.study("beyond", "makeup").itertuples()
    return ", ".join(f"{row.songs} {row.number:,} {record.item}s ({share(row.catalogue)})" for row in rows)


def by_user(records: Sequence[Record], models: str = "") -> Table:
    """MAP of the outer thirds of the users, by history and by taste, on every log: a row a model."""
    kinds = ((BY_ACTIVITY, ACTIVITY), (BY_TASTE, TASTES))

    def cells(record: Record) -> pd.DataFrame:
        found = record.study("beyond", "segments")
        parts = [
            _wide(found[found["by"] == by], "group", (groups[0], groups[-1])).add_suffix(f" {by}")
            for by, groups in kinds
        ]
        return pd.concat(parts, axis=1)

    note = f"MAP@10. {RANGE} Each column is a third of the users; the middle thirds are not shown."
    return _by_log(records, cells, models, note)


def _wide(rows: pd.DataFrame, column: str, names: Sequence[str], percent: bool = False) -> pd.DataFrame:
    """Numbers with their intervals as text: a row a model, one of these names a column."""
    models = list(dict.fromkeys(rows["model"]))
    parts = {name: rows[rows[column] == name].set_index("model").reindex(models) for name in names}
    return pd.DataFrame({name: text_of(part, percent) for name, part in parts.items()}, index=models)


def _by_log(
    records: Sequence[Record], cells: Callable[[Record], pd.DataFrame], models: str, note: str
) -> Table:
    """One log below another: a row a model of those that are named, all if none is."""
    frames = []
    for record in records:
        wide = cells(record)
        chosen = [model for model in wide.index if not models or model in models.split() or model == HELD_OUT]
        wide = wide.loc[chosen]
        wide.insert(0, "model", [_whose(record, model) for model in chosen])
        wide.insert(0, "data set", [record.run["title"], *[""] * (len(chosen) - 1)])
        frames.append(wide)
    return right_aligned(table(pd.concat(frames, ignore_index=True), note=note), left=2)


def _whose(record: Record, model: str) -> str:
    return REALLY_PLAYED if model == HELD_OUT else record.label(model)


def chosen_lambda(record: Record) -> float:
    """The lambda of the re-ranking on record: that whose lists on test are the exchange's."""
    rows, paid = record.study("beyond", "frontier"), record.study("beyond", "exchange").set_index("metric")
    on_test = rows[rows["part"] == "test"]
    same = (on_test["value"] == paid.loc[DECIDING, "value"]) & (
        on_test["diversity"] == paid.loc["diversity", "value"]
    )
    return float(on_test.loc[same, "lambda"].iloc[0])


def exchange(records: Sequence[Record]) -> Table:
    """What another order of the same candidates gave and cost on test: a row a measure, a column a log."""
    columns = {}
    for record in records:
        by = record.study("beyond", "exchange").set_index("metric")
        columns[record.run["title"]] = {
            "lambda": f"{chosen_lambda(record):g}",
            "MAP@10 kept": _kept(by.loc[DECIDING]),
            "Recall@10 kept": _kept(by.loc["recall"]),
            "diversity, listeners": _more(by.loc["diversity"]),
            "novelty, bits": _more(by.loc["novelty"]),
            "coverage": _reach(record),
        }
    note = f"Of the test users, paired. {RANGE} Coverage is one number of all lists."
    return right_aligned(table(pd.DataFrame(columns).rename_axis("").reset_index(), note=note))


def _kept(row: pd.Series) -> str:
    """What is left, of the whole."""
    return with_interval(*(100 * row[name] for name in ("ratio", "ratio_low", "ratio_high")), 1) + " %"


def _more(row: pd.Series) -> str:
    text = with_interval(row["difference"], row["ci_low"], row["ci_high"])
    return text if row["difference"] < 0 else f"+{text}"


def _reach(record: Record) -> str:
    """Coverage before and after."""
    rows = record.study("beyond", "frontier")
    by = rows[rows["part"] == "test"].set_index("lambda")["coverage"]
    return " to ".join(f"{100 * by[value]:.1f} %" for value in (0.0, chosen_lambda(record)))


def overlap_ends(record: Record) -> list[str]:
    """Which two models' lists are most alike, which least, and the mean Jaccard of each pair."""
    rows = record.study("beyond", "overlap").sort_values("value")
    return [
        f"{label(row['one'])} and {label(row['other'])} {row['value']:.2f}"
        for _, row in rows.iloc[[-1, 0]].iterrows()
    ]
