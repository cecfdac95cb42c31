"""Figures of the definitions. Each draws a table of `tables_definitions`."""

import numpy as np
import pandas as pd

from songrec.report.style import REAL, Chart, chart, colour, key, label, marker, title


def definitions(table: pd.DataFrame) -> Chart:
    """Every definition of a word, a panel a word: a point a model, bars for the 95 % intervals.

    table : `tables_definitions.values`.
    """
    families = list(dict.fromkeys(table["family"]))
    models = list(dict.fromkeys(table["model"]))
    figure, panels = chart(columns=2, rows=(len(families) + 1) // 2, height=5.8)
    for axes, family in zip(panels, families, strict=True):
        rows = table[table["family"] == family]
        words = list(dict.fromkeys(rows["definition"]))
        for place, model in enumerate(models):
            of = rows[rows["model"] == model]
            value, low, high = (of[name].to_numpy() for name in ("value", "ci_low", "ci_high"))
            at = np.arange(len(of)) + (place - (len(models) - 1) / 2) * min(0.6 / len(models), 0.12)
            axes.errorbar(
                value,
                at,
                xerr=np.maximum([value - low, high - value], 0),
                color=colour(model),
                marker=marker(model),
                markersize=4.5,
                elinewidth=1,
                linestyle="",
                label=label(model),
            )
        axes.set_yticks(np.arange(len(words)), [word.replace("), ", "),\n") for word in words])
        axes.set(xlim=(0, None), ylim=(len(words) - 0.5, -0.5))
        axes.grid(False, axis="y")
        title(axes, f"{family}@{int(table['k'].iloc[0])}")
    key(figure, panels[0])
    return figure


def two_ways(table: pd.DataFrame, across: str, up: str, diagonal: bool = False) -> Chart:
    """The same metric measured in two ways: a point a model, bars for both 95 % intervals.

    table : `tables_definitions.two_ways`; across, up : labels of its first and its second way.
    diagonal : draw the line on which both are equal, where they can be.
    """
    figure, (axes,) = chart(height=3.9)
    if diagonal:
        axes.axline((0, 0), slope=1, color=REAL, linewidth=1, linestyle="--")
    for row in table.itertuples():
        axes.errorbar(
            row.first,
            row.second,
            xerr=_bar(row.first, row.first_low, row.first_high),
            yerr=_bar(row.second, row.second_low, row.second_high),
            color=colour(row.model),
            marker=marker(row.model),
            capsize=2,
            elinewidth=1,
            linestyle="",
            label=label(row.model),
        )
    axes.set(xlabel=across, ylabel=up, xlim=(0, None), ylim=(0, None))
    key(figure, axes)
    return figure


def _bar(value: float, low: float, high: float):
    return None if np.isnan(low) else [[max(value - low, 0)], [max(high - value, 0)]]
