"""Figures of the searches: what each setting does, and whether the trials were enough."""

import numpy as np
import pandas as pd

from songrec.report.style import Chart, chart, colour, key, label, log_scale, marker, title

COLUMNS = 4
WIDE = 50
"""From this ratio of the largest to the smallest setting on, a panel's axis is logarithmic."""


def sensitivity(points: pd.DataFrame) -> Chart:
    """A panel for each hyper-parameter of each model: validation MAP against its setting, a dot a trial."""
    panels = list(points.groupby(["model", "hyperparameter"], sort=False))
    rows = max(1, -(-len(panels) // COLUMNS))
    figure, axes = chart(columns=COLUMNS, rows=rows, height=0.4 + 1.75 * rows)
    for place, each in enumerate(axes):
        if place >= len(panels):
            each.set_axis_off()
            continue
        (model, name), table = panels[place]
        numbers = pd.to_numeric(table["setting"], errors="coerce")
        settings = numbers
        if numbers.isna().any():
            names = sorted(set(table["setting"].astype(str)))
            settings = table["setting"].astype(str).map(names.index)
            each.set_xticks(range(len(names)), names, rotation=30, ha="right")
            each.set_xlim(-0.5, len(names) - 0.5)
        elif numbers.min() > 0 and numbers.max() / numbers.min() > WIDE:
            log_scale(each.xaxis)
        chosen = table["chosen"].to_numpy(bool)
        x, y = settings.to_numpy(float), table["value"].to_numpy(float)
        each.plot(
            x[~chosen], y[~chosen], linestyle="", marker=".", markersize=5, color=colour(model), alpha=0.6
        )
        each.plot(x[chosen], y[chosen], linestyle="", marker=marker(model), color=colour(model))
        each.tick_params(labelsize=6.5)
        each.set_title(f"{label(model)}: {name}", loc="left", fontsize=7.5)
    return figure


def progress(best: pd.DataFrame) -> Chart:
    """The best value so far, relative to the end of the search, by trial."""
    figure, (axes,) = chart(height=3.4)
    for model, table in best.groupby("model", sort=False):
        relative = table["best"].to_numpy(float) / max(table["best"].max(), np.finfo(float).tiny)
        axes.step(table["trial"], relative, where="post", color=colour(model), label=label(model))
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.set(xlabel="trials", ylabel="best so far, relative to the end")
    title(axes, "MAP on validation")
    key(figure, axes)
    return figure


def worth(table: pd.DataFrame, cutoff: int) -> Chart:
    """Each model on the test users without (hollow) and with the search (filled)."""
    rows = table[table["asked"] > 0].sort_values("value")
    figure, (axes,) = chart(height=1.2 + 0.34 * max(len(rows), 1))
    for place, row in enumerate(rows.itertuples()):
        axes.plot([row.untuned, row.value], [place, place], color=colour(row.model), linewidth=1.2)
        axes.plot(
            row.untuned, place, marker=marker(row.model), color=colour(row.model), markerfacecolor="white"
        )
        axes.plot(row.value, place, marker=marker(row.model), color=colour(row.model))
    axes.set_yticks(range(len(rows)), [label(model) for model in rows["model"]])
    axes.set(xlabel=f"MAP@{cutoff}, test users (hollow: untuned)")
    axes.grid(False, axis="y")
    return figure
