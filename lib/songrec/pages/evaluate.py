"""Evaluation: every metric, how many users get hits, and whether knowing more of a user helps."""

import numpy as np

from songrec.evaluation.metrics import DECIDING, METRICS
from songrec.results import Results
from songrec.show.figure import Figure, arms, beside, errorbar, legend, percent, subplots
from songrec.show.prose import Prose, prose, told
from songrec.show.style import INK, colour
from songrec.show.table import BEST, Table, capped, counts, measured, table, turned, wide

STAGE = "evaluate"


def metrics(run: Results, cutoff: int | None = None) -> Table:
    """Every metric at one cut-off: a row a metric, a column a model."""
    cutoff = cutoff or run.facts(STAGE)["cutoff"]
    rows = run.rows(STAGE, "metrics", k=cutoff)
    models = list(dict.fromkeys(rows["model"]))
    names = [name for name in METRICS if name in set(rows["metric"])]
    lines = {METRICS[name].title(cutoff): measured(run, name, cutoff, models) for name in names}
    return turned(lines, "metric", map(run.label, models), BEST + capped(run, models))


def hits(run: Results) -> Figure:
    """How many hits a user gets: share of users by hits, a bar a model."""
    rows, cutoff = run.table(STAGE, "hits"), run.facts(STAGE)["cutoff"]
    models, numbers = (list(dict.fromkeys(rows[name])) for name in ("model", "hits"))
    canvas, (axes,) = subplots(height=3.8)
    width = 0.82 / len(models)
    for place, model in enumerate(models):
        mine = rows[rows["model"] == model]
        at = np.arange(len(mine)) + (place - (len(models) - 1) / 2) * width
        axes.bar(at, mine["value"], width=width * 0.92, color=colour(run, model), label=run.label(model))
        errorbar(axes, at, mine["value"].to_numpy(), yerr=arms(mine), linestyle="", color=INK, capsize=1)
    axes.set_xticks(range(len(numbers)), [str(number) for number in numbers])
    axes.set(xlabel=f"hits among the first {cutoff}", ylabel="share of users")
    axes.grid(False, axis="x")
    percent(axes.yaxis)
    legend(canvas, axes)
    none = told(run, rows.assign(value=100 * rows["value"]), "{model} {first:.0f} %")
    return Figure(
        canvas,
        rows,
        f"Users by the number of hits among the first {cutoff} places of their lists, as shares of all test "
        "users, with 95 % intervals (Wilson).",
        f"Groups of bars for each number of hits, {numbers[0]} to {numbers[-1]}, a bar a model. Users "
        f"without a hit: {none}.",
    )


def by_activity(run: Results) -> Figure:
    """MAP by how many songs the model knows of the user."""
    rows, cutoff = run.table(STAGE, "activity"), run.facts(STAGE)["cutoff"]
    canvas, (axes,) = subplots(height=4.0)
    beside(axes, rows, "group", run)
    name = METRICS[DECIDING].title(cutoff)
    axes.set(
        xlabel=f"known {run.item}s of the user (groups of about equal size)", ylabel=name, ylim=(0, None)
    )
    legend(canvas, axes)
    return Figure(
        canvas,
        rows,
        f"{name} by the number of {run.item}s that the model knows of the user, with 95 % intervals.",
        f"Groups of users from the fewest to the most known {run.item}s, a line with bars for each model. "
        f"From the first group to the last: {told(run, rows, '{model} {first:.3f} to {last:.3f}')}.",
    )


def activity(run: Results) -> Table:
    """MAP by how many songs the model knows of the user: a row a group, a column a model."""
    rows = run.table(STAGE, "activity")
    made = wide(rows, "group", "model", first=f"known {run.item}s", heading=run.label)
    groups = rows.drop_duplicates("group")
    first, *others = made.columns.items()
    return table(dict([first, ("users", counts(groups["n_users"])), *others]), made.note)


def facts(run: Results) -> dict:
    """What the findings say: who is served, and whether the best model serves those better whom it knows."""
    cutoff = run.facts(STAGE)["cutoff"]
    served = run.rows(STAGE, "metrics", metric="hit_rate", k=cutoff)
    rows = run.table(STAGE, "activity")
    best = run.models(cutoff=cutoff)[0]
    mine = rows[rows["model"] == best]
    gap = run.rows(STAGE, "activity_gap", model=best)
    return {
        "cutoff": cutoff,
        "served": served.sort_values("value", ascending=False, kind="stable").to_dict("records"),
        "best": best,
        "few": mine.iloc[0].to_dict(),
        "many": mine.iloc[-1].to_dict(),
        "gap": gap.iloc[0].to_dict() if len(gap) else None,
    }


def findings(run: Results) -> Prose:
    """How many users are served at all, and whether knowing more of a user helps."""
    return prose("evaluate.jinja", run, **facts(run))
