"""Definitions: what a number depends on besides the ranking."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from songrec.evaluation.metrics import METRICS
from songrec.results import Results
from songrec.show.bump import steps
from songrec.show.figure import Figure, legend, name_rows, points, subplots
from songrec.show.prose import Prose, counted, prose, told
from songrec.show.style import INK, colour
from songrec.show.table import RANGE, Column, Table, Tables, counts, numbers, shares, table, wide, words

STAGE = "definitions"


def variants(run: Results) -> Table:
    """Every definition and the libraries that use it; what this project reports is bold."""
    rows = run.table(STAGE, "variants")
    own = rows["own"].astype(str) == "True"
    return table(
        {
            "called": words(rows["family"]),
            "definition": words(rows["definition"]).marked(own),
            "used by": words(rows["libraries"]),
        },
        note="Bold: what this project reports.",
    )


def values(run: Results) -> Tables:
    """The same lists by every definition: a table a word, a row a model, a column a definition."""
    made = {
        f"{family}@{of['k'].iloc[0]}": table(_by_model(run, of, "definition", "value", digits=4))
        for family, of in run.table(STAGE, "values").groupby("family", sort=False)
    }
    return Tables(made)


def _by_model(run: Results, rows: pd.DataFrame, across: str, value: str, digits: int) -> dict[str, Column]:
    """A row a model, a column for each value of `across`."""
    models = list(dict.fromkeys(rows["model"]))
    columns = {"model": words(map(run.label, models))}
    for head, of in rows.groupby(across, sort=False):
        columns[head] = numbers(of.set_index("model")[value].reindex(models), digits=digits)
    return columns


def by_definition(run: Results) -> Figure:
    """Every definition of a word, a panel a word: a point a model, with bars for the intervals."""
    rows = run.table(STAGE, "values")
    families = list(dict.fromkeys(rows["family"]))
    models = list(dict.fromkeys(rows["model"]))
    canvas, panels = subplots(columns=2, rows=(len(families) + 1) // 2, height=5.8)
    for axes, family in zip(panels, families, strict=True):
        mine = rows[rows["family"] == family]
        names = list(dict.fromkeys(mine["definition"]))
        for place, model in enumerate(models):
            of = mine[mine["model"] == model]
            at = np.arange(len(of)) + (place - (len(models) - 1) / 2) * min(0.6 / len(models), 0.12)
            points(axes, of, at, [model] * len(of), run, markersize=4.5, capsize=0)
        axes.set_yticks(range(len(names)), [name.replace("), ", "),\n") for name in names])
        axes.set(xlim=(0, None), ylim=(len(names) - 0.5, -0.5))
        axes.grid(False, axis="y")
        axes.set_title(f"{family}@{int(rows['k'].iloc[0])}")
    legend(canvas, panels[0])
    moves = [
        f"{row.family} {row.smallest:.3f} to {row.largest:.3f}"
        for row in run.table(STAGE, "spread").itertuples()
        if row.model == _best(run)
    ]
    return Figure(
        canvas,
        rows[["family", "definition", "model", "value"]],
        "What libraries mean by the same words: the mean over the users by each definition, with 95 % "
        "intervals, for the same lists. Points of one colour are the same ranking.",
        f"A panel a word, a line of points for every definition of it, a point with a bar for each model. "
        f"Of {run.label(_best(run))}: {'; '.join(moves)}.",
    )


def ranks(run: Results) -> Figure:
    """The same lists by every definition: the best model's number, and the rank of every model."""
    rows = run.table(STAGE, "values").reset_index(drop=True)
    rows = rows.assign(rank=rows.groupby("metric", sort=False)["value"].rank(ascending=False, method="min"))
    names = dict.fromkeys(zip(rows["family"], rows["definition"], strict=True))
    best, own = _best(run), rows[rows["metric"] == "average_precision"]
    models = own.sort_values("value", ascending=False, kind="stable")["model"].tolist()
    square = rows.pivot(index="metric", columns="model", values="rank")  # noqa: PD010
    square = square.loc[list(dict.fromkeys(rows["metric"])), models]
    canvas, (left, right) = subplots(
        columns=2,
        height=1.9 + 0.24 * len(names),
        sharey=True,
        gridspec_kw={"width_ratios": [1, max(len(models) / 6, 1)]},
    )
    mine = rows[rows["model"] == best].reset_index(drop=True)
    left.barh(range(len(mine)), mine["value"], color=colour(run, best), height=0.62)
    for place, value in enumerate(mine["value"]):
        left.text(value, place, f" {value:.3f}", va="center", fontsize=8)
    left.set(xlim=(0, 1.45 * max(mine["value"].max(), 1e-3)), xticks=[])
    left.set_title(_short(run, best))
    name_rows(left, [f"{family}: {name}" for family, name in names])
    left.spines[:].set_visible(False)
    steps(right, square.to_numpy())
    right.xaxis.tick_top()
    slanted = {"rotation": 55, "ha": "left", "rotation_mode": "anchor"}
    right.set_xticks(range(len(models)), [_short(run, model) for model in models], **slanted)
    for axes in (left, right):
        axes.tick_params(length=0)
    k = int(rows["k"].iloc[0])
    moved = int((square.max() - square.min()).max())
    low, high = mine["value"].min(), mine["value"].max()
    return Figure(
        canvas,
        rows[["family", "definition", "model", "value", "rank"]],
        f"The same lists of {k} by {len(names)} definitions. Left: the number of {run.label(best)}, from "
        f"{low:.3f} to {high:.3f}. Right: the rank of each model, which moves by "
        f"{counted(moved, 'place')} at most.",
        f"A row a definition: a bar for the number of {run.label(best)}, and the rank of each model. "
        + "; ".join(
            f"{run.label(model)} ranks {low:.0f} to {high:.0f}"
            for model, low, high in zip(models, square.min(), square.max(), strict=True)
        )
        + ".",
    )


def _short(run: Results, model: str) -> str:
    """The model's name as it is written into a drawing: what stands in brackets, where something does."""
    label = run.label(model)
    return label.partition("(")[2].partition(")")[0] or label


def _best(run: Results) -> str:
    """The model with the highest MAP by this project's definition."""
    rows = run.table(STAGE, "values")
    own = rows[rows["metric"] == "average_precision"]
    return own.loc[own["value"].idxmax(), "model"]


def spread(run: Results) -> Table:
    """By how much a word's number moves with its definition: its largest value over its smallest."""
    columns = _by_model(run, run.table(STAGE, "spread"), "family", "ratio", digits=2)
    return table(columns, note="The largest of a word's values over its smallest.")


def orders(run: Results) -> Table:
    """Whether a definition puts the models in another order than this project's of the same word."""
    rows = run.table(STAGE, "orders")
    return table(
        {
            "called": words(rows["family"]),
            "definition": words(rows["definition"]),
            "Kendall's tau": numbers(rows["tau"], digits=2),
            "pairs reversed": Column([f"{r.reversed} of {r.pairs}" for r in rows.itertuples()]),
            "of them significant": counts(rows["significant"]),
        },
        empty="There is one definition only.",
    )


def _two_ways(run: Results, name: str, heads: Sequence[str], note: str) -> Table:
    """A row a model: the value and the place by each way."""
    rows = run.table(STAGE, name)
    made = wide(rows, "model", "way", name=run.label, heading=dict(zip(ways(rows), heads, strict=True)).get)
    places = rows.pivot(index="model", columns="way", values="place").loc[list(dict.fromkeys(rows["model"]))]  # noqa: PD010
    columns = {"model": made.columns["model"]}
    for way, head in zip(ways(rows), heads, strict=True):
        columns |= {head: made.columns[head], f"{head}: place": counts(places[way])}
    return table(columns, note=f"{note} {RANGE}")


def ways(rows: pd.DataFrame) -> list[str]:
    """The two ways of a table, in their order."""
    return list(dict.fromkeys(rows["way"]))


def sampled(run: Results) -> Table:
    """Recall of held-out songs ranked among all songs, and among a few drawn at random."""
    k = run.facts(STAGE)["cutoff"]
    return _two_ways(
        run, "sampled", ("among all", "among the sampled"), f"Recall@{k} of single held-out {run.item}s."
    )


def seen(run: Results) -> Table:
    """MAP with songs already known left out of the lists, and let in, and how many places they take."""
    made = _two_ways(run, "seen", ("left out", "let in"), f"MAP@{run.facts(STAGE)['cutoff']}.")
    rates = run.table(STAGE, "seen_rate").set_index("model")["value"]
    models = list(dict.fromkeys(run.table(STAGE, "seen")["model"]))
    return table({**made.columns, "places they take": shares(rates.reindex(models))}, note=made.note)


def _against(run: Results, name: str, across: str, up: str, caption: str, diagonal: bool = False) -> Figure:
    """A point a model: the first way across, the second upwards."""
    rows = run.table(STAGE, name)
    first, second = (rows[rows["way"] == way].reset_index(drop=True) for way in ways(rows))
    canvas, (axes,) = subplots(height=3.9)
    if diagonal:
        axes.axline((0, 0), slope=1, color=INK, linewidth=1, linestyle="--")
    points(axes, first, second, first["model"].tolist(), run)
    axes.set(xlabel=across, ylabel=up, xlim=(0, None), ylim=(0, None))
    legend(canvas, axes)
    said = told(run, rows, "{model} {first:.3f} and {last:.3f}")
    return Figure(
        canvas,
        rows[["model", "way", "value", "ci_low", "ci_high"]],
        caption,
        f"A point with two bars for each model, {across} across and {up} upwards"
        f"{', and the diagonal as a dashed line' if diagonal else ''}: {said}.",
    )


def seen_let_in(run: Results) -> Figure:
    """`seen` as a figure."""
    title = METRICS["average_precision"].title(run.facts(STAGE)["cutoff"])
    return _against(
        run,
        "seen",
        f"{title}, left out",
        f"{title}, let in",
        f"Mean average precision with the {run.item}s already known left out of the lists, and let in, with "
        "95 % intervals. On the dashed line nothing would change.",
        diagonal=True,
    )


def facts(run: Results) -> dict:
    """By how much definitions move a number, and what sampling and songs already known do to it."""
    asked = run.facts(STAGE)
    best = _best(run)
    rows = run.table(STAGE, "spread")
    rows = rows[(rows["model"] == best) & rows["ratio"].notna()]
    moved = rows[rows["largest"] - rows["smallest"] > 5e-5]  # as the sentence rounds
    drawn = run.table(STAGE, "sampled")
    orders = run.table(STAGE, "orders")
    rates = run.table(STAGE, "seen_rate").set_index("model")["value"]
    most = rates.idxmax()
    reversals = run.table(STAGE, "reversals")
    return {
        **asked,
        "best": best,
        "users": run.rows(STAGE, "values", model=best)["n_users"].iloc[0],
        "moved": moved.sort_values("ratio", ascending=False, kind="stable").to_dict("records"),
        "unmoved": [f"{family}@{asked['cutoff']}" for family in rows["family"].drop(moved.index)],
        "whole": bool((drawn.groupby("model")["value"].agg(np.ptp) == 0).all()),
        "pairs": int(orders["pairs"].max()),
        "tied": bool(orders["tau"].isna().all()),
        "others": len(orders),
        "changed": orders[orders["reversed"] > 0].to_dict("records"),
        "sampled": _first(run, "sampled"),
        "seen": _first(run, "seen"),
        "rates": rates.to_dict(),
        "most": most,
        "reversals": {
            way: reversals[reversals["way"] == way].to_dict("records") for way in asked["agreement"]
        },
    }


def _first(run: Results, name: str) -> list[dict]:
    """The first model's row by each way."""
    rows = run.table(STAGE, name)
    return rows[rows["model"] == rows["model"].iloc[0]].to_dict("records")


def findings(run: Results) -> Prose:
    """By how much definitions move a number, and what sampling and songs already known do to it."""
    return prose("definitions.jinja", run, **facts(run))
