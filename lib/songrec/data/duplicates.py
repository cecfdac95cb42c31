"""Merging (user, song) pairs that stand several times in a log, as each play of an event log does."""

import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from songrec.data.validation import MAX_PLAYS

_NUMBERS = ("plays", "first", "last")


def merge_duplicates(
    codes: list[tuple[np.ndarray, np.ndarray]], streamed: Path, merged: Path
) -> tuple[int, int, int]:
    """Move `streamed` to `merged`, every pair once: at its first place, with the sum of its plays.

    Of times, the first and the last are kept.

    Parameters
    ----------
    codes : list of (int array, int array)
        User codes and song codes of the rows of `streamed`, block by block; emptied to save memory.
    streamed : Path
        Parquet file of all rows.
    merged : Path
        Parquet file to write.

    Returns
    -------
    duplicates : int
        Rows merged away.
    capped : int
        Sums that were cut at 2**31 - 1.
    plays : int
        All plays together.
    """
    keys = _keys(codes)
    table = pq.read_table(
        streamed, columns=[name for name in _NUMBERS if name in pq.read_schema(streamed).names]
    )
    numbers = {name: table[name].to_numpy() for name in table.column_names}
    plays = numbers["plays"]
    del table
    places, pair = _repeated(keys)
    del keys
    if not len(places):
        os.replace(streamed, merged)
        return 0, 0, int(plays.sum(dtype=np.int64))
    _, first, pair = np.unique(pair, return_index=True, return_inverse=True)
    sums = np.zeros(len(first), np.int64)
    np.add.at(sums, pair, plays[places])
    kept = {"plays": np.minimum(sums, MAX_PLAYS)}
    for name, merge in {"first": np.minimum, "last": np.maximum}.items():
        if name in numbers:
            kept[name] = numbers[name][places[first]]
            merge.at(kept[name], pair, numbers[name][places])
    numbers = {name: values.copy() for name, values in numbers.items()}
    for name, values in kept.items():
        numbers[name][places[first]] = values
    plays = numbers["plays"]
    keep = np.ones(len(plays), bool)
    keep[places] = False
    keep[places[first]] = True
    _rewrite(streamed, merged, numbers, keep)
    return len(places) - len(first), int((sums > MAX_PLAYS).sum()), int(plays[keep].sum(dtype=np.int64))


def count_duplicates(codes: list[tuple[np.ndarray, np.ndarray]], plays: list[np.ndarray]) -> tuple[int, int]:
    """How many rows `merge_duplicates` would merge away, and how many sums it would cut."""
    keys = _keys(codes)
    order = np.argsort(keys, kind="stable")
    keys, counts = keys[order], np.concatenate([[0], np.cumsum(np.concatenate([*plays, []])[order])])
    starts = (
        np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]])) if len(keys) else np.array([], int)
    )
    sums = np.diff(counts[np.append(starts, len(keys))])
    return len(keys) - len(starts), int((sums > MAX_PLAYS).sum())


def _keys(codes: list[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """One int64 a row: the same for the same pair only."""
    keys = np.empty(sum(len(users) for users, _ in codes), np.int64)
    start = 0
    for users, songs in codes:
        keys[start : start + len(users)] = (users.astype(np.int64) << 32) | songs
        start += len(users)
    codes.clear()
    return keys


def _repeated(keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The places, ascending, of keys that stand more than once, and these keys."""
    ordered = np.sort(keys)
    repeated = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
    del ordered
    if not len(repeated):
        return repeated, repeated
    found = np.minimum(np.searchsorted(repeated, keys), len(repeated) - 1)
    places = np.flatnonzero(repeated[found] == keys)
    return places, keys[places]


def _rewrite(old: Path, new: Path, numbers: dict[str, np.ndarray], keep: np.ndarray) -> None:
    """Copy a triplets file group by group, with new numbers, leaving out the rows not to keep."""
    file, start = pq.ParquetFile(old), 0
    with pq.ParquetWriter(new, file.schema_arrow) as writer:
        for group in range(file.num_row_groups):
            table = file.read_row_group(group)
            rows = slice(start, start + len(table))
            mask = pa.array(keep[rows])
            # The dictionary still holds the ids of rows left out: encode it anew.
            ids = [table[name].combine_chunks().filter(mask) for name in ("user", "song")]
            columns = [one.dictionary_decode().dictionary_encode() for one in ids]
            columns += [pa.array(values[rows]).filter(mask) for values in numbers.values()]
            writer.write_table(pa.table(columns, schema=file.schema_arrow))
            start = rows.stop
