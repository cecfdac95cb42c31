"""Cold start: new users of whom little is shown, and new songs that nobody has met."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import pandas as pd

from songrec.evaluation.metrics import DECIDING, METRICS
from songrec.results import Results
from songrec.show.figure import Figure, legend, lines, subplots
from songrec.show.prose import Prose, prose, told, two_lines
from songrec.show.table import RANGE, Table, by_log, frame, numbers, wide

STAGE = "cold_start"


def users(run: Results) -> Table:
    """Who is set aside, and how much of them is hidden."""
    hidden = f"hidden {run.item}s per user"
    rows = run.table(STAGE, "users").rename(columns={"songs": "interactions", "hidden": hidden})
    return frame(rows, **{hidden: partial(numbers, digits=1)})


def kappa(run: Results) -> Table:
    """The mean average precision on validation for each kappa that was tried; the last column decides."""
    rows = run.table(STAGE, "kappa")
    rows = rows.assign(shown=[f"{n:.0f}" if n == n else "mean" for n in rows["shown"]])
    return wide(rows, "kappa", "shown", name="{:g}".format, note="The highest mean decides.")


def curve(run: Results, cutoff: int = 10) -> Table:
    """MAP of new users by the number of songs that are shown: a row a model."""
    rows = run.rows(STAGE, "curve", metric=DECIDING, k=cutoff)
    listed = rows[(rows["shown"] > 0) | (rows["model"].isin(_always(run)))]
    note = f"{rows['n_users'].max():,} users unknown to every model. {RANGE}"
    return wide(listed, "model", "shown", name=run.label, heading="{} shown", missing="no list", note=note)


def _always(run: Results) -> list[str]:
    """Models that have a list for somebody of whom nothing is known."""
    return [run.facts(STAGE)["baseline"], "hybrid"]


def curves(run: Results, cutoff: int = 10) -> Figure:
    """Accuracy by the number of songs that are shown, a panel a metric, a line a model."""
    rows = run.rows(STAGE, "curve", k=cutoff)
    shown = sorted(rows["shown"].unique())
    metrics = list(dict.fromkeys(rows["metric"]))
    canvas, panels = subplots(columns=len(metrics), height=3.7)
    for axes, metric in zip(panels, metrics, strict=True):
        mine = rows[rows["metric"] == metric]
        lines(axes, mine.assign(at=np.searchsorted(shown, mine["shown"])), "at", run)
        axes.set_xticks(range(len(shown)), [str(n) for n in shown])
        axes.set(xlabel=f"{run.item}s shown (not to scale)", ylim=(0, None))
        axes.set_title(METRICS[metric].title(cutoff))
    panels[0].set_ylabel("mean over users")
    legend(canvas, panels[0])
    drawn = rows[["model", "metric", "shown", "value", "ci_low", "ci_high"]]
    ends = told(run, rows[rows["metric"] == DECIDING], "{model} {first:.3f} to {last:.3f}")
    return Figure(
        canvas,
        drawn,
        f"Accuracy for users whom no model has met, by the number of their {run.item}s that are shown, with "
        "95 % intervals. What must be found is the same at every point of a curve.",
        f"Panels for {' and '.join(METRICS[metric].label for metric in metrics)}, a line a model over the "
        f"number of {run.item}s shown. MAP with none and with the most shown: {ends}.",
    )


def curves_by_log(runs: Sequence[Results], cutoff: int = 10) -> Figure:
    """Accuracy by the number of songs that are shown, a panel a log, a line a model."""
    canvas, panels = subplots(columns=len(runs), height=3.8)
    drawn, said = [], []
    for axes, run in zip(panels, runs, strict=True):
        rows = run.rows(STAGE, "curve", metric=DECIDING, k=cutoff)
        shown = sorted(rows["shown"].unique())
        lines(axes, rows.assign(at=np.searchsorted(shown, rows["shown"])), "at", run)
        axes.set_xticks(range(len(shown)), [str(n) for n in shown])
        axes.set(xlabel=f"{run.item}s shown (not to scale)", ylim=(0, None), title=two_lines(run.title))
        drawn.append(rows[["model", "shown", "value", "ci_low", "ci_high"]].assign(log=run.title))
        ends = told(run, rows, "{model} {first:.3f} to {last:.3f}", between=", ")
        said.append(f"{run.title}: {ends}")
    panels[0].set_ylabel(METRICS[DECIDING].title(cutoff))
    legend(canvas, panels)
    return Figure(
        canvas,
        pd.concat(drawn, ignore_index=True),
        "Mean average precision for users whom no model has met, by the number of their items that are "
        "shown, with bands for the 95 % intervals. What must be found is the same at every point of a curve.",
        f"A panel a log, a line a model. With none and with the most shown: {'; '.join(said)}.",
    )


def gains(run: Results) -> Table:
    """How far each model is ahead of the baseline with as much shown; bold where the interval excludes 0."""
    rows = run.table(STAGE, "gains")
    rows = rows[rows["shown"] > 0].assign(best=lambda each: each["ci_low"] > 0)
    than = run.label(run.facts(STAGE)["baseline"])
    return wide(
        rows,
        "model",
        "shown",
        name=run.label,
        heading="{} shown",
        signed=True,
        note=f"MAP minus that of {than} with as much shown, user by user. {RANGE} Bold: above 0.",
        empty="There is no model beside the baseline.",
    )


def all_gains(runs: Sequence[Results]) -> Table:
    """`gains` of every log."""
    note = f"MAP@10 minus that of popularity with as much shown, user by user. {RANGE} Bold: above 0."
    return by_log(runs, gains, note)


def new_songs(run: Results) -> Table:
    """How well new songs are ranked by what is known of them, beside a random order."""
    rows = run.table(STAGE, "new_songs")
    users = rows["n_users"].max()
    if not run.facts(STAGE).get("named", 1):  # without artists there is nothing to rank by
        rows = rows.iloc[:0]
    heads = [METRICS[metric].title(k) for metric, k in zip(rows["metric"], rows["k"], strict=True)]
    note = f"{users:,} users who chose some of the new {run.item}s. {RANGE}"
    return wide(
        rows.assign(head=heads),
        "way",
        "head",
        first="ranked by",
        note=note,
        empty=f"No artist is known of the new {run.item}s: nothing can rank them.",
    )


def facts(run: Results) -> dict:
    """What the findings say: the start, who is ahead from when on, the hybrid, new songs."""
    asked = run.facts(STAGE)
    curve = run.rows(STAGE, "curve", metric=DECIDING)
    baseline = asked["baseline"]
    some = curve.loc[curve["shown"] > 0, "shown"]
    highest = [
        curve[curve["shown"] == n].sort_values("value", ascending=False, kind="stable").iloc[0].to_dict()
        for n in dict.fromkeys([some.min(), some.max()])
    ]
    hybrid = run.table(STAGE, "hybrid")
    behind = hybrid[hybrid["ci_low"] > 0]
    new = run.rows(STAGE, "new_songs", metric=DECIDING).set_index("way", drop=False)
    ways = new.drop(index="random").to_dict("records")
    best = max(ways, key=lambda row: row["value"], default=None)
    since = ahead_from(run.table(STAGE, "gains"))
    return {
        **asked,
        "fewer": asked.get("fewer"),
        "start": curve[(curve["model"] == baseline) & (curve["shown"] == 0)].iloc[0].to_dict(),
        "highest": highest,
        "since": {n: [m for m, at in since.items() if at == n] for n in sorted({*since.values()} - {0})},
        "never": [model for model, n in since.items() if not n],
        "compared": list(since),
        "parts": list(dict.fromkeys(hybrid["model"])),
        "behind": {model: of["shown"].tolist() for model, of in behind.groupby("model", sort=False)},
        "ways": ways,
        "random": new.loc["random"].to_dict(),
        "absent": run.absent(curve["model"]),
        "apart": bool(best and best["ci_low"] > new.loc["random", "ci_high"]),
    }


def ahead_from(gains: pd.DataFrame) -> dict[str, int]:
    """The fewest songs from which on a model's interval lies above 0 at every number; 0 for never."""
    found: dict[str, int] = {}
    for model, rows in gains[gains["shown"] > 0].groupby("model", sort=False):
        found[model] = 0
        for row in rows.sort_values("shown", ascending=False).itertuples():
            if not row.ci_low > 0:
                break
            found[model] = row.shown
    return found


def findings(run: Results) -> Prose:
    """How soon a model is ahead of popularity, what the hybrid gives, and what is known of new songs."""
    return prose("cold_start.jinja", run, **facts(run))
