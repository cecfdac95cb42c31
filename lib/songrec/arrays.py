"""Arrays on disk: never half-written, and read without running code from the file."""

import json
import os
from collections.abc import Mapping
from hashlib import blake2b, file_digest, sha256
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from scipy.sparse import csr_array, issparse

from songrec.errors import DataError
from songrec.files import json_text, read_json, regular, replacing

META = "meta.json"
FILES, SPARSE, WHOLES, VERSION, SEAL = "files", "sparse", "sha256", "format", "seal"
"""Keys of the metadata: a quick hash of each file, shapes of the sparse arrays, the SHA-256 of each file, how
the folder is laid out, a hash of all the metadata."""

FORMAT = 1
"""The layout that is written; a later one is refused."""

WHOLE = 128 << 20
"""Files up to this many bytes are hashed whole when they are loaded (a tenth of a second); a larger one by
its size, its ends and `SAMPLES` pieces between them, so that loading it stays quick."""
SAMPLES, PIECE = 64, 1 << 16

_PARTS = ("data", "indices", "indptr")


def read_only(array: np.ndarray) -> np.ndarray:
    """The same array, not to be written to, as those of a loaded model are.

    A loop that takes its arrays so is compiled once for the model that was fitted and for the one loaded.
    """
    view = np.asarray(array).view()
    view.flags.writeable = False
    return view


def save_arrays(folder: Path, arrays: Mapping[str, Any], meta: Mapping[str, Any] | None = None) -> None:
    """Save arrays as `.npy` files and facts as JSON into one folder, atomically.

    Parameters
    ----------
    folder : Path
        Replaced as a whole.
    arrays : dict
        Name -> NumPy array or CSR array.
    meta : dict, optional
        Plain values.
    """
    with replacing(folder) as temporary:
        write_arrays(temporary, arrays, meta or {})


def write_arrays(folder: Path, arrays: Mapping[str, Any], meta: Mapping[str, Any]) -> None:
    """What `save_arrays` does, into a new folder that somebody else puts in its place."""
    folder.mkdir(parents=True)
    shapes = {}
    for name, value in arrays.items():
        if issparse(value):
            shapes[name] = list(value.shape)
            for part in _PARTS:
                np.save(folder / f"{name}.{part}.npy", getattr(value, part), allow_pickle=False)
        else:
            np.save(folder / f"{name}.npy", np.asarray(value), allow_pickle=False)
    files = sorted(folder.glob("*.npy"))
    hashes = {FILES: {path.name: hash_of(path) for path in files}}
    hashes[WHOLES] = {path.name: _sha256(path) for path in files}
    told = sealed({VERSION: FORMAT, SPARSE: shapes, **meta, **hashes})
    (folder / META).write_text(json_text(told), encoding="utf-8", newline="\n")


def load_arrays(folder: Path, whole: bool = False) -> tuple[dict[str, Any], dict[str, Any]]:
    """Load what `save_arrays` wrote, and hold it against the hashes that were written with it.

    Parameters
    ----------
    folder : Path
        The folder.
    whole : bool
        Look at every byte, at a second for each 250 MB, also of files larger than `WHOLE`.

    Returns
    -------
    arrays : dict
        Arrays by name, memory-mapped and read-only.
    meta : dict
        The plain values.

    Raises
    ------
    DataError
        Naming the file, for a folder in which one is missing, damaged or exchanged, or that a later version
        laid out.
    """
    folder = Path(folder)
    meta = read_json(folder / META, dict)
    if isinstance(meta.get(VERSION), int) and meta[VERSION] > FORMAT:
        raise DataError(
            f"{folder} is in format {meta[VERSION]}, and this version of songrec reads {FORMAT} and below: "
            "install a newer one"
        )
    if meta.get(SEAL) != sealed(meta)[SEAL]:
        raise _damaged(folder / META, "it is not as it was written, or an earlier version wrote it")
    hashes, shapes, wholes, _, _ = (meta.pop(key, {}) for key in (FILES, SPARSE, WHOLES, VERSION, SEAL))
    if unlike := sorted(hashes.keys() ^ {path.name for path in folder.glob("*.npy")}):
        raise _damaged(
            folder / unlike[0], "it is missing" if unlike[0] in hashes else "it does not belong here"
        )
    arrays = {name.removesuffix(".npy"): _open(folder / name, hashes[name]) for name in sorted(hashes)}
    for name in sorted(hashes) if whole else ():
        if wholes.get(name) != _sha256(folder / name):
            raise _damaged(folder / name, "its content is not what was written")
    for name, shape in shapes.items():
        arrays[name] = _sparse(folder, name, [arrays.pop(f"{name}.{part}", None) for part in _PARTS], shape)
    return arrays, meta


def sealed(meta: Mapping[str, Any]) -> dict[str, Any]:
    """The metadata with a hash of themselves."""
    rest = {name: value for name, value in meta.items() if name != SEAL}
    return rest | {SEAL: blake2b(json.dumps(rest, sort_keys=True).encode(), digest_size=16).hexdigest()}


def hash_of(path: Path) -> str:
    """Size and BLAKE2b of a file: of all of it, or of samples where it is larger than `WHOLE`."""
    digest = blake2b(digest_size=16)
    with open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        for start, length in [(0, size)] if size <= WHOLE else _samples(size):
            file.seek(start)
            _update(digest, file, length)
    return f"{size}:{digest.hexdigest()}"


def _sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return file_digest(file, "sha256").hexdigest()


def seal_of(folder: Path) -> str:
    """What tells one saved folder from every other: the hash of its metadata, with those of its files."""
    return str(read_json(Path(folder) / META, dict).get(SEAL, ""))


def hash_of_ids(ids: np.ndarray) -> str:
    """SHA-256 of ids in their order: what tells the songs of one log from those of another."""
    return sha256("\n".join(np.asarray(ids).tolist()).encode("utf-8", "surrogatepass")).hexdigest()


def _samples(size: int) -> list[tuple[int, int]]:
    return [(round(place), PIECE) for place in np.linspace(0, size - PIECE, SAMPLES)]


def _update(digest: Any, file: BinaryIO, length: int) -> None:
    while length and (piece := file.read(min(length, 1 << 20))):
        digest.update(piece)
        length -= len(piece)


def _open(path: Path, expected: str) -> np.ndarray:
    regular(path)
    try:
        if hash_of(path) != expected:
            raise _damaged(path, "its content is not what was written")
        array = np.load(path, mmap_mode="r", allow_pickle=False)
        return array if array.ndim else np.asarray(array)
    except DataError:
        raise
    except Exception as error:  # NumPy reads headers as Python literals: whatever their parser raises
        raise _damaged(path, str(error) or type(error).__name__) from error


def _sparse(folder: Path, name: str, parts: list[np.ndarray], shape: Any) -> csr_array:
    """The matrix, once every index is known to lie within its shape: SciPy's products do not look again."""
    try:
        if any(index.dtype.kind != "i" for index in parts[1:]):
            raise ValueError("its indices are no whole numbers")
        matrix = csr_array(tuple(parts), shape=tuple(shape), copy=False)
        matrix.check_format(full_check=True)
    except Exception as error:
        raise _damaged(folder / f"{name}.*.npy", str(error)) from error
    return matrix


def _damaged(path: Path, what: str) -> DataError:
    return DataError(f"{path} is damaged: {what}. Delete its folder and make it again: songrec run")
