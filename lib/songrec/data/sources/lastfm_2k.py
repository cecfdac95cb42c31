"""The HetRec 2011 Last.fm data set: its listening counts are plays, its artists stand where songs do."""

from pathlib import Path

from songrec.data.catalogue import Catalogue
from songrec.data.download import Dataset, File
from songrec.data.sources.contract import Asked, DataSource, Source, place
from songrec.data.sources.triplet_files import triplets

COUNTS = {"triplets": 92_834, "users": 1_892, "songs": 17_632}
"""Published (the data set's readme)."""

DATASET = Dataset(
    "lastfm-2k",
    "HetRec 2011 Last.fm: 92,834 triplets, 1,892 users, 17,632 artists",
    "2.6 MB",
    "non-commercial research",
    "https://grouplens.org/datasets/hetrec-2011/",
    (
        File(
            "https://files.grouplens.org/datasets/hetrec2011/hetrec2011-lastfm-2k.zip",
            b"PK",
            "6738f48195667ff03caaab4d32ca9a3133d8cc026b7c3cdaf6ce1010e913c59c",
        ),
    ),
)


def lastfm_2k(path: str | Path) -> Source:
    """The log in the archive, verified by its published counts."""
    columns = ("userID", "artistID", "weight")
    log = triplets(path, columns, "\t", member="user_artists.dat")
    return Source(DATASET.name, log.read, COUNTS, item="artist")


def _open(asked: Asked) -> Source:
    return lastfm_2k(place(asked, DATASET))


def _titles(asked: Asked) -> Catalogue:
    return Catalogue.from_lastfm(place(asked, DATASET))


LASTFM_2K = DataSource(DATASET.name, _open, _titles, DATASET)
