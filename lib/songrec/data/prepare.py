"""From a stage's parameters to a source, its titles and a split that comes with the data."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from songrec.data.catalogue import Catalogue
from songrec.data.filters import read_mismatches
from songrec.data.ingest import ingest
from songrec.data.interactions import Interactions
from songrec.data.sources import Source, batches, open_source
from songrec.data.synthetic import SyntheticWorld
from songrec.data.triplet_file import to_interactions
from songrec.errors import ConfigError
from songrec.files import replacing
from songrec.paths import find_raw

SYNTHETIC = "synthetic"


def choose_source(
    name: str,
    world: SyntheticWorld,
    path: str = "",
    columns: Sequence[str] = (),
    separator: str = "",
    header: bool = False,
    item: str = "song",
) -> Source:
    """The source that a profile names.

    Parameters
    ----------
    name : {"synthetic", "triplets", "taste-profile", "lastfm-2k"}
        Kind of source.
    world : SyntheticWorld
        For "synthetic".
    path : str
        File or folder; empty: the source's own.
    columns : sequence of str
        Names, or places from 0 as text.
    separator : str
        One character; empty: by the file's name.
    header : bool
        Whether the first line is no triplet.
    item : str
        What is listened to, "song" or "artist".
    """
    if name == SYNTHETIC:
        return batches(f"synthetic world, seed {world.seed}", world.triplets, item)
    places = [int(column) if column.isdigit() else column for column in columns]
    return open_source(name, path or None, places or None, separator or None, header, item=item)


def choose_titles(name: str, world: SyntheticWorld, path: str = "", metadata: str = "") -> Catalogue:
    """What the songs of a source are called; an empty catalogue where nothing is known.

    Parameters
    ----------
    name : str
        As in `choose_source`. The synthetic world and lastfm-2k bring their own titles.
    world : SyntheticWorld
        For "synthetic".
    path : str
        File or folder of the source.
    metadata : str
        CSV with the columns song_id and title, or the Million Song Dataset's unique_tracks.txt.
    """
    if metadata:
        file = find_raw(metadata)
        return Catalogue.from_unique_tracks(file) if file.suffix == ".txt" else Catalogue.from_csv(file)
    if name == SYNTHETIC:
        table = world.catalogue()
        return Catalogue.from_columns(table["song_id"], table["title"], table["artist"], table["year"])
    if name == "lastfm-2k" and path:
        return Catalogue.from_lastfm(find_raw(path))
    return Catalogue.from_columns([], [])


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
        As in `ingest`.

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
                triplets = temporary / f"{name}.parquet"
                ingest(
                    open_source("triplets", file),
                    triplets,
                    temporary / f"{name}.rejects.parquet",
                    max_reject_share,
                )
                parts[name] = to_interactions(triplets)
                parts[name].save(temporary / name)
    return parts


def known_songs(log: Interactions, halves: dict[str, Interactions]) -> np.ndarray:
    """Ids of all songs of the log and of a given split's parts, sorted."""
    return np.unique(np.concatenate([log.song_ids, *(half.song_ids for half in halves.values())]))
