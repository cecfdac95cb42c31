"""The parts of a split that comes with the data, as ingest keeps them.

A module of its own, so that the split depends on the log and not on how the log was read.
"""

from collections.abc import Mapping
from pathlib import Path

from songrec.data.interactions import Interactions
from songrec.errors import ConfigError

PARTS = ("visible", "hidden", "validation")
"""What a split that comes with the data consists of; it need not have the last."""


def read_predefined(folder: Path) -> tuple[Interactions, ...] | None:
    """The `PARTS` that `save_predefined` kept, if any."""
    parts = tuple(Interactions.load(folder / name) for name in PARTS if (folder / name).is_dir())
    return parts or None


def check_parts(files: Mapping[str, str], where: str = "") -> dict[str, str]:
    """The files of a given split that are named, by part; `ConfigError` for one half alone.

    `where` begins the message.
    """
    named = {name: files[name] for name in PARTS if files.get(name)}
    if absent := {"visible", "hidden"} - set(named) if named else ():
        begin = f"{where}: " if where else ""
        raise ConfigError(
            f"{begin}{' and '.join(named)} without {' and '.join(sorted(absent))}: a given split needs both "
            "halves, `visible` and `hidden`, and may bring its validation file besides. Name them, or none"
        )
    return named
