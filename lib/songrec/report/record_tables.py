"""Tables of the results on record, for the book's own pages and the README."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from songrec.errors import DataError
from songrec.report.numbers import ends
from songrec.report.record import RANGE, Record, written
from songrec.report.record_bench import evaluators
from songrec.report.record_beyond import beyond, by_song, by_user, exchange, lifts
from songrec.report.record_brief import brief, implied
from songrec.report.record_choice import across, decision, tuning
from songrec.report.record_orders import hidden, orders
from songrec.report.record_protocols import challenge, protocols
from songrec.report.record_provenance import datasets, provenance
from songrec.report.record_selection import selection
from songrec.report.record_studies import (
    cold_gains,
    cold_start,
    definitions,
    draws,
    new_songs,
    ranks,
    repeats,
    seeds,
    similar,
)
from songrec.report.show import Table, right_aligned, table
from songrec.report.style import DAGGER, label
from songrec.report.tables_models import NAMES

SHOWN = ("precision", "recall", "average_precision", "coverage")
"""Metrics of the headline."""

BEST = f"{RANGE} Bold: the best, and all that are not significantly worse than it."
NO_BEST = f"{RANGE} No value is best in itself."

DESCRIBED = ("coverage", "gini", "novelty", "diversity")
"""Metrics that say what lists are like, not how good they are: none of their values is marked."""


def results(record: Record, metrics: Sequence[str] = SHOWN, cutoff: int = 10) -> Table:
    """One row a model, best first: the metrics at a cut-off with their intervals."""
    models = record.ranked()
    cells, marks = {"model": [record.label(model) for model in models]}, {}
    for metric in metrics:
        name, title = f"{metric}@{cutoff}", _title(metric, cutoff)
        found = [record.estimate(model, name) for model in models]
        widest = max(found, key=lambda estimate: np.nan_to_num(estimate.margin))
        cells[title] = [written(metric, each, widest.margin) for each in found]
        if metric not in DESCRIBED:
            marks[title] = np.isin(models, record.not_worse(name))
    note = (BEST if marks else NO_BEST) + _capped(record, models)
    return right_aligned(table(pd.DataFrame(cells), strong=pd.DataFrame(marks), note=note), left=1)


def _title(metric: str, cutoff: int) -> str:
    """The head of a column; a unit stands after the cut-off."""
    name = {"recall_capped": "Capped recall"}.get(metric, NAMES.get(metric, metric))
    name, _, unit = name.partition(" (")
    return f"{name}@{cutoff}" + (f" ({unit}" if unit else "")


def gains(record: Record, cutoff: int = 10, baseline: str = "popularity") -> Table:
    """Every model over the baseline: how many times its precision, recall and MAP, with intervals."""
    rows = []
    for model in record.ranked():
        if model == baseline:
            continue
        row = {"model": record.label(model)}
        for metric in SHOWN[:3]:
            times = record.compare("over", model, baseline, f"{metric}@{cutoff}")
            interval = ends(times.low, times.high, 2)
            row[f"{NAMES[metric]}@{cutoff}"] = f"{times.value:.2f}" + (f" ({interval})" if interval else "")
        rows.append(row)
    note = f"Times {label(baseline)}'s value; in brackets the 95 % interval of the ratio, users paired."
    return right_aligned(table(pd.DataFrame(rows), note=note), left=1)


def cost(record: Record) -> Table:
    """What each model costs: time to fit, time per user, peak memory."""
    named = record.cost.loc[record.ranked()]
    rows = pd.DataFrame(
        {
            "model": [record.label(model) for model in named.index],
            "fit, seconds": ["< 0.01" if each < 0.01 else f"{each:.2f}" for each in named["fit_seconds"]],
            "recommend, ms a user": [f"{each:.3f}" for each in named["recommend_ms_per_user"]],
            "peak memory, MB": [f"{peak:,.0f}" for peak in named["peak_mb"]],
            "threads": [str(int(threads)) for threads in named["threads"]],
        }
    )
    return right_aligned(table(rows), left=1)


def examples(record: Record, user: int = 0, model: str = "best", n: int = 10) -> Table:
    """What one of the example users played most, beside what a model lists; `user` counts from 0."""
    name = record.ranked()[0] if model == "best" else model
    table_ = record.examples
    users = list(dict.fromkeys(table_["user"]))
    mine = table_[(table_["user"] == users[user]) & (table_["rank"] <= n)]
    history = mine[mine["kind"] == "history"].drop_duplicates("rank").set_index("rank")
    listed = mine[(mine["kind"] == "recommended") & (mine["model"] == name)].set_index("rank")
    if listed.empty:
        raise DataError(f"{record.folder / 'examples.csv'}: no list of {name} for user {users[user]}")
    ranks = history.index.union(listed.index)
    history, listed = history.reindex(ranks), listed.reindex(ranks)
    hits = listed["hit"].astype(str).eq("True")
    cells = pd.DataFrame(
        {
            "": [str(rank) for rank in ranks],
            "played most": history["label"].fillna(""),
            "plays": [f"{plays:,.0f}" if plays == plays else "" for plays in history["plays"].astype(float)],
            f"{label(name)} recommends": listed["label"].fillna(""),
        }
    )
    marks = pd.DataFrame({f"{label(name)} recommends": hits.to_numpy()})
    made = table(cells.reset_index(drop=True), strong=marks)
    note = f"Hidden from the model and found by it: {hits.sum()} of {listed['label'].notna().sum()}" + (
        ", in bold." if hits.any() else "."
    )
    return Table(made.cells, [False, True, False, True], made.strong, note)


def parameters(record: Record) -> Table:
    """Hyper-parameters by model."""
    rows = [
        {
            "model": record.label(model),
            "hyper-parameters": ", ".join(f"{key} = {_setting(value)}" for key, value in values.items()),
        }
        for model, values in record.params.items()
    ]
    return table(pd.DataFrame(rows))


def _setting(value: Any) -> str:
    """A hyper-parameter; of a model's members only their names, for each has a row of its own."""
    if isinstance(value, dict):
        weights = {name: f" {each:g}" for name, each in value.items() if not isinstance(each, dict)}
        return ", ".join(f"{label(name)}{weights.get(name, '')}" for name in value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _capped(record: Record, models: Sequence[str]) -> str:
    """What the dagger means, where there is one."""
    named = any(record.label(model) != label(model) for model in models)
    return f" {DAGGER.strip()} its search was ended by time, before it had all its trials." if named else ""


def markdown(made: Table) -> str:
    """The table as GitHub's Markdown, bold cells in bold, the note below it.

    >>> print(markdown(table(pd.DataFrame({"model": ["popularity"], "users": [1234]}))))
    | model | users |
    |:--|--:|
    | popularity | 1,234 |
    """
    head = [
        f"| {' | '.join(made.cells.columns)} |",
        f"|{'|'.join(':--' if left else '--:' for left in made.left)}|",
    ]
    body = [
        "| "
        + " | ".join(f"**{text}**" if bold else text for text, bold in zip(row, strong, strict=True))
        + " |"
        for row, strong in zip(
            made.cells.itertuples(index=False, name=None), np.asarray(made.strong), strict=True
        )
    ]
    return "\n".join([*head, *body, *(["", made.note] if made.note else [])])


OF_ALL = {
    "datasets": datasets,
    "brief": brief,
    "provenance": provenance,
    "across": across,
    "protocols": protocols,
    "challenge": challenge,
    "hidden": hidden,
    "orders": orders,
    "lifts": lifts,
    "by_song": by_song,
    "by_user": by_user,
    "exchange": exchange,
    "cold_gains": cold_gains,
    "draws": draws,
    "selection": selection,
    "evaluators": evaluators,
}
OF_ONE = {
    "results": results,
    "gains": gains,
    "cost": cost,
    "implied": implied,
    "examples": examples,
    "parameters": parameters,
    "decision": decision,
    "tuning": tuning,
    "cold_start": cold_start,
    "new_songs": new_songs,
    "ranks": ranks,
    "repeats": repeats,
    "seeds": seeds,
    "definitions": definitions,
    "similar": similar,
    "beyond": beyond,
}


def record_table(kind: str, records: Sequence[Record], **options) -> Table:
    """The table of this name: of all records, or of the first."""
    if kind in OF_ALL:
        return OF_ALL[kind](records, **options)
    if kind not in OF_ONE:
        raise DataError(f"there is no table {kind!r}: {', '.join([*OF_ALL, *OF_ONE])}")
    return OF_ONE[kind](records[0], **options)
