"""What came in and what was kept, as tables and as the report that travels with the log."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from songrec.data import Catalogue, IngestReport, Interactions
from songrec.data.filters import Step


def lines(report: IngestReport) -> pd.DataFrame:
    """Every line accounted for: columns `what`, `lines`, `share` (of the lines read)."""
    rows = [("read", report.lines)]
    rows += [(f"rejected: {reason}", count) for reason, count in report.rejected.items()]
    rows += [(f"merged into an earlier line of the same user and {report.item}", report.duplicates)]
    rows += [("kept as triplets", report.triplets)]
    table = pd.DataFrame(rows, columns=["what", "lines"])
    return table.assign(share=[f"{100 * count / max(report.lines, 1):.2f} %" for count in table["lines"]])


def first_rejects(report: IngestReport) -> pd.DataFrame:
    """The first rejected lines: where they stood, why, and what they said."""
    return pd.DataFrame([reject._asdict() for reject in report.first_rejects])


def steps(taken: Sequence[Step], item: str) -> pd.DataFrame:
    """What was left of the log after each filter."""
    rows = [[step.step.replace("song", item), step.users, step.songs, step.triplets] for step in taken]
    return pd.DataFrame(rows, columns=["step", "users", f"{item}s", "interactions"])


def most_heard(log: Interactions, catalogue: Catalogue, item: str, n: int = 10) -> pd.DataFrame:
    """The songs with the most listeners, by title (ties by code)."""
    listeners = np.bincount(log.plays.indices, minlength=log.n_songs)
    top = np.argsort(-listeners, kind="stable")[:n]
    plays = np.bincount(log.plays.indices, weights=log.plays.data, minlength=log.n_songs)
    return pd.DataFrame(
        {
            "rank": np.arange(1, len(top) + 1),
            item: catalogue.label(log.song_ids[top]),
            "listeners": listeners[top],
            "plays": plays[top].astype(np.int64),
        }
    )


def record(
    report: IngestReport, taken: Sequence[Step], log: Interactions, catalogue: Catalogue, synthetic: bool
) -> dict[str, Any]:
    """`ingest.json`: the report of the source, the filters' steps, and the log that was kept."""
    return {
        **report.as_dict(),
        "synthetic": synthetic,
        "steps": [asdict(step) for step in taken],
        "fingerprint": log.fingerprint(),
        "known_titles": catalogue.known_share(log.song_ids),
    }
