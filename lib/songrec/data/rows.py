"""Blocks of validated triplets: what every source yields and ingest takes."""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from songrec.data.validation import (
    BELOW_ONE,
    MAX_ID,
    MAX_PLAYS,
    MISSING,
    NOT_A_NUMBER,
    NOT_AN_INTEGER,
    TOO_LARGE,
    Reject,
    plays_of,
    reason_of,
    seconds_of,
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
    users : ChunkedArray (n,)
        Dictionary-encoded strings without nulls, each chunk with a dictionary of its own.
    songs : ChunkedArray (n,)
        As `users`.
    plays : int32 array (n,)
        At least 1.
    seconds : int64 array (n,), optional
        When they were played, since 1970.
    read : int
        How many lines these were, the rejected ones included.
    rejects : list of Reject
        The rejected ones, with file, line and reason.
    """

    users: pa.ChunkedArray
    songs: pa.ChunkedArray
    plays: np.ndarray
    seconds: np.ndarray | None
    read: int
    rejects: list[Reject]

    @classmethod
    def of(
        cls, records: list[tuple[str, str, int, int]], read: int, rejects: list[Reject], timed: bool = False
    ) -> "Rows":
        """From what `read_line` gives: for the few blocks that had to be read line by line."""
        users, songs, plays, seconds = zip(*records, strict=True) if records else ((), (), (), ())
        times = np.array(seconds, np.int64) if timed else None
        return cls(_encode(users), _encode(songs), np.array(plays, np.int32), times, read, rejects)


def usable(ids: pa.StringArray) -> bool:
    """`valid_ids` of an array, without a look at each id where all are printable ASCII."""
    lengths = pc.min_max(pc.binary_length(ids))
    plain = pc.all(pc.ascii_is_printable(ids), min_count=0).as_py() and (
        not len(ids) or (lengths["min"].as_py() >= 1 and lengths["max"].as_py() <= MAX_ID)
    )
    if plain and pc.ascii_trim_whitespace(ids).equals(ids):
        return True
    return valid_ids(ids.to_pylist())


def _encode(ids) -> pa.ChunkedArray:
    return _chunked(pa.array(ids, pa.string()).dictionary_encode())


def _chunked(ids: pa.DictionaryArray) -> pa.ChunkedArray:
    return pa.chunked_array([ids])


def check_columns(file: str, line: int, users, songs, plays=None, times=None) -> Rows:
    """Validate columns that are already columns (Parquet, arrays in memory), all rows at once.

    Parameters
    ----------
    file : str
        Name, for rejects.
    line : int
        Number of the first row.
    users, songs : array (n,)
        Ids: strings, integers, or floats that hold whole numbers.
    plays : array (n,), optional
        Whole numbers in any type, or strings; without them each row is one play.
    times : array (n,), optional
        Timestamps, or what `seconds_of` reads.

    Raises
    ------
    DataError
        For a column of another type.
    """
    names = (_as_ids(users, f"{file}: the user column"), _as_ids(songs, f"{file}: the song column"))
    count, reasons = np.ones(len(users), np.int32), np.full(len(users), "", dtype="U32")
    if plays is not None:
        count, reasons = _as_plays(plays, file)
    for ids in names:
        known = ids.dictionary.to_pylist()
        wrong = [""] * (len(known) + 1)
        if not usable(ids.dictionary):
            wrong = ["" if valid_ids([one]) else reason_of([one]) for one in known] + [""]
        null = ids.is_null().to_numpy(zero_copy_only=False)
        places = ids.indices.fill_null(len(known)).to_numpy(zero_copy_only=False)
        reasons = np.where(reasons == "", np.array(wrong, dtype="U32")[places], reasons)
        reasons[null] = MISSING
    seconds = None
    if times is not None:
        seconds, unknown = _as_seconds(times)
        reasons = np.where(reasons == "", unknown, reasons)
    bad = reasons != ""
    if not bad.any():
        return Rows(*map(_chunked, names), count, seconds, len(count), [])
    keep = pa.array(~bad)
    columns = [column for column in (users, songs, plays, times) if column is not None]
    rejects = []
    for place in np.flatnonzero(bad).tolist():
        text = "\t".join("" if v is None else str(v) for v in (column[place].as_py() for column in columns))
        rejects.append(Reject(file, line + place, str(reasons[place]), shown(text)))
    # A dictionary must hold no id that only a rejected row had.
    users, songs = (_encode(ids.filter(keep).dictionary_decode()) for ids in names)
    return Rows(users, songs, count[~bad], None if seconds is None else seconds[~bad], len(bad), rejects)


def _plain(column: pa.Array) -> pa.Array:
    """Without a dictionary, which may hold values that no row uses; bytes as the text that they are."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    binary = (pa.types.is_binary, pa.types.is_large_binary, pa.types.is_fixed_size_binary)
    if any(test(column.type) for test in binary):
        try:
            column = column.cast(pa.binary()).cast(pa.string())
        except pa.ArrowInvalid:
            return column
    return column


def _as_ids(column: pa.Array, what: str) -> pa.DictionaryArray:
    column = _plain(column)
    kind = column.type
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind):  # as pandas writes integers with gaps
        try:
            column = column.cast(pa.int64())
        except pa.ArrowInvalid:
            raise DataError(f"{what} holds {kind} with a fraction: ids must be text or integers") from None
    elif not any(test(kind) for test in (pa.types.is_integer, *_TEXT)):
        raise DataError(
            f"{what} holds {kind}: ids must be text or integers. Cast it, or name another column."
        )
    return column.cast(pa.string()).dictionary_encode()


def _as_plays(column: pa.Array, file: str) -> tuple[np.ndarray, np.ndarray]:
    """Play counts as int32, and for each row the reason why it has none ("" where it has)."""
    column = _plain(column)
    if pa.types.is_decimal(column.type) or pa.types.is_null(column.type):
        column = column.cast(pa.string())
    reasons = np.full(len(column), "", dtype="U32")
    if any(test(column.type) for test in _TEXT):
        return _read_each(column, plays_of, np.int32)
    if not (pa.types.is_integer(column.type) or pa.types.is_floating(column.type)):
        raise DataError(
            f"{file}: the plays column holds {column.type}: play counts must be whole numbers. Name another "
            "column, or none, and each row is one play."
        )
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


def _as_seconds(column: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    """Seconds since 1970 as int64, and for each row the reason why they are not known ("" where they are)."""
    column = _plain(column)
    if pa.types.is_date(column.type) or pa.types.is_timestamp(column.type):
        column = column.cast(pa.timestamp("ns"), safe=False).cast(pa.int64())
        null = column.is_null().to_numpy(zero_copy_only=False)
        values = column.fill_null(0).to_numpy(zero_copy_only=False)
        return values // 10**9, np.where(null, MISSING, "").astype("U32")
    return _read_each(column.cast(pa.string()), seconds_of, np.int64)


def _read_each(
    column: pa.Array, read: Callable[[str], int | str], dtype: type
) -> tuple[np.ndarray, np.ndarray]:
    """What `read` makes of each distinct text: numbers (1 for none) and the reasons why there is none."""
    encoded = column.cast(pa.string()).fill_null("").dictionary_encode()
    found = [read(text) for text in encoded.dictionary.to_pylist()]
    places = encoded.indices.to_numpy(zero_copy_only=False)
    reasons = np.array([one if isinstance(one, str) else "" for one in found] + [""], dtype="U32")[places]
    return np.array([1 if isinstance(one, str) else one for one in found] + [1], dtype)[places], reasons


def check_batches(file: str, batches: Iterable[tuple]) -> Iterator[Rows]:
    """`check_columns` over batches of columns that follow one another in one log."""
    line = 1
    for batch in batches:
        columns = [c if c is None or isinstance(c, pa.Array) else pa.array(c) for c in batch]
        if len({len(column) for column in columns if column is not None}) != 1:
            raise DataError(f"{file}: users, songs and plays differ in length from row {line} on")
        yield check_columns(file, line, *columns)
        line += len(columns[0])
