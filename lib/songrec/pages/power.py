"""What a comparison can tell: overlapping intervals with a clear difference, and what so many users see."""

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.ticker import MaxNLocator

from songrec.evaluation.metrics import DECIDING, METRICS
from songrec.results import ALPHA, Estimate, Results
from songrec.show.figure import (
    Figure,
    legend,
    log_scale,
    percent,
    ranked,
    reference_line,
    subplots,
)
from songrec.show.numbers import p_equals, share, written
from songrec.show.style import FAINT, GROUPS, NARROW
from songrec.show.table import Column, Table, counts, numbers, table, words

USERS = (200, 900, 8000)
"""A small test, that of strong generalisation here, and a whole log."""

TITLE = METRICS[DECIDING].title(10)


def paired(run: Results) -> Figure:
    """Two models whose intervals overlap most among those that differ significantly, and their difference."""
    pair, clear = _overlapping(run)
    first, second = pair["model"], pair["than"]
    rows = run.rows("evaluate", "metrics", metric=DECIDING, k=10).set_index("model", drop=False)
    rows = rows.loc[[first, second], ["model", "value", "ci_low", "ci_high"]]
    canvas, (left, right) = subplots(columns=2, height=1.9, width=NARROW)
    ranked(left, rows, None, run)
    left.axvspan(rows["ci_low"].max(), rows["ci_high"].min(), color=FAINT, linewidth=0)
    left.set(xlabel=TITLE, title="each by itself")
    ranked(right, pd.DataFrame([pair])[["model", "value", "ci_low", "ci_high"]], {first: "difference"}, run)
    reference_line(right, x=0)
    right.set(xlabel=f"difference in {TITLE}", title="user by user", ylim=(0.6, -0.6))
    # The same scale on both sides: the interval of the difference is to be seen as the shorter one.
    low, high = left.get_xlim()
    right.set_xlim(-0.15 * (high - low), 0.85 * (high - low))
    for axes in (left, right):
        axes.xaxis.set_major_locator(MaxNLocator(4))
    p = p_equals(pair["p_holm"], run.least_p())
    (by,) = written([Estimate.of(pair)], signed=True, interval="brackets")
    said = "are clear of each other all the same" if clear else "do not differ significantly"
    return Figure(
        canvas,
        pd.concat([rows, pd.DataFrame([pair])[["model", "than", "value", "ci_low", "ci_high", "p_holm"]]]),
        f"{run.label(first)} and {run.label(second)} on {run.title}: their intervals overlap (grey), and "
        f"the two {said}. User by user they differ by {by}; {p} after correction.",
        f"Left two points with overlapping bars, right the difference of the two with its bar: {by}.",
    )


def _overlapping(run: Results) -> tuple[dict[str, Any], bool]:
    """The pair, the better first, and whether it differs significantly."""
    best, overlap = {}, {True: -np.inf, False: -np.inf}
    for one, other in combinations(run.models(), 2):
        pair = run.difference(one, other)
        (low, high), (floor, top) = (run.metric(model)[1:3] for model in (one, other))
        common = (min(high, top) - max(low, floor)) / min(high - low, top - floor)
        clear = bool(pair["p_holm"] < ALPHA)
        if common > overlap[clear]:
            overlap[clear], best[clear] = common, pair
    clear = overlap[True] > 0 or False not in best
    return best[clear], clear


def detectable(runs: Sequence[Results]) -> Table:
    """The minimum detectable difference with so many users, and how many of the pairs on record exceed it."""
    made = {run.title: _at(run, np.array(USERS)) for run in runs}
    columns = {"log": words(made), "pairs": counts(pairs for _, _, pairs in made.values())}
    for place, users in enumerate(USERS):
        columns[f"{users:,} users: detectable"] = numbers(
            (median[place] for median, _, _ in made.values()), 4
        )
        columns[f"{users:,} users: pairs"] = Column([share(of[place]) for _, of, _ in made.values()])
    return table(
        columns,
        f"Detectable: the median over the pairs of single models of 2.80 s / √n in {TITLE}, with s of the "
        "pair on record. Pairs: the share whose difference on record is at least that of its own pair. One "
        "test at 5 %, without correction for many; differences on record are themselves estimates.",
    )


def _at(run: Results, users: np.ndarray) -> tuple[np.ndarray, np.ndarray, int]:
    """With so many users: the median detectable difference, the share of pairs that exceed theirs; pairs."""
    rows = _pairs(run)
    # The standard deviation of a pair's differences is the same whatever the number of users.
    least = rows["minimum_detectable"].to_numpy()[:, None] * np.sqrt(
        rows["n_users"].to_numpy()[:, None] / users
    )
    seen = np.abs(rows["value"].to_numpy())[:, None] >= least
    return np.median(least, axis=0), seen.mean(axis=0), len(rows)


def _pairs(run: Results) -> pd.DataFrame:
    rows = run.rows("compare", "differences", metric=DECIDING, k=10).dropna(subset="minimum_detectable")
    single = [
        not (run.made_of_others(a) or run.made_of_others(b))
        for a, b in zip(rows["model"], rows["than"], strict=True)
    ]
    return rows[single]


def curves(runs: Sequence[Results]) -> Figure:
    """What more users show: the detectable difference, and the share of pairs on record that exceed it."""
    users = np.unique(np.geomspace(100, 20_000, 60).round().astype(int))
    canvas, (left, right) = subplots(columns=2, height=3.5)
    drawn = []
    for run, (shade, mark) in zip(runs, GROUPS, strict=False):
        median, seen, _ = _at(run, users)
        look = {"color": shade, "marker": mark, "markevery": _near(users), "label": run.title}
        left.plot(users, median, **look)
        right.plot(users, seen, **look)
        drawn.append(pd.DataFrame({"log": run.title, "users": users, "detectable": median, "pairs": seen}))
    for axes in (left, right):
        log_scale(axes.xaxis, ticks=(100, *USERS))
        axes.set_xlabel("users in the test (log scale)")
        for at in USERS:
            reference_line(axes, x=at, color=FAINT)
    log_scale(left.yaxis, ticks=(0.002, 0.005, 0.01, 0.02, 0.05))
    left.set_title(f"Detectable difference in {TITLE}")
    right.set(ylim=(0, 1.02), title="Pairs on record as far apart")
    percent(right.yaxis)
    legend(canvas, left, columns=2)
    told = []
    for run in runs[: len(GROUPS)]:
        _, seen, pairs = _at(run, np.array(USERS))
        each = ", ".join(f"{share(part)} with {at:,}" for part, at in zip(seen, USERS, strict=True))
        told.append(f"of {pairs} pairs on {run.title} {each}")
    return Figure(
        canvas,
        pd.concat(drawn),
        f"What so many users can tell apart (5 % level, 80 % power, one test): {'; '.join(told)} users. "
        "Left: the median over the pairs of models of the minimum detectable difference, 2.80 s / √n, on "
        "logarithmic axes.",
        f"Two panels over the number of users, falling and rising, a line a log: {'; '.join(told)} users.",
    )


def _near(users: np.ndarray) -> list[int]:
    """The places of the numbers of users that are named."""
    return [int(np.abs(users - at).argmin()) for at in USERS]
