"""Figures of what lists do besides hitting. Each draws a table of `tables_beyond` or `tables_segments`."""

from collections.abc import Mapping
from itertools import cycle

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from songrec.report.style import INK, REAL, Chart, chart, colour, key, label, marker, percent, title
from songrec.report.tables_beyond import EVERYBODY, SHARES, SHOWN
from songrec.report.tables_models import DECIDING, HELD_OUT
from songrec.report.tables_segments import BY_ACTIVITY, BY_SONG, BY_TASTE

AGAINST = ("serendipity", "coverage", "novelty", "diversity")
_GROUPS = (("#0072b2", "v"), ("#6b6b6b", "o"), ("#d55e00", "^"))
_PARTS = (("#6b6b6b", "o", "--"), ("#0072b2", "s", "-"))


def trade_offs(table: pd.DataFrame, cutoff: int) -> Chart:
    """Accuracy against four other measures, a panel each, a point a model, bars for the 95 % intervals.

    table : `tables_beyond.glance`.
    """
    figure, panels = chart(columns=2, rows=2, height=6.4, sharey=True)
    wide = {name: rows.set_index("model") for name, rows in table.groupby("metric", sort=False)}
    for axes, metric in zip(panels, AGAINST, strict=True):
        for model, row in wide[DECIDING].iterrows():
            across = wide[metric].loc[model]
            axes.errorbar(
                across["value"],
                row["value"],
                xerr=_arms(across),
                yerr=_arms(row),
                color=colour(model),
                marker=marker(model),
                capsize=2,
                linestyle="",
                label=label(model),
                clip_on=False,
            )
        title(axes, SHOWN[metric])
        axes.set(ylim=(0, None))
        if metric in SHARES:
            percent(axes.xaxis)
    for axes in panels[::2]:
        axes.set_ylabel(f"MAP@{cutoff}")
    key(figure, panels[0])
    return figure


def _arms(row: pd.Series) -> list | None:
    low, high = row["value"] - row["ci_low"], row["ci_high"] - row["value"]
    return None if np.isnan(low) or np.isnan(high) else [[low], [high]]


def lorenz(table: pd.DataFrame, cutoff: int, item: str = "song") -> Chart:
    """How unequally the places are shared: a line a model, and the diagonal of equal shares."""
    figure, (axes,) = chart(height=4.2)
    axes.plot([0, 1], [0, 1], color=INK, linestyle="--", linewidth=1.2, label="equal shares")
    for model, rows in table.groupby("model", sort=False):
        axes.plot(
            rows["song_share"],
            rows["place_share"],
            color=colour(model),
            marker=marker(model),
            markevery=max(len(rows) // 10, 1),
            markersize=4.5,
            label=label(model),
        )
    axes.set(xlabel=f"{item}s, least named first", ylabel=f"share of all top-{cutoff} places")
    axes.set(xlim=(0, 1), ylim=(0, 1.02))
    percent(axes.xaxis)
    percent(axes.yaxis)
    key(figure, axes)
    return figure


def lifts(table: pd.DataFrame, item: str = "song") -> Chart:
    """Popularity lift by group of users: a row a model, a marker a group, with 95 % intervals."""
    rows = table[table["group"] != EVERYBODY].dropna(subset="value")
    models = list(dict.fromkeys(rows["model"]))[::-1]
    groups = list(dict.fromkeys(rows["group"]))
    figure, (axes,) = chart(height=1.5 + 0.42 * len(models))
    for place, (group, (shade, shape)) in enumerate(zip(groups, cycle(_GROUPS), strict=False)):
        part = rows[rows["group"] == group]
        at = [models.index(model) + (1 - place) * 0.2 for model in part["model"]]
        value, low, high = (part[name].to_numpy() for name in ("value", "ci_low", "ci_high"))
        error = np.nan_to_num(np.array([value - low, high - value]))
        options = {"color": shade, "marker": shape, "markersize": 5, "linestyle": "", "capsize": 2}
        axes.errorbar(value, at, xerr=error, label=f"{group} listeners", **options)
    axes.axvline(0, color=REAL, linewidth=1)
    axes.set_yticks(range(len(models)), [_whose(model) for model in models])
    axes.set(xlabel=f"popularity of listed {item}s over that of the user's history, less one")
    axes.set_ylim(-0.6, len(models) - 0.4)
    axes.grid(False, axis="y")
    percent(axes.xaxis)
    key(figure, axes)
    return figure


def _whose(model: str) -> str:
    return "what they really played" if model == HELD_OUT else label(model)


def segments(table: pd.DataFrame, cutoff: int, item: str = "song") -> Chart:
    """Accuracy by history, by taste and by hidden song: a panel each, a line a model, 95 % intervals."""
    panels_of = {
        BY_ACTIVITY: ("by history", f"MAP@{cutoff}"),
        BY_TASTE: ("by taste", f"MAP@{cutoff}"),
        BY_SONG: (f"by hidden {item}", f"Recall@{cutoff}"),
    }
    figure, panels = chart(columns=3, height=4.0)
    for axes, (by, (heading, measure)) in zip(panels, panels_of.items(), strict=True):
        part = table[table["by"] == by]
        groups, models = (list(dict.fromkeys(part[name])) for name in ("group", "model"))
        for place, model in enumerate(models):
            rows = part[part["model"] == model]
            at = np.array([groups.index(group) for group in rows["group"]])
            at = at + (place - (len(models) - 1) / 2) * 0.5 / len(models)
            value, low, high = (rows[name].to_numpy() for name in ("value", "ci_low", "ci_high"))
            error = np.nan_to_num(np.array([value - low, high - value]))
            look = {"color": colour(model), "marker": marker(model), "markersize": 4, "linewidth": 1}
            axes.errorbar(at, value, yerr=error, capsize=1.5, label=label(model), **look)
        axes.set_xticks(range(len(groups)), groups, fontsize=8)
        axes.set(ylim=(0, None), ylabel=measure)
        axes.grid(False, axis="x")
        title(axes, heading)
    key(figure, panels[0])
    return figure


def thinning(table: pd.DataFrame, cutoff: int) -> Chart:
    """Accuracy by share of the log that models learn from: a line a model, bands for the intervals."""
    figure, (axes,) = chart(height=3.8)
    _thinned(axes, table)
    axes.set(xlabel="share of the training log that is kept", ylabel=f"MAP@{cutoff}")
    key(figure, axes)
    return figure


def thinnings(tables: Mapping[str, pd.DataFrame], cutoff: int) -> Chart:
    """`thinning` of several logs, each in a panel with a scale of its own, under its name."""
    figure, panels = chart(columns=len(tables), height=3.6)
    for axes, (name, table) in zip(panels, tables.items(), strict=True):
        _thinned(axes, table)
        axes.set(xlabel="share of the log kept")
        title(axes, name)
    panels[0].set_ylabel(f"MAP@{cutoff}")
    key(figure, panels[0])
    return figure


def _thinned(axes: Axes, table: pd.DataFrame) -> None:
    for model, rows in table.groupby("model", sort=False):
        share, value, low, high = (rows[name].to_numpy() for name in ("share", "value", "ci_low", "ci_high"))
        axes.fill_between(share, low, high, color=colour(model), alpha=0.15, lw=0)
        axes.plot(share, value, color=colour(model), marker=marker(model), label=label(model))
    axes.set(xlim=(0, 1.03), ylim=(0, None))
    percent(axes.xaxis)


def frontier(table: pd.DataFrame, chosen: float, cutoff: int) -> Chart:
    """Accuracy against diversity as lambda grows, on validation and on test; the chosen one is ringed."""
    figure, (axes,) = chart(height=4.0)
    for (part, rows), (shade, shape, line) in zip(table.groupby("part", sort=False), _PARTS, strict=False):
        across, value, low, high = (
            rows[name].to_numpy() for name in ("diversity", "value", "ci_low", "ci_high")
        )
        error = np.nan_to_num(np.array([value - low, high - value]))
        look = {"color": shade, "marker": shape, "linestyle": line, "linewidth": 1.2, "markersize": 4.5}
        axes.errorbar(across, value, yerr=error, capsize=2, label=part, **look)
        ring = rows[rows["lambda"] == chosen]
        axes.plot(ring["diversity"], ring["value"], marker="o", markersize=13, color=shade, fillstyle="none")
    shown, apart = -np.inf, 0.03 * (table["diversity"].max() - table["diversity"].min())
    for row in table[table["part"] == table["part"].iloc[-1]].itertuples():
        if row.diversity - shown > apart:  # the first steps change little: their numbers would overlap
            where = {"xytext": (6, 6), "textcoords": "offset points", "fontsize": 8}
            axes.annotate(f"{row[1]:g}", (row.diversity, row.value), **where)
            shown = row.diversity
    axes.set(xlabel=f"intra-list diversity@{cutoff} (listeners)", ylabel=f"MAP@{cutoff}", ylim=(0, None))
    key(figure, axes)
    return figure


def overlap(table: pd.DataFrame) -> Chart:
    """A heat map of how alike every two models' lists are, each square with its number."""
    models = list(dict.fromkeys([*table["one"], *table["other"]]))
    square = np.eye(len(models))
    for row in table.itertuples():
        i, j = models.index(row.one), models.index(row.other)
        square[i, j] = square[j, i] = row.value
    figure, (axes,) = chart(height=1.6 + 0.36 * len(models))
    axes.imshow(square, cmap="cividis", vmin=0, vmax=1, aspect="auto")
    for i, j in np.ndindex(square.shape):
        shade = "black" if square[i, j] > 0.55 else "white"
        axes.text(j, i, f"{square[i, j]:.2f}", ha="center", va="center", color=shade, fontsize=8)
    names = [label(model) for model in models]
    axes.set_yticks(range(len(models)), names)
    axes.set_xticks(range(len(models)), names, rotation=40, ha="right")
    axes.grid(False)
    return figure
