"""Reading triplets from text: whole blocks at once, line by line only around lines that are broken."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import csv

from songrec.data.archives import Damaged, read_chunks
from songrec.data.rows import IDS, Rows
from songrec.data.validation import (
    HEADER,
    NOT_A_NUMBER,
    Layout,
    Reject,
    plays_of,
    read_line,
    shown,
    split_fields,
    valid_ids,
)
from songrec.errors import ConfigError, DataError

BLOCK = 32 << 20
PART = 4 << 20  # of a block, parsed by one thread
SMALL = 64 << 10  # a block this small is read line by line rather than halved again
MAX_LINE = 1 << 20
BOM = b"\xef\xbb\xbf"

Columns = Sequence[int] | Sequence[str] | None


def read_text(
    path: Path,
    columns: Columns = None,
    separator: str | None = None,
    header: bool = False,
    member: str | None = None,
) -> Iterator[Rows]:
    """Yield the triplets of a text file (or a gzip or zip archive of one) in file order.

    Parameters
    ----------
    path : Path
        The file.
    columns : sequence, optional
        Places (from 0) or names of user, song and plays; by default the first three, and no others. Names are
        looked up in the header, which is then expected.
    separator : str, optional
        One character; by default a comma in `.csv` files, a tab in all others.
    header : bool
        The first line is no triplet.
    member : str, optional
        Which file of a zip archive, where it holds several.

    Raises
    ------
    DataError
        If the header is a valid triplet, which would be lost.
    """
    separator = separator or ("," if ".csv" in [s.lower() for s in path.suffixes] else "\t")
    if len(separator) != 1:
        raise ConfigError(f"the separator {separator!r} is not one character")
    layout, line = None, 1
    try:
        for block in _blocks(read_chunks(path, member)):
            if layout is None:
                first, _, rest = block.removeprefix(BOM).partition(b"\n")
                named = header or (columns is not None and isinstance(columns[0], str))
                layout = _layout(path, first, columns, separator, named)
                if header and (columns is None or not isinstance(columns[0], str)):
                    _check_header(path, first, layout)
                block = rest if named else block.removeprefix(BOM)
                line += named
            if block:
                yield from _read_block(block, path.name, line, layout)
                line += _lines(block)
    except Damaged as damage:
        yield Rows.of([], 1, [Reject(path.name, line, str(damage), "")])


def _blocks(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Join chunks into blocks of whole lines. Blank lines at the end of the file belong to no block."""
    parts, size = [], 0
    try:
        for chunk in chunks:
            parts.append(chunk)
            size += len(chunk)
            if size >= BLOCK:
                whole, rest = _cut(b"".join(parts))
                if whole:
                    yield whole
                parts, size = [rest], len(rest)
    except Damaged:
        whole, _ = _cut(b"".join(parts))  # the line in which the archive breaks off is not to be trusted
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


def _cut(data: bytes) -> tuple[bytes, bytes]:
    """Whole lines up to the last that is not blank, and the rest. An endless line loses its tail."""
    end = data.rfind(b"\n") + 1
    if len(data) - end > MAX_LINE + BLOCK:
        data = data[: end + MAX_LINE]
    text = _end_of_text(data, end)
    if text and end - text < MAX_LINE:
        end = data.index(b"\n", text) + 1
    elif not text and end < MAX_LINE:
        end = 0
    return data[:end], data[end:]


def _lines(block: bytes) -> int:
    return block.count(b"\n") + (not block.endswith(b"\n"))


def _layout(path: Path, first: bytes, columns: Columns, separator: str, named: bool) -> Layout:
    """What the first line says about the others: how many fields, and where the named columns stand."""
    text = first.removesuffix(b"\r").decode("utf-8", errors="replace")
    fields = [field.strip() for field in split_fields(text, Layout(separator, (0, 1, 2), 3)) or []]
    if columns is None:
        return Layout(separator, (0, 1, 2), 3)
    if len(columns) != 3 or len({type(c) for c in columns}) != 1 or len(set(columns)) != 3:
        raise ConfigError(f"columns must be three places or three names (user, song, plays), not {columns!r}")
    if isinstance(columns[0], str):
        missing = [c for c in columns if c not in fields]
        if missing:
            found = shown(", ".join(fields))
            raise DataError(f"{path}: no column {' and '.join(missing)} in the header, which has: {found}")
        return Layout(separator, tuple(fields.index(c) for c in columns), len(fields))
    if not 0 <= min(columns) <= max(columns) < len(fields):
        raise DataError(
            f"{path}: columns {tuple(columns)} are asked for (the first is 0), but line 1 has "
            f"{len(fields)} fields when cut at {separator!r}: {shown(text)!r}"
        )
    return Layout(separator, tuple(columns), len(fields))


def _check_header(path: Path, first: bytes, layout: Layout) -> None:
    if not isinstance(read_line(first, layout), str):
        raise DataError(
            f"the first line of {path} looks like data, not like a header: {shown(first)!r}. "
            "If it is a triplet, leave header out, else it would be lost"
        )


def _read_block(block: bytes, file: str, line: int, layout: Layout) -> Iterator[Rows]:
    """The whole block at once if all is well; else its halves, down to a size that is read line by line."""
    rows = _parse(block, layout)
    if rows is not None:
        yield rows
        return
    middle = block.find(b"\n", len(block) // 2) + 1
    if len(block) <= SMALL or not 0 < middle < len(block):
        yield _read_lines(block, file, line, layout)
        return
    yield from _read_block(block[:middle], file, line, layout)
    yield from _read_block(block[middle:], file, line + _lines(block[:middle]), layout)


def _parse(block: bytes, layout: Layout) -> Rows | None:
    """Parse a block that has no fault; None if it has one, wherever that is."""
    if b"\0" in block or (b"\r" in block and block.count(b"\r") != block.count(b"\r\n")):
        return None
    names = [str(place) for place in range(layout.width)]
    wanted = [names[place] for place in layout.columns]
    try:
        str(block, "utf-8")  # all of it: Arrow looks only at the columns that it converts
        table = csv.read_csv(
            pa.BufferReader(block),
            csv.ReadOptions(column_names=names, block_size=PART),
            csv.ParseOptions(
                delimiter=layout.separator, quote_char=layout.quoted and '"', ignore_empty_lines=False
            ),
            csv.ConvertOptions(include_columns=wanted, column_types=dict.fromkeys(wanted, IDS)),
        )
    except (UnicodeDecodeError, pa.ArrowInvalid):
        return None
    if len(table) != _lines(block):  # a quoted line end
        return None
    users, songs, counts = table.unify_dictionaries().combine_chunks().to_batches()[0].columns
    plays = [plays_of(text) for text in counts.dictionary.to_pylist()]
    if any(isinstance(count, str) for count in plays):
        return None
    if not (valid_ids(users.dictionary.to_pylist()) and valid_ids(songs.dictionary.to_pylist())):
        return None
    return Rows(users, songs, np.array(plays, np.int32)[counts.indices.to_numpy()], len(table), [])


def _read_lines(block: bytes, file: str, line: int, layout: Layout) -> Rows:
    """The careful way: every line by itself, so that each reject has its number and its reason."""
    triplets, rejects = [], []
    lines = block.removesuffix(b"\n").split(b"\n")
    for number, text in enumerate(lines, line):
        result = read_line(text, layout)
        if not isinstance(result, str):
            triplets.append(result)
            continue
        reason = HEADER if number == 1 and result == NOT_A_NUMBER else result
        rejects.append(Reject(file, number, reason, shown(text)))
    return Rows.of(triplets, len(lines), rejects)
