"""From a stage's parameters to titles, songs to be removed and a split that comes with the data."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from songrec.data.catalogue import Catalogue
from songrec.data.filters import read_mismatches
from songrec.data.ingest import read_log
from songrec.data.interactions import Interactions
from songrec.data.predefined import check_parts
from songrec.data.sources import Asked, find_source
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
    folder: Path,
    visible: str,
    hidden: str,
    max_reject_share: float = 0.01,
    *,
    validation: str = "",
    form: Asked | None = None,
    rejects: Path | None = None,
) -> dict[str, Interactions]:
    """Read the files of a given split into one folder; the folder stays empty where none is named.

    Parameters
    ----------
    folder : Path
        Where the parts go.
    visible, hidden : str
        The two files; both or none.
    max_reject_share : float
        As in `read_log`.
    validation : str
        A third file, of what is to be found on validation; only with the other two.
    form : Asked, optional
        The form of the log (`columns`, `separator`, `header`, `encoding`), which theirs is too.
    rejects : Path, optional
        The table of the log's rejected lines: theirs stand beside it, named by the part. By default it is
        in the folder that holds `folder`.

    Returns
    -------
    dict
        Part -> its plays, of `predefined.PARTS`, or nothing.

    Raises
    ------
    ConfigError
        See `predefined.check_parts`.
    """
    files = check_parts({"visible": visible, "hidden": hidden, "validation": validation})
    form, rejects = form or Asked(), rejects or folder.with_name("rejects.parquet")
    parts = {}
    with replacing(folder) as temporary:
        temporary.mkdir()
        for name, file in files.items():
            given = find_source("triplets").open(replace(form, path=file, member="", time=""))
            table = rejects.with_name(f"{rejects.stem}.{name}.parquet")
            _, parts[name] = read_log(given, table, max_reject_share)
            parts[name].save(temporary / name)
    return parts


def known_songs(log: Interactions, halves: dict[str, Interactions]) -> np.ndarray:
    """Ids of all songs of the log and of a given split's parts, sorted."""
    return np.unique(np.concatenate([log.song_ids, *(half.song_ids for half in halves.values())]))
