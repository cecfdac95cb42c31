"""Which model to start with: what accuracy costs, who stands on the frontier, and the table of situations."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from songrec.report.record import DECIDING, MADE_OF_OTHERS, Record, written
from songrec.report.show import Table, right_aligned, table
from songrec.report.style import Chart, chart, colour, log_scale, marker, title

COSTS = {
    "fit_seconds": "fit (s)",
    "recommend_ms_per_user": "rank, per user (ms)",
    "peak_mb": "peak memory (MB)",
}
NEAR = 0.9
"""A model is nearly as accurate as the best when its MAP@10 is at least this share of the best one's."""


def accuracy_cost(record: Record) -> pd.DataFrame:
    """A row a model, best first: `model`, `value`, `low`, `high` (MAP@10) and the columns `COSTS`."""
    rows = []
    for model in record.ranked():
        estimate = record.estimate(model, DECIDING)
        costs = record.cost.loc[model, list(COSTS)].to_dict()
        rows.append(
            {"model": model, "value": estimate.value, "low": estimate.low, "high": estimate.high, **costs}
        )
    return pd.DataFrame(rows)


def frontier(frame: pd.DataFrame, cost: str) -> list[str]:
    """Models that no other equals in accuracy at less cost: from the cheapest to the most accurate.

    >>> frame = pd.DataFrame({"model": ["a", "b", "c"], "value": [0.3, 0.2, 0.1], "s": [9.0, 1.0, 2.0]})
    >>> frontier(frame, "s")
    ['b', 'a']
    """
    best, models = -np.inf, []
    for row in frame.sort_values([cost, "value"], ascending=[True, False]).to_dict("records"):
        if row["value"] > best:
            best = row["value"]
            models.append(row["model"])
    return models


def cost_figure(records: Sequence[Record]) -> tuple[Chart, str]:
    """Accuracy against each cost on one data set, the frontier drawn through: (figure, words for it)."""
    record = records[0]
    frame = accuracy_cost(record)
    figure, panels = chart(columns=3, height=4.4, sharey=True)
    said = []
    for axes, (cost, name) in zip(panels, COSTS.items(), strict=True):
        for row in frame.itertuples():
            error = [[row.value - row.low], [row.high - row.value]]
            x = max(getattr(row, cost), 1e-3)
            axes.errorbar(
                x, row.value, yerr=error, color=colour(row.model), marker=marker(row.model), linestyle="",
                label=record.label(row.model),
            )  # fmt: skip
        models = frontier(frame, cost)
        edge = frame.set_index("model").loc[models]
        axes.step(
            edge[cost].clip(lower=1e-3), edge["value"], where="post", color="#888888", linewidth=1, zorder=0
        )
        log_scale(axes.xaxis)
        axes.set_xlabel(f"{name}, log scale")
        title(axes, name.partition(" (")[0])
        said.append(f"{name}: {', '.join(record.label(model) for model in models)}")
    panels[0].set_ylabel("MAP@10")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=5, fontsize=8, frameon=False)
    return figure, (
        "Three panels, MAP at 10 upwards, a cost on a logarithmic axis to the right; a step line joins the "
        f"models that no other equals at less cost. From cheap to accurate: {'; '.join(said)}."
    )


def decision(record: Record) -> Table:
    """Situations, the model to start with in each, and the figures that say so."""
    frame = accuracy_cost(record)
    single = frame[~frame["model"].isin(MADE_OF_OTHERS)].set_index("model")
    coverage = pd.Series({model: record.estimate(model, "coverage@10").value for model in single.index})
    near = single[single["value"] >= NEAR * single["value"].max()]
    quick = single[single["fit_seconds"] <= 1]
    sparse = single.loc[[model for model in single.index if model in SPARSE]]
    rows = [
        _row(record, "accuracy first, a catalogue of some ten thousand songs", single["value"].idxmax(), ()),
        _row(record, "a catalogue too large for a dense matrix of songs by songs", _top(sparse), ()),
        _row(record, "fitted again within a second", _top(quick), ("fit_seconds",)),
        _row(
            record,
            f"shortest answer, at least {NEAR:.0%} of the best accuracy".replace("%", " %"),
            near["recommend_ms_per_user"].idxmin(),
            ("recommend_ms_per_user",),
        ),
        _row(
            record,
            f"widest reach, at least {NEAR:.0%} of the best accuracy".replace("%", " %"),
            coverage[near.index].idxmax(),
            ("coverage",),
        ),
        *_newcomer(record, 5, "new listeners, of whom 5 songs are known"),
        *_newcomer(record, 0, "a listener about whom nothing is known"),
    ]
    note = "From the figures of this data set; ± is half of the 95 % interval."
    return table(pd.DataFrame(rows), note=note)


def _newcomer(record: Record, shown: int, situation: str) -> list[dict[str, str]]:
    """The situation of listeners with few songs or none, where the study of cold start is on record."""
    if not (record.folder / "studies" / "cold_start" / "growth.csv").is_file():
        return []
    growth = record.study("cold_start", "growth")
    rows = growth[
        (growth["metric"] == "average_precision")
        & (growth["k"] == 10)
        & (growth["shown"] == shown)
        & ~growth["model"].isin(MADE_OF_OTHERS)
    ]
    best = rows.loc[rows["value"].idxmax()]
    half = (best["ci_high"] - best["ci_low"]) / 2
    return [
        {
            "situation": situation,
            "start with": record.label(best["model"]),
            "because": f"MAP@10 of such listeners {best['value']:.4f} ± {half:.4f}",
        }
    ]


SPARSE = ("item_knn", "user_knn", "rp3beta", "fs_slim", "als", "bpr", "pure_svd")
"""Models whose memory grows with the log, or with songs times factors, but not with songs times songs."""


def _top(frame: pd.DataFrame) -> str:
    return frame["value"].idxmax() if len(frame) else "popularity"


def _row(record: Record, situation: str, model: str, shown: Sequence[str]) -> dict[str, str]:
    estimate = record.estimate(model, DECIDING)
    said = [f"MAP@10 {estimate.value:.4f} ± {estimate.margin:.4f}"]
    said += [_SAID[name](record, model) for name in shown]
    return {"situation": situation, "start with": record.label(model), "because": "; ".join(said)}


_SAID: dict[str, Callable[[Record, str], str]] = {
    "fit_seconds": lambda record, model: f"fitted in {record.cost.loc[model, 'fit_seconds']:.3g} s",
    "recommend_ms_per_user": lambda record, model: (
        f"{record.cost.loc[model, 'recommend_ms_per_user']:.3g} ms a list"
    ),
    "coverage": lambda record, model: (
        f"{100 * record.estimate(model, 'coverage@10').value:.0f} % of the catalogue listed"
    ),
}


def across(records: Sequence[Record], models: str = "", metric: str = "average_precision") -> Table:
    """A row a model, a column a data set: the metric at ten places with its interval; what a fit takes.

    models : labels to show, all if empty; rows stand in the order of the first record.
    """
    name = f"{metric}@10"
    known = dict.fromkeys(model for record in records for model in record.ranked())
    chosen = [model for model in known if not models or model in models.split()]
    cells: dict[str, list[str]] = {"model": [records[0].label(model) for model in chosen]}
    marks = {}
    for record in records:
        here = set(record.models())
        title_ = record.run["title"]
        estimates = [record.estimate(model, name) if model in here else None for model in chosen]
        cells[title_] = ["" if each is None else written(metric, each) for each in estimates]
        marks[title_] = np.isin(chosen, record.not_worse(name))
    first = records[0].cost["fit_seconds"]
    cells["fit (s), first log"] = [f"{first[model]:.3g}" if model in first else "" for model in chosen]
    note = "± is half of the 95 % interval. Bold: the best of all models, and all not significantly worse."
    return right_aligned(table(pd.DataFrame(cells), strong=pd.DataFrame(marks), note=note))


def tuning(record: Record) -> Table:
    """What the search was worth to each model, on the test part, which had no part in it."""
    rows, marks = [], []
    for model in [name for name in record.ranked() if name in record.tuning.index]:
        row = record.tuning.loc[model]
        if not row["asked"]:
            continue
        rows.append(
            {
                "model": record.label(model),
                "trials": f"{row['trials']:.0f} of {row['asked']:.0f}",
                "untuned": f"{row['untuned']:.4f}",
                "tuned": f"{row['value']:.4f}",
                "difference": f"{row['difference']:+.4f} ({row['ci_low']:+.4f} to {row['ci_high']:+.4f})",
                "at an edge": row["edges"] if isinstance(row["edges"], str) and row["edges"] else "none",
            }
        )
        marks.append(row["ci_low"] > 0)
    note = "MAP@10 of the test users; in brackets the paired 95 % interval. Bold: clear of zero."
    strong = pd.DataFrame({"difference": marks})
    made = table(pd.DataFrame(rows), strong=strong, note=note, empty="Nothing was tuned.")
    return made
