"""Writing files atomically."""

import json
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from songrec.errors import DataError


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; on success it replaces `path`, on error it is removed.

    Parameters
    ----------
    path : Path
        A file or a folder.

    Raises
    ------
    DataError
        Naming `path`, which is left as it was, for an error of the operating system (no space left, no
        permission, a parent that is a regular file).
    """
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        _replace(temporary, path)
    except OSError as error:
        raise DataError(
            f"cannot write {path}: {error.strerror or f'no room, perhaps ({error})'}. "
            "Nothing was changed there."
        ) from error
    finally:
        _remove(temporary)


def _replace(new: Path, path: Path) -> None:
    if not (new.is_dir() and path.exists()):
        os.replace(new, path)
        return
    old = new.with_suffix(".old")  # a folder cannot be renamed onto one that holds files
    os.replace(path, old)
    os.replace(new, path)
    _remove(old)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):  # an earlier error counts, and where no file could be made there is none
            path.unlink()


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text atomically."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def write_json(path: Path, value: Any) -> None:
    """Write JSON atomically: two spaces, keys as given, a last newline; NaN is refused."""
    write_text(path, json_text(value))


def json_text(value: Any) -> str:
    """What `write_json` writes."""
    return json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def regular(path: Path) -> Path:
    """The path of a regular file; `DataError` for anything else: a pipe or a device might never end.

    Raises
    ------
    DataError
        Naming the path.
    """
    if not Path(path).is_file():
        what = "is not a regular file" if os.path.lexists(path) else "does not exist"
        raise DataError(f"cannot read {path}: it {what}")
    return path


def read_json(path: Path, kind: type = object) -> Any:
    """Read JSON.

    Parameters
    ----------
    path : Path
        A regular file.
    kind : type
        What it must hold: `dict`, `list`.

    Raises
    ------
    DataError
        Naming the file, where it is missing, broken or holds something else.
    """
    regular(path)
    try:
        value = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"cannot read {path}: {error}") from error
    if not isinstance(value, kind):
        raise DataError(f"cannot read {path}: it holds a {type(value).__name__}, not a {kind.__name__}")
    return value
