"""Figures of the listening log. Each draws a table of `tables_log`, so its numbers can be had as one."""

import numpy as np
import pandas as pd

from songrec.report.style import INK, REAL, Chart, chart, key, log_scale, percent, title
from songrec.report.tables_real import LISTENING
from songrec.report.tables_real import PLAYS as PLAYS_OF
from songrec.report.tables_real import USERS as USERS_OF
from songrec.report.words import article

USERS = "#0b6e6e"
SONGS = "#8a3b7a"
_REAL = {"taste-profile-3k-users": "o", "msd-challenge": "^"}
_PATCH = {"facecolor": "white", "edgecolor": "none", "pad": 1}


def activity(users: pd.DataFrame, songs: pd.DataFrame, item: str = "song") -> Chart:
    """How unequal users and songs are: survival curves of songs per user and of listeners per song.

    users, songs : tables of `tables_log.survival`.
    """
    figure, (left, right) = chart(columns=2, height=3.3)
    _survival(left, users, USERS)
    left.set(xlabel=f"{item}s of a user (log scale)", ylabel="users with at least that many (log scale)")
    title(left, f"{item.capitalize()}s per user")
    _survival(right, songs, SONGS)
    right.set(
        xlabel=f"listeners of {article(item)} (log scale)",
        ylabel=f"{item}s with at least that many (log scale)",
    )
    title(right, f"Listeners per {item}")
    return figure


def _survival(axes, table: pd.DataFrame, colour: str, **options) -> None:
    axes.step(table["value"], table["share_at_least"], where="pre", color=colour, **options)
    log_scale(axes.xaxis)
    log_scale(axes.yaxis, share=True)


def long_tail(tail: pd.DataFrame, tops: pd.DataFrame, item: str = "song") -> Chart:
    """The long tail twice: listeners by rank, and the share of all listening that the top songs hold.

    tail : `tables_log.long_tail`, thinned or whole; tops : `tables_log.top_shares`.
    """
    figure, (left, right) = chart(columns=2, height=3.3)
    left.plot(tail["rank"], tail["listeners"], color=SONGS)
    log_scale(left.xaxis)
    log_scale(left.yaxis)
    left.set(xlabel=f"rank of the {item} (log scale)", ylabel="listeners (log scale)")
    title(left, "Listeners by rank")
    right.plot([0, *tail["song_share"]], [0, *tail["interaction_share"]], color=SONGS)
    right.plot([0, 1], [0, 1], color=REAL, linewidth=1, linestyle=":")
    right.annotate("all equally heard", (0.62, 0.6), color=REAL, fontsize=8.5, ha="left", va="top")
    held = tops[tops["top"].isin(["1 %", "10 %"])]
    shares = held["songs"] / len_of(tail)
    right.plot(shares, held["interactions"], "o", color=INK, markersize=4)
    for top, share, height in zip(held["top"], shares, held["interactions"], strict=True):
        text = f"top {top} of {item}s: {100 * height:.0f} %"
        right.annotate(
            text,
            (share, height),
            xytext=(8, -4),
            textcoords="offset points",
            fontsize=8.5,
            va="top",
            bbox=_PATCH,
        )
    right.set(xlabel=f"{item}s, most heard first", ylabel="share of interactions", xlim=(0, 1), ylim=(0, 1))
    percent(right.xaxis)
    percent(right.yaxis)
    title(right, "Concentration")
    return figure


def len_of(tail: pd.DataFrame) -> float:
    """Number of songs behind a table of the long tail, thinned or whole."""
    return float(tail["rank"].iloc[-1] / tail["song_share"].iloc[-1])


def plays(bins: pd.DataFrame, item: str = "song") -> Chart:
    """How often a user plays the same song: bars of `tables_log.play_bins`."""
    figure, (axes,) = chart(height=3.0)
    bars = axes.bar(bins["plays"], bins["share"], color=USERS, width=0.72)
    axes.bar_label(bars, [f"{100 * share:.1f} %" for share in bins["share"]], padding=2, fontsize=8.5)
    axes.set(xlabel=f"plays of one {item} by one user", ylabel="share of interactions")
    axes.grid(False, axis="x")
    percent(axes.yaxis)
    return figure


def sparsity(grid: pd.DataFrame, item: str = "song") -> Chart:
    """The matrix seen from far, `tables_log.density_grid`: how much of each block of cells is filled."""
    from matplotlib.colors import LogNorm
    from matplotlib.ticker import FuncFormatter

    figure, (axes,) = chart(height=4.2)
    density = grid.pivot_table(index="user_block", columns="song_block", values="density").to_numpy()
    positive = density[density > 0]
    low = positive.min() if len(positive) else 1e-6
    picture = axes.imshow(
        np.where(density > 0, density, np.nan),
        norm=LogNorm(low, max(density.max(), low * 10)),
        cmap="viridis",
        aspect="auto",
        extent=(0, 1, 1, 0),
        interpolation="nearest",
    )
    axes.set_facecolor("#f2f2f2")
    axes.grid(False)
    axes.set(xlabel=f"{item}s, most heard first", ylabel="users, most active first")
    percent(axes.xaxis)
    percent(axes.yaxis)
    scale = figure.colorbar(picture, ax=axes, pad=0.02, format=FuncFormatter(lambda v, _: f"{100 * v:g} %"))
    scale.set_label("filled cells of a block (log scale; pale: none)")
    scale.minorticks_off()
    scale.outline.set_visible(False)
    return figure


def beside_real(own: pd.DataFrame, real: pd.DataFrame, name: str, item: str = "song") -> Chart:
    """This log's curves and the real logs' points on theirs.

    own, real : `tables_real.curves` and `tables_real.points`; name : what this log is called.
    """
    labels = {
        USERS_OF: (f"{item}s of a user (log scale)", "users with at least that many (log scale)"),
        PLAYS_OF: (f"plays of one {item} (log scale)", "interactions with at least so many (log scale)"),
        LISTENING: (f"most heard {item}s (log scale)", "share of all interactions"),
    }
    figure, panels = chart(columns=len(labels), height=3.7)
    for axes, (of, (across, upwards)) in zip(panels, labels.items(), strict=True):
        mine = own[own["of"] == of]
        style = "default" if of == LISTENING else "steps-pre"
        axes.plot(mine["x"], mine["y"], drawstyle=style, color=USERS, label=name)
        for log, shape in _REAL.items():
            rows = real[(real["of"] == of) & (real["log"] == log)]
            axes.plot(rows["x"], rows["y"], shape, color=INK, markerfacecolor="none", label=log)
        log_scale(axes.xaxis, share=of == LISTENING)
        if of == LISTENING:
            percent(axes.yaxis)
        else:
            log_scale(axes.yaxis, share=True)
        axes.set(xlabel=across, ylabel=upwards)
        axes.xaxis.label.set_fontsize(8.5)
        axes.yaxis.label.set_fontsize(8.5)
    key(figure, panels[0])
    return figure
