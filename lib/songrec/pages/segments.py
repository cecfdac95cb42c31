"""Segments: accuracy by groups of users and by classes of hidden songs (a part of the page `beyond`)."""

from collections.abc import Sequence

import pandas as pd

from songrec.evaluation.metrics import DECIDING
from songrec.pages.beyond import BY_ACTIVITY, BY_SONG, BY_TASTE, STAGE, measure, only, title
from songrec.results import Results
from songrec.show.figure import Figure, beside, legend, subplots
from songrec.show.numbers import share
from songrec.show.table import RANGE, Table, by_log, wide


def by_group(run: Results) -> Figure:
    """Accuracy by history, by taste and by hidden song: a panel each, a line a model."""
    rows = run.table(STAGE, "segments")
    kinds = {BY_ACTIVITY: "by history", BY_TASTE: "by taste", BY_SONG: f"by hidden {run.item}"}
    canvas, panels = subplots(columns=3, height=4.0)
    for axes, (by, heading) in zip(panels, kinds.items(), strict=True):
        beside(axes, rows[rows["by"] == by], "group", run, markersize=4, linewidth=1, capsize=1.5)
        axes.set(ylim=(0, None), ylabel=title(run, "recall" if by == BY_SONG else DECIDING), title=heading)
        axes.tick_params(axis="x", labelsize=8)
    legend(canvas, panels[0])
    first = measure(run, DECIDING)["model"].iloc[0]
    mine = rows[rows["model"] == first].replace({"by": {BY_SONG: f"hidden {run.item}"}})
    said = [f"{row.group} {row.by} {row.value:.3g}" for row in mine.itertuples()]
    return Figure(
        canvas,
        rows,
        f"Accuracy by thirds of the users and by classes of hidden {run.item}s, with 95 % intervals. The "
        "scales differ.",
        f"Three panels, a line a model over three groups. {run.label(first)}: {'; '.join(said)}.",
    )


def by_song(run: Results, models: list[str] | None = None) -> Table:
    """Recall of hidden songs by how popular they are; the note says what the classes are."""
    rows = only(run.rows(STAGE, "segments", by=BY_SONG), models)
    note = f"{title(run, 'recall')} of hidden {run.item}s. {RANGE} {_classes(run)}"
    return wide(rows, "model", "group", name=run.label, note=note)


def _classes(run: Results) -> str:
    parts = [
        f"the {row.songs} are {row.number:,} {run.item}s ({share(row.catalogue)} of all), with "
        f"{share(row.listening)} of the interactions and {share(row.hidden)} of what was hidden"
        for row in run.table(STAGE, "classes").itertuples()
    ]
    return f"{run.title}: {'; '.join(parts)}."


def all_by_song(runs: Sequence[Results], models: list[str] | None = None) -> Table:
    """`by_song` of every log."""
    note = f"{title(runs[0], 'recall')}. {RANGE} The classes. {' '.join(map(_classes, runs))}"
    return by_log(runs, lambda run: by_song(run, models), note)


def by_user(run: Results, models: list[str] | None = None) -> Table:
    """MAP of the outer thirds of the users, by history and by taste."""
    rows = run.table(STAGE, "segments")
    parts = []
    for by in (BY_ACTIVITY, BY_TASTE):
        mine = rows[rows["by"] == by]
        groups = list(dict.fromkeys(mine["group"]))
        outer = mine[mine["group"].isin([groups[0], groups[-1]])]
        parts.append(outer.assign(group=outer["group"] + f" {by}"))
    note = f"{title(run)}. {RANGE} Each column is a third of the users; the middle thirds are not shown."
    return wide(only(pd.concat(parts), models), "model", "group", name=run.label, note=note)


def all_by_user(runs: Sequence[Results], models: list[str] | None = None) -> Table:
    """`by_user` of every log."""
    return by_log(runs, lambda run: by_user(run, models))
