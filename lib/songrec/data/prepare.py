"""From a stage's parameters to titles, songs to be removed and a split that comes with the data."""

from pathlib import Path

import numpy as np

from songrec.data.catalogue import Catalogue
from songrec.data.filters import read_mismatches
from songrec.data.ingest import read_log
from songrec.data.interactions import Interactions
from songrec.data.sources import Asked, find_source
from songrec.errors import ConfigError
from songrec.files import replacing
from songrec.paths import find_raw


def choose_titles(name: str, asked: Asked, metadata: str = "") -> Catalogue:
    """What the songs of a source are called; an empty catalogue where nothing is known.

    Parameters
    ----------
    name : str
        Name of the source. Some bring their own titles.
    asked : Asked
        What was asked of the source.
    metadata : str
        CSV with the columns song_id and title, or the Million Song Dataset's unique_tracks.txt.
    """
    if metadata:
        file = find_raw(metadata)
        return Catalogue.from_unique_tracks(file) if file.suffix == ".txt" else Catalogue.from_csv(file)
    return find_source(name).titles(asked)


def choose_removed(mismatches: str = "") -> np.ndarray | None:
    """Ids of wrongly matched songs, from the file that is named; None where none is."""
    return read_mismatches(find_raw(mismatches)) if mismatches else None


def save_predefined(
    folder: Path, visible: str, hidden: str, max_reject_share: float = 0.01
) -> dict[str, Interactions]:
    """Read the two files of a given split into one folder; the folder stays empty where none is named.

    Parameters
    ----------
    folder : Path
        Where the parts go, with their rejects beside them.
    visible, hidden : str
        The two files; both or none.
    max_reject_share : float
        As in `read_log`.

    Returns
    -------
    dict
        "visible" and "hidden", or nothing.

    Raises
    ------
    ConfigError
        When only one of the two is named.
    """
    if bool(visible) != bool(hidden):
        raise ConfigError("a given split needs both files: name `visible` and `hidden`, or neither")
    parts = {}
    with replacing(folder) as temporary:
        temporary.mkdir()
        for name, file in (("visible", visible), ("hidden", hidden)):
            if file:
                given, rejects = find_source("triplets").open(Asked(file)), f"{name}.rejects.parquet"
                _, parts[name] = read_log(given, temporary / rejects, max_reject_share)
                parts[name].save(temporary / name)
    return parts


def known_songs(log: Interactions, halves: dict[str, Interactions]) -> np.ndarray:
    """Ids of all songs of the log and of a given split's parts, sorted."""
    return np.unique(np.concatenate([log.song_ids, *(half.song_ids for half in halves.values())]))
