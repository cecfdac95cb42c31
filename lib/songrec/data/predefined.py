"""The two parts of a split that comes with the data, as ingest keeps them.

A module of its own, so that the split depends on the log and not on how the log was read.
"""

from pathlib import Path

from songrec.data.interactions import Interactions


def read_predefined(folder: Path) -> tuple[Interactions, Interactions] | None:
    """The visible and the hidden part that `save_predefined` kept, if any."""
    if not (folder / "hidden").is_dir():
        return None
    return Interactions.load(folder / "visible"), Interactions.load(folder / "hidden")
