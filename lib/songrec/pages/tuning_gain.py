"""What tuning gained on the test users, who had no part in it."""

import pandas as pd

from songrec.evaluation.metrics import DECIDING, METRICS
from songrec.pages.tune import NOTHING, asked, capped_note, edges, ended
from songrec.results import Results
from songrec.show.figure import Figure, name_rows, points, reference_line, subplots
from songrec.show.prose import Prose, prose
from songrec.show.style import colour, marker
from songrec.show.table import RANGE, Table, counts, estimates, numbers, table, words

STAGE = "tuning_gain"


def _searched(run: Results) -> pd.DataFrame:
    """The rows of the models that had something to search, or took what another search found."""
    tuned = run.facts("tune")
    rows = run.table(STAGE, "gain")
    return rows[[bool(tuned[model]["asked"] or tuned[model].get("source")) for model in rows["model"]]]


def _by_tuned(rows: pd.DataFrame) -> list[str]:
    """The models, the best tuned one first."""
    tuned = rows[rows["statistic"] == "tuned"]
    return tuned.sort_values("value", ascending=False, kind="stable")["model"].tolist()


def gain(run: Results) -> Table:
    """What tuning gained for each model, the best tuned model first."""
    rows, tuned = _searched(run), run.facts("tune")
    if rows.empty:
        return table({}, empty=NOTHING)
    models = _by_tuned(rows)
    by = {name: of.set_index("model").loc[models] for name, of in rows.groupby("statistic")}
    difference = by["difference"]
    title = METRICS[rows["metric"].iloc[0]].title(rows["k"].iloc[0])
    return table(
        {
            "model": words(map(run.label, models)),
            "trials": counts(asked(tuned[model]) for model in models),
            "untuned": numbers(by["untuned"]["value"], digits=4),
            "tuned": numbers(by["tuned"]["value"], digits=4),
            "difference": estimates(difference, signed=True).marked(difference["ci_low"] > 0),
            "at an edge": words(edges(tuned[model]) or "none" for model in models),
        },
        note=f"{title} of the test users. {RANGE} Bold: the interval is above 0.{capped_note(run)}",
    )


def gains(run: Results) -> Figure:
    """Each model on the test users, untuned (hollow) and tuned (filled), and the gain with its interval."""
    rows = _searched(run)
    models = _by_tuned(rows)
    by = {name: of.set_index("model", drop=False).loc[models] for name, of in rows.groupby("statistic")}
    canvas, (left, right) = subplots(columns=2, height=1.2 + 0.26 * max(len(models), 1), sharey=True)
    for place, model in enumerate(models):
        look = {"color": colour(run, model), "marker": marker(run, model)}
        ends = by["untuned"].loc[model, "value"], by["tuned"].loc[model, "value"]
        left.plot(ends, [place, place], color=look["color"], linewidth=1.2, zorder=1)
        left.plot(ends[0], place, markerfacecolor="none", markeredgewidth=1.5, **look)
        left.plot(ends[1], place, **look)
    if models:
        points(right, by["difference"], range(len(models)), models, run)
    reference_line(right, x=0)
    name_rows(left, [run.label(model) for model in models])
    right.grid(False, axis="y")
    title = METRICS[DECIDING].title(run.facts(STAGE)["cutoff"])
    left.set_xlabel(f"{title}, untuned (hollow) and tuned")
    right.set_xlabel(f"gain in {title}, 95 % interval")
    each = [
        f"{run.label(model)} {by['untuned'].loc[model, 'value']:.3g} to {by['tuned'].loc[model, 'value']:.3g}"
        for model in models
    ]
    return Figure(
        canvas,
        rows[["model", "statistic", "value", "ci_low", "ci_high"]],
        "Each model with its default hyper-parameters (hollow) and the tuned ones (filled): mean average "
        "precision of the test users; on the right the gain, user by user, with its 95 % interval.",
        f"A row a model, two markers joined by a line. From untuned to tuned: {'; '.join(each) or 'none'}.",
    )


def facts(run: Results) -> dict:
    """What the findings say: who gained or lost, who was stopped, what lies at an edge."""
    rows, tuned = _searched(run), run.facts("tune")
    differences = rows[rows["statistic"] == "difference"].sort_values("value", ascending=False, kind="stable")
    better = differences[differences["ci_low"] > 0]
    models = list(dict.fromkeys(rows["model"]))
    return {
        **run.facts(STAGE),
        "searched": models,
        "users": int(rows["n_users"].max()) if len(rows) else 0,
        "better": better["model"].tolist(),
        "most": better.iloc[0].to_dict() if len(better) else None,
        "worse": differences.loc[differences["ci_high"] < 0, "model"].tolist(),
        **ended(tuned, models),
    }


def findings(run: Results) -> Prose:
    """What tuning gained."""
    return prose("tuning_gain.jinja", run, **facts(run))
