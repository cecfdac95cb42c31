"""The table of rejected lines, each kept with its reason."""

from collections import Counter
from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from songrec.data.validation import Reject

SHOWN = 10
_SCHEMA = pa.schema(
    [("file", pa.string()), ("line", pa.int64()), ("reason", pa.string()), ("text", pa.string())]
)


class RejectTable:
    """Counts rejects, remembers the first few, and writes all of them to Parquet if there is a path."""

    def __init__(self, path: Path | None):
        self.counts: Counter[str] = Counter()
        self.first: list[Reject] = []
        self._writer = pq.ParquetWriter(path, _SCHEMA) if path else None

    def add(self, rejects: list[Reject]) -> None:
        """Take the rejects of one block."""
        self.counts.update(reject.reason for reject in rejects)
        self.first += rejects[: SHOWN - len(self.first)]
        if rejects and self._writer:
            self._writer.write_table(pa.Table.from_pylist([r._asdict() for r in rejects], _SCHEMA))

    def __enter__(self) -> "RejectTable":
        return self

    def __exit__(self, kind, *_) -> None:
        if self._writer:
            with suppress(OSError if kind else ()):  # what went wrong first is on its way already
                self._writer.close()


def read_rejects(path: Path) -> list[Reject]:
    """The rejects that an ingest kept, in the order of the log."""
    return [Reject(**row) for row in pq.read_table(path).to_pylist()]
