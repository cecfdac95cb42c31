"""What is wrong with a file that a person wrote, or a name that was typed: one wording everywhere."""

import difflib
from collections.abc import Iterable
from math import inf
from pathlib import Path
from typing import Any

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

LARGEST = 100_000
"""Values in a file that a person writes."""


def read_yaml(path: Path) -> Any:
    """What the file holds; `ConfigError` where it is not YAML, or its aliases explode."""
    if not path.is_file():
        raise ConfigError(f"{path} is not a regular file")
    try:
        loader = yaml.SafeLoader(path.read_text(encoding="utf-8"))
        if (root := loader.get_single_node()) and _size(root, {}) > LARGEST:
            raise ConfigError(f"{path} comes to more than {LARGEST:,} values: its aliases multiply")
        return loader.construct_document(root) if root else None
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigError(f"{path} is not YAML: {error}") from error
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}") from error


def _size(node: yaml.Node, known: dict[yaml.Node, float]) -> float:
    """How many values a node stands for, each alias in full; infinite where one holds itself."""
    if node not in known:
        known[node] = inf
        inner = node.value if isinstance(node, yaml.CollectionNode) else []
        parts = [part for entry in inner for part in (entry if isinstance(entry, tuple) else [entry])]
        known[node] = 1 + sum(_size(part, known) for part in parts)
    return known[node]


def checked(kind: type[BaseModel], data: Any, where: str) -> Any:
    """`data` as a block of this kind.

    Raises
    ------
    ConfigError
        For the first key that is unknown, missing or wrong; it names `where` and the key.
    """
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        key = [str(part) for part in first["loc"]]
        if first["type"] == "extra_forbidden":
            check_names(key, kind.model_fields, "key", where)
        raise ConfigError(f"{where}: {'.'.join(key) or 'it'}{in_words(first)}") from error


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
