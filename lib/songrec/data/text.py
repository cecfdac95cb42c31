"""Reading triplets from text: whole blocks at once, line by line only around lines that are broken."""

from collections.abc import Callable, Iterator, Sequence
from csv import reader as csv_reader
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import csv

from songrec.data.archives import members, read_chunks
from songrec.data.rows import IDS, Rows, usable
from songrec.data.unpacking import Damaged
from songrec.data.validation import (
    HEADER,
    LONGEST_RECORD,
    NOT_A_NUMBER,
    Layout,
    Reject,
    plays_of,
    printable,
    read_line,
    read_record,
    seconds_of,
    shown,
)
from songrec.errors import ConfigError, DataError

BLOCK = 16 << 20
PART = 8 << 20  # of a block, parsed and encoded by one thread
SMALL = 64 << 10  # a block this small is read line by line rather than halved again
MAX_LINE = 1 << 20
FIRST = 5  # lines that show how many columns there are
BOM = b"\xef\xbb\xbf"

Columns = Sequence[int] | Sequence[str] | None
_STAND_IN = b"\x1f"
"""For a separator of several characters, which Arrow does not know; no id holds this character."""


def read_text(
    path: Path,
    columns: Columns = None,
    separator: str = "",
    header: bool = False,
    member: str = "",
    encoding: str = "",
    time: int | str = "",
) -> Iterator[Rows]:
    """Yield the triplets of a text file (or an archive of one) in file order.

    Parameters
    ----------
    path : Path
        The file.
    columns : sequence, optional
        Places (from 0) or names of user, song and plays, or of user and song where each line is one play; by
        default the first three, and no others, or both where there are two. Names are looked up in the
        header, which is then expected.
    separator : str
        By default a comma in `.csv` files, a tab in all others. Several characters are fine.
    header : bool
        The first line is no triplet.
    member, encoding : str
        As `read_chunks` has them.
    time : int or str
        Place or name of a column of times; empty: none is read.

    Raises
    ------
    DataError
        If the header is a valid triplet, which would be lost.
    """
    named = header or (columns is not None and isinstance(columns[0], str))
    layout, line = None, 1
    try:
        separator = separator or default_separator(member or next(members(path), path.name))
        quoted = Layout(separator).quoted
        for block in _blocks(read_chunks(path, member, encoding), quoted):
            if layout is None:
                first, _, rest = block.removeprefix(BOM).partition(b"\n")
                few = block.removeprefix(BOM).split(b"\n", FIRST)[:FIRST]
                layout = layout_of(path, few, columns, separator, time)
                # Where each line is a play, a header looks like one.
                if (
                    header
                    and layout.plays is not None
                    and (columns is None or not isinstance(columns[0], str))
                ):
                    _check_header(path, first, layout)
                block = rest if named else block.removeprefix(BOM)
                line += named
            if block:
                yield from read_block(block, path.name, line, layout)
                line += _lines(block)
    except Damaged as damage:
        yield Rows.of([], 1, [Reject(path.name, line, str(damage), "")])


def default_separator(name: str) -> str:
    """A comma in `.csv` files, a tab in all others."""
    return "," if ".csv" in [suffix.lower() for suffix in Path(name).suffixes] else "\t"


def _blocks(chunks: Iterator[bytes], quoted: bool = False) -> Iterator[bytes]:
    """Join chunks into blocks of whole lines. Blank lines at the end of the file belong to no block."""
    parts, size = [], 0
    try:
        for chunk in chunks:
            parts.append(chunk)
            size += len(chunk)
            if size >= BLOCK:
                # Cut the last chunk alone where that is the same, before all are copied into one.
                whole, rest = (b"", b"") if quoted else _cut(chunk, quoted)
                whole, rest = (
                    _cut(b"".join(parts), quoted) if not whole else (b"".join([*parts[:-1], whole]), rest)
                )
                if whole:
                    yield whole
                parts, size = [rest], len(rest)
    except Damaged:
        whole, _ = _cut(
            b"".join(parts), quoted
        )  # the line in which the archive breaks off is not to be trusted
        if whole:
            yield whole
        raise
    last = b"".join(parts)
    text = _end_of_text(last)
    if text:
        yield last[: last.find(b"\n", text) + 1 or None]


def _end_of_text(data: bytes, end: int | None = None) -> int:
    """Where the blank lines begin that stand before `end`."""
    end = len(data) if end is None else end
    while end and data[end - 1] in b"\r\n":
        end -= 1
    return end


def _cut(data: bytes, quoted: bool) -> tuple[bytes, bytes]:
    """Whole records up to the last line that is not blank, and the rest. An endless line loses its tail."""
    end = data.rfind(b"\n") + 1
    if len(data) - end > MAX_LINE + BLOCK:
        data = data[: end + MAX_LINE]
    text = _end_of_text(data, end)
    if text and end - text < MAX_LINE:
        end = data.index(b"\n", text) + 1
    elif not text and end < MAX_LINE:
        end = 0
    if quoted:
        end = _outside_quotes(data, end)
    return data[:end], data[end:]


def _outside_quotes(data: bytes, end: int) -> int:
    """An end of line at or before `end` where no quoted field is open, unless that is a stray quote."""
    if data.count(b'"', 0, end) % 2 == 0:
        return end
    before = data.rfind(b"\n", 0, data.rfind(b'"', 0, end)) + 1
    return before if end - before < MAX_LINE and before else end


def _lines(block: bytes) -> int:
    return block.count(b"\n") + (not block.endswith(b"\n"))


def layout_of(
    path: Path | str, lines: Sequence[bytes], columns: Columns, separator: str, time: int | str
) -> Layout:
    """What the first lines say about the others: how many fields, and where the named columns stand.

    Without names or places, two columns beside that of times are user and song, and each line is one play.
    """
    fields, *more = [_fields(line, separator) for line in lines if line] or [[]]
    if columns is None:
        at = None if time == "" else _place(path, time, fields, separator)
        places = [place for place in range(len(fields)) if place != at]
        if len(places) == 2 and all(len(each) == len(fields) for each in more):
            return Layout(separator, *places, plays=None, time=at, width=len(fields))
        return Layout(separator) if at is None else Layout(separator, time=at, width=len(fields))
    if (
        len(columns) not in (2, 3)
        or len({type(c) for c in columns}) != 1
        or len(set(columns)) != len(columns)
    ):
        raise ConfigError(
            "columns must be three places or three names (user, song, plays), or two (user, song) where each "
            f"line is one play, not {', '.join(map(str, columns))}"
        )
    wanted = [*columns, *([] if time == "" else [time])]
    places = [_place(path, one, fields, separator) for one in wanted]
    return Layout(
        separator,
        *places[:2],
        plays=places[2] if len(columns) == 3 else None,
        time=None if time == "" else places[-1],
        width=len(fields),
    )


def _fields(line: bytes, separator: str) -> list[str]:
    text = line.removesuffix(b"\r").decode("utf-8", errors="replace")
    quoted = Layout(separator).quoted
    fields = next(csv_reader([text], delimiter=separator), []) if quoted else text.split(separator)
    return [field.strip() for field in fields]


def _place(path: Path, column: int | str, fields: Sequence[str], separator: str) -> int:
    """Where a column stands; a `DataError` names what there is."""
    if isinstance(column, int) and 0 <= column < len(fields):
        return column
    if column in fields:
        if fields.count(column) > 1:
            raise DataError(f"{path}: the column {column} stands {fields.count(column)} times: name places")
        return fields.index(column)
    found = f"{printable(', '.join(fields))[:200]} (cut at {separator!r})"
    if isinstance(column, int):
        raise DataError(
            f"{path}: column {column} is asked for (the first is 0), but line 1 has {len(fields)}: {found}"
        )
    raise DataError(f"{path}: no column {column} in the header, which has: {found}")


def _check_header(path: Path, first: bytes, layout: Layout) -> None:
    if not isinstance(read_line(first, layout), str):
        raise DataError(
            f"the first line of {path} looks like data, not like a header: {shown(first)!r}. "
            "If it is a triplet, leave header out, else it would be lost"
        )


def read_block(block: bytes, file: str, line: int, layout: Layout) -> Iterator[Rows]:
    """The whole block at once if all is well; else its halves, down to a size that is read line by line."""
    rows = _parse(block, layout)
    if rows is not None:
        yield rows
        return
    middle = block.find(b"\n", len(block) // 2) + 1
    if layout.quoted:
        middle = _outside_quotes(block, middle)
    if len(block) <= SMALL or not 0 < middle < len(block):
        yield _read_lines(block, file, line, layout)
        return
    yield from read_block(block[:middle], file, line, layout)
    yield from read_block(block[middle:], file, line + _lines(block[:middle]), layout)


def _parse(block: bytes, layout: Layout) -> Rows | None:
    """Parse a block that has no fault; None if it has one, wherever that is."""
    if b"\0" in block or (b"\r" in block and block.count(b"\r") != block.count(b"\r\n")):
        return None
    separator = layout.separator
    if len(separator) > 1:
        if _STAND_IN in block:
            return None
        block, separator = block.replace(separator.encode(), _STAND_IN), _STAND_IN.decode()
    names = [str(place) for place in range(layout.width)]
    wanted = [names[place] for place in layout.places]
    try:
        if len(wanted) < layout.width:
            str(block, "utf-8")  # all of it: Arrow looks only at the columns that it converts
        table = csv.read_csv(
            pa.BufferReader(block),
            csv.ReadOptions(column_names=names, block_size=PART),
            csv.ParseOptions(delimiter=separator, quote_char=layout.quoted and '"', ignore_empty_lines=False),
            csv.ConvertOptions(include_columns=wanted, column_types=dict.fromkeys(wanted, IDS)),
        )
    except (UnicodeDecodeError, pa.ArrowInvalid):
        return None
    n_lines = len(table)
    if layout.quoted and n_lines != _lines(block):  # a quoted line end
        return None
    users, songs, *others = table.columns
    if not all(usable(part.dictionary) for ids in (users, songs) for part in ids.chunks):
        return None
    plays, seconds = np.ones(n_lines, np.int32), None
    if layout.plays is not None and (plays := _read_all(others.pop(0), plays_of, np.int32)) is None:
        return None
    if layout.time is not None and (seconds := _read_all(others.pop(0), seconds_of, np.int64)) is None:
        return None
    return Rows(users, songs, plays, seconds, n_lines, [])


def _read_all(column: pa.ChunkedArray, read: Callable[[str], int | str], dtype: type) -> np.ndarray | None:
    """A number for each row, None where any has none."""
    parts = []
    for part in column.chunks:
        found = [read(text) for text in part.dictionary.to_pylist()]
        if any(isinstance(one, str) for one in found):
            return None
        parts.append(np.array(found, dtype)[part.indices.to_numpy()])
    return np.concatenate(parts)


def _read_lines(block: bytes, file: str, line: int, layout: Layout) -> Rows:
    """The careful way: every record by itself, so that each reject has its line's number and its reason."""
    records, rejects, read, at = [], [], 0, 0
    lines = [part + b"\n" for part in block.removesuffix(b"\n").split(b"\n")]
    while at < len(lines):
        result, taken = read_record(lines[at : at + LONGEST_RECORD], layout)
        if not isinstance(result, str):
            records.append(result)
        else:
            reason = HEADER if line + at == 1 and result == NOT_A_NUMBER else result
            rejects.append(Reject(file, line + at, reason, shown(lines[at].removesuffix(b"\n"))))
        at += taken
        read += 1
    return Rows.of(records, read, rejects, layout.time is not None)
