"""Figures of the comparison. Each draws a table of `tables_models`, so its numbers can be had as one."""

import numpy as np
import pandas as pd
from matplotlib.ticker import MaxNLocator

from songrec.evaluation.comparisons import ALPHA
from songrec.report.style import (
    FAINT,
    INK,
    REAL,
    Chart,
    chart,
    colour,
    key,
    label,
    log_scale,
    marker,
    percent,
    title,
)
from songrec.report.tables_models import HELD_OUT, NAMES


def by_cutoff(table: pd.DataFrame) -> Chart:
    """Metrics by cut-off, a panel a metric, a line a model, bands for the 95 % intervals.

    table : `tables_models.by_cutoff`.
    """
    shown = list(dict.fromkeys(table["metric"]))
    figure, panels = chart(columns=len(shown), height=3.4)
    for axes, metric in zip(panels, shown, strict=True):
        for model, rows in table[table["metric"] == metric].groupby("model", sort=False):
            k, value, low, high = _columns(rows, "k", "value", "ci_low", "ci_high")
            axes.fill_between(k, low, high, color=colour(model), alpha=0.18, lw=0)
            axes.plot(k, value, color=colour(model), marker=marker(model), label=label(model))
        log_scale(axes.xaxis)
        axes.set_xticks(sorted(table["k"].unique()), [f"{k}" for k in sorted(table["k"].unique())])
        axes.minorticks_off()
        axes.set(xlabel="cut-off k (log scale)", ylim=(0, None))
        title(axes, f"{NAMES[metric]}@k")
    panels[0].set_ylabel("mean over users")
    key(figure, panels[0])
    return figure


def trade_off(table: pd.DataFrame, cutoff: int, item: str = "song") -> Chart:
    """Accuracy against coverage, a point a model, bars for the 95 % interval of the accuracy."""
    figure, (axes,) = chart(height=3.4)
    for row in table.itertuples():
        error = None if np.isnan(row.ci_low) else [[row.value - row.ci_low], [row.ci_high - row.value]]
        axes.errorbar(
            row.coverage,
            row.value,
            yerr=error,
            color=colour(row.model),
            marker=marker(row.model),
            markersize=8,
            capsize=3,
            linestyle="",
            clip_on=False,  # a coverage of nearly 0 lies on the axis
        )
    _labels(axes, table)
    axes.set(
        xlabel=f"{item}s that stand in at least one list (catalogue coverage@{cutoff})",
        ylabel=f"MAP@{cutoff}",
        xlim=(0, min(1.0, table["coverage"].max() * 1.25 + 0.02)),
        ylim=(0, None),
    )
    percent(axes.xaxis)
    return figure


def _labels(axes, table: pd.DataFrame) -> None:
    """Each model's name beside its point: beside others' if they are near, above if on one spot."""
    span = max(table["value"].max(), 1e-9), max(table["coverage"].max(), 1e-9)
    for row in table.itertuples():
        up, across = (table["value"] - row.value) / span[0], (table["coverage"] - row.coverage) / span[1]
        level = across[up.abs() < 0.12]
        right, left = ((level > 0.08) & (level < 0.25)).any(), ((level < -0.08) & (level > -0.25)).any()
        on_left = right and not left and row.coverage > 0.25 * span[1]
        spot = table[(up.abs() < 0.06) & (across.abs() <= 0.08)].sort_values("value", kind="stable")
        place = spot["model"].tolist().index(row.model) - (len(spot) - 1) / 2
        axes.annotate(
            label(row.model),
            (row.coverage, row.value),
            xytext=(-9 if on_left else 9, 13 * place),
            textcoords="offset points",
            color=colour(row.model),
            fontsize=9,
            ha="right" if on_left else "left",
            va="center",
        )


def reach(table: pd.DataFrame, cutoff: int, item: str = "song") -> Chart:
    """Popularity bias: the share of all recommended places that the most-heard songs fill.

    table : `tables_models.reach`. The dashed line is what users really listened to.
    """
    figure, (axes,) = chart(height=3.7)
    for model, rows in table.groupby("model", sort=False):
        real = model == HELD_OUT
        axes.plot(
            rows["song_share"],
            rows["place_share"],
            color=INK if real else colour(model),
            linestyle="--" if real else "-",
            linewidth=1.4 if real else 1.8,
            marker=None if real else marker(model),
            markevery=max(len(rows) // 8, 1),
            label="what users listened to (held out)" if real else label(model),
        )
    log_scale(axes.xaxis, share=True)
    axes.set(
        xlabel=f"{item}s, most heard first (share of the catalogue, log scale)",
        ylabel=f"share of all top-{cutoff} places",
        ylim=(0, 1.03),
    )
    percent(axes.yaxis)
    key(figure, axes, columns=3)
    return figure


def hits(table: pd.DataFrame, cutoff: int) -> Chart:
    """How many hits a user gets: share of users by hits, a bar a model, with 95 % intervals."""
    models = list(dict.fromkeys(table["model"]))
    figure, (axes,) = chart(height=3.3)
    width = 0.82 / len(models)
    words = list(dict.fromkeys(table["hits"]))
    for place, model in enumerate(models):
        rows = table[table["model"] == model]
        at = np.arange(len(words)) + (place - (len(models) - 1) / 2) * width
        share, low, high = _columns(rows, "share", "ci_low", "ci_high")
        axes.bar(at, share, width=width * 0.92, color=colour(model), label=label(model))
        error = np.array([share - low, high - share])
        axes.errorbar(at, share, yerr=error, linestyle="", color=INK, linewidth=0.9, capsize=1.5)
    axes.set_xticks(np.arange(len(words)), words)
    axes.set(xlabel=f"hits among the first {cutoff}", ylabel="share of users")
    axes.grid(False, axis="x")
    percent(axes.yaxis)
    key(figure, axes)
    return figure


def by_activity(table: pd.DataFrame, metric: str, item: str = "song") -> Chart:
    """A metric by how many songs the model knows of the user, with 95 % intervals."""
    models = list(dict.fromkeys(table["model"]))
    groups = list(dict.fromkeys(table["group"]))
    figure, (axes,) = chart(height=3.4)
    for place, model in enumerate(models):
        rows = table[table["model"] == model]
        at = np.arange(len(groups)) + (place - (len(models) - 1) / 2) * 0.09
        value, low, high = _columns(rows, "value", "ci_low", "ci_high")
        axes.errorbar(
            at,
            value,
            yerr=np.array([value - low, high - value]),
            color=colour(model),
            marker=marker(model),
            capsize=2,
            label=label(model),
        )
    axes.set_xticks(np.arange(len(groups)), groups)
    axes.set(xlabel=f"known {item}s of the user (groups of about equal size)", ylabel=metric, ylim=(0, None))
    axes.grid(False, axis="x")
    key(figure, axes)
    return figure


def _columns(rows: pd.DataFrame, *names: str) -> tuple[np.ndarray, ...]:
    """Columns as arrays: matplotlib calls `float` on a series of one element, of which pandas warns."""
    return tuple(rows[name].to_numpy() for name in names)


def differences(table: pd.DataFrame, metric: str, baseline: str, cutoff: int) -> Chart:
    """Every model's difference to the baseline, user by user, with its 95 % interval; 0 is no difference.

    table : `tables_models.gains`.
    """
    rows = table[table["metric"] == metric].sort_values("difference")
    figure, (axes,) = chart(height=1.3 + 0.42 * len(rows))
    places = np.arange(len(rows))
    for place, row in zip(places, rows.itertuples(), strict=True):
        error = [[row.difference - row.difference_low], [row.difference_high - row.difference]]
        axes.errorbar(
            row.difference,
            place,
            xerr=None if np.isnan(row.difference_low) else error,
            color=colour(row.model),
            marker=marker(row.model),
            capsize=3,
        )
    axes.axvline(0, color=REAL, linewidth=1)
    axes.set_yticks(places, [label(model) for model in rows["model"]])
    axes.set(xlabel=f"difference in {NAMES[metric]}@{cutoff} to {label(baseline)}, mean over users")
    axes.set_ylim(-0.6, len(rows) - 0.4)
    axes.grid(False, axis="y")
    return figure


def forest(table: pd.DataFrame, metric: str, cutoff: int) -> Chart:
    """Every other model minus the best, with 95 % intervals, beside what was too small to be detected.

    table : `pairs.against_best`. A filled marker is worse than the best after Holm's correction, a hollow one
    is not; the corrected p stands on the right. The grey bar around 0 holds the differences that the
    comparison would have missed one time in five or more often. A model far behind is a number at the edge.
    """
    rows = table.iloc[::-1]
    figure, (axes,) = chart(height=1.5 + 0.3 * len(rows))
    if rows.empty:
        axes.text(0.5, 0.5, "There is no other model.", ha="center", transform=axes.transAxes)
        axes.set_axis_off()
        return figure
    edge = _edge(rows)
    for place, row in enumerate(rows.itertuples()):
        small = min(np.nan_to_num(row.detectable), edge)
        axes.barh(place, 2 * small, left=-small, height=0.66, color=FAINT, zorder=1)
        if row.difference < -edge:
            far = f"\N{BLACK LEFT-POINTING SMALL TRIANGLE} {row.difference:.3g}"
            axes.text(
                0.01, place, far, transform=axes.get_yaxis_transform(), color=colour(row.model), va="center"
            )
            continue
        error = [[row.difference - row.difference_low], [row.difference_high - row.difference]]
        axes.errorbar(
            row.difference,
            place,
            xerr=None if np.isnan(row.difference_low) else error,
            color=colour(row.model),
            marker=marker(row.model),
            markerfacecolor=colour(row.model) if row.p_holm < ALPHA else "white",
            linestyle="",
            capsize=3,
        )
    axes.axvline(0, color=REAL, linewidth=1)
    axes.set_yticks(range(len(rows)), [label(model) for model in rows["model"]])
    right = axes.secondary_yaxis("right")
    right.set_yticks(range(len(rows)), ["" if np.isnan(p) else _p(p) for p in rows["p_holm"]])
    right.tick_params(length=0, labelsize=8.5, labelcolor=INK)
    right.spines["right"].set_visible(False)
    axes.xaxis.set_major_locator(MaxNLocator(6))
    best = label(table["than"].iloc[0])
    axes.set(xlabel=f"difference in {NAMES[metric]}@{cutoff} to {best}, the best; mean over users")
    axes.set_ylim(-0.6, len(rows) - 0.4)
    axes.grid(False, axis="y")
    return figure


def _edge(rows: pd.DataFrame) -> float:
    """How far to the left differences are drawn: one model far behind would leave the others no room."""
    far = -rows["difference"].to_numpy()
    return max(float(far.max()) if len(far) < 3 else 4 * float(np.median(far)), 1e-9)


def _p(p: float) -> str:
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"
