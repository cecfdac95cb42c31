"""From a source to a validated Parquet file of triplets, block by block; nothing is silently dropped."""

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from songrec.data.duplicates import count_duplicates, merge_duplicates
from songrec.data.grammar import DAMAGED, ENCODING, EXTRA, HEADER, MISSING, TRUNCATED, Reject
from songrec.data.interactions import Interactions
from songrec.data.rejects import RejectTable
from songrec.data.rows import IDS, Rows
from songrec.data.sources import Source
from songrec.errors import DataError
from songrec.files import replacing

SCHEMA = pa.schema([("user", IDS), ("song", IDS), ("plays", pa.int32())])
GROUP = 1 << 18
HINTS = {
    HEADER: "If the first line is a header, say header=True or name the columns.",
    MISSING: "Is the separator the right one?",
    EXTRA: "If there are more than three columns, say which are user, song and plays.",
    ENCODING: "The text must be UTF-8.",
    TRUNCATED: "The archive breaks off, so that nobody knows what is missing: fetch it again.",
    DAMAGED: "The archive is damaged: fetch it again.",
}


@dataclass(frozen=True)
class IngestReport:
    """What came in, what was rejected, merged and kept.

    lines : lines (or rows) read, without headers. rejected : lines by reason. first_rejects : the first ten.
    duplicates : lines merged into an earlier one of the same user and song. capped : merged counts that
    passed 2**31 - 1 and were set to it. triplets, users, songs, plays : what is kept.
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

    @property
    def n_rejected(self) -> int:
        return sum(self.rejected.values())

    def __str__(self) -> str:
        kept = f"{self.triplets:,} triplets of {self.users:,} users and {self.songs:,} {self.item}s"
        rejected = "".join(f"\n  rejected: {reason} {count:,}" for reason, count in self.rejected.items())
        return f"{self.source}: {self.lines:,} lines, {self.n_rejected:,} rejected; {kept}{rejected}"

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {**asdict(self), "first_rejects": [reject._asdict() for reject in self.first_rejects]}

    def problem(self, max_reject_share: float = 0.01) -> str | None:
        """Why this log must not be used, in words, or None if it may."""
        hopeless = self.rejected.keys() & {TRUNCATED, DAMAGED}
        if not hopeless and self.n_rejected <= max_reject_share * self.lines:
            return None if self.triplets else f"{self.source} holds no triplets"
        reasons = sorted(self.rejected, key=self.rejected.get, reverse=True)
        counts = ", ".join(f"{reason} {self.rejected[reason]:,}" for reason in reasons)
        hints = dict.fromkeys(HINTS[reason] for reason in reasons if reason in HINTS)
        lines = [
            f"{self.source}: {self.n_rejected:,} of {self.lines:,} lines were rejected "
            f"({self.n_rejected / self.lines:.2%}; at most {max_reject_share:.2%} may be): {counts}.",
            *(f"  {reject}" for reject in self.first_rejects),
            *hints,
        ]
        return "\n".join(lines)


def ingest(source: Source, triplets: Path, rejects: Path, max_reject_share: float = 0.01) -> IngestReport:
    """Write the valid triplets (user, song, plays; in the log's order) and the rejected lines to Parquet.

    Duplicates of a (user, song) pair are merged into the first: their plays are summed. Memory grows with
    the number of ids and by some 20 bytes a triplet. Raises `DataError`, leaving `triplets` as it was, when
    more than `max_reject_share` of the lines were rejected, an archive breaks off, nothing is left, or a
    published count is missed; the rejects table is written all the same.
    """
    with replacing(triplets) as merged:
        streamed = merged.with_suffix(".streamed")
        try:
            with replacing(rejects) as table:
                report, keys = _stream(source, streamed, table, max_reject_share)
            if problem := report.problem(max_reject_share):
                kept = f"\nEvery rejected line is in {rejects}." if report.n_rejected else ""
                raise DataError(problem + kept)
            duplicates, capped, plays = merge_duplicates(keys, streamed, merged)
        finally:
            streamed.unlink(missing_ok=True)
        left = report.triplets - duplicates
        report = replace(report, duplicates=duplicates, capped=capped, triplets=left, plays=plays)
        _compare(report, source.expected)
        return report


def check(source: Source, max_reject_share: float = 0.01) -> IngestReport:
    """Read and validate everything, keep nothing. The report's `problem()` says if ingest would take it."""
    report, keys = _stream(source, None, None, max_reject_share)
    duplicates = count_duplicates(keys)
    return replace(report, duplicates=duplicates, triplets=report.triplets - duplicates)


def to_interactions(triplets: Path) -> Interactions:
    """The triplets that `ingest` wrote, as a matrix."""
    try:
        table = pq.read_table(triplets).unify_dictionaries().combine_chunks()
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"cannot read {triplets}: {error}") from error
    rows, user_ids = _codes(table["user"].chunk(0))
    columns, song_ids = _codes(table["song"].chunk(0))
    return Interactions.from_codes(rows, columns, table["plays"].to_numpy(), user_ids, song_ids)


def _codes(column: pa.DictionaryArray) -> tuple[np.ndarray, np.ndarray]:
    """Codes into the sorted ids, and these."""
    ids = np.array(column.dictionary.to_pylist(), dtype=str)
    order = np.argsort(ids)
    rank = np.empty(len(ids), np.int32)
    rank[order] = np.arange(len(ids), dtype=np.int32)
    return rank[column.indices.to_numpy()], ids[order]


class _Codes(dict):
    """Numbers ids in the order in which they turn up."""

    def __missing__(self, one: str) -> int:
        self[one] = code = len(self)
        return code

    def of(self, column: pa.DictionaryArray) -> np.ndarray:
        codes = np.fromiter(
            map(self.__getitem__, column.dictionary.to_pylist()), np.int32, len(column.dictionary)
        )
        return codes[column.indices.to_numpy()]


class _Writer:
    """Collects blocks into row groups of a quarter of a million or more."""

    def __init__(self, path: Path | None):
        self._file = pq.ParquetWriter(path, SCHEMA, dictionary_pagesize_limit=1 << 26) if path else None
        self._waiting: list[pa.RecordBatch] = []

    def add(self, rows: Rows) -> None:
        if self._file and len(rows.plays):
            columns = [rows.users, rows.songs, pa.array(rows.plays)]
            self._waiting.append(pa.RecordBatch.from_arrays(columns, schema=SCHEMA))
            if sum(len(batch) for batch in self._waiting) >= GROUP:
                self._flush()

    def _flush(self) -> None:
        table = pa.Table.from_batches(self._waiting, SCHEMA).unify_dictionaries().combine_chunks()
        self._file.write_table(table, row_group_size=8 * GROUP)
        self._waiting = []

    def close(self) -> None:
        if self._file:
            self._flush()
            self._file.close()


def _stream(source: Source, path: Path | None, table: Path | None, share: float) -> tuple[IngestReport, list]:
    """One pass over the source: write, count, and return what merging duplicates needs."""
    users, songs, keys = _Codes(), _Codes(), []
    lines = plays = 0
    writer, rejects = _Writer(path), RejectTable(table)
    try:
        for rows in source.read():
            lines += rows.read
            plays += int(rows.plays.sum(dtype=np.int64))
            keys.append((users.of(rows.users), songs.of(rows.songs)))
            rejects.add(rows.rejects)
            writer.add(rows)
            # Not a few bad rows but another format: no use in reading millions more of it.
            if lines >= 10_000 and rejects.counts.total() > max(share, 0.5) * lines:
                break
    finally:
        writer.close()
        rejects.close()
    counts = dict(sorted(rejects.counts.items()))
    n = sum(len(codes) for codes, _ in keys)
    report = IngestReport(
        source.name, source.item, lines, counts, rejects.first, 0, 0, n, len(users), len(songs), plays
    )
    return report, keys


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
