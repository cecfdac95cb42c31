"""What is wrong with a file that a person wrote, or a name that was typed: one wording everywhere."""

import difflib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from songrec.errors import ConfigError

RENAMED = {
    "scale": "model_size",
    "tuning": "tuning_gain",
    "given": "predefined",
    "spaces": "models.LABEL.space",
}
"""Stages, keys and values that had another name: an error about one says the new name."""

_Block = TypeVar("_Block", bound=BaseModel)


def read_yaml(path: Path) -> Any:
    """What the file holds; `ConfigError` where it is not YAML."""
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not YAML: {error}") from error


def checked(kind: type[_Block], data: Any, where: str) -> _Block:
    """`data` as a block of this kind; `ConfigError` for the first key that is unknown, missing or wrong."""
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        *_, last = key = [str(part) for part in first["loc"]] or ["it"]
        if first["type"] == "extra_forbidden":
            check_names([last], kind.model_fields, "key", ".".join([where, *key[:-1]]))
        raise ConfigError(f"{where}: {'.'.join(key)}{in_words(first)}") from error


def in_words(error: Any) -> str:
    """What follows the name of a value in the message about it: one entry of pydantic's `errors()`."""
    if error["type"] in ("dict_type", "model_type"):
        return f" must be a mapping, not {error['input']!r}"
    if error["msg"].startswith("Input should"):
        return f"{error['msg'].replace('Input should', ' must')}, not {error['input']!r}"
    return f": {error['msg']}"


def check_names(given: Iterable[str], known: Iterable[str], what: str, where: str) -> None:
    """`ConfigError` for the first given name that is not known, with its new name or the nearest that is."""
    known = list(known)
    for name in given:
        if name not in known:
            new = f": it is now called {RENAMED[name]!r}." if name in RENAMED else suggest(str(name), known)
            raise ConfigError(f"{where}: unknown {what} {name!r}{new} Known: {', '.join(known)}.")


def suggest(name: str, known: Iterable[str]) -> str:
    """ ": did you mean ...?" for a misspelt name, or just a full stop."""
    near = difflib.get_close_matches(name, list(known), n=1)
    return f": did you mean {near[0]!r}?" if near else "."
