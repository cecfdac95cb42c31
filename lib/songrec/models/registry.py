"""Models by name. None is named here: adding one is a file and a re-export in `songrec.models`."""

import difflib
import importlib
import re
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import issparse

from songrec.arrays import PIECE, WHOLE, hash_of_ids, load_arrays
from songrec.errors import ConfigError, DataError
from songrec.models.base import MEMBERS, SONGS, Recommender, class_name

_FITTED = re.compile(r"[a-z][a-z0-9_]*_")  # what a fitted attribute may be called; never a dunder


def model_names() -> list[str]:
    """Names of the models that `songrec.models` exports, sorted."""
    package = importlib.import_module("songrec.models")
    return sorted(name for name in package.__all__ if _is_model(getattr(package, name)))


def create(name: str, **params: Any) -> Recommender:
    """A model by the name of its class.

    Parameters
    ----------
    name : str
        A model that `songrec.models` exports, or the dotted path `package.module.Class` of one's own.
    **params
        Hyper-parameters.

    Raises
    ------
    ConfigError
        For an unknown model or hyper-parameter, with what is near it, and for a dotted path that leads to no
        `Recommender`.
    """
    if isinstance(name, str) and "." in name:
        return _own(name)().set_params(**params)
    names = model_names()
    if name not in names:
        near = difflib.get_close_matches(str(name), names, n=1, cutoff=0.5)
        hint = f" Did you mean {near[0]}?" if near else ""
        raise ConfigError(f"there is no model {name!r}.{hint} There are: {', '.join(names)}")
    return getattr(importlib.import_module("songrec.models"), name)().set_params(**params)


def _own(path: str) -> type[Recommender]:
    """The class at a dotted path."""
    module, _, name = path.rpartition(".")
    try:
        found = getattr(importlib.import_module(module), name)
    except Exception as error:  # whatever somebody's module raises
        raise ConfigError(
            f"the model {path!r} cannot be imported: {error}. Its package must be installed, or the folder "
            "that holds it be named in PYTHONPATH"
        ) from error
    if not _is_model(found):
        raise ConfigError(f"{path!r} is no model: it must be a class derived from songrec.models.Recommender")
    return found


def load_model(folder: Path, song_ids: np.ndarray | None = None, whole: bool = False) -> Recommender:
    """Load what `Recommender.save` wrote: the same lists as the model that was saved.

    Arrays are memory-mapped, and no code from the folder is run: a model is exported, or of a package that is
    installed. A model whose numbers are not all finite is refused: it would answer, and wrongly.

    Parameters
    ----------
    folder : Path
        The folder.
    song_ids : array of str (n_songs,), optional
        What the songs' codes should stand for.
    whole : bool
        Whether every byte is checked, also of large arrays: as for `songrec.arrays.load_arrays`.

    Raises
    ------
    DataError
        For a folder that holds anything else, and for a model of other songs.
    """
    arrays, meta = load_arrays(folder, whole)
    if song_ids is not None and meta.get(SONGS) not in (None, hash_of_ids(song_ids)):
        raise DataError(
            f"{folder} holds a model of another log: its songs are others. Train the model again."
        )
    try:
        model = create(meta["model"], **meta["params"])
        fitted, expected = {**arrays, **meta["numbers"]}, set(meta["arrays"]) | set(meta["numbers"])
        labels = model.member_labels()
        made_of = meta.get("members", {})
    except (KeyError, TypeError, ConfigError) as error:
        raise DataError(f"{folder} holds no model that this version knows: {error}") from error
    if set(fitted) != expected or not all(_FITTED.fullmatch(name) for name in fitted):
        wrong = sorted(set(fitted) ^ expected) or sorted(fitted)
        raise DataError(f"{folder} is damaged: see {', '.join(wrong)}. Delete it and train the model again.")
    for name, value in fitted.items():
        if not _finite(value):
            raise DataError(f"{folder} is damaged: {name} holds numbers that are not finite. Train it again.")
        setattr(model, name, value)
    if labels:
        model.members_ = {label: load_model(folder / MEMBERS / label, song_ids, whole) for label in labels}
        if {label: class_name(type(one)) for label, one in model.members_.items()} != made_of:
            raise DataError(f"{folder} is damaged: its members are other models. Train the model again.")
        sizes = {getattr(one, "n_songs_", None) for one in (model, *model.members_.values())}
        if len(sizes) > 1:
            raise DataError(f"{folder} is damaged: its members know other songs. Train the model again.")
    return model


def _finite(value: Any) -> bool:
    """Whether all numbers are; of an array too large to be looked at whole, the first and last ones."""
    numbers = getattr(value, "data", value) if issparse(value) else np.asarray(value)
    if numbers.dtype.kind != "f":
        return True
    numbers = numbers.reshape(-1)
    if numbers.nbytes > WHOLE:
        numbers = np.concatenate([numbers[:PIECE], numbers[-PIECE:]])
    return bool(np.isfinite(numbers).all())


def _is_model(thing: Any) -> bool:
    return isinstance(thing, type) and issubclass(thing, Recommender) and thing is not Recommender
