"""Repeats: the same models on several draws of the split."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from songrec.evaluation.metrics import DECIDING, METRICS
from songrec.results import Estimate, Results, protocol_of
from songrec.show.bump import bumps
from songrec.show.figure import Figure, beside, legend, subplots
from songrec.show.numbers import written
from songrec.show.prose import Prose, prose, told
from songrec.show.table import RANGE, Column, Table, by_log, estimates, numbers, table, wide, words

STAGE = "repeats"


def _deciding(run: Results, name: str, cutoff: int) -> pd.DataFrame:
    return run.rows(STAGE, name, metric=DECIDING, k=cutoff)


def by_seed(run: Results, cutoff: int = 10) -> Table:
    """MAP of each draw: a row a model, a column a seed."""
    rows = _deciding(run, "by_seed", cutoff)
    return wide(rows, "model", "seed", name=run.label, heading="seed {}", interval="none", note="")


def lines(run: Results, cutoff: int = 10) -> Figure:
    """MAP over the seeds, a line a model, with the interval between the users of each split."""
    rows = _deciding(run, "by_seed", cutoff)
    canvas, (axes,) = subplots(height=3.8)
    beside(axes, rows, "seed", run, width=0.2)
    axes.set(xlabel="seed of the split", ylabel=METRICS[DECIDING].title(cutoff), ylim=(0, None))
    legend(canvas, axes)
    return Figure(
        canvas,
        rows[["model", "seed", "value", "ci_low", "ci_high"]],
        "Mean average precision on splits that differ in nothing but the seed, a line for each model, with "
        "the 95 % interval between the users of each split.",
        "A line with bars for each model over the seeds of the splits. Smallest and largest: "
        f"{told(run, rows, '{model} {least:.3f} to {most:.3f}')}.",
    )


def ranks(runs: Sequence[Results], cutoff: int = 10) -> Figure:
    """The models' ranks from draw to draw, a panel a log."""
    made = {run.title: (run, _drawn(run, cutoff)) for run in runs}
    canvas, said = bumps(made, "draw")
    return Figure(
        canvas,
        pd.concat([rows.assign(log=title) for title, (_, rows) in made.items()]),
        f"Ranks by {METRICS[DECIDING].title(cutoff)} on splits that differ in nothing but the seed, the best "
        "at the top. Lines that cross are models whose order is the draw's.",
        f"A line a model over the seeds of the splits. {said}.",
    )


def _drawn(run: Results, cutoff: int) -> pd.DataFrame:
    rows = _deciding(run, "by_seed", cutoff)
    return rows.assign(draw="seed " + rows["seed"].astype(str))[["model", "draw", "value"]]


def spread(run: Results, cutoff: int = 10) -> Table:
    """MAP over the splits, best first: its mean, its spread between splits and its error between users."""
    rows = _deciding(run, "spread", cutoff)
    return table(
        {
            "model": words(run.label(model) for model in rows["model"]),
            f"{METRICS[DECIDING].title(cutoff)}, mean over the splits": estimates(rows),
            "SD between splits": numbers(rows["sd_splits"], digits=4),
            "standard error between users": numbers(rows["se_users"], digits=4),
        },
        note=f"{RANGE} It holds other users and other draws together.",
    )


def order(run: Results) -> Table:
    """Each model against the next: in how many splits it is ahead, and in how many significantly."""
    rows = run.table(STAGE, "order")
    ends = [Estimate(row.value, row.smallest, row.largest) for row in rows.itertuples()]
    return table(
        {
            "model": words(run.label(model) for model in rows["model"]),
            "before": words(run.label(model) for model in rows["than"]),
            "mean difference": numbers(rows["value"], digits=4),
            "smallest to largest": Column(written(ends, signed=True, interval="ends")),
            "ahead": Column([f"{row.ahead} of {row.splits}" for row in rows.itertuples()]),
            "significant": Column([f"{row.significant} of {row.splits}" for row in rows.itertuples()]),
        },
        note="MAP, user by user. Significant: the paired 95 % interval of that draw lies above 0.",
        empty="One model has no order.",
    )


def all_orders(runs: Sequence[Results]) -> Table:
    """`order` of every log."""
    return by_log(runs, order)


def facts(run: Results) -> dict:
    """The means over the splits, which doubt is larger, and whether the order is always the same."""
    rows, pairs = run.rows(STAGE, "spread", metric=DECIDING), run.table(STAGE, "order")
    same = pairs["value"].eq(0) & pairs["smallest"].eq(0) & pairs["largest"].eq(0)
    ratio = rows["sd_splits"] / rows["se_users"].where(rows["se_users"] > 0)
    return {
        "protocol": protocol_of(run),
        "cutoff": rows["k"].iloc[0],
        "splits": int(rows["splits"].iloc[0]),
        "models": rows.to_dict("records"),
        "ratios": [] if ratio.isna().all() else [float(np.nanmin(ratio)), float(np.nanmax(ratio))],
        "larger": rows.loc[rows["sd_splits"] > rows["se_users"], "model"].tolist(),
        "pairs": len(pairs),
        "same": pairs[same].to_dict("records"),
        "unsettled": pairs[~same & (pairs["ahead"] < pairs["splits"])].to_dict("records"),
        "unclear": pairs[~same & (pairs["significant"] < pairs["splits"])].to_dict("records"),
        "absent": run.absent(rows["model"]),
    }


def findings(run: Results) -> Prose:
    """Is the draw or are the users the larger doubt, and would another draw have said the same?"""
    return prose("repeats.jinja", run, **facts(run))
