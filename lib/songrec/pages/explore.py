"""What the log looks like: its size, sparsity, activity, long tail and counts, and real logs beside it."""

from collections.abc import Sequence
from itertools import cycle

import numpy as np
import pandas as pd

from songrec.errors import DataError
from songrec.results import Results
from songrec.show.figure import Figure, legend, log_scale, percent, shaded, subplots
from songrec.show.prose import INVENTED, Prose, article, listed, prose
from songrec.show.style import ACCENTS, GROUPS, INK
from songrec.show.table import Column, Table, counts, numbers, shares, sizes, spread, table, words

STAGE = "explore"

_USERS, _SONGS = ACCENTS
_OWN, _WHOLE = "this log", "taste-profile-3k-users"
_MARKERS = {_WHOLE: "o", "msd-challenge": "^"}
_COMPARED = ("songs per user", "plays per triplet", "share of listening")


def summary(run: Results) -> Table:
    """The log's size."""
    rows = run.table(STAGE, "summary")
    return table(
        {
            "users": counts(rows["users"]),
            f"{run.item}s": counts(rows["songs"]),
            "interactions": counts(rows["triplets"]),
            f"{run.event}s": counts(rows["plays"]),
            "density of the matrix (%)": sizes(100 * rows["density"]),
            "fingerprint": words([run.facts(STAGE)["fingerprint"]]),
        }
    )


def sparsity(run: Results) -> Figure:
    """The matrix from afar: how much of each block of cells is filled."""
    rows = run.table(STAGE, "sparsity")
    grid = rows.pivot_table(index="user_block", columns="song_block", values="density").to_numpy()
    canvas, (axes,) = subplots(height=4.2)
    axes.set(xlabel=f"{run.item}s, most popular first", ylabel="users, most active first")
    shaded(canvas, axes, grid, "filled cells of a block (log scale; grey: none)")
    return Figure(
        canvas,
        rows,
        f"The matrix of users and {run.item}s from afar, the most active users at the top and the most "
        f"popular {run.item}s on the left: the share of filled cells of each block, in colours on a log "
        "scale.",
        "A grid of blocks whose colour is the share of filled cells, on a logarithmic scale: "
        f"{grid[0, 0]:.3g} in the corner of the most active users and the most popular {run.item}s, "
        f"{grid[-1, -1]:.3g} in the opposite one; {np.mean(grid == 0):.3g} of the blocks are empty.",
    )


def quantiles(run: Results) -> Table:
    """How songs per user, users per song and counts are spread."""
    rows = run.table(STAGE, "quantiles")
    return table({"": words(rows["of"].map(lambda of: _named(run, of))), **spread(rows)})


def activity(run: Results) -> Figure:
    """How unequal users and songs are: the share of users and of songs with at least so many."""
    curves = {name: run.table(STAGE, name) for name in ("songs_per_user", "listeners_per_song")}
    canvas, panels = subplots(columns=2, height=3.3)
    item, looks = run.item, zip(panels, curves.values(), (_USERS, _SONGS), strict=True)
    for axes, rows, shade in looks:
        axes.step(rows["value"], rows["share_at_least"], where="pre", color=shade)
        log_scale(axes.xaxis)
        log_scale(axes.yaxis, share=True)
    left, right = panels
    left.set(xlabel=f"{item}s of a user (log scale)", ylabel="users with at least that many (log scale)")
    left.set_title(f"{item.capitalize()}s per user")
    right.set(
        xlabel=f"users of {article(item)} (log scale)",
        ylabel=f"{item}s with at least that many (log scale)",
    )
    right.set_title(f"Users per {item}")
    of = run.table(STAGE, "quantiles").set_index("of")
    users, songs = of.loc["songs per user"], of.loc["listeners per song"]
    return Figure(
        canvas,
        pd.concat([rows.assign(of=name.replace("_", " ")) for name, rows in curves.items()]),
        f"How unequal users and {item}s are: the share of users with at least so many {item}s, and of "
        f"{item}s with at least so many users. All axes have a log scale.",
        f"Two falling step curves on logarithmic axes. A user has {users['min']:,.0f} to {users['max']:,.0f} "
        f"{item}s, the median is {users['median']:,.0f}; {article(item)} has {songs['min']:,.0f} to "
        f"{songs['max']:,.0f} users, the median is {songs['median']:,.0f}.",
    )


def top_shares(run: Results) -> Table:
    """What the most popular songs hold."""
    rows = run.table(STAGE, "top_shares")
    columns = {
        "top": counts(f"{100 * top:g} %" for top in rows["top"]),
        f"{run.item}s": counts(rows["songs"]),
        "interactions": shares(rows["interactions"]),
    }
    return table(columns, note=f"Share of all interactions that the most popular {run.item}s hold.")


def long_tail(run: Results) -> Figure:
    """The long tail twice: users by rank, and the share of all interactions that the top songs hold."""
    rows, tops = run.table(STAGE, "long_tail"), run.table(STAGE, "top_shares")
    canvas, (left, right) = subplots(columns=2, height=3.4)
    left.plot(rows["rank"], rows["listeners"], color=_SONGS)
    log_scale(left.xaxis)
    log_scale(left.yaxis)
    left.set(xlabel=f"rank of the {run.item} (log scale)", ylabel="users (log scale)")
    left.set_title("Users by rank")
    right.plot([0, *rows["song_share"]], [0, *rows["interaction_share"]], color=_SONGS)
    held = tops[tops["top"].isin([0.01, 0.1])]
    written = shares(held["interactions"]).cells
    texts = [
        f"top {100 * top:g} % of {run.item}s: {text}" for top, text in zip(held["top"], written, strict=True)
    ]
    for of, text, mark in zip(held.itertuples(), texts, "o^", strict=False):
        right.plot(of.top, of.interactions, mark, color=INK, markersize=5, label=text, zorder=3)
    right.plot([0, 1], [0, 1], color=INK, linewidth=1, linestyle=":", label="all alike")
    right.legend(loc="lower right", handlelength=1.4, borderaxespad=0.2)
    right.set(xlabel=f"{run.item}s, most popular first", ylabel="share of interactions")
    right.set(xlim=(0, 1), ylim=(0, 1))
    percent(right.xaxis)
    percent(right.yaxis)
    right.set_title("Concentration")
    first, last = (int(rows["listeners"].iloc[place]) for place in (0, -1))
    return Figure(
        canvas,
        rows,
        f"The long tail. Left: users by the rank of the {run.item}, both on a log scale. Right: the "
        f"share of all interactions that the most popular {run.item}s hold; the further the curve bends away "
        "from the dotted line, the more unequal the shares.",
        f"Left, a falling curve on logarithmic axes, from {first:,} users of the most popular {run.item} "
        f"to {last:,} of the least popular. Right, a rising curve above the diagonal: {'; '.join(texts)}.",
    )


def tails(runs: Sequence[Results], synthetic: str = "msd-scale") -> Figure:
    """Songs per user and the long tail of the real logs, and of the synthetic log of full size over them.

    Only tested users are counted, by the songs that models may know of them: that is on record for all.
    """
    canvas, (left, right) = subplots(columns=2, height=3.8)
    drawn, lacking = [], []
    shades = (*(shade for shade, _ in GROUPS[::2]), *ACCENTS)
    for run, shade in zip([*runs, *_beside(runs[0], synthetic)], cycle(shades), strict=False):
        look = {"color": INK if run.synthetic else shade, "linestyle": ":" if run.synthetic else "-"}
        if run.has("split", "sizes"):
            rows = run.rows("split", "sizes", part="fold_in")
            left.step(rows["value"], rows["share_at_least"], where="pre", label=run.title, **look)
            drawn.append(rows.assign(log=run.title, x=rows["value"], y=rows["share_at_least"]))
        if run.has(STAGE, "long_tail"):
            rows = run.table(STAGE, "long_tail")
            right.plot(rows["song_share"], rows["interaction_share"], label=run.title, **look)
            drawn.append(rows.assign(log=run.title, x=rows["song_share"], y=rows["interaction_share"]))
        else:
            lacking.append(run.title)
    if not drawn:
        raise DataError("no published log has the tables of explore or split: publish it anew")
    for axes in (left, right):
        log_scale(axes.xaxis, share=axes is right)
    log_scale(left.yaxis, share=True)
    percent(right.yaxis)
    left.set(xlabel="known items of a user (log scale)", ylabel="users with at least so many (log scale)")
    right.set(xlabel="most popular items (log scale)", ylabel="share of all interactions", ylim=(0, 1))
    left.set_title("Items per user")
    right.set_title("The long tail")
    legend(canvas, [left, right], columns=2)
    missing = f" The long tail is not on record for {listed(lacking)}." if lacking else ""
    return Figure(
        canvas,
        pd.concat(drawn)[["log", "x", "y"]],
        "Left: the share of tested users of whom models know at least so many items. Right: the share of all "
        f"interactions that the most popular items hold. Dotted: synthetic.{missing}",
        f"Two panels with a line a log: {listed(dict.fromkeys(of['log'].iloc[0] for of in drawn))}. The left "
        "ones fall, the right ones rise to 1.",
    )


def _beside(run: Results, name: str) -> list[Results]:
    """A run that is published beside this one, where it is."""
    try:
        return [Results.published(name, run.folder.parent)]
    except DataError:
        return []


def plays(run: Results) -> Figure:
    """How often a user chose the same song."""
    rows = run.table(STAGE, "plays")
    canvas, (axes,) = subplots(height=3.0)
    bars = axes.bar(rows["plays"].astype(str), rows["share"], color=_USERS, linewidth=0, width=0.72)
    axes.bar_label(bars, shares(rows["share"]).cells, padding=2, fontsize=8.5)
    axes.set(xlabel=f"{run.event}s of one {run.item} by one user", ylabel="share of interactions")
    axes.grid(False, axis="x")
    percent(axes.yaxis)
    bins = [f"{each.plays} {100 * each.share:.3g} %" for each in rows.itertuples()]
    return Figure(
        canvas,
        rows,
        f"How often a user chose the same {run.item}: the share of all interactions with so many "
        f"{run.event}s.",
        f"Bars for the share of interactions by number of {run.event}s: {', '.join(bins)}.",
    )


def beside_real(run: Results) -> Figure:
    """This log's curves, and where real logs lie on theirs."""
    own, real = run.table(STAGE, "own_curves"), run.table(STAGE, "real_points")
    item = run.item
    labels = [
        (f"{item}s of a user (log scale)", "users with at least that many (log scale)"),
        (f"{run.event}s of one {item} (log scale)", "interactions with at least so many (log scale)"),
        (f"most popular {item}s (log scale)", "share of all interactions"),
    ]
    canvas, panels = subplots(columns=len(labels), height=3.7)
    for axes, of, (across, upwards) in zip(panels, _COMPARED, labels, strict=True):
        is_share, mine = of == _COMPARED[-1], own[own["of"] == of]
        style = "default" if is_share else "steps-pre"
        axes.plot(mine["x"], mine["y"], drawstyle=style, color=_USERS, label=run.name)
        for log, rows in real[real["of"] == of].groupby("log", sort=False):
            axes.plot(rows["x"], rows["y"], _MARKERS[log], color=INK, markerfacecolor="none", label=log)
        log_scale(axes.xaxis, share=is_share)
        if is_share:
            percent(axes.yaxis)
        else:
            log_scale(axes.yaxis, share=True)
        axes.set_xlabel(across, fontsize=8.5)
        axes.set_ylabel(upwards, fontsize=8.5)
    legend(canvas, panels)
    figures = run.table(STAGE, "beside_real").set_index(["of", "figure"])
    means = figures.loc[("songs per user", "mean")]
    return Figure(
        canvas,
        pd.concat([own.assign(log=run.name), real]),
        f"This log's curves beside points of real logs: {item}s per user, {run.event}s, and the share of all "
        f"interactions that the most popular {item}s hold, with log scales but for that share.",
        f"Three panels on logarithmic axes, each a curve for this log with points of real logs: {item}s per "
        f"user (mean {means[_OWN]:.3g} here, {means[_WHOLE]:.3g} in {_WHOLE}), {run.event}s, and the share "
        f"of all interactions that the most popular {item}s hold.",
    )


def figures(run: Results) -> Table:
    """This log's figures beside those of real logs, as far as logs of different sizes can be compared."""
    rows = run.table(STAGE, "beside_real")
    rows = rows[rows["of"].isin(_COMPARED)]
    parts = rows["figure"].str.startswith(("share", "top")).tolist()
    columns = {name: words(rows[name].map(lambda of: _named(run, of))) for name in ("of", "figure")}
    for log in rows.columns.drop(["of", "figure"]):
        # Shares and counts stand in one column: each is written in its own way.
        pairs = zip(rows[log], parts, strict=True)
        columns[log] = Column([_text(value, is_share) for value, is_share in pairs])
    return table(columns)


def _named(run: Results, of: str) -> str:
    """What a study calls a quantity, in words that suit the log."""
    for word, here in (
        ("listeners", "users"),
        ("plays", f"{run.event}s"),
        ("triplet", "interaction"),
        ("listening", "interactions"),
        ("song", run.item),
    ):
        of = of.replace(word, here)
    return of


def _text(value: float, is_share: bool) -> str:
    if is_share:
        return shares([value]).cells[0]
    return (counts([value]) if value != value or value == int(value) else numbers([value], digits=2)).cells[0]


def facts(run: Results) -> dict:
    """What the findings say: how full the matrix is, what the head holds, single plays, a real log."""
    size = run.table(STAGE, "summary").iloc[0]
    tops = run.table(STAGE, "top_shares").set_index("top")["interactions"]
    per_user = run.table(STAGE, "quantiles").set_index("of").loc["songs per user"]
    bins = run.table(STAGE, "plays")
    beside = run.table(STAGE, "beside_real").set_index(["of", "figure"])[[_OWN, _WHOLE]]
    compared = {
        "mean": ("songs per user", "mean"),
        "ones": ("plays per triplet", "share of ones"),
        "top": ("share of listening", "top 1 % of songs"),
    }
    return {
        "users": int(size["users"]),
        "songs": int(size["songs"]),
        "density": float(size["density"]),
        "mean": float(per_user["mean"]),
        "median": int(per_user["median"]),
        "head": {"1 %": float(tops[0.01]), "10 %": float(tops[0.1])},
        "single": int(run.table(STAGE, "top_shares").set_index("top").loc[0.01, "songs"]) == 1,
        "few": run.facts(STAGE)["few_listeners"],
        "once": float(bins.loc[bins["plays"].astype(str) == "1", "share"].iloc[0]),
        "here": {name: float(beside.loc[key, _OWN]) for name, key in compared.items()},
        "there": {name: float(beside.loc[key, _WHOLE]) for name, key in compared.items()},
    }


def findings(run: Results) -> Prose:
    """Sparsity, the long tail, activity and counts, in a sentence each."""
    return prose("explore.jinja", run, INVENTED, **facts(run))
