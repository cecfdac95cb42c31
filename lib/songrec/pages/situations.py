"""Where to start: what models cost, and the one that is chosen in each situation (a part of `benchmark`)."""

from typing import Any

import pandas as pd

from songrec.errors import DataError
from songrec.evaluation.metrics import DECIDING, METRICS
from songrec.results import ALPHA, Estimate, Results
from songrec.show.numbers import share, significant, written
from songrec.show.prose import counted

COSTS = {
    "fit_seconds": "fit (s)",
    "recommend_ms_per_user": "list of one user (ms)",
    "peak_mb": "peak memory (MB)",
}
NEAR = 0.9
"""A model is nearly as accurate as the best when its MAP@10 is at least this share of the best one's."""

FACTOR = 2
"""Times and memory are measured once, and machines vary: less than this factor is no difference."""

FULL_SIZE = "msd-scale"
"""The published run on a log of the Million Song Dataset's size."""

TITLE = METRICS[DECIDING].title(10)


def costs(run: Results) -> pd.DataFrame:
    """A row a model, best first: value, ci_low, ci_high of MAP@10, and the columns `COSTS`."""
    rows = run.rows("evaluate", "metrics", metric=DECIDING, k=10).set_index("model", drop=False)
    spent = run.table("train", "cost").set_index("model")[list(COSTS)]
    return rows.loc[[model for model in run.models() if model in spent.index]].join(spent)


def full_size() -> Results | None:
    """The published run at full size, where there is one."""
    try:
        return Results.published(FULL_SIZE)
    except DataError:
        return None


def situations(run: Results, full: Results | None = None) -> list[dict[str, Any]]:
    """For each situation that was measured: situation, model, measured, rival, differ.

    `rival` is the runner-up, empty where there is none, and `differ` whether the two differ, in words.

    Parameters
    ----------
    run : Results
        Whose models are compared; those made of others are left out.
    full : Results, optional
        The run at full size.
    """
    rows = costs(run)
    rows = rows[~rows["model"].map(run.made_of_others)]
    near = rows[rows["value"] >= NEAR * rows["value"].max()]
    near = near.assign(coverage=[run.metric(model, "coverage").value for model in near["model"]])
    much = f"within {share(NEAR)} of the best accuracy"
    return [
        *_accurate(run, "accuracy first, a catalogue like this one", rows),
        *_accurate(run, "fitted within a second", rows[rows["fit_seconds"] <= 1], "fit_seconds"),
        *_least(f"fastest list, {much}", near, "recommend_ms_per_user", "ms per list"),
        *_least(f"least memory, {much}", near, "peak_mb", "MB at the peak"),
        *_widest(run, f"widest reach into the catalogue, {much}", near),
        *_newcomer(run, 5, f"new users with 5 known {run.item}s"),
        *_newcomer(run, 0, "users without a history"),
        *_large(run, rows, full),
    ]


def _situation(
    situation: str, model: str, measured: str, rival: str = "", differ: str = ""
) -> dict[str, Any]:
    return {"situation": situation, "model": model, "measured": measured, "rival": rival, "differ": differ}


def _accurate(run: Results, situation: str, rows: pd.DataFrame, cost: str = "") -> list[dict[str, Any]]:
    """The first two of these models by accuracy, best first, compared user by user."""
    if rows.empty:
        return []
    first = rows.iloc[0]
    more = f"; {significant(first[cost])} {COSTS[cost].partition('(')[2].rstrip(')')}" if cost else ""
    return [_situation(situation, first["model"], _level(first) + more, *_next(run, rows))]


def _level(row: pd.Series) -> str:
    return f"{TITLE} {written([Estimate.of(row)])[0]}"


def _next(run: Results, rows: pd.DataFrame) -> tuple[str, str]:
    """The second of these models, and whether it differs from the first, by the corrected test."""
    if len(rows) < 2:
        return "", ""
    first, second = rows["model"].iloc[:2]
    pair = run.difference(first, second)
    (by,) = written([Estimate.of(pair)], interval="brackets")
    return second, f"{'yes, by' if pair['p_holm'] < ALPHA else 'not shown:'} {by}"


def _least(situation: str, rows: pd.DataFrame, cost: str, unit: str) -> list[dict[str, Any]]:
    """The two of these models that cost least."""
    first, *others = rows.sort_values(cost, kind="stable")[["model", cost]].itertuples(index=False)
    measured = f"{significant(first[1])} {unit}"
    if not others:
        return [_situation(situation, first[0], measured)]
    times = others[0][1] / max(first[1], 1e-9)
    differ = f"{'yes' if times >= FACTOR else 'no'}: {times:.1f} times as much"
    return [_situation(situation, first[0], measured, others[0][0], differ)]


def _widest(run: Results, situation: str, rows: pd.DataFrame) -> list[dict[str, Any]]:
    """The two of these models that list most of the catalogue."""
    first, *others = rows.sort_values("coverage", ascending=False, kind="stable").itertuples()
    measured = f"{share(first.coverage)} of the {run.item}s listed"
    if not others:
        return [_situation(situation, first.model, measured)]
    differ = f"{share(others[0].coverage)}; all lists together have no interval"
    return [_situation(situation, first.model, measured, others[0].model, differ)]


def _newcomer(run: Results, shown: int, situation: str) -> list[dict[str, Any]]:
    """Users with few songs or none, where the study of cold start was made; a model without lists is out."""
    if not run.has("cold_start", "curve"):
        return []
    rows = run.rows("cold_start", "curve", metric=DECIDING, k=10, shown=shown)
    rows = rows[~rows["model"].map(run.made_of_others) & (rows["model"] != "hybrid") & (rows["value"] > 0)]
    if rows.empty:
        return []
    first, *others = rows.sort_values("value", ascending=False, kind="stable").to_dict("records")
    measured = f"{_level(first)} of {counted(int(first['n_users']), 'such user')}"
    if not others:
        return [_situation(situation, first["model"], measured, "", "no other has a list")]
    apart = others[0]["ci_high"] < first["ci_low"]
    differ = f"{'yes' if apart else 'not shown'}: the intervals {'are apart' if apart else 'overlap'}"
    return [_situation(situation, first["model"], measured, others[0]["model"], differ)]


def _large(run: Results, rows: pd.DataFrame, full: Results | None) -> list[dict[str, Any]]:
    """Of the models that were fitted at full size the first two by accuracy on this log."""
    if full is None:
        return []
    spent, size = full.table("train", "cost").set_index("model"), full.facts("ingest")
    rows = rows[rows["model"].isin(spent.index)]
    if rows.empty:
        return []
    cost = spent.loc[rows["model"].iloc[0]]
    log = f"{'synthetic ' if full.synthetic else ''}log"
    measured = (
        f"fitted in {significant(cost['fit_seconds'])} s, {significant(cost['peak_mb'] / 1000)} GB at the "
        f"peak, on a {log} of {size['users']:,} users"
    )
    situation = f"a catalogue of {size['songs']:,} {run.item}s"
    return [_situation(situation, rows["model"].iloc[0], measured, *_next(run, rows))]
