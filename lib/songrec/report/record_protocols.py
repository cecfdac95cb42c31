"""Tables of the record across protocols: a log under each, and the challenge beside what was published."""

from collections.abc import Iterator, Sequence
from itertools import groupby

import pandas as pd

from songrec.report.record import DECIDING, Record, all_on_record, written
from songrec.report.show import Table, right_aligned, table

MODELS = ("popularity", "user_knn", "item_knn", "rp3beta", "ease", "als")
"""Those that ran under every protocol."""

PROTOCOLS = ("weak", "triplet_holdout", "strong")

COLUMNS = {
    "average_precision@10": "MAP@10",
    "ndcg@100": "NDCG@100",
    "recall_capped@20": "Recall@20",
    "recall_capped@50": "Recall@50",
}

CHALLENGE = "msd-challenge-fragment"

PUBLISHED = {
    "item-based, asymmetric cosine, calibrated": 0.17712,
    "item-based, asymmetric cosine": 0.16665,
    "user-based": 0.15037,
    "ALS": 0.05092,
    "popularity": 0.021,
}
"""MAP@500 of the whole challenge, public part (Aiolli 2013, and the challenge's forum for popularity)."""


def protocols(records: Sequence[Record]) -> Table:
    """Every protocol on every log: a row a model, best first, with intervals.

    records : the main ones; those of the same logs under other protocols are found beside them.
    """
    rows, marks = [], []
    for record, first in by_protocol(records):
        models = [model for model in record.ranked() if model in MODELS]
        known = [
            name for name in COLUMNS if name in set(record.metrics["name"])
        ]  # a run chooses its cut-offs
        best = {name: record.not_worse(name, models) if name in known else [] for name in COLUMNS}
        for model in models:
            top = model == models[0]
            head = {"data set": title_of(record, records) if top and first else ""}
            head |= {"protocol": protocol_of(record) if top else "", "model": record.label(model)}
            head["users"] = f"{record.estimate(model, DECIDING).n_users:,}" if top else ""
            values = {name: written(name, record.estimate(model, name)) for name in known}
            rows.append(head | {title: values.get(name, "") for name, title in COLUMNS.items()})
            marks.append({title: model in best[name] for name, title in COLUMNS.items()})
    note = (
        "± is half of the 95 % interval. Bold: of these models the best, and all that are not significantly "
        "worse. Recall is divided by the smaller of the cut-off and the number hidden, as where strong "
        "generalisation was published."
    )
    return right_aligned(table(pd.DataFrame(rows), strong=pd.DataFrame(marks), note=note), left=3)


def title_of(record: Record, main: Sequence[Record]) -> str:
    """What the log of a record is called: as the main record of the same log is."""
    same = (each for each in main if each.run.get("fingerprint") == record.run.get("fingerprint"))
    return next(same, record).run["title"]


def by_protocol(records: Sequence[Record]) -> Iterator[tuple[Record, bool]]:
    """Records log by log and protocol by protocol; whether a record is its log's first."""
    every = all_on_record(records[0].folder.parent)
    logs = [record.run.get("fingerprint") for record in records]
    chosen = [
        record
        for record in every
        if record.run.get("fingerprint") in logs and protocol_of(record) in PROTOCOLS
    ]
    chosen.sort(
        key=lambda record: (
            logs.index(record.run.get("fingerprint")),
            PROTOCOLS.index(protocol_of(record)),
        )
    )
    for _, of in groupby(chosen, key=lambda record: record.run.get("fingerprint")):
        for place, record in enumerate(of):
            yield record, place == 0


def protocol_of(record: Record) -> str:
    return record.metrics["protocol"].iloc[0]


def challenge(records: Sequence[Record]) -> Table:
    """MAP@500 on the fragment of the challenge, where that is on record, and below it what was published."""
    name = "average_precision@500"
    rows, marks, said = [], [], ""
    for record in all_on_record(records[0].folder.parent):
        if record.profile == CHALLENGE:
            for model in record.models(by=name):
                estimate = record.estimate(model, name)
                rows.append(["", record.label(model), f"{estimate.n_users:,}", written(name, estimate)])
                marks.append(model in record.not_worse(name))
            rows[0][0] = "this fragment"
            unseen, hidden = (record.run[f"{each}_triplets"] for each in ("unseen", "hidden"))
            said = (
                f" On the fragment, {unseen:,} of the {hidden:,} hidden triplets are of songs that nobody "
                "has in training: no model here can find those."
            )
    published = [["", model, "110,000", f"{value:.4f}"] for model, value in PUBLISHED.items()]
    published[0][0] = "published, whole challenge"
    frame = pd.DataFrame([*rows, *published], columns=["", "model", "users", "MAP@500"])
    strong = pd.DataFrame({"MAP@500": marks + [False] * len(PUBLISHED)})
    note = (
        "± is half of the 95 % interval. Bold: the best on the fragment, and all not significantly worse. "
        f"The published figures carry no interval, and are not comparable with the others.{said}"
    )
    return right_aligned(table(frame, strong=strong, note=note), left=2)
