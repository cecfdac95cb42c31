"""Logs in JSON: one object a line, or a list of objects."""

import json
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa

from songrec.data.archives import read_chunks
from songrec.data.unpacking import Damaged
from songrec.data.validation import printable
from songrec.errors import DataError

BATCH = 1 << 16

FOLDER = "@folder"
"""A column that stands for the name of the folder that a file lies in, where that is who listened."""


def is_json(start: bytes) -> bool:
    """Whether a file that begins like this holds JSON objects."""
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    return text[:1] == b"{" or (text[:1] == b"[" and text[1:].lstrip()[:1] == b"{")


def read_objects(path: Path, member: str = "") -> Iterator[dict[str, Any]]:
    """Yield the objects of a file: line by line where each stands on a line, else from the whole file.

    Raises
    ------
    DataError
        Where the file is no JSON, or holds something else than objects.
    """
    lines = _lines(path, member)
    first = next(lines, "")
    try:
        found = json.loads(first)
    except json.JSONDecodeError:
        found = None
    if isinstance(found, dict) and (second := next(lines, "")):
        for number, line in enumerate([first, second], 1):
            yield _object(line, path, number)
        for number, line in enumerate(lines, 3):
            if line.strip():
                yield _object(line, path, number)
        return
    try:
        whole = json.loads("".join([first, *lines])) if found is None else found
    except json.JSONDecodeError as error:
        raise DataError(f"{path}:{error.lineno}: no JSON: {error.msg}") from error
    except RecursionError as error:
        raise DataError(f"{path} is nested too deep") from error
    if isinstance(whole, dict):  # an export may wrap its list
        lists = [value for value in whole.values() if isinstance(value, list)]
        whole = lists[0] if len(lists) == 1 else [whole]
    for place, one in enumerate(whole, 1):
        if not isinstance(one, dict):
            raise DataError(f"{path}: entry {place} is {type(one).__name__}, not an object")
        yield one


def _object(line: str, path: Path, number: int) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except (json.JSONDecodeError, RecursionError) as error:
        raise DataError(f"{path}:{number}: no JSON: {error}") from error
    if not isinstance(found, dict):
        raise DataError(f"{path}:{number}: holds {type(found).__name__}, not an object")
    return found


def _lines(path: Path, member: str) -> Iterator[str]:
    rest = b""
    try:
        for chunk in read_chunks(path, member):
            *whole, rest = (rest + chunk).split(b"\n")
            for line in whole:
                yield line.decode("utf-8-sig") + "\n"
        if rest:
            yield rest.decode("utf-8-sig")
    except Damaged as damage:
        raise DataError(f"{path}: {damage}: fetch it again") from damage
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is no UTF-8: {error}") from error


def value_of(found: dict[str, Any], name: str) -> Any:
    """The value of a key; a dot leads into an object within. None where there is none."""
    if name in found:
        return found[name]
    for key in name.split("."):
        if not isinstance(found, dict):
            return None
        found = found.get(key)
    return found


def names_of(found: dict[str, Any], before: str = "") -> list[str]:
    """Names of all values of an object, those of objects within it with a dot."""
    names = []
    for key, value in found.items():
        names += names_of(value, f"{before}{key}.") if isinstance(value, dict) else [f"{before}{key}"]
    return names


def read_json_log(
    path: Path, columns: Sequence[str | int] | None, time: str | int = "", member: str = ""
) -> Iterator[tuple]:
    """Yield columns (users, songs, plays or None, times or None) of the objects of a file.

    Parameters
    ----------
    path : Path
        The file.
    columns : sequence of str or int
        Names (or places among an object's keys) of user, song and plays, or of user and song.
    time : str or int
        Name of a time; empty: none is read.
    member : str
        Which file of an archive.

    Raises
    ------
    DataError
        Where the first object has none of a name.
    """
    objects = read_objects(path, member)
    names: list[str] = []
    while found := list(islice(objects, BATCH)):
        if not names:
            names = _names(path, found[0], [*(columns or range(3)), *([] if time == "" else [time])])
        read = [
            pa.array(
                [
                    path.absolute().parent.name if name == FOLDER else _text(value_of(one, name))
                    for one in found
                ],
                pa.string(),
            )
            for name in names
        ]
        seconds = None if time == "" else read.pop()
        users, songs, plays = read if len(read) == 3 else (*read, None)
        yield users, songs, plays, seconds


def _names(path: Path, first: dict[str, Any], asked: Sequence[str | int]) -> list[str]:
    there = names_of(first)
    names = [there[one] if isinstance(one, int) and one < len(there) else str(one) for one in asked]
    if lacking := [name for name in names if value_of(first, name) is None and name not in (*there, FOLDER)]:
        keys = printable(", ".join(there))
        raise DataError(f"{path}: no {' and no '.join(lacking)} in the first object, which has: {keys}")
    return names


def _text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)
