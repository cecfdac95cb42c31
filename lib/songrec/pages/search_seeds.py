"""Search seeds: the same searches from several seeds."""

import numpy as np

from songrec.evaluation.metrics import DECIDING, METRICS
from songrec.results import Results
from songrec.show.prose import Prose, prose
from songrec.show.table import RANGE, Table, estimates, numbers, table, wide, words

STAGE = "search_seeds"


def _title(run: Results) -> str:
    return METRICS[DECIDING].title(run.table(STAGE, "spread")["k"].iloc[0])


def by_seed(run: Results) -> Table:
    """MAP of each search's choice on test: a row a model, a column a seed."""
    rows = run.rows(STAGE, "by_seed", metric=DECIDING)
    return wide(rows, "model", "seed", name=run.label, heading="seed {}", interval="none", note="")


def spread(run: Results) -> Table:
    """MAP over the searches, best first: mean, spread between searches, error between users."""
    rows = run.rows(STAGE, "spread", metric=DECIDING).sort_values("value", ascending=False, kind="stable")
    return table(
        {
            "model": words(run.label(model) for model in rows["model"]),
            f"{_title(run)}, mean over the searches": estimates(rows),
            "smallest": numbers(rows["smallest"], digits=4),
            "largest": numbers(rows["largest"], digits=4),
            "SD between searches": numbers(rows["sd_searches"], digits=4),
            "standard error between users": numbers(rows["se_users"], digits=4),
        },
        note=f"{RANGE} It holds other users and other seeds together.",
    )


def facts(run: Results) -> dict:
    """Which doubt is larger, and by how much the searches of a model differ."""
    rows = run.rows(STAGE, "spread", metric=DECIDING)
    ratio = rows["sd_searches"] / rows["se_users"].where(rows["se_users"] > 0)
    apart = rows.assign(share=(rows["largest"] - rows["smallest"]) / rows["value"].where(rows["value"] > 0))
    return {
        "metric": _title(run),
        "searches": int(rows["searches"].iloc[0]),
        "ratios": [] if ratio.isna().all() else [float(np.nanmin(ratio)), float(np.nanmax(ratio))],
        "larger": rows.loc[rows["sd_searches"] > rows["se_users"], "model"].tolist(),
        "widest": apart.dropna(subset="share").nlargest(1, "share").to_dict("records"),
    }


def findings(run: Results) -> Prose:
    """Is the seed of the search a larger doubt than the users?"""
    return prose("search_seeds.jinja", run, **facts(run))
