"""What came in and what was kept of a log."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from songrec.csr import column_counts
from songrec.data import Catalogue, IngestReport, Interactions
from songrec.data.filters import Step
from songrec.data.validation import Reject


def lines(report: IngestReport) -> pd.DataFrame:
    """Every line accounted for.

    Returns
    -------
    DataFrame
        what (read, rejected, merged, kept), reason (of a rejection), lines, share (of the lines read).
    """
    rows = [("read", "", report.lines)]
    rows += [("rejected", reason, count) for reason, count in report.rejected.items()]
    rows += [("merged", "", report.duplicates), ("kept", "", report.triplets)]
    table = pd.DataFrame(rows, columns=["what", "reason", "lines"])
    return table.assign(share=table["lines"] / max(report.lines, 1))


def rejects(report: IngestReport) -> pd.DataFrame:
    """The first rejected lines: file, line, reason, text."""
    return pd.DataFrame(report.first_rejects, columns=list(Reject._fields))


def steps(taken: Sequence[Step]) -> pd.DataFrame:
    """What was left of the log after each filter: step, users, songs, triplets."""
    return pd.DataFrame([asdict(step) for step in taken])


def most_heard(log: Interactions, catalogue: Catalogue, n: int = 10) -> pd.DataFrame:
    """The songs with the most listeners (ties by code): rank, label, listeners, plays."""
    listeners = column_counts(log.plays)
    plays = np.bincount(log.plays.indices, weights=log.plays.data, minlength=log.n_songs)
    top = np.argsort(-listeners, kind="stable")[:n]
    return pd.DataFrame(
        {
            "rank": np.arange(1, len(top) + 1),
            "label": catalogue.label(log.song_ids[top]),
            "listeners": listeners[top],
            "plays": plays[top].astype(np.int64),
        }
    )


def facts(
    report: IngestReport,
    taken: Sequence[Step],
    log: Interactions,
    catalogue: Catalogue,
    synthetic: bool,
    filters: Mapping[str, Any],
) -> dict[str, Any]:
    """The counts of the lines, of the log as it was read, and of the log that was kept.

    Parameters
    ----------
    report : IngestReport
        Of the source.
    taken : sequence of Step
        What the filters left.
    log : Interactions
        The log that was kept.
    catalogue : Catalogue
        Titles.
    synthetic : bool
        Whether the log is invented.
    filters : mapping
        Parameters of the filters; to ask for one listener, one song or no list of songs asks for nothing.
    """
    read = {name: getattr(taken[0], name) for name in ("users", "songs", "triplets")}
    return {
        "synthetic": synthetic,
        "item": report.item,
        "lines": report.lines,
        "rejected": report.rejected,
        "duplicates": report.duplicates,
        "notes": report.notes,
        "days": report.days,
        "read": read,
        "filters": {name: value for name, value in filters.items() if value not in ("", 1)},
        "users": log.n_users,
        "songs": log.n_songs,
        "triplets": log.plays.nnz,
        "fingerprint": log.fingerprint(),
        "known_titles": catalogue.known_share(log.song_ids),
    }
