"""Model size: accuracy, memory and time against the number of factors."""

import pandas as pd

from songrec.evaluation.metrics import DECIDING, METRICS
from songrec.results import Results
from songrec.show.figure import Figure, legend, lines, log_scale, reference_line, subplots
from songrec.show.numbers import megabytes
from songrec.show.prose import Prose, prose, told
from songrec.show.style import colour
from songrec.show.table import RANGE, Column, Table, counts, estimates, shares, sizes, table, words

STAGE = "model_size"
FULL, FACTORS, SVD = "item_knn", "reduced_item_knn", "pure_svd"
NAMES = {FULL: "item-KNN, full space", FACTORS: "item-KNN on the factors", SVD: "PureSVD"}


def accuracy(run: Results) -> Table:
    """Every size of every model: how long its vectors are, what they keep, memory, accuracy."""
    rows = run.table(STAGE, "accuracy")
    by = {metric: of.reset_index(drop=True) for metric, of in rows.groupby("metric", sort=False)}
    first = by[DECIDING]
    columns = {
        "model": words(first["model"].map(NAMES)),
        "vector length": counts(first["rank"]),
        "log reproduced": shares(first["kept"]),
        "memory (MB)": Column([megabytes(size) for size in first["bytes"]]),
    }
    columns |= {METRICS[metric].title(of["k"].iloc[0]): estimates(of) for metric, of in by.items()}
    return table(columns, note=RANGE)


def differences(run: Results) -> Table:
    """MAP of each smaller model minus that of item-KNN in the full space, user by user."""
    rows = run.table(STAGE, "differences")
    columns = {"vector length": counts(dict.fromkeys(rows["rank"]))}
    for model in (SVD, FACTORS):
        columns[NAMES[model]] = estimates(rows[rows["model"] == model], signed=True)
    title = METRICS[DECIDING].title(rows["k"].iloc[0])
    return table(columns, note=f"{title} minus that of {NAMES[FULL]}, user by user. {RANGE}")


def cost(run: Results) -> Table:
    """What fitting and ranking took."""
    rows = run.table(STAGE, "cost")
    return table(
        {
            "model": words(rows["model"].map(NAMES)),
            "vector length": counts(rows["rank"]),
            "fit (s)": sizes(rows["fit_seconds"]),
            "rank, per user (ms)": sizes(rows["recommend_ms_per_user"]),
            "threads": counts(rows["threads"]),
        }
    )


def by_rank(run: Results) -> Figure:
    """MAP against the number of factors, a line a model; dashed: the full space."""
    rows = _deciding(run)
    ranks = sorted(set(rows.loc[rows["model"] != FULL, "rank"]))
    label = f"numbers per {run.item} (log scale)"
    return _figure(run, rows.assign(x=rows["rank"]), label, ranks, "the number of factors")


def by_memory(run: Results) -> Figure:
    """MAP against the memory of the fitted model; dashed: the full space."""
    rows = _deciding(run)
    label = "memory of the fitted model (MB, log scale)"
    return _figure(run, rows.assign(x=rows["bytes"] / 1e6), label, (), "the memory of the fitted model")


def _deciding(run: Results) -> pd.DataFrame:
    return run.rows(STAGE, "accuracy", metric=DECIDING)


def _figure(run: Results, rows: pd.DataFrame, label: str, ticks, against: str) -> Figure:
    canvas, (axes,) = subplots(height=3.5)
    for model in (SVD, FACTORS):
        mine = rows[rows["model"] == model].sort_values("x")
        # The neighbour model has its own colour in both spaces.
        shown = mine.assign(model=FULL if model == FACTORS else model)
        lines(axes, shown, "x", run, names={FULL: NAMES[FACTORS], SVD: NAMES[SVD]})
    full = rows[rows["model"] == FULL].iloc[0]
    if full["ci_low"] == full["ci_low"]:
        axes.axhspan(full["ci_low"], full["ci_high"], color=colour(run, FULL), alpha=0.1, lw=0)
    reference_line(axes, y=full["value"], color=colour(run, FULL), linestyle="--", label=NAMES[FULL])
    log_scale(axes.xaxis, ticks=ticks)
    title = METRICS[DECIDING].title(full["k"])
    axes.set(xlabel=label, ylabel=title, ylim=(0, None))
    legend(canvas, axes)
    best = told(run, rows.replace({"model": NAMES}), "{model} at most {most:.3f}")
    return Figure(
        canvas,
        rows[["model", "x", "value", "ci_low", "ci_high"]],
        f"Mean average precision against {against}, with bands for the 95 % intervals; dashed is item-KNN in "
        "the full space. The horizontal axis is logarithmic.",
        f"Two lines with bands on a logarithmic axis, {title} upwards, and a dashed line: {best}.",
    )


def facts(run: Results) -> dict:
    """The full space, and for each smaller model its best size and where it is not significantly worse."""
    rows, pairs = _deciding(run), run.table(STAGE, "differences")
    full = rows[rows["model"] == FULL].iloc[0].to_dict()
    smaller = []
    for model in (FACTORS, SVD):
        mine = rows[rows["model"] == model].reset_index(drop=True)
        against = pairs[pairs["model"] == model].reset_index(drop=True)
        place = int(mine["value"].idxmax())
        near = against[~(against["ci_high"] < 0)]
        smaller.append(
            {
                **mine.iloc[place].to_dict(),
                "difference": against.iloc[place].to_dict(),
                "at_most": len(mine) > 1 and mine["rank"][place] == mine["rank"].max(),
                "near": near["rank"].tolist(),
                "all_near": len(near) == len(against),
            }
        )
    return {"full": full, "smaller": smaller, "names": NAMES}


def findings(run: Results) -> Prose:
    """What each smaller model gains or loses against the full space."""
    return prose("model_size.jinja", run, **facts(run))
