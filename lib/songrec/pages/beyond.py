"""Beyond accuracy: surprise, reach, popularity and variety of lists, and how alike models' lists are.

The page's other parts are `segments`, `learning_curve` and `rerank`; its findings are of them all.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from songrec.evaluation.metrics import DECIDING, METRICS
from songrec.results import Results
from songrec.show.figure import (
    Figure,
    arms,
    errorbar,
    heat,
    legend,
    lines,
    name_rows,
    percent,
    points,
    reference_line,
    subplots,
)
from songrec.show.numbers import share
from songrec.show.prose import Prose, listed, prose, told
from songrec.show.style import GROUPS, INK
from songrec.show.table import (
    BEST,
    RANGE,
    Table,
    Tables,
    by_log,
    counts,
    estimates,
    table,
    wide,
    words,
)

STAGE = "beyond"

AGAINST = ("serendipity", "coverage", "novelty", "diversity")
EVERYBODY, HELD_OUT = "everybody", "held out"
BY_ACTIVITY, BY_TASTE, BY_SONG = "history", "taste", "hidden song"


def title(run: Results, metric: str = DECIDING) -> str:
    """The head of a metric's column, with the cut-off of this page."""
    return METRICS[metric].title(run.facts(STAGE)["cutoff"])


def _named(run: Results, model: str) -> str:
    return "what they really chose" if model == HELD_OUT else run.label(model)


def measure(run: Results, metric: str) -> pd.DataFrame:
    """A row a model, from the highest MAP to the lowest."""
    return run.rows(STAGE, "summary", metric=metric).reset_index(drop=True)


def only(rows: pd.DataFrame, models: list[str] | None) -> pd.DataFrame:
    """Rows of these models, and of what users really chose."""
    return rows if models is None else rows[rows["model"].isin([*models, HELD_OUT])]


def summary(run: Results, metrics: list[str] | None = None) -> Table:
    """Every model by MAP and these measures, or all, from the highest MAP to the lowest."""
    models = measure(run, DECIDING)["model"].tolist()
    columns = {"model": words(run.label(model) for model in models)}
    for metric in dict.fromkeys([DECIDING, *(metrics or run.table(STAGE, "summary")["metric"])]):
        rows = measure(run, metric)
        if len(rows):
            rows = rows.set_index("model").reindex(models)
            marked = rows["best"].astype(str) == "True"
            if metric == DECIDING:
                best = run.best(metric, run.facts(STAGE)["cutoff"])
                marked = [model in best for model in models]
            columns[title(run, metric)] = estimates(rows, METRICS[metric].unit).marked(marked)
    note = (
        f"{BEST} Where nothing is bold, no value is best in itself; what has no interval is one number of "
        "all lists."
    )
    return table(columns, note + _artists(run, metrics))


def _artists(run: Results, metrics: list[str] | None) -> str:
    """Of how many listed songs the artist is known."""
    part = run.facts(STAGE).get("known_artists")
    if part is None or (metrics and not any(metric.startswith("artist") for metric in metrics)):
        return ""
    if not part:
        return " Nothing is known of artists here."
    left = "" if part == 1 else "; the others are left out"
    return f" The artist is known in {share(part)} of all places{left}."


def accuracy_against(run: Results) -> Figure:
    """MAP against serendipity, coverage, novelty and diversity: a panel each, a point a model."""
    up = measure(run, DECIDING)
    models = up["model"].tolist()
    canvas, panels = subplots(columns=2, rows=2, height=6.4, sharey=True)
    for axes, metric in zip(panels, AGAINST, strict=True):
        points(axes, measure(run, metric), up, models, run, clip_on=False)
        axes.set(title=title(run, metric), ylim=(0, None))
        if METRICS[metric].unit == "%":
            percent(axes.xaxis)
    for axes in panels[::2]:
        axes.set_ylabel(title(run))
    legend(canvas, panels[0])
    drawn = run.table(STAGE, "summary")
    drawn = drawn[drawn["metric"].isin([DECIDING, *AGAINST])]
    by = drawn.pivot(index="model", columns="metric", values="value")  # noqa: PD010
    said = [
        f"{run.label(model)} {', '.join(f'{by.loc[model, name]:.3g}' for name in (DECIDING, *AGAINST))}"
        for model in models
    ]
    return Figure(
        canvas,
        drawn[["model", "metric", "value", "ci_low", "ci_high"]],
        "Accuracy against four other measures, a point a model, with 95 % intervals where a measure is a "
        "mean over users.",
        f"Four panels, a point a model, {title(run)} upwards; to the right "
        f"{listed(METRICS[name].label.lower() for name in AGAINST)}. MAP and these, in this order: "
        f"{'; '.join(said)}.",
    )


def lorenz(run: Results) -> Figure:
    """How unequally the places are shared: a line a model, and the diagonal of equal shares."""
    rows, cutoff = run.table(STAGE, "lorenz"), run.facts(STAGE)["cutoff"]
    canvas, (axes,) = subplots(height=4.2)
    axes.plot([0, 1], [0, 1], color=INK, linestyle="--", linewidth=1.2, label="equal shares")
    every = max(rows["model"].value_counts().max() // 10, 1)
    lines(axes, rows, "song_share", run, y="place_share", every=every)
    axes.set(xlabel=f"{run.item}s, least named first", ylabel=f"share of all top-{cutoff} places")
    axes.set(xlim=(0, 1), ylim=(0, 1.02))
    percent(axes.xaxis)
    percent(axes.yaxis)
    legend(canvas, axes)
    ginis = told(run, measure(run, "gini"), "{model} {value:.3g}")
    return Figure(
        canvas,
        rows[["model", "song_share", "place_share"]],
        f"The share of all places that the least named {run.item}s have together. The further a line lies "
        f"below the diagonal, the fewer {run.item}s share the places.",
        f"A line a model below a dashed diagonal. Gini, twice the area between: {ginis}.",
    )


def lift(run: Results, models: list[str] | None = None) -> Table:
    """Popularity lift for everybody and by group of users; the last row is what users really chose."""
    rows = only(run.table(STAGE, "lift"), models)
    groups = [*dict.fromkeys(rows["group"])]
    rows = rows.set_index("group").loc[[*groups[1:], groups[0]]].reset_index()
    note = f"{RANGE} At 0 lists are as popular as the users' own histories."
    return wide(rows, "model", "group", name=lambda model: _named(run, model), unit="%", note=note)


def all_lifts(runs: Sequence[Results], models: list[str] | None = None) -> Table:
    """`lift` of every log."""
    return by_log(runs, lambda run: lift(run, models))


def lift_by_group(run: Results) -> Figure:
    """Popularity lift by group of users: a row a model, a mark a group; the baseline's is off the scale."""
    rows, baseline = run.table(STAGE, "lift").dropna(subset="value"), run.facts(STAGE)["baseline"]
    shown = rows[(rows["model"] != baseline) & (rows["group"] != EVERYBODY)]
    models, groups = (list(dict.fromkeys(shown[name])) for name in ("model", "group"))
    canvas, (axes,) = subplots(height=1.6 + 0.42 * len(models))
    reference_line(axes, x=0)
    for place, (group, (shade, shape)) in enumerate(zip(groups, GROUPS, strict=False)):
        mine = shown[shown["group"] == group]
        at = [models.index(model) + (place - 1) * 0.2 for model in mine["model"]]
        look = {"color": shade, "marker": shape, "markersize": 5, "linestyle": ""}
        errorbar(axes, mine["value"], at, xerr=arms(mine), label=f"{group} users", **look)
    name_rows(axes, [_named(run, model) for model in models])
    axes.set_xlabel(f"popularity of listed {run.item}s relative to the user's history")
    percent(axes.xaxis)
    legend(canvas, axes)
    said = [
        f"{_named(run, model)} {', '.join(f'{value:+.0%}' for value in mine['value'])}"
        for model, mine in shown.groupby("model", sort=False)
    ]
    left = rows[(rows["model"] == baseline) & (rows["group"] != EVERYBODY)]["value"]
    return Figure(
        canvas,
        shown[["model", "group", "value", "ci_low", "ci_high"]],
        f"By how much lists are more popular than the histories of {listed(groups)} users, with 95 % "
        f"intervals. The last row says it of what users really chose. Not drawn is {run.label(baseline)}, "
        "which the table shows.",
        f"A row a model, a point with a bar for {listed(groups)} users. In this order: {'; '.join(said)}"
        f". Not drawn: {run.label(baseline)} {', '.join(f'{value:+.0%}' for value in left)}.",
    )


def overlap(run: Results) -> Figure:
    """How alike every two models' lists are, as the mean Jaccard."""
    rows = run.table(STAGE, "overlap")
    models = list(dict.fromkeys([*rows["one"], *rows["other"]])) or measure(run, DECIDING)["model"].tolist()
    square = np.eye(len(models))
    for row in rows.itertuples():
        i, j = models.index(row.one), models.index(row.other)
        square[i, j] = square[j, i] = row.value
    canvas, (axes,) = subplots(height=1.6 + 0.36 * len(models))
    heat(axes, square, [run.label(model) for model in models])
    ends = rows.sort_values("value", kind="stable").iloc[[-1, 0]] if len(rows) else rows
    said = [f"{run.label(row.one)} and {run.label(row.other)} {row.value:.2f}" for row in ends.itertuples()]
    return Figure(
        canvas,
        rows[["one", "other", "value"]],
        "The mean Jaccard overlap of every two models' lists: what they share, of all that either names.",
        f"A square of numbers, a row and a column a model: {listed(map(run.label, models))}."
        + (f" From {said[0]} to {said[1]}." if said else ""),
    )


def titles(run: Results) -> Tables:
    """Some users' histories and the beginning of each model's list; bold was hidden and chosen."""
    rows = run.table(STAGE, "titles")
    rows = rows.assign(user=rows["user"].astype(str), hit=rows["hit"].astype(str) == "True")
    disputed, made = run.facts(STAGE)["lowest_overlap"], {}
    for user, mine in rows.groupby("user", sort=False):
        ranks = sorted(set(mine["rank"]))
        history = mine[mine["kind"] == "history"].set_index("rank")["label"]
        columns = {"rank": counts(ranks), "history": words(history.reindex(ranks))}
        for model, of in mine[mine["kind"] == "recommended"].groupby("model", sort=False):
            of = of.set_index("rank").reindex(ranks)
            columns[run.label(model)] = words(of["label"]).marked(of["hit"].astype(str) == "True")
        more = ", on whom the models agree least" if user in disputed else ""
        made[f"User {user}{more}"] = table(columns)
    return Tables(made)


def facts(run: Results) -> dict:
    """What the findings say of all parts of the page."""
    asked = run.facts(STAGE)
    first = measure(run, DECIDING).iloc[0].to_dict()
    surprise = measure(run, "serendipity").sort_values("value", ascending=False, kind="stable")
    top = surprise.iloc[0].to_dict()
    lifts = run.rows(STAGE, "lift", group=EVERYBODY).set_index("model", drop=False)
    parts = run.rows(STAGE, "segments", model=first["model"])
    tastes = parts[parts["by"] == BY_TASTE].to_dict("records")
    pairs = run.table(STAGE, "overlap").sort_values("value", ascending=False, kind="stable")
    return {
        **asked,
        "chosen": asked["lambda"],
        "first": first,
        "top": top,
        "as_good": [
            m for m in surprise[surprise["best"].astype(str) == "True"]["model"] if m != top["model"]
        ],
        "reach": {
            name: measure(run, name).set_index("model")["value"].to_dict() for name in ("coverage", "gini")
        },
        "lifts": _by_sign(lifts.drop(index=HELD_OUT).dropna(subset="value")),
        "held_out": lifts.loc[HELD_OUT].to_dict(),
        "tastes": [tastes[0], tastes[-1]] if len(tastes) > 1 else [],
        "apart": len(tastes) > 1 and _apart(tastes[0], tastes[-1]),
        "classes": parts[parts["by"] == BY_SONG].to_dict("records"),
        **_learned(run),
        **_reranked(run, asked["allowed"]),
        "pairs": pairs.to_dict("records"),
        "absent": run.absent(surprise["model"]),
    }


def _by_sign(rows: pd.DataFrame) -> dict[str, list[dict]]:
    """Rows whose interval lies above 0, below it (by how much), and the others, the largest first."""
    rows = rows.sort_values("value", ascending=False, kind="stable")
    up, down = rows["ci_low"] > 0, rows["ci_high"] < 0
    less = rows[down][::-1]
    less = less.assign(value=-less["value"], ci_low=-less["ci_high"], ci_high=-less["ci_low"])
    return {
        "more": rows[up].to_dict("records"),
        "less": less.to_dict("records"),
        "neither": rows[~(up | down)].to_dict("records"),
    }


def _apart(one: dict, other: dict) -> bool:
    return one["ci_high"] < other["ci_low"] or other["ci_high"] < one["ci_low"]


def _learned(run: Results) -> dict:
    """What is left with the least of the log, and with which shares models are ahead of the baseline."""
    kept, lead = run.table(STAGE, "learning_kept"), run.table(STAGE, "learning_lead")
    behind = {m: of.loc[~(of["ci_low"] > 0), "share"].tolist() for m, of in lead.groupby("model", sort=False)}
    least = kept["share"].min()
    return {
        "least": least,
        "kept": kept[kept["share"] == least].dropna(subset="value").to_dict("records"),
        "ahead": [model for model, shares in behind.items() if not shares],
        "never": [model for model, shares in behind.items() if len(shares) == lead["share"].nunique()],
        "behind": {m: shares for m, shares in behind.items() if 0 < len(shares) < lead["share"].nunique()},
    }


def _reranked(run: Results, allowed: float) -> dict:
    """What the chosen order gave and cost on test, and whether the bound that validation set holds there."""
    compared = run.table(STAGE, "rerank_effect").set_index(["metric", "statistic"])
    left = compared.loc[DECIDING, "ratio"].to_dict()
    kept, broken = left["ci_low"] >= 1 - allowed, left["ci_high"] < 1 - allowed
    return {
        "left": left,
        "paid": compared.loc[DECIDING, "difference"].to_dict(),
        "varied": compared.loc["diversity", "difference"].to_dict(),
        "bound": "kept" if kept else "broken" if broken else "open",
    }


def findings(run: Results) -> Prose:
    """Surprise and reach, popularity bias, who is served, how much log it takes, what another order costs."""
    return prose("beyond.jinja", run, **facts(run))
