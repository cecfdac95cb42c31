"""Blocks of validated triplets: what every source yields and ingest takes."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from songrec.data.validation import (
    BELOW_ONE,
    MALFORMED,
    MAX_PLAYS,
    MISSING,
    NOT_A_NUMBER,
    NOT_AN_INTEGER,
    TOO_LARGE,
    Reject,
    plays_of,
    shown,
    valid_ids,
)
from songrec.errors import DataError

IDS = pa.dictionary(pa.int32(), pa.string())
_TEXT = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)


class Rows(NamedTuple):
    """Some consecutive lines of a source.

    Attributes
    ----------
    users : DictionaryArray (n,)
        Dictionary-encoded strings without nulls.
    songs : DictionaryArray (n,)
        As `users`.
    plays : int32 array (n,)
        At least 1.
    read : int
        How many lines these were, the rejected ones included.
    rejects : list of Reject
        The rejected ones, with file, line and reason.
    """

    users: pa.DictionaryArray
    songs: pa.DictionaryArray
    plays: np.ndarray
    read: int
    rejects: list[Reject]

    @classmethod
    def of(cls, triplets: list[tuple[str, str, int]], read: int, rejects: list[Reject]) -> "Rows":
        """From Python triplets: for the few blocks that had to be read line by line."""
        users, songs, plays = zip(*triplets, strict=True) if triplets else ((), (), ())
        return cls(_encode(users), _encode(songs), np.array(plays, np.int32), read, rejects)


def _encode(ids) -> pa.DictionaryArray:
    return pa.array(ids, pa.string()).dictionary_encode()


def check_columns(file: str, line: int, users, songs, plays) -> Rows:
    """Validate columns that are already columns (Parquet, arrays in memory), all rows at once.

    Parameters
    ----------
    file : str
        Name, for rejects.
    line : int
        Number of the first row.
    users, songs : array (n,)
        Ids: strings or integers.
    plays : array (n,)
        Integers, floats that hold whole numbers, or strings.

    Raises
    ------
    DataError
        For a column of another type.
    """
    names = (_as_ids(users, "user"), _as_ids(songs, "song"))
    count, reasons = _as_plays(plays)
    for ids in names:
        known = ids.dictionary.to_pylist()
        good = (
            np.ones(len(known) + 1, bool)
            if valid_ids(known)
            else np.array([*(valid_ids([i]) for i in known), True])
        )
        null = ids.is_null().to_numpy(zero_copy_only=False)
        places = ids.indices.fill_null(len(good) - 1).to_numpy(zero_copy_only=False)
        reasons[~good[places] & (reasons == "")] = MALFORMED
        reasons[null] = MISSING
    bad = reasons != ""
    if not bad.any():
        return Rows(*names, count, len(count), [])
    keep = pa.array(~bad)
    columns = [users, songs, plays]
    rejects = []
    for place in np.flatnonzero(bad).tolist():
        text = "\t".join("" if v is None else str(v) for v in (column[place].as_py() for column in columns))
        rejects.append(Reject(file, line + place, str(reasons[place]), shown(text)))
    # A dictionary must hold no id that only a rejected row had.
    users, songs = (ids.filter(keep).dictionary_decode().dictionary_encode() for ids in names)
    return Rows(users, songs, count[~bad], len(bad), rejects)


def _as_ids(column: pa.Array, what: str) -> pa.DictionaryArray:
    if pa.types.is_dictionary(column.type):  # its dictionary may hold ids that no row uses
        column = column.dictionary_decode()
    kind = column.type
    if not any(test(kind) for test in (pa.types.is_integer, *_TEXT)):
        raise DataError(f"the {what} column holds {kind}: ids must be text or integers")
    return column.cast(pa.string()).dictionary_encode()


def _as_plays(column: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    """Play counts as int32, and for each row the reason why it has none ("" where it has)."""
    reasons = np.full(len(column), "", dtype="U32")
    if any(test(column.type) for test in _TEXT):
        encoded = column.cast(pa.string()).fill_null("").dictionary_encode()
        read = [plays_of(text) for text in encoded.dictionary.to_pylist()]
        places = encoded.indices.to_numpy(zero_copy_only=False)
        reasons = np.array([r if isinstance(r, str) else "" for r in read] + [""], dtype="U32")[places]
        return np.array([1 if isinstance(r, str) else r for r in read] + [1], np.int32)[places], reasons
    if not (pa.types.is_integer(column.type) or pa.types.is_floating(column.type)):
        raise DataError(f"the plays column holds {column.type}: play counts must be whole numbers")
    null = column.is_null().to_numpy(zero_copy_only=False)
    values = pc.fill_null(column, 1).to_numpy(zero_copy_only=False)
    if pa.types.is_floating(column.type):
        finite = np.isfinite(values)
        reasons[finite & (np.floor(values) != values)] = NOT_AN_INTEGER
        reasons[~finite] = NOT_A_NUMBER
    reasons[(values < 1) & (reasons == "")] = BELOW_ONE
    reasons[(values > MAX_PLAYS) & (reasons == "")] = TOO_LARGE
    reasons[null] = MISSING
    return np.where(reasons == "", values, 1).astype(np.int32), reasons


def check_batches(file: str, batches: Iterable[tuple]) -> Iterator[Rows]:
    """`check_columns` over (users, songs, plays) batches that follow one another in one log."""
    line = 1
    for users, songs, plays in batches:
        columns = [c if isinstance(c, pa.Array) else pa.array(c) for c in (users, songs, plays)]
        if len({len(column) for column in columns}) != 1:
            raise DataError(f"{file}: users, songs and plays differ in length from row {line} on")
        yield check_columns(file, line, *columns)
        line += len(columns[0])
