"""The form of a log, guessed from its beginning: what kind of file it is, and how its rows are cut."""

import csv
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds

from songrec.data.archives import beginning, first_bytes, members, read_chunks, table_kind
from songrec.data.guess.columns import KNOWN, is_number, plain_name, with_columns
from songrec.data.guess.reading import Reading
from songrec.data.records import is_json, names_of, read_objects, value_of
from songrec.data.sources.triplet_files import FORMATS, files_of
from songrec.data.text import default_separator
from songrec.data.unpacking import Damaged
from songrec.data.validation import printable
from songrec.errors import DataError

NONE = "none"
"""Said of plays or time: the log has no such column, whatever it looks like."""

SAMPLE = 1 << 20
LINES = 5000
SHOWN = 5

SEPARATORS = ("\t", ",", ";", "|", "::", "<SEP>", " ")
TABLES = (".csv", ".tsv", ".txt", ".dat", ".data", ".tab", ".json", ".jsonl", ".log")


def guess(files: Sequence[Path], **said: Any) -> Reading:
    """Look at the beginning of a log's first file.

    Parameters
    ----------
    files : sequence of Path
        Files and folders of one log, all of one form.
    **said
        Fields of a `Reading` that are known, and need no guess.

    Raises
    ------
    DataError
        When it is not told which columns are user and item, or what the file holds is no table.
    """
    said = {name: value for name, value in said.items() if value not in (None, "")}
    none = {name for name in ("plays", "time") if said.get(name) == NONE}
    said |= dict.fromkeys(none, "")
    file = files_of(Path(files[0]))[0]
    reading = Reading(
        tuple(map(Path, files)), **{k: v for k, v in said.items() if k in Reading.__annotations__}
    )
    if kind := FORMATS.get(table_kind(first_bytes(file))):
        reading, rows = _table(reading, file, kind)
    else:
        reading = _member(reading, file)
        if is_json(beginning(file, reading.member)):
            reading, rows = _json(reading, file)
        else:
            reading, rows = _text(reading, file, said)
    if not rows:
        raise DataError(f"{file} holds no row")
    reading = with_columns(reading, file, rows, said)
    wanted = [reading.user, reading.song, reading.plays, reading.time]
    places = [reading.names.index(name) if name else None for name in wanted]
    sample = tuple(
        tuple(printable(row[place])[:40] if place is not None else "" for place in places)
        for row in rows[:SHOWN]
    )
    return replace(reading, sample=sample)


def _table(reading: Reading, file: Path, kind: str) -> tuple[Reading, list[list[str]]]:
    root = reading.files[0]
    base = root if root.is_dir() else file.parent
    try:
        table = ds.dataset(
            file, format=kind, partitioning=ds.HivePartitioning.discover(), partition_base_dir=str(base)
        ).head(LINES)
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{file} is damaged: {printable(str(error))}") from error
    columns = [column.to_pylist() for column in table.columns]
    rows = [[_as_text(value) for value in row] for row in zip(*columns, strict=True)]
    return replace(reading, kind=kind.capitalize(), names=tuple(table.column_names), header=True), rows


def _json(reading: Reading, file: Path) -> tuple[Reading, list[list[str]]]:
    objects = list(islice(read_objects(file, reading.member), LINES))
    names = list(dict.fromkeys(name for one in objects[:100] for name in names_of(one)))
    rows = [[_as_text(value_of(one, name)) for name in names] for one in objects]
    return replace(reading, kind="JSON", names=tuple(names), header=True), rows


def _as_text(value: Any) -> str:
    return (
        "" if value is None else value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    )


def _member(reading: Reading, file: Path) -> Reading:
    """Which file of an archive that holds several is the table."""
    names = list(islice(members(file), 1000))
    if reading.member or len(names) < 2:
        return reading
    tables = [
        name
        for name in names
        if PurePosixPath(name).suffix.lower() in TABLES
        and not PurePosixPath(name).name.lower().startswith(("readme", "license", "changes"))
    ]
    if len(tables) != 1:
        listed = ", ".join(map(printable, names[:10]))
        raise DataError(f"{file} holds {listed}: say which of them is the log (`--member`)")
    return reading.noted(
        f"of the archive's {len(names)} files, {printable(tables[0])} is read", member=tables[0]
    )


def _text(reading: Reading, file: Path, said: dict[str, Any]) -> tuple[Reading, list[list[str]]]:
    data = beginning(file, reading.member, reading.encoding, SAMPLE)
    if not reading.encoding:
        reading, data = _encoding(reading, file, data)
    if b"\0" in data:
        raise DataError(f"{file} holds binary data: it is neither text nor a table that is known here")
    text = data.decode("utf-8-sig", "replace")
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    if len(data) >= SAMPLE and len(lines) > 1:
        lines.pop()  # it was cut
    lines = [line for line in lines if line][:LINES]
    if not lines:
        try:
            b"".join(read_chunks(file, reading.member))
        except Damaged as damage:
            raise DataError(f"{file}: {damage}, with nothing before the break: fetch it again") from damage
        raise DataError(f"{file} holds no text")
    if "separator" not in said:
        inner = reading.member or next(members(file), file.name)
        reading = replace(reading, separator=_separator(lines, default_separator(inner)))
    rows = _rows(lines, reading.separator)
    if "header" not in said:
        reading = replace(reading, header=_is_header(rows))
    names = [name.strip() for name in rows[0]] if reading.header else list(map(str, range(len(rows[0]))))
    width = len(names)
    return replace(reading, names=tuple(names)), [row for row in rows[reading.header :] if len(row) == width]


def _encoding(reading: Reading, file: Path, data: bytes) -> tuple[Reading, bytes]:
    for ending in range(min(4, len(data))):  # the sample may cut a character
        try:
            data[: len(data) - ending].decode("utf-8")
            break
        except UnicodeDecodeError:
            continue
    else:
        note = "the text is no UTF-8: it is read as cp1252 (Western Europe)"
        return reading.noted(note, encoding="cp1252"), beginning(file, reading.member, "cp1252", SAMPLE)
    if data[1::2].count(0) > len(data) / 4:
        note = "the text looks like UTF-16 without a byte order mark"
        return reading.noted(note, encoding="utf-16-le"), beginning(file, reading.member, "utf-16-le", SAMPLE)
    return reading, data


def _rows(lines: Sequence[str], separator: str) -> list[list[str]]:
    if len(separator) == 1 and separator != "\t":
        try:
            return [row for row in csv.reader([f"{line}\n" for line in lines], delimiter=separator) if row]
        except csv.Error:
            pass
    return [line.split(separator) for line in lines]


def _separator(lines: Sequence[str], expected: str) -> str:
    """What cuts most lines into the same number of fields, two or more; on a tie what the name says."""
    best, found = (0.0, False, 0), expected
    for separator in SEPARATORS:
        widths = Counter(len(row) for row in _rows(lines, separator))
        width, n = widths.most_common(1)[0]
        if width < 2:
            continue
        score = (round(n / widths.total(), 1), separator == expected, width)
        if score > best:
            best, found = score, separator
    if len(found) == 1 and found not in " \t":
        rows = _rows(lines, found)
        if all(field[:1] == " " for row in rows for field in row[1:]):
            found += " "
    return found


def _is_header(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first row names the columns: by names that are known, or by numbers that begin below it."""
    first = [field.strip() for field in rows[0]]
    if any(is_number(field) for field in first):
        return False
    if sum(plain_name(field) in KNOWN for field in first) >= 2:
        return True
    below = rows[1:200]
    return bool(below) and any(
        all(is_number(row[place]) for row in below if place < len(row)) for place in range(len(first))
    )
