"""The log of a synthetic world as the text file that the real one comes in."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
from pyarrow import csv

from songrec.arrays import hash_of
from songrec.data.synthetic import SyntheticWorld
from songrec.errors import DataError
from songrec.files import read_json, replacing, write_json
from songrec.paths import data_root


def text_file(world: SyntheticWorld) -> Path:
    """The file below data/raw that holds the world's log, `user<TAB>song<TAB>plays` line by line.

    It is written once: again only where its content is no longer what was written (size and hash stand
    beside it), or where this version of the library makes another world of the same seed, which the first
    users show.

    Notes
    -----
    In the shape of the whole Taste Profile 3.0 GB, two minutes on one core.
    """
    name = f"{world.users}-users-{world.songs}-songs-seed-{world.seed}.txt"
    path = data_root() / "raw" / "synthetic" / name
    stamp = path.with_suffix(".json")
    if not _as_written(path, stamp, world):
        with replacing(path) as temporary, open(temporary, "wb") as file:
            file.writelines(_text(world))
        write_json(stamp, {"hash": hash_of(path)})
    return path


def _as_written(path: Path, stamp: Path, world: SyntheticWorld) -> bool:
    try:
        if read_json(stamp, dict).get("hash") != hash_of(path):
            return False
    except (DataError, OSError):  # one of the two is missing or broken: both are made again
        return False
    first = next(_text(world))
    with open(path, "rb") as file:
        return file.read(len(first)) == first


def _text(world: SyntheticWorld) -> Iterator[bytes]:
    """The lines of some 4,000 users at a time."""
    options = csv.WriteOptions(include_header=False, delimiter="\t", quoting_style="none")
    song_ids = pa.array(world.song_ids)
    for user_ids, users, songs, plays in world.blocks():
        columns = [pa.array(user_ids).take(pa.array(users)), song_ids.take(pa.array(songs)), pa.array(plays)]
        text = pa.BufferOutputStream()
        csv.write_csv(pa.table(columns, ["user", "song", "plays"]), text, options)
        yield text.getvalue().to_pybytes()
