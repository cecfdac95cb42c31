"""Public data sets and exports of services with a layout of their own, which are read by their names alone.

Of ratings, which are opinions and no counts, each is taken for one play, as studies of implicit feedback do.
"""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from songrec.data.archives import members
from songrec.data.catalogue import Catalogue
from songrec.data.download import Dataset, File
from songrec.data.guess import guess, source_of
from songrec.data.sources.contract import Asked, DataSource, Source, place
from songrec.data.sources.triplet_files import triplets
from songrec.errors import ConfigError, DataError

_GROUPLENS = "https://files.grouplens.org/datasets/movielens/"
_OCELMA = "http://ocelma.net/MusicRecommendationDataset/"
_MTG = "http://mtg.upf.edu/static/datasets/last.fm/"


@dataclass(frozen=True)
class Layout:
    """How a published archive holds its log, and titles if it has any.

    Attributes
    ----------
    member : str
        The file of the log within the archive.
    separator : str
        Between its fields.
    columns : tuple of int
        Places of user, item and, if there are any, plays.
    time : int or str
        Place of the time; empty where there is none.
    item : str
        What is listened to.
    titles : tuple of (str, str), optional
        The file of titles within the archive and its separator: id and title are its first two fields.
    """

    member: str
    separator: str
    columns: tuple[int, ...]
    time: int | str = ""
    item: str = "song"
    titles: tuple[str, str] | None = None


PUBLISHED = {
    Dataset(
        "movielens-100k",
        "MovieLens 100K: 100,000 ratings of 943 users and 1,682 movies, with times",
        "5 MB",
        "non-commercial research",
        "https://grouplens.org/datasets/movielens/100k/",
        (File(f"{_GROUPLENS}ml-100k.zip", b"PK"),),
    ): Layout("ml-100k/u.data", "\t", (0, 1), 3, "movie", ("ml-100k/u.item", "|")),
    Dataset(
        "movielens-1m",
        "MovieLens 1M: 1,000,209 ratings of 6,040 users and 3,706 movies, with times",
        "6 MB",
        "non-commercial research",
        "https://grouplens.org/datasets/movielens/1m/",
        (File(f"{_GROUPLENS}ml-1m.zip", b"PK"),),
    ): Layout("ml-1m/ratings.dat", "::", (0, 1), 3, "movie", ("ml-1m/movies.dat", "::")),
    Dataset(
        "lastfm-360k",
        "Last.fm 360K: 17.6 million counts of 359,347 users and their artists",
        "570 MB",
        "non-commercial use",
        f"{_OCELMA}lastfm-360K.html",
        (File(f"{_MTG}lastfm-dataset-360K.tar.gz", b"\x1f\x8b"),),
    ): Layout("lastfm-dataset-360K/usersha1-artmbid-artname-plays.tsv", "\t", (0, 2, 3), item="artist"),
    Dataset(
        "lastfm-1k",
        "Last.fm 1K: 19.2 million plays of 992 users, with times; songs are told apart by title",
        "640 MB",
        "non-commercial use",
        f"{_OCELMA}lastfm-1K.html",
        (File(f"{_MTG}lastfm-dataset-1K.tar.gz", b"\x1f\x8b"),),
    ): Layout("lastfm-dataset-1K/userid-timestamp-artid-artname-traid-traname.tsv", "\t", (0, 5), 1),
}

EXPORTS = {
    "spotify": ("StreamingHistory*.json", "Streaming_History_Audio*.json", "endsong*.json"),
    "listenbrainz": ("*.jsonl", "listens*.json"),
}
"""Listening histories: names of their files. Each listener's lie in a folder of its own, which names them."""


def _open_published(dataset: Dataset, layout: Layout, asked: Asked) -> Source:
    path = place(asked, dataset)
    log = triplets(
        path, layout.columns, layout.separator, member=_member(path, layout.member), time=layout.time
    )
    return Source(dataset.name, log.read, item=layout.item)


def _titles(dataset: Dataset, layout: Layout, asked: Asked) -> Catalogue:
    path = place(asked, dataset)
    if layout.titles is None or not _member(path, layout.titles[0]):
        return Catalogue.from_columns([], [])
    return Catalogue.from_fields(path, layout.titles[1], 0, 1, member=layout.titles[0], encoding="latin-1")


def _member(path: Path, name: str) -> str:
    """The name, where the path is an archive; a file that was unpacked by hand is read itself."""
    return name if next(members(path), None) else ""


def _open_export(name: str, asked: Asked) -> Source:
    if not asked.files:
        raise ConfigError(f"the source {name!r} needs a path: folders of listening histories, one a listener")
    found = []
    for path in asked.files:
        found += [path] if path.is_file() else sorted(f for p in EXPORTS[name] for f in path.rglob(p))
    if not found:
        patterns = " or ".join(EXPORTS[name])
        raise DataError(f"{', '.join(map(str, asked.files))}: no file here is called {patterns}")
    return source_of(guess(found))


LAYOUTS = [
    *(
        DataSource(
            dataset.name,
            partial(_open_published, dataset, layout),
            partial(_titles, dataset, layout),
            dataset,
        )
        for dataset, layout in PUBLISHED.items()
    ),
    *(DataSource(name, partial(_open_export, name)) for name in EXPORTS),
]
