"""Whether files are still those that a run recorded: what holds an answer to one run."""

import json
from hashlib import md5
from pathlib import Path

import yaml

from songrec.errors import DataError
from songrec.files import regular
from songrec.paths import Paths

STAGES, LOCKFILE = "stages", "dvc.lock"
"""Where a profile's data folder keeps what its stages made: a folder a stage, and the file in it."""

LARGEST = 1 << 29
"""Bytes (a second) up to which an output is hashed: of a larger one its own seal must do."""


def check_recorded(paths: Paths, stage: str, output: Path) -> None:
    """`DataError` when a file or folder that a stage made is not what the stage recorded.

    Where nothing is recorded there is nothing to say: whoever copies results alone has no records.

    Parameters
    ----------
    paths : Paths
        Of the profile.
    stage : str
        Whose output it is, such as `train.item_knn`.
    output : Path
        The file or folder.
    """
    folder = paths.processed / STAGES / stage
    try:
        recorded = yaml.safe_load((folder / LOCKFILE).read_text(encoding="utf-8"))
        made = {
            (folder / one["path"]).resolve(): one["md5"]
            for entry in recorded["stages"].values()
            for one in entry["outs"]
        }
    except (OSError, UnicodeDecodeError, yaml.YAMLError, AttributeError, KeyError, TypeError):
        return  # the next run makes it anew
    expected = made.get(output.resolve())
    if expected and _size(output) <= LARGEST and _hash(output) != expected:
        raise DataError(
            f"{output} is not what stage {stage} of profile {paths.profile} made. Make it again: songrec run "
            f"--profile {paths.profile}"
        )


def _files(place: Path) -> list[Path]:
    return [path for path in sorted(place.rglob("*")) if path.is_file()] if place.is_dir() else [place]


def _size(place: Path) -> int:
    return sum(path.stat().st_size for path in _files(place))


def _hash(place: Path) -> str:
    """As DVC hashes: of a folder the hash of a list of its files with theirs."""
    if not place.is_dir():
        regular(place)
        return md5(place.read_bytes(), usedforsecurity=False).hexdigest()
    listed = [{"md5": _hash(path), "relpath": path.relative_to(place).as_posix()} for path in _files(place)]
    text = json.dumps(sorted(listed, key=lambda one: one["relpath"]), sort_keys=True)
    return md5(text.encode(), usedforsecurity=False).hexdigest() + ".dir"
