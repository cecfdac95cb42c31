"""Metadata of the songs: title, artist and year, shown wherever a person reads a recommendation."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import csv

from songrec.data.archives import read_chunks
from songrec.data.interactions import codes_of
from songrec.data.unpacking import Damaged
from songrec.data.validation import printable, unsteering
from songrec.errors import DataError
from songrec.files import regular, replacing

_SCHEMA = pa.schema(
    [("song_id", pa.string()), ("title", pa.string()), ("artist", pa.string()), ("year", pa.int16())]
)


@dataclass(frozen=True)
class Catalogue:
    """Song metadata, sorted by song id; titles, artists and years are None where they are not known."""

    song_ids: np.ndarray
    title: np.ndarray
    artist: np.ndarray
    year: np.ndarray

    @classmethod
    def from_columns(cls, song_ids, title, artist=None, year=None) -> "Catalogue":
        """From columns of equal length, in any order; of an id that stands twice, the first is taken.

        Empty texts, and years outside of 1 to 9999, mean "not known". What would steer a terminal in a text
        becomes a space.

        Examples
        --------
        >>> Catalogue.from_columns(["s2", "s1"], ["Two", ""], ["B", "A"], [1999, 0]).label(["s1", "s2", "s3"])
        ['s1', 'Two, by B', 's3']
        """
        song_ids, first = np.unique(np.asarray(song_ids, dtype=str), return_index=True)
        columns = [
            np.full(len(first), None) if column is None else _plain(column, kind)[first]
            for column, kind in ((title, pa.string()), (artist, pa.string()), (year, pa.int64()))
        ]
        columns[2] = np.array([y if y and 0 < y < 10_000 else None for y in columns[2]], object)
        return cls(song_ids, *columns)

    @classmethod
    def from_csv(cls, path: Path) -> "Catalogue":
        """From CSV (plain or packed): ids, titles, maybe artists and years.

        The columns are song_id (or the first), title (or name), artist_name (or artist) and year.
        """
        table = _read(path, csv.ParseOptions(newlines_in_values=True), "")
        names = table.column_names
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise DataError(f"{path}: the column {printable(twice[0])} stands {names.count(twice[0])} times")
        ids, title, artist, year = (
            next((name for name in wanted if name in names), None)
            for wanted in (("song_id", names[0]), ("title", "name"), ("artist_name", "artist"), ("year",))
        )
        if title is None or ids == title:
            there = printable(", ".join(names))
            raise DataError(f"{path}: titles need the columns song_id and title; it has {there}")
        years = year and [_year(text) for text in table[year].to_pylist()]
        return cls.from_columns(
            table[ids].to_pylist(), table[title].to_pylist(), artist and table[artist].to_pylist(), years
        )

    @classmethod
    def from_unique_tracks(cls, path: Path) -> "Catalogue":
        """From the Million Song Dataset's unique_tracks.txt: `track<SEP>song<SEP>artist<SEP>title` lines."""
        return cls.from_fields(path, "<SEP>", 1, 3, artist=2)

    @classmethod
    def from_fields(
        cls,
        path: Path,
        separator: str,
        song: int,
        title: int,
        artist: int | None = None,
        member: str = "",
        encoding: str = "",
    ) -> "Catalogue":
        """From lines of fields without a header, where nothing is quoted.

        Parameters
        ----------
        path : Path
            The file.
        separator : str
            Between fields.
        song, title, artist : int
            Their places.
        member, encoding : str
            As `read_chunks` has them.

        Raises
        ------
        DataError
            For a line with other fields than the first.
        """
        fields = [line.split(separator) for line in _text(path, member, encoding).split("\n") if line]
        width = len(fields[0]) if fields else 0
        for number, parts in enumerate(fields, 1):
            if len(parts) != width or width <= max(song, title, artist or 0):
                raise DataError(f"{path}:{number}: {len(parts)} fields with {separator} between, not {width}")
        columns = [
            [parts[at] for parts in fields] for at in (song, title, *([] if artist is None else [artist]))
        ]
        return cls.from_columns(*columns)

    @classmethod
    def from_lastfm(cls, path: Path) -> "Catalogue":
        """From artists.dat of the HetRec Last.fm archive: the artist's name is the item's title."""
        options = csv.ParseOptions(delimiter="\t", quote_char=False)
        table = _read(path, options, "artists.dat")
        if not {"id", "name"} <= set(table.column_names):
            raise DataError(f"{path}: artists.dat needs the columns id and name")
        return cls.from_columns(table["id"].to_pylist(), table["name"].to_pylist())

    @classmethod
    def load(cls, path: Path) -> "Catalogue":
        """Load what `save` wrote; `DataError` where the checksums within the file say that it is damaged."""
        regular(path)
        try:
            table = pq.read_table(path, page_checksum_verification=True)
            if not table.schema.equals(_SCHEMA):
                raise DataError(f"cannot read {path}: it holds {', '.join(table.column_names)}, not titles")
            return cls.from_columns(*(table[name].to_pylist() for name in _SCHEMA.names))
        except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
            raise DataError(f"cannot read {path}: {error}. Make it again: songrec run") from error

    def save(self, path: Path) -> None:
        """Save as Parquet (song_id, title, artist, year), atomically."""
        columns = [pa.array(c.tolist(), f.type) for c, f in zip(vars(self).values(), _SCHEMA, strict=True)]
        with replacing(path) as temporary:
            pq.write_table(pa.table(columns, schema=_SCHEMA), temporary, write_page_checksum=True)

    def only(self, song_ids) -> "Catalogue":
        """The part that concerns these songs."""
        places = codes_of(self.song_ids, song_ids)
        places = np.unique(places[places >= 0])
        return Catalogue(*(column[places] for column in vars(self).values()))

    def label(self, song_ids: Iterable[str]) -> list[str]:
        """What a person reads: "Title, by Artist", the title alone, or the id itself."""
        song_ids = [str(one) for one in song_ids]
        labels = []
        for song, place in zip(song_ids, codes_of(self.song_ids, song_ids).tolist(), strict=True):
            title, artist = (self.title[place], self.artist[place]) if place >= 0 else (None, None)
            labels.append(f"{title}, by {artist}" if title and artist else title or song)
        return labels

    def artists(self, song_ids: Iterable[str]) -> np.ndarray:
        """Each song's artist (object array); None where it is not known."""
        places = codes_of(self.song_ids, list(song_ids))
        return np.append(self.artist, None)[places]

    def known_share(self, song_ids: Iterable[str]) -> float:
        """Share of these songs that have a title."""
        places = codes_of(self.song_ids, list(song_ids))
        known = np.append(self.title, None)[places] != None  # noqa: E711
        return float(known.mean()) if len(known) else 0.0


def _plain(column, kind: pa.DataType) -> np.ndarray:
    """Python values, None for whatever a library calls missing and for an empty text."""
    values = pa.array(column, from_pandas=True).cast(kind).to_pylist()
    if kind == pa.string():
        values = [value and unsteering(value) for value in values]
    return np.array([None if value == "" else value for value in values], object)


def _year(text: str) -> int:
    return int(float(text)) if text.replace(".", "", 1).isdigit() else 0


def _text(path: Path, member: str = "", encoding: str = "") -> str:
    try:
        return b"".join(read_chunks(Path(path), member, encoding)).decode("utf-8")
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not UTF-8: {error}") from error
    except Damaged as error:
        raise DataError(f"{path}: {error}. Fetch it again.") from error


def _read(path: Path, options: csv.ParseOptions, member: str) -> pa.Table:
    """A delimited file with a header, all columns as text."""
    data = _text(path, member).encode()
    try:
        names = csv.read_csv(
            pa.BufferReader(data[: data.find(b"\n") + 1]), parse_options=options
        ).column_names
        types = csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()))
        return csv.read_csv(pa.BufferReader(data), parse_options=options, convert_options=types)
    except pa.ArrowInvalid as error:
        raise DataError(f"{path}: {error}") from error
