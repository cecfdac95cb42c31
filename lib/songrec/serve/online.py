"""What the events of a folder say: who won a trial, and the log for the next run."""

from pathlib import Path

import pandas as pd

from songrec.errors import DataError
from songrec.evaluation.interleaving import INTERLEAVED, compare_online, credits_of
from songrec.serve.events import DATABASE, EventLog
from songrec.show.numbers import unbroken
from songrec.show.table import RANGE, Table, counts, estimates, p_values, table, words


def open_events(folder: Path) -> EventLog:
    """The events of a folder that has some; `DataError` for any other."""
    if not (Path(folder) / DATABASE).is_file():
        raise DataError(
            f"{folder} holds no events: name the folder in which a service keeps them, "
            "data/processed/<profile>/serve/events"
        )
    return EventLog(folder)


def write_triplets(folder: Path, out: Path) -> str:
    """Turn the plays into triplets; what was written, in a line."""
    with open_events(folder) as log:
        made = log.write_triplets(out)
    return f"{out}: {made['triplets']:,} triplets of {made['users']:,} users, {made['plays']:,} plays"


def report(folder: Path) -> pd.DataFrame:
    """The trials in the events of a folder, as `compare_online` gives them; users are read in blocks."""
    with open_events(folder) as log:
        credits = [credits_of(items, plays) for items, plays in log.blocks() if len(items)]
    if not credits:
        raise DataError(f"{folder}: no list was shown yet. Post impressions to /v1/events first")
    return compare_online(pd.concat(credits, ignore_index=True))


def told(rows: pd.DataFrame) -> Table:
    """A report as a table."""
    paired = rows["design"] == INTERLEAVED
    return table(
        {
            "by": words(rows["design"]),
            "version": words(rows["version"]),
            "before": words(rows["than"]),
            "songs played of a list, more": estimates(rows, signed=True),
            "p": p_values(rows["p"]),
            "users": counts(rows["n_users"]),
            "lists": counts(rows["lists"]),
        },
        note=unbroken(
            f"{RANGE} "
            + ("Interleaved: the same users, by the permutation test of the mean. " if paired.any() else "")
            + ("Split: other users for each version, by Welch's test. " if not paired.all() else "")
            + "A p is of one comparison."
        ),
    )
