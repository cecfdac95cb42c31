"""Merging (user, song) pairs that stand several times in a log."""

import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from songrec.data.validation import MAX_PLAYS


def merge_duplicates(
    codes: list[tuple[np.ndarray, np.ndarray]], streamed: Path, merged: Path
) -> tuple[int, int, int]:
    """Move `streamed` to `merged`, every pair once: at its first place, with the sum of its plays.

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
    plays = pq.read_table(streamed, columns=["plays"])["plays"].to_numpy()
    places, pair = _repeated(keys)
    del keys
    if not len(places):
        os.replace(streamed, merged)
        return 0, 0, int(plays.sum(dtype=np.int64))
    _, first, pair = np.unique(pair, return_index=True, return_inverse=True)
    sums = np.zeros(len(first), np.int64)
    np.add.at(sums, pair, plays[places])
    plays = plays.copy()
    plays[places[first]] = np.minimum(sums, MAX_PLAYS)
    keep = np.ones(len(plays), bool)
    keep[places] = False
    keep[places[first]] = True
    _rewrite(streamed, merged, plays, keep)
    return len(places) - len(first), int((sums > MAX_PLAYS).sum()), int(plays[keep].sum(dtype=np.int64))


def count_duplicates(codes: list[tuple[np.ndarray, np.ndarray]]) -> int:
    """How many rows `merge_duplicates` would merge away."""
    keys = _keys(codes)
    keys.sort()
    return int((keys[1:] == keys[:-1]).sum())


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


def _rewrite(old: Path, new: Path, plays: np.ndarray, keep: np.ndarray) -> None:
    """Copy a triplets file group by group, with new play counts, leaving out the rows not to keep."""
    file, start = pq.ParquetFile(old), 0
    with pq.ParquetWriter(new, file.schema_arrow) as writer:
        for group in range(file.num_row_groups):
            table = file.read_row_group(group)
            rows = slice(start, start + len(table))
            table = table.set_column(2, "plays", pa.array(plays[rows])).filter(pa.array(keep[rows]))
            # The dictionary still holds the ids of rows left out: encode it anew.
            columns = [table[name].combine_chunks() for name in ("user", "song")]
            table = pa.table(
                [*(c.dictionary_decode().dictionary_encode() for c in columns), table["plays"]],
                schema=file.schema_arrow,
            )
            writer.write_table(table)
            start = rows.stop
