"""Learning curves: accuracy by how much of the log models learn from (a part of the page `beyond`)."""

from collections.abc import Sequence

import pandas as pd

from songrec.pages.beyond import STAGE, title
from songrec.results import Results
from songrec.show.figure import Figure, legend, lines, percent, subplots
from songrec.show.prose import told, two_lines


def curve(run: Results) -> Figure:
    """MAP by the share of the log that models learn from: a line a model."""
    return curves([run])


def curves(runs: Sequence[Results]) -> Figure:
    """`curve` of several logs, each in a panel with a scale of its own."""
    canvas, panels = subplots(columns=len(runs), height=3.8)
    drawn, said = [], []
    for axes, run in zip(panels, runs, strict=True):
        rows = run.table(STAGE, "learning_curve")
        lines(axes, rows, "share", run)
        axes.set(xlim=(0, 1.03), ylim=(0, None), xlabel="share of the training log kept")
        percent(axes.xaxis)
        if len(runs) > 1:
            axes.set_title(two_lines(run.title))
        drawn.append(rows[["model", "share", "value", "ci_low", "ci_high"]].assign(log=run.title))
        ends = told(run, rows, "{model} {first:.3g} and {last:.3g}", between=", ")
        said.append(f"{run.title}: {ends}")
    panels[0].set_ylabel(title(runs[0]))
    legend(canvas, panels)
    return Figure(
        canvas,
        pd.concat(drawn, ignore_index=True),
        "Mean average precision by the share of the training log that models learn from, with bands for the "
        "95 % intervals. What is known of the users, and what must be found, stays the same.",
        f"A line a model over the share of the log, {title(runs[0])} upwards. With the whole log and with "
        f"the least of it, {'; '.join(said)}.",
    )
