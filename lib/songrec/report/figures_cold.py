"""Figures of the cold start. Each draws a table of `tables_cold`, so its numbers can be had as one."""

import numpy as np
import pandas as pd

from songrec.report.style import Chart, chart, colour, key, label, marker, title
from songrec.report.tables_models import NAMES


def growth(table: pd.DataFrame, cutoff: int, item: str = "song") -> Chart:
    """Accuracy by the number of songs shown, a panel a metric, a line a model, bands for the 95 % intervals.

    table : `tables_cold.curves`.
    """
    shown = sorted(table["shown"].unique())
    metrics = list(dict.fromkeys(table["metric"]))
    figure, panels = chart(columns=len(metrics), height=3.7)
    for axes, metric in zip(panels, metrics, strict=True):
        for model, rows in table[(table["metric"] == metric) & (table["k"] == cutoff)].groupby(
            "model", sort=False
        ):
            at = np.searchsorted(shown, rows["shown"].to_numpy())
            value, low, high = (rows[name].to_numpy() for name in ("value", "ci_low", "ci_high"))
            axes.fill_between(at, low, high, color=colour(model), alpha=0.15, lw=0)
            axes.plot(at, value, color=colour(model), marker=marker(model), label=label(model))
        axes.set_xticks(np.arange(len(shown)), [str(n) for n in shown])
        axes.set(xlabel=f"{item}s shown (not to scale)", ylim=(0, None))
        title(axes, f"{NAMES[metric]}@{cutoff}")
    panels[0].set_ylabel("mean over users")
    key(figure, panels[0])
    return figure
