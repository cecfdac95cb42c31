"""Where to start: what models cost, and the one that is chosen in each situation (a part of `benchmark`)."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from songrec.evaluation.metrics import DECIDING, METRICS
from songrec.results import Estimate, Results
from songrec.show.numbers import share, significant, written

COSTS = {
    "fit_seconds": "fit (s)",
    "recommend_ms_per_user": "list of one user (ms)",
    "peak_mb": "peak memory (MB)",
}
NEAR = 0.9
"""A model is nearly as accurate as the best when its MAP@10 is at least this share of the best one's."""

LARGE = {"users": 1_000_000, "songs": 400_000, "entries": 50_000_000}
"""A log too large for a dense matrix of songs by songs."""

ROOM = 16 * 2**30
"""Bytes that a model may keep of such a log."""

TITLE = METRICS[DECIDING].title(10)


def costs(run: Results) -> pd.DataFrame:
    """A row a model, best first: value, ci_low, ci_high of MAP@10, and the columns `COSTS`."""
    rows = run.rows("evaluate", "metrics", metric=DECIDING, k=10).set_index("model", drop=False)
    spent = run.table("train", "cost").set_index("model")[list(COSTS)]
    return rows.loc[[model for model in run.models() if model in spent.index]].join(spent)


def situations(run: Results) -> list[dict[str, Any]]:
    """For each situation: situation, model, because, alike (models not significantly worse)."""
    rows = costs(run)
    rows = rows[~rows["model"].map(run.made_of_others)]
    kept = rows["model"].map(lambda model: run.memory(model, **LARGE))
    near = rows[rows["value"] >= NEAR * rows["value"].max()]
    coverage = pd.Series({model: run.metric(model, "coverage").value for model in near["model"]})
    quick, wide = near["recommend_ms_per_user"].idxmin(), coverage.idxmax()
    listing = f"{significant(rows.loc[quick, 'recommend_ms_per_user'])} ms per list"
    reached = f"{share(coverage[wide])} of the {run.item}s listed"
    much = f"within {share(NEAR)} of the best accuracy"
    return [
        *_accurate(run, f"accuracy first, a catalogue of some ten thousand {run.item}s", rows),
        *_accurate(
            run,
            f"a catalogue too large for a dense matrix of {run.item}s by {run.item}s",
            rows[kept.notna() & (kept <= ROOM)],
        ),
        *_accurate(run, "retrained in under a second", rows[rows["fit_seconds"] <= 1]),
        _situation(f"lowest latency, {much}", rows.loc[quick], listing),
        _situation(f"highest catalogue coverage, {much}", rows.loc[wide], reached),
        *_newcomer(run, 5, f"new users with 5 known {run.item}s"),
        *_newcomer(run, 0, "a user with no history"),
    ]


def _accurate(run: Results, situation: str, rows: pd.DataFrame) -> list[dict[str, Any]]:
    """Of the models that are not significantly worse than the best of these, the one that is fitted first."""
    if rows.empty:
        return []
    alike = run.best(DECIDING, among=rows["model"])
    model, *others = rows[rows["model"].isin(alike)].sort_values("fit_seconds", kind="stable")["model"]
    fitted = f"fitted in {significant(rows.loc[model, 'fit_seconds'])} s"
    return [_situation(situation, rows.loc[model], fitted, others)]


def _situation(situation: str, row: pd.Series, more: str, alike: Sequence[str] = ()) -> dict[str, Any]:
    (text,) = written([Estimate.of(row)])
    because = f"{TITLE} {text}{more and '; '}{more}"
    return {"situation": situation, "model": row["model"], "because": because, "alike": list(alike)}


def _newcomer(run: Results, shown: int, situation: str) -> list[dict[str, Any]]:
    """The situation of users with few songs or none, where the study of cold start was made."""
    if not run.has("cold_start", "curve"):
        return []
    rows = run.rows("cold_start", "curve", metric=DECIDING, k=10, shown=shown)
    rows = rows[~rows["model"].map(run.made_of_others) & (rows["model"] != "hybrid")]
    if rows.empty:
        return []
    rows = rows.sort_values("value", ascending=False, kind="stable")
    best, others = rows.iloc[0], rows.iloc[1:]
    near = others.loc[others["ci_high"] >= best["ci_low"], "model"].tolist()
    return [_situation(situation, best, "of such users", near)]
