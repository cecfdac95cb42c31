"""Re-ranking: what another order of the same candidates gives and costs (a part of the page `beyond`)."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from songrec.evaluation.metrics import DECIDING
from songrec.pages.beyond import STAGE, title
from songrec.results import Results
from songrec.show.figure import Figure, arms, errorbar, legend, subplots
from songrec.show.prose import Prose
from songrec.show.style import ACCENTS
from songrec.show.table import RANGE, Column, Table, counts, estimates, table, words

PARTS = {"validation": (ACCENTS[1], "o", "--"), "test": (ACCENTS[0], "s", "-")}
"""Colour, marker and line of each part."""


def curve(run: Results) -> Figure:
    """MAP against diversity as lambda grows, on validation and on test; the chosen lambda is ringed."""
    rows, chosen = run.table(STAGE, "rerank_curve"), run.facts(STAGE)["lambda"]
    canvas, (axes,) = subplots(height=4.0)
    said = []
    for part, (shade, shape, line) in PARTS.items():
        of = {name: mine.set_index("lambda") for name, mine in rows[rows["part"] == part].groupby("metric")}
        across, up = of["diversity"]["value"], of[DECIDING]
        look = {"color": shade, "marker": shape, "linestyle": line, "linewidth": 1.2, "markersize": 4.5}
        errorbar(axes, across, up["value"], yerr=arms(up), label=part, **look)
        ring = {"marker": "o", "markersize": 13, "color": shade, "fillstyle": "none"}
        axes.plot([across[chosen]], [up.loc[chosen, "value"]], **ring)
        said = [
            f"{up.loc[one, 'value']:.3f} at {across[one]:.3f} with lambda {one:g}" for one in across.index
        ]
    shown, apart = -np.inf, 0.03 * np.ptp(across)
    for value, at in across.items():
        if at - shown > apart:  # the first steps change little: their numbers would overlap
            where = {"xytext": (6, 6), "textcoords": "offset points", "fontsize": 8}
            axes.annotate(f"{value:g}", (at, up.loc[value, "value"]), **where)
            shown = at
    axes.set(xlabel=title(run, "diversity"), ylabel=title(run), ylim=(0, None))
    legend(canvas, axes)
    member = run.label(run.facts(STAGE)["member"])
    return Figure(
        canvas,
        rows[rows["metric"].isin([DECIDING, "diversity"])][["part", "lambda", "metric", "value"]],
        f"What variety costs: mean average precision of {member}, with 95 % intervals, against the diversity "
        "of its re-ranked lists. Numbers are lambda; the one that validation chose is ringed.",
        f"Two lines, validation and test, {title(run)} upwards and diversity to the right. On test "
        f"{', '.join(said)}. The ring is at lambda {chosen:g}.",
    )


def _rows(run: Results, metric: str, statistic: str) -> pd.DataFrame:
    return run.rows(STAGE, "rerank_effect", metric=metric, statistic=statistic)


def effect(run: Results) -> Table:
    """The re-ranked lists against the order as it was, on test: a row a metric."""
    rows = run.table(STAGE, "rerank_effect")
    metrics = list(dict.fromkeys(rows["metric"]))
    columns = {"metric": words(title(run, metric) for metric in metrics)}
    heads = {"before": "before", "after": "re-ranked", "difference": "difference", "ratio": "ratio"}
    for statistic, head in heads.items():
        signed = statistic == "difference"
        cells = [estimates(_rows(run, metric, statistic), signed=signed).cells[0] for metric in metrics]
        columns[head] = Column(cells)
    return table(columns, note=f"Differences and ratios of the means, user by user. {RANGE}")


def caps(run: Results) -> Table | Prose:
    """What a cap on the songs of one artist gives and costs, on test: a row a cap."""
    rows = run.table(STAGE, "rerank_caps")
    if rows.empty:
        return Prose(f"The log names no artists of its {run.item}s, so there is none to cap.")

    def column(metric: str, statistic: str, **how: Any) -> Column:
        return estimates(rows[(rows["metric"] == metric) & (rows["statistic"] == statistic)], **how)

    return table(
        {
            "of an artist, at most": counts(rows["cap"].drop_duplicates()),
            "artists in a list": column("artists", "after"),
            "more by": column("artists", "difference", signed=True),
            "diversity": column("diversity", "difference", signed=True),
            f"{title(run)} kept": column(DECIDING, "ratio", unit="%"),
            "recall kept": column("recall", "ratio", unit="%"),
        },
        note=f"Lists of {run.label(run.facts(STAGE)['member'])}. Differences and ratios to lists "
        f"without a cap, user by user. {RANGE}",
    )


def all_effects(runs: Sequence[Results]) -> Table:
    """What another order of the same candidates gave and cost on test: a row a measure, a column a log."""
    columns = {"": words(["lambda", "MAP kept", "recall kept", "diversity", "novelty (bits)", "coverage"])}
    for run in runs:
        kept = [estimates(_rows(run, name, "ratio"), "%") for name in (DECIDING, "recall")]
        more = [estimates(_rows(run, name, "difference"), signed=True) for name in ("diversity", "novelty")]
        chosen = run.facts(STAGE)["lambda"]
        reach = run.rows(STAGE, "rerank_curve", part="test", metric="coverage").set_index("lambda")
        cells = [f"{chosen:g}", *(one.cells[0] for one in (*kept, *more))]
        columns[run.title] = Column([*cells, " to ".join(estimates(reach.loc[[0, chosen]], "%").cells)])
    return table(
        columns,
        note=f"At {runs[0].facts(STAGE)['cutoff']} places, of the test users, paired. {RANGE}",
    )
