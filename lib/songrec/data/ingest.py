"""From a source to a validated log, block by block; rejects are kept."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from songrec.data.duplicates import merge
from songrec.data.interactions import Interactions, sorted_ids
from songrec.data.rejects import RejectTable
from songrec.data.rows import IDS, Rows
from songrec.data.sources import Source
from songrec.data.triplet_file import save_triplets
from songrec.data.validation import (
    DAMAGED,
    ENCODING,
    EXTRA,
    HEADER,
    MISSING,
    NO_TIME,
    NOT_A_NUMBER,
    SPACED,
    TRUNCATED,
    Reject,
)
from songrec.errors import DataError
from songrec.files import replacing

MAX_REJECT_SHARE = 0.01
"""If more of the lines are rejected, the log is more likely in another format than badly kept."""

HINTS = {
    HEADER: "If the first line is a header, name the columns, or say that it is one (`header`).",
    MISSING: "Is the separator the right one, or do rows lack a value? `max_reject_share` says how many may.",
    EXTRA: "If there are more than three columns, say which are user, song and plays (`columns`).",
    SPACED: "If a space follows each separator, it belongs to it (`separator`: ', ').",
    NO_TIME: "Times are whole numbers (seconds or milliseconds since 1970) or as in 2024-05-31 18:30.",
    NOT_A_NUMBER: "If each line is one play without a count, name two columns, user and song (`columns`).",
    ENCODING: "The text must be UTF-8 or UTF-16, or its encoding be named (`encoding`: cp1252).",
    TRUNCATED: "The archive breaks off, so that nobody knows what is missing: fetch it again.",
    DAMAGED: "The archive is damaged: fetch it again.",
}


@dataclass(frozen=True)
class IngestReport:
    """What came in, what was rejected, merged and kept.

    Attributes
    ----------
    source : str
        Name of the source.
    item : str
        What the log's items are called.
    lines : int
        Lines (or rows) read, without headers.
    rejected : dict
        Lines by reason.
    first_rejects : list of Reject
        The first ten.
    duplicates : int
        Lines merged into an earlier one of the same user and song.
    capped : int
        Merged counts that passed 2**31 - 1 and were set to it.
    triplets : int
        Pairs of user and song kept.
    users : int
        Their users.
    songs : int
        Their songs.
    plays : int
        Their plays.
    in_quotes : bool
        Whether every user's id stands in quotes, which were kept.
    since : int, optional
        The first time, in seconds since 1970, where the log has times.
    until : int, optional
        The last time.
    """

    source: str
    item: str
    lines: int
    rejected: dict[str, int]
    first_rejects: list[Reject]
    duplicates: int
    capped: int
    triplets: int
    users: int
    songs: int
    plays: int
    in_quotes: bool = False
    since: int | None = None
    until: int | None = None

    @property
    def notes(self) -> list[str]:
        """What was done to the log that its owner may not expect, a sentence each."""
        notes = []
        if self.in_quotes:
            notes.append(
                "Every user's id stands in quotes, which were kept as a part of it: tab-separated text knows "
                "no quoting. Write the log as CSV to have them read."
            )
        if self.capped:
            notes.append(f"Merged counts of plays that passed 2,147,483,647 were set to it: {self.capped:,}.")
        return notes

    @property
    def days(self) -> list[str]:
        """The first and the last day (UTC); nothing where the log has no times."""
        times = [] if self.since is None else [self.since, self.until]
        return [f"{datetime.fromtimestamp(one, UTC):%Y-%m-%d}" for one in times]

    @property
    def n_rejected(self) -> int:
        return sum(self.rejected.values())

    def __str__(self) -> str:
        kept = f"{self.triplets:,} triplets of {self.users:,} users and {self.songs:,} {self.item}s"
        read = f"{self.lines:,} lines, {self.n_rejected:,} rejected, {self.duplicates:,} merged"
        lines = [f"{self.source}: {read}; {kept}", *self.notes, *(f"  {one}" for one in self.first_rejects)]
        if self.days:
            lines.insert(1, "from {} to {}".format(*self.days))
        return "\n".join(lines)

    def problem(self, max_reject_share: float = MAX_REJECT_SHARE) -> str | None:
        """Why this log must not be used, or None if it may."""
        hopeless = self.rejected.keys() & {TRUNCATED, DAMAGED}
        if not hopeless and self.n_rejected <= max_reject_share * self.lines:
            return None if self.triplets else f"{self.source} holds no triplets"
        reasons = sorted(self.rejected, key=self.rejected.get, reverse=True)
        counts = ", ".join(f"{reason} {self.rejected[reason]:,}" for reason in reasons)
        hints = dict.fromkeys(HINTS[reason] for reason in reasons if reason in HINTS)
        limit = "" if hopeless else f"; at most {max_reject_share:.2%} may be"
        share = f"{self.n_rejected:,} of {self.lines:,} lines read were rejected"
        summary = f"{self.source}: {share} ({self.n_rejected / self.lines:.2%}{limit}): {counts}."
        return "\n".join([summary, *(f"  {reject}" for reject in self.first_rejects), *hints])


def ingest(
    source: Source, triplets: Path, rejects: Path, max_reject_share: float = MAX_REJECT_SHARE
) -> IngestReport:
    """Write the valid triplets and the rejected lines to Parquet.

    Parameters
    ----------
    source : Source
        The log.
    triplets : Path
        File of (user, song, plays), in the log's order, which `to_interactions` reads.
    rejects, max_reject_share
        As `read_log` has them.

    Returns
    -------
    IngestReport
        The counts.

    Raises
    ------
    DataError
        As `read_log`, leaving `triplets` as it was.
    """
    report, log = read_log(source, rejects, max_reject_share)
    save_triplets(log, triplets)
    return report


def read_log(
    source: Source, rejects: Path, max_reject_share: float = 0.01
) -> tuple[IngestReport, Interactions]:
    """Read and validate a log.

    Parameters
    ----------
    source : Source
        The log.
    rejects : Path
        Parquet file of the rejected lines, written whatever happens.
    max_reject_share : float
        Largest share of the lines that may be rejected.

    Returns
    -------
    IngestReport
        The counts.
    Interactions
        The log. A (user, song) pair that stands several times has its first place, and the sum of the plays.

    Raises
    ------
    DataError
        When too many lines were rejected, an archive breaks off, nothing is left, or a published count is
        missed.

    Notes
    -----
    Memory grows with the number of ids and by some 30 bytes a triplet.
    """
    with replacing(rejects) as table:
        report, log = _read(source, max_reject_share, table)
    if problem := report.problem(max_reject_share):
        kept = f"\nThe rejected lines are in {rejects}." if report.n_rejected else ""
        raise DataError(problem + kept)
    _compare(report, source.expected)
    return report, log


def check(source: Source, max_reject_share: float = MAX_REJECT_SHARE) -> IngestReport:
    """Read and validate everything, keep nothing. `problem()` says whether `ingest` would accept it."""
    return _read(source, max_reject_share)[0]


class _Lines:
    """The columns of all usable lines, block by block."""

    def __init__(self):
        self._blocks: dict[str, list[Any]] = {}

    def add(self, rows: Rows) -> None:
        blocks = {"users": rows.users.chunks, "songs": rows.songs.chunks, "plays": [rows.plays]}
        if rows.seconds is not None:
            blocks["seconds"] = [rows.seconds]
        for name, parts in blocks.items():
            self._blocks.setdefault(name, []).extend(parts)

    def taken(self, name: str) -> np.ndarray | None:
        """All of a column, which is then let go; None where the log has no such column."""
        parts = self._blocks.pop(name, None)
        return None if parts is None else np.concatenate(parts)

    def coded(self, name: str) -> tuple[np.ndarray, pa.StringArray]:
        """All of a column of ids as codes (int32), and the ids by code; it is then let go."""
        column = pa.chunked_array(self._blocks.pop(name, []), IDS).unify_dictionaries()
        if not len(column):
            return np.empty(0, np.int32), pa.array([], pa.string())
        return np.concatenate([part.indices for part in column.chunks]), column.chunk(0).dictionary


def _read(
    source: Source, share: float, rejects: Path | None = None
) -> tuple[IngestReport, Interactions | None]:
    """One pass over the source: what its lines are, with the rejected ones kept where there is a path.

    There is no log where no line is usable.
    """
    kept, lines = _Lines(), 0
    since, until = [], []
    with RejectTable(rejects) as rejected:
        for rows in _ahead(source.read()):
            lines += rows.read
            if rows.seconds is not None and len(rows.seconds):
                since.append(int(rows.seconds.min()))
                until.append(int(rows.seconds.max()))
            kept.add(rows)
            rejected.add(rows.rejects)
            # Not a few bad rows but another format: no use in reading millions more of it.
            if lines >= 10_000 and rejected.counts.total() > max(share, 0.5) * lines:
                break
    (rows, user_names), (columns, song_names) = (kept.coded(name) for name in ("users", "songs"))
    quoted = pc.all(pc.match_substring_regex(user_names, '(?s)^".*"$'), min_count=1).as_py()
    report = IngestReport(
        source=source.name,
        item=source.item,
        lines=lines,
        rejected=dict(sorted(rejected.counts.items())),
        first_rejects=rejected.first,
        duplicates=0,
        capped=0,
        triplets=0,
        users=len(user_names),
        songs=len(song_names),
        plays=0,
        in_quotes=bool(quoted),
        since=min(since, default=None),
        until=max(until, default=None),
    )
    if not len(rows):
        return report, None
    (user_ids, user), (song_ids, song) = map(sorted_ids, (user_names, song_names))
    plays, seconds = kept.taken("plays"), kept.taken("seconds")
    log, duplicates, capped = merge(user[rows], song[columns], plays, seconds, user_ids, song_ids)
    counts = {"triplets": log.plays.nnz, "plays": int(log.plays.data.sum(dtype=np.int64))}
    return replace(report, duplicates=duplicates, capped=capped, **counts), log


def _ahead(blocks: Iterator[Rows]) -> Iterator[Rows]:
    """The same, each block read while the one before is worked on."""
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(next, blocks, None)
        while (block := coming.result()) is not None:
            coming = pool.submit(next, blocks, None)
            yield block


def _compare(report: IngestReport, expected: dict[str, int] | None) -> None:
    wrong = [
        f"{getattr(report, name):,} {name} instead of {count:,}"
        for name, count in (expected or {}).items()
        if getattr(report, name) != count
    ]
    if wrong:
        raise DataError(
            f"{report.source} is not the whole published data set: it has {', '.join(wrong)}. "
            "Fetch the file again; to read a part of it, use the source 'triplets'."
        )
