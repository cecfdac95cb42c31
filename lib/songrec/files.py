"""Writing files so that nothing is ever half-written, and arrays so that loading runs no code."""

import json
import os
import shutil
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_array, issparse

from songrec.errors import DataError

META = "meta.json"


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; on success it takes `path`'s place, on error it is removed.

    Works for a file and for a folder. An error of the operating system (no space left, no permission, a
    parent that is a regular file) becomes a `DataError` that names `path`, which is left as it was.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        _replace(temporary, path)
    except OSError as error:
        raise DataError(
            f"cannot write {path}: {error.strerror or error}. Nothing was changed there."
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
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def read_json(path: Path) -> Any:
    """Read JSON; a missing or broken file is a `DataError` that names it."""
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"cannot read {path}: {error}") from error


def save_arrays(folder: Path, arrays: Mapping[str, Any], meta: Mapping[str, Any] | None = None) -> None:
    """Save NumPy arrays and CSR arrays as `.npy` files, and `meta` as JSON, into one folder, atomically."""
    with replacing(folder) as temporary:
        temporary.mkdir()
        shapes = {}
        for name, value in arrays.items():
            if issparse(value):
                shapes[name] = list(value.shape)
                for part in ("data", "indices", "indptr"):
                    np.save(temporary / f"{name}.{part}.npy", getattr(value, part), allow_pickle=False)
            else:
                np.save(temporary / f"{name}.npy", np.asarray(value), allow_pickle=False)
        write_json(temporary / META, {"sparse": shapes, **(meta or {})})


def load_arrays(folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Load what `save_arrays` wrote: (arrays by name, meta). Arrays are memory-mapped and read-only."""
    folder = Path(folder)
    meta = read_json(folder / META)
    try:
        parts = {path.stem: _open(path) for path in sorted(folder.glob("*.npy"))}
        for name, shape in meta.pop("sparse").items():
            triple = tuple(parts.pop(f"{name}.{part}") for part in ("data", "indices", "indptr"))
            parts[name] = csr_array(triple, shape=tuple(shape), copy=False)
    except (OSError, ValueError, KeyError) as error:
        raise DataError(f"{folder} is damaged: {error}. Delete it and make it again.") from error
    return parts, meta


def _open(path: Path) -> np.ndarray:
    array = np.load(path, mmap_mode="r", allow_pickle=False)
    return array if array.ndim else np.asarray(array)
