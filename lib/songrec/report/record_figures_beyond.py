"""Figures of what lists do besides hitting, on record, each with the words that stand for it."""

from collections.abc import Sequence

import pandas as pd

from songrec.report import figures_beyond
from songrec.report.record import Record
from songrec.report.record_beyond import REALLY_PLAYED, chosen_lambda, overlap_ends
from songrec.report.style import Chart, label
from songrec.report.tables_beyond import EVERYBODY, SHARES, SHOWN
from songrec.report.tables_models import DECIDING, HELD_OUT
from songrec.report.words import folded


def accuracy_against(records: Sequence[Record]) -> tuple[Chart, str]:
    """MAP against serendipity, coverage, novelty and diversity on one data set."""
    glance = records[0].study("beyond", "glance")
    wide = glance.pivot(index="model", columns="metric", values="value")  # noqa: PD010
    wide = wide.loc[list(dict.fromkeys(glance["model"]))]
    said = [
        f"{label(str(model))} "
        + ", ".join(_short(name, row[name]) for name in (DECIDING, *figures_beyond.AGAINST))
        for model, row in wide.iterrows()
    ]
    axes = ", ".join(SHOWN[name].lower() for name in figures_beyond.AGAINST)
    return figures_beyond.trade_offs(glance, 10), (
        f"Four panels, points one a model, MAP at 10 upwards; to the right {axes}. In this order: "
        f"{'; '.join(said)}."
    )


def _short(metric: str, value: float) -> str:
    return f"{100 * value:.0f} %" if metric in SHARES else f"{value:.3g}"


def lift(records: Sequence[Record]) -> tuple[Chart, str]:
    """Popularity lift by group of users on one data set; popularity's own is off the scale and left out."""
    record = records[0]
    rows = record.study("beyond", "lifts")
    shown = rows[(rows["model"] != "popularity") & (rows["group"] != EVERYBODY)]
    groups = list(dict.fromkeys(shown["group"]))
    said = [
        f"{REALLY_PLAYED if model == HELD_OUT else label(str(model))} "
        + ", ".join(f"{100 * value:+.0f} %" for value in mine["value"])
        for model, mine in shown.groupby("model", sort=False)
    ]
    left = rows[rows["model"] == "popularity"].set_index("group").loc[groups, "value"]
    return figures_beyond.lifts(shown, record.item), (
        f"A row a model, a point for {', '.join(groups)} listeners; to the right, by how much lists are more "
        f"popular than histories. In this order: {'; '.join(said)}. Not drawn: popularity "
        f"{', '.join(f'{100 * value:+,.0f} %' for value in left)}."
    )


def thinning(records: Sequence[Record]) -> tuple[Chart, str]:
    """MAP as the log is thinned, a panel a data set."""
    tables = {folded(record.run["title"]): record.study("beyond", "thinning") for record in records}
    said = [f"{record.run['title']}: {_left(record.study('beyond', 'thinning'))}" for record in records]
    return figures_beyond.thinnings(tables, 10), (
        "A panel a data set, lines one a model that fall to the left as the log is thinned, MAP at 10 "
        f"upwards. With the whole log and with the least of it, {'; '.join(said)}."
    )


def _left(rows: pd.DataFrame) -> str:
    by = rows.set_index(["model", "share"])["value"]
    ends = rows["share"].max(), rows["share"].min()
    models = dict.fromkeys(rows["model"])
    return ", ".join(f"{label(m)} {by[m, ends[0]]:.3f} and {by[m, ends[1]]:.3f}" for m in models)


def frontier(records: Sequence[Record]) -> tuple[Chart, str]:
    """What variety costs on one data set: MAP against diversity as lambda grows."""
    rows, chosen = records[0].study("beyond", "frontier"), chosen_lambda(records[0])
    on_test = rows[rows["part"] == "test"]
    said = [f"{row.value:.3f} at {row.diversity:.3f} with lambda {row[1]:g}" for row in on_test.itertuples()]
    return figures_beyond.frontier(rows, chosen, 10), (
        "Two lines, validation and test, that fall from left to right: MAP at 10 upwards, diversity to the "
        f"right. On test {', '.join(said)}. The ring is at lambda {chosen:g}."
    )


def overlap(records: Sequence[Record]) -> tuple[Chart, str]:
    """How alike every two models' lists are on one data set."""
    rows = records[0].study("beyond", "overlap")
    models = ", ".join(label(model) for model in dict.fromkeys([*rows["one"], *rows["other"]]))
    most, least = overlap_ends(records[0])
    return figures_beyond.overlap(rows), (
        f"A square of numbers, a row and a column a model: {models}. Each is the mean Jaccard overlap of two "
        f"models' lists, from {least} to {most}."
    )
