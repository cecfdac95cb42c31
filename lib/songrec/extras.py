"""Optional packages: what the base install does without, and how to get it."""

from importlib.util import find_spec

from songrec.errors import ConfigError

EXTRAS = {"neural": ("torch", "PyTorch")}
"""Extra -> the module that shows that it is installed, and its name in prose."""


def missing(extra: str) -> str:
    """One line that says what is missing and how to install it; empty when the extra is there.

    >>> missing("")
    ''
    """
    if not extra or find_spec(EXTRAS[extra][0]):
        return ""
    return f"needs {EXTRAS[extra][1]}, which is not installed: make {extra}"


def require(extra: str, who: str) -> None:
    """`ConfigError` naming the command that installs the extra, unless it is there."""
    if line := missing(extra):
        raise ConfigError(f"{who} {line}")
