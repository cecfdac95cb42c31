"""Errors that a person can act on. The command line prints them without a traceback."""

from numbers import Integral
from typing import Any


class SongrecError(Exception):
    """Base of every error that this library raises on purpose: what was wrong, where, and what to do."""


class DataError(SongrecError, ValueError):
    """The data are not what they should be."""


class ConfigError(SongrecError, ValueError):
    """A profile, a parameter or a command is not what it should be."""


class StageError(SongrecError, RuntimeError):
    """A stage of the pipeline failed; its unfinished notebook was kept apart."""


class BusyError(SongrecError, RuntimeError):
    """Another process is doing this right now."""


def positive(name: str, value: Any) -> int:
    """`value` as an int of at least 1, or a `ConfigError` that names it."""
    if isinstance(value, bool) or not isinstance(value, Integral) or value < 1:
        raise ConfigError(f"{name} must be a whole number of at least 1, not {value!r}")
    return int(value)
