"""The data sets on record, and where each record's numbers come from."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from songrec.report.record import Record
from songrec.report.show import Table, right_aligned, table


def datasets(records: Sequence[Record]) -> Table:
    """The data sets on record: two rows each, as they were read and as the filters left them."""
    rows = []
    for record in records:
        for state, counts in (("as read", record.run["read"]), ("filtered", record.run)):
            first = state == "as read"
            rows.append(
                {
                    "data set": record.run["title"] if first else "",
                    "recommended": record.item + "s" if first else "",
                    "": state,
                    "users": counts["users"],
                    "items": counts["songs"],
                    "triplets": counts["triplets"],
                    "share of cells": f"{100 * counts['triplets'] / counts['users'] / counts['songs']:.2f} %",
                }
            )
    return right_aligned(table(pd.DataFrame(rows)), left=3)


def provenance(records: Sequence[Record]) -> Table:
    """Where the numbers come from: a row a key of run.json, a column a log; below it, what all logs share."""
    keys = dict.fromkeys(key for record in records for key in record.run)
    rows, shared = [], []
    for key in (key for key in keys if key not in ("title", "description", "synthetic")):
        named = _KEYS.get(key, key.replace("_", " "))
        texts = {record.run["title"]: _in_words(key, record.run.get(key, "")) for record in records}
        if len(records) > 1 and len(set(texts.values())) == 1:
            shared.append(f"{named}: {next(iter(texts.values()))}")
        else:
            rows.append({"": named, **texts})
    return table(pd.DataFrame(rows), note=f"The same for all. {'; '.join(shared)}." if shared else "")


_KEYS = {
    "songs": "items",
    "known_titles": "items with a title",
    "read": "as read",
    "hidden_triplets": "triplets hidden for test",
    "unseen_triplets": "of these, triplets of items that nobody has in training",
    "tested_users": "users scored",
}


def _in_words(key: str, value: Any) -> str:
    match key, value:
        case "known_titles", _:
            return f"{100 * value:.1f} %"
        case "machine", dict():
            units = {"cores": "{} cores", "memory_gib": "{} GiB", "python": "Python {}"}
            return ", ".join(units.get(name, "{}").format(each) for name, each in value.items())
        case "read", dict():
            return ", ".join(f"{each:,} {_KEYS.get(name, name)}" for name, each in value.items())
        case "filters", dict():  # to ask for one listener or one song asks for nothing
            value = {name: each for name, each in value.items() if each != 1}
            value = {{"core": "core of"}.get(name, name): each for name, each in value.items()}
        case "split", dict():
            value = {name: f"{100 * each:g} %" if each < 1 else each for name, each in value.items()}
        case _, int() if not isinstance(value, bool):
            return f"{value:,}"
    if isinstance(value, dict):
        return ", ".join(f"{name.replace('_', ' ')} {each}" for name, each in value.items())
    return str(value)
