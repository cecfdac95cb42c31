"""The Parquet file of validated triplets: written block by block, read as a matrix."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from songrec.data.interactions import Interactions
from songrec.data.rows import IDS, Rows
from songrec.errors import DataError

SCHEMA = pa.schema([("user", IDS), ("song", IDS), ("plays", pa.int32())])
TIMED = pa.schema([*SCHEMA, ("first", pa.int64()), ("last", pa.int64())])
"""With the first and the last time at which the user played the song, in seconds since 1970."""

GROUP = 1 << 18


class TripletWriter:
    """Collects blocks into row groups of a quarter of a million rows or more; without a path, writes nothing.

    An error names `target`, because `path` itself may be a temporary file.
    """

    def __init__(self, path: Path | None, target: Path | None):
        self._target = target
        self._waiting: list[pa.RecordBatch] = []
        self._path = path
        self._file: pq.ParquetWriter | None = None

    def add(self, rows: Rows) -> None:
        """Write the triplets of a block, now or with the next ones."""
        if self._path and len(rows.plays):
            columns, schema = [rows.users, rows.songs, pa.array(rows.plays)], SCHEMA
            if rows.seconds is not None:
                columns, schema = [*columns, *[pa.array(rows.seconds)] * 2], TIMED
            self._waiting.append(pa.RecordBatch.from_arrays(columns, schema=schema))
            if sum(len(batch) for batch in self._waiting) >= GROUP:
                self._flush()

    def _flush(self) -> None:
        schema = self._waiting[0].schema if self._waiting else SCHEMA
        with self._named():
            if self._file is None:
                self._file = pq.ParquetWriter(self._path, schema, dictionary_pagesize_limit=1 << 26)
            table = pa.Table.from_batches(self._waiting, schema).unify_dictionaries().combine_chunks()
            self._file.write_table(table, row_group_size=max(len(table), 1))
        self._waiting = []

    @contextmanager
    def _named(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            problem = error.strerror or error
            raise DataError(f"cannot write {self._target}: {problem}. Nothing was changed there.") from error

    def __enter__(self) -> "TripletWriter":
        return self

    def __exit__(self, kind, *_) -> None:
        if not self._path:
            return
        if kind:
            with suppress(OSError):  # what went wrong first is on its way already
                if self._file:
                    self._file.close()
            return
        if self._waiting or self._file is None:
            self._flush()
        with self._named():
            self._file.close()


def to_interactions(triplets: Path) -> Interactions:
    """The triplets that `ingest` wrote, as a matrix; a missing or broken file is a `DataError`."""
    try:
        table = pq.read_table(triplets).unify_dictionaries().combine_chunks()
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"cannot read {triplets}: {error}") from error
    rows, user_ids = _codes(table["user"].chunk(0))
    columns, song_ids = _codes(table["song"].chunk(0))
    times = [table[name].to_numpy() if name in table.column_names else None for name in ("first", "last")]
    return Interactions.from_codes(rows, columns, table["plays"].to_numpy(), user_ids, song_ids, *times)


def _codes(column: pa.DictionaryArray) -> tuple[np.ndarray, np.ndarray]:
    """Codes into the sorted ids, and these."""
    ids = np.array(column.dictionary.to_pylist(), dtype=str)
    order = np.argsort(ids)
    rank = np.empty(len(ids), np.int32)
    rank[order] = np.arange(len(ids), dtype=np.int32)
    return rank[column.indices.to_numpy()], ids[order]
