"""Errors that a person can act on. The command line prints them without a traceback."""


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
