"""Bump charts: who stands where, from column to column."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from songrec.results import Results
from songrec.show.figure import subplots
from songrec.show.style import NARROW, colour, marker


def bump(
    axes: Axes,
    rows: pd.DataFrame,
    across: str,
    run: Results,
    *,
    write: Callable[[Mapping[str, Any], bool], str] | None = None,
    both: bool = True,
) -> None:
    """Ranks, the first at the top: a line a model, its name at the ends.

    Parameters
    ----------
    axes : Axes
        Where to draw.
    rows : DataFrame
        `model`, `rank`, the column `across`, and maybe `hollow`: which marks are hollow.
    across : str
        The column whose values stand side by side, in the order of the rows.
    run : Results
        Whose models they are.
    write : callable, optional
        Makes a name of a row, and of whether it stands on the right; the model's own name without.
    both : bool
        Whether names stand at the right end as well.
    """
    steps = list(dict.fromkeys(rows[across]))
    for model, mine in rows.groupby("model", sort=False):
        at, shade = [steps.index(each) for each in mine[across]], colour(run, model)
        axes.plot(at, mine["rank"], color=shade, clip_on=False)
        for place, rank, hollow in zip(
            at, mine["rank"], mine.get("hollow", [False] * len(mine)), strict=True
        ):
            look = {"color": shade, "marker": marker(run, model), "clip_on": False, "zorder": 3}
            axes.plot(place, rank, **look, markerfacecolor="none" if hollow else shade)
    sides = [(axes, steps[0], False)] + ([(axes.secondary_yaxis("right"), steps[-1], True)] if both else [])
    for side, step, right in sides:
        of = rows[rows[across] == step]
        names = [write(row, right) if write else run.label(row["model"]) for row in of.to_dict("records")]
        side.set_yticks(of["rank"].tolist(), names)
        side.tick_params(axis="y", length=0)
        side.spines[:].set_visible(False)
    axes.spines[:].set_visible(False)
    axes.set_xticks(range(len(steps)), [str(step) for step in steps])
    axes.tick_params(axis="x", length=0)
    axes.set(xlim=(-0.15, len(steps) - 0.85), ylim=(rows["rank"].max() + 0.6, 0.4))
    axes.grid(False, axis="y")


def bumps(of: Mapping[str, tuple[Results, pd.DataFrame]], across: str) -> tuple[Canvas, str]:
    """A bump chart a log, one below the other, and the ranks in words.

    Parameters
    ----------
    of : mapping of str to (Results, DataFrame)
        Title -> whose models they are, and rows for `bump` with `value` in place of `rank`.
    across : str
        As in `bump`.
    """
    made = {title: (run, rows.assign(rank=ranked_within(rows, across))) for title, (run, rows) in of.items()}
    tall = [0.55 + 0.22 * rows["rank"].max() for _, rows in made.values()]
    ratios = {"height_ratios": tall}
    canvas, panels = subplots(rows=len(made), height=0.2 + sum(tall), width=NARROW, gridspec_kw=ratios)
    said = []
    for axes, (title, (run, rows)) in zip(panels, made.items(), strict=True):
        bump(axes, rows, across, run)
        axes.set_title(title)
        orders = [
            f"{step} {', '.join(map(run.label, each.sort_values('rank')['model']))}"
            for step, each in rows.groupby(across, sort=False)
        ]
        said.append(f"{title}: {'; '.join(orders)}")
    return canvas, ". ".join(said)


def steps(axes: Axes, ranks: np.ndarray) -> None:
    """A grid of ranks, each in its colour, the first the lightest."""
    height, width = ranks.shape
    edges = np.arange(width + 1) - 0.5, np.arange(height + 1) - 0.5
    mesh = axes.pcolormesh(*edges, ranks, cmap="viridis_r", vmin=1, vmax=ranks.max() + 1)
    for (row, column), rank in np.ndenumerate(ranks):
        red, green, blue, _ = mesh.to_rgba(rank)
        shade = "#000000" if 0.3 * red + 0.6 * green + 0.1 * blue > 0.5 else "#ffffff"
        axes.text(column, row, f"{rank:.0f}", ha="center", va="center", fontsize=8, color=shade)
    axes.grid(False)
    axes.spines[:].set_visible(False)


def ranked_within(rows: pd.DataFrame, within: str) -> pd.Series:
    """The rank of each row by `value`, the largest first, among those with the same `within`; no ties.

    >>> rows = pd.DataFrame({"by": ["a", "a", "b", "b"], "value": [0.1, 0.3, 0.2, 0.2]})
    >>> ranked_within(rows, "by").tolist()
    [2, 1, 1, 2]
    """
    return rows.groupby(within, sort=False)["value"].rank(ascending=False, method="first").astype(int)
