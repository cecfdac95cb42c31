"""Arrays on disk: never half-written, and read without running code from the file."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_array, issparse

from songrec.errors import DataError
from songrec.files import read_json, replacing, write_json

META = "meta.json"


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
    """Load what `save_arrays` wrote.

    Returns
    -------
    arrays : dict
        Arrays by name, memory-mapped and read-only.
    meta : dict
        The plain values.

    Raises
    ------
    DataError
        For a folder that is missing or damaged.
    """
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
