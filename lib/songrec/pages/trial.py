"""A trial among listeners whose tastes are known: what offline metrics, interleaving and a split say."""

import pandas as pd

from songrec.evaluation.metrics import DECIDING, METRICS
from songrec.results import Results
from songrec.show.figure import Figure, legend, points, subplots
from songrec.show.prose import Prose, prose
from songrec.show.table import RANGE, Column, Table, estimates, p_values, sizes, table, words

STAGE = "trial"
TRUTH, TRUE = "expected_plays", "true"
DESIGNS = {TRUE: "truth", "offline": "offline", "interleaved": "interleaving", "split": "split"}
ALPHA = 0.05


def quality(run: Results) -> Table:
    """Every model by its lists' true value and by the metrics on what was held out; truly best first."""
    rows = run.table(STAGE, "quality")
    models = _true(run)["model"].tolist()
    columns = {"model": words(map(run.label, models))}
    for metric, of in rows.groupby("metric", sort=False):
        head = "expected plays" if metric == TRUTH else METRICS[metric].title(of["k"].iloc[0])
        columns[head] = estimates(of.set_index("model").loc[models])
    return table(columns, note=f"Expected plays: of one list, by the listeners' true tastes. {RANGE}")


def agreement(run: Results) -> Figure:
    """Offline MAP across, expected plays up: a point a model."""
    true = _true(run)
    models = true["model"].tolist()
    offline = run.rows(STAGE, "quality", metric=DECIDING).set_index("model").loc[models].reset_index()
    canvas, (axes,) = subplots(height=3.6)
    points(axes, offline, true, models, run)
    title = METRICS[DECIDING].title(true["k"].iloc[0])
    axes.set(xlabel=f"{title} offline", ylabel="expected plays of a list", xlim=(0, None), ylim=(0, None))
    legend(canvas, axes)
    drawn = true[["model", "value"]].assign(offline=offline["value"])
    each = [f"{run.label(row.model)} {row.offline:.3f} and {row.value:.2f}" for row in drawn.itertuples()]
    return Figure(
        canvas,
        drawn,
        "What was measured offline, mean average precision, against what a list is truly worth, each with "
        "its 95 % interval: the plays that its listener's tastes make likely.",
        f"A point a model, {title} across and expected plays upwards: {'; '.join(each)}.",
    )


def pairs(run: Results) -> Table:
    """Every two models, a row for each way to compare them."""
    rows = run.table(STAGE, "pairs")
    names = [f"{run.label(row.version)} before {run.label(row.than)}" for row in rows.itertuples()]
    tested = rows["design"] != TRUE
    parts = [
        pd.Series(estimates(of, signed=True).cells, index=of.index)
        for _, of in rows.groupby(rows["design"] == "offline")
    ]
    differences = pd.concat(parts).sort_index()
    return table(
        {
            "pair": words(names),
            "by": words(DESIGNS[design] for design in rows["design"]),
            "difference": Column(differences.tolist()),
            "p": p_values(rows["p"].where(tested)),
            "users needed": sizes(rows["needed"].where(rows["p"] < ALPHA)),
        },
        note="The truly better model stands first: a difference below 0 is wrong. Offline it is of MAP, else "
        "of plays of a list. Users needed: for a test that finds this difference four times in five; of "
        f"significant ones. {RANGE}",
        empty="One model has nothing to be compared with.",
    )


def _true(run: Results) -> pd.DataFrame:
    rows = run.rows(STAGE, "quality", metric=TRUTH)
    return rows.sort_values("value", ascending=False, kind="stable").reset_index(drop=True)


def facts(run: Results) -> dict:
    """Which pairs each way of comparing tells apart, rightly and wrongly, and what each trial needs."""
    rows = run.table(STAGE, "pairs")
    said = []
    for design in ("offline", "interleaved", "split"):
        of = rows[rows["design"] == design]
        told = of[of["p"] < ALPHA]
        wrong = told[told["value"] < 0]
        said.append(
            {
                "design": DESIGNS[design],
                "pairs": len(of),
                "order": int((of["value"] > 0).sum()),
                "told": len(told),
                "wrong": wrong.rename(columns={"version": "model"})[["model", "than"]].to_dict("records"),
            }
        )
    both = rows[(rows["p"] < ALPHA) & (rows["value"] > 0)]
    both = both.pivot_table(index=["version", "than"], columns="design", values="needed")
    ratio = (both["split"] / both["interleaved"]).dropna() if {"split", "interleaved"} <= {*both} else []
    return {
        **run.facts(STAGE),
        "models": _true(run)["model"].tolist(),
        "pairs": len(rows) // len(DESIGNS),
        "said": said,
        "times": float(ratio.median()) if len(ratio) else None,
        "compared": len(ratio),
    }


def findings(run: Results) -> Prose:
    """Does the offline order predict the online one, and which trial is the cheaper?"""
    return prose("trial.jinja", run, INVENTED, **facts(run))


INVENTED = (
    "The listeners are invented, and so are their tastes and their patience: real ones are influenced by "
    "what they are shown, tire and return."
)
