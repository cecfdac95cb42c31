"""The Parquet file of validated triplets: what `ingest` keeps of a log, in the log's order."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from songrec.csr import row_of_entries
from songrec.data.interactions import Interactions, sorted_ids
from songrec.data.rows import IDS
from songrec.errors import DataError
from songrec.files import replacing

SCHEMA = pa.schema([("user", IDS), ("song", IDS), ("plays", pa.int32())])
TIMED = pa.schema([*SCHEMA, ("first", pa.int64()), ("last", pa.int64())])
"""With the first and the last time at which the user played the song, in seconds since 1970."""

GROUP = 1 << 18


def save_triplets(log: Interactions, path: Path) -> None:
    """Write a log, a quarter of a million rows at a time; a `DataError` names the file that has no room."""
    entry = np.empty_like(log.order)
    entry[log.order] = np.arange(len(entry), dtype=entry.dtype)
    user = row_of_entries(log.plays, np.int32)
    timed = log.first is not None
    numbers = [log.plays.data, *([log.first, log.last] if timed else [])]
    schema = TIMED if timed else SCHEMA
    with (
        replacing(path) as temporary,
        pq.ParquetWriter(temporary, schema, dictionary_pagesize_limit=1 << 26) as writer,
    ):
        for start in range(0, max(len(entry), 1), GROUP):
            part = entry[start : start + GROUP]
            ids = [_encoded(log.user_ids, user[part]), _encoded(log.song_ids, log.plays.indices[part])]
            columns = [*ids, *(pa.array(values[part]) for values in numbers)]
            writer.write_table(pa.table(columns, schema=schema))


def _encoded(ids: np.ndarray, codes: np.ndarray) -> pa.DictionaryArray:
    used, place = np.unique(codes, return_inverse=True)
    return pa.DictionaryArray.from_arrays(place.astype(np.int32), pa.array(ids[used].tolist(), pa.string()))


def to_interactions(triplets: Path) -> Interactions:
    """The triplets that `ingest` wrote, as a matrix; a missing or broken file is a `DataError`."""
    try:
        table = pq.read_table(triplets).unify_dictionaries().combine_chunks()
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"cannot read {triplets}: {error}") from error
    (rows, user_ids), (columns, song_ids) = (_codes(table[name].chunk(0)) for name in ("user", "song"))
    times = [table[name].to_numpy() if name in table.column_names else None for name in ("first", "last")]
    return Interactions.from_codes(rows, columns, table["plays"].to_numpy(), user_ids, song_ids, *times)


def _codes(column: pa.DictionaryArray) -> tuple[np.ndarray, np.ndarray]:
    """Codes into the sorted ids, and these."""
    ids, rank = sorted_ids(column.dictionary.to_pylist())
    return rank[column.indices.to_numpy()], ids
