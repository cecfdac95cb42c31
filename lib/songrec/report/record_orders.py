"""Tables of the record across protocols: what each hides, and whether they put models in the same order."""

from collections.abc import Iterator, Sequence
from itertools import combinations

import pandas as pd

from songrec.evaluation.comparisons import ALPHA
from songrec.report.record import DECIDING, RANGE, Record, written
from songrec.report.record_protocols import MODELS, by_protocol, protocol_of, title_of
from songrec.report.show import Table, right_aligned, table
from songrec.report.style import label

PRECISE = ("popularity", "item_knn")
"""Whose precision shows what a protocol does to a level; popularity has nothing to tune."""


def hidden(records: Sequence[Record]) -> Table:
    """What each protocol hides on each log, and the precision of the same two models under it."""
    rows = []
    for record, first in by_protocol(records):
        users = record.estimate(PRECISE[0], DECIDING).n_users
        songs = record.run["hidden_triplets"]
        head = {"data set": title_of(record, records) if first else "", "protocol": protocol_of(record)}
        head |= {
            "users scored": f"{users:,}",
            "hidden": f"{songs:,}",
            "hidden a user": f"{songs / users:.2f}",
        }
        reached = {
            f"Precision@10, {label(model)}": written("precision", record.estimate(model, "precision@10"))
            for model in PRECISE
        }
        rows.append(head | reached)
    return right_aligned(table(pd.DataFrame(rows), note=RANGE), left=2)


def orders(records: Sequence[Record]) -> Table:
    """Every two protocols of a log: who leads, and which pairs of models stand in another order."""
    rows, before = [], ""
    for one, other in _pairs(records):
        models = [model for model in one.ranked() if model in MODELS and model in other.models()]
        pairs = list(combinations(models, 2))
        turned = [pair for pair in pairs if other.compare("minus", *pair, DECIDING).value < 0]
        clear = [pair for pair in turned if _clear(one, pair) and _clear(other, pair)]
        title = title_of(one, records)
        leads = [next(model for model in each.ranked() if model in models) for each in (one, other)]
        rows.append(
            {
                "data set": title if title != before else "",
                "protocols": f"{protocol_of(one)}, {protocol_of(other)}",
                "trials": f"{_trials(one)}, {_trials(other)}",
                "first": ", ".join(label(model) for model in dict.fromkeys(leads)),
                "in another order": _named(turned, len(pairs)),
                "clear under both": f"{len(clear)}",
                "Kendall's tau": f"{1 - 2 * len(turned) / len(pairs):.2f}" if pairs else "",
            }
        )
        before = title
    note = (
        "By MAP@10. Trials: how many each search was given. First: one name where both protocols name the "
        "same. Clear: the two models' difference has a corrected p below .05 by the one and by the other."
    )
    return right_aligned(table(pd.DataFrame(rows), note=note), left=5)


def _pairs(records: Sequence[Record]) -> Iterator[tuple[Record, Record]]:
    """Every two records of the same log."""
    logs: dict[str, list[Record]] = {}
    for record, _ in by_protocol(records):
        logs.setdefault(record.run.get("fingerprint", ""), []).append(record)
    for of in logs.values():
        yield from combinations(of, 2)


def _clear(record: Record, pair: tuple[str, str]) -> bool:
    return record.tested(*pair, DECIDING) < ALPHA


def _trials(record: Record) -> str:
    """The number of trials that each search was given."""
    return f"{record.tuning['asked'].max():.0f}" if len(record.tuning) else "0"


def _named(pairs: Sequence[tuple[str, str]], of: int) -> str:
    names = "; ".join(f"{label(one)} and {label(other)}" for one, other in pairs)
    return f"{len(pairs)} of {of}" + (f": {names}" if names else "")
