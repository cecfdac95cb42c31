"""Where triplets come from: a source yields validated rows, and ingest does not depend on its kind."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from songrec.data.archives import first_bytes
from songrec.data.download import locate
from songrec.data.rows import Rows, check_batches
from songrec.data.text import Columns, read_text
from songrec.errors import ConfigError, DataError
from songrec.paths import find_raw

TASTE_PROFILE = {"triplets": 48_373_586, "users": 1_019_318, "songs": 384_546}
"""Published counts of the Echo Nest Taste Profile (dawenl/expo-mf, processTasteProfile.ipynb)."""

LASTFM_2K = {"triplets": 92_834, "users": 1_892, "songs": 17_632}
"""Published counts of the HetRec 2011 Last.fm data set (its readme)."""


@dataclass(frozen=True)
class Source:
    """A listening log that can be read from its beginning as often as wanted.

    Attributes
    ----------
    name : str
        Its name in reports.
    read : callable
        Starts reading and yields `Rows` in the log's order.
    expected : dict, optional
        Published counts that a whole log must have.
    item : str
        What is listened to, "song" or "artist".

    Notes
    -----
    A new kind of source is a function that returns one of these.
    """

    name: str
    read: Callable[[], Iterator[Rows]] = field(repr=False)
    expected: dict[str, int] | None = None
    item: str = "song"


def triplets(
    paths: str | Path | Iterable[str | Path],
    columns: Columns = None,
    separator: str | None = None,
    header: bool = False,
    member: str | None = None,
    item: str = "song",
) -> Source:
    """A person's own log: text, gzip, zip, CSV or Parquet files, told apart by their first bytes.

    Parameters
    ----------
    paths : path or iterable of paths
        The files.
    columns : sequence, optional
        Places (from 0) or names of user, song and plays; by default the first three columns, and no others.
    separator : str, optional
        By default a comma in `.csv` files, a tab in all others.
    header : bool
        The first line is no triplet (names imply it).
    member : str, optional
        Which file of a zip archive, where it holds several.
    item : str
        What is listened to, "song" or "artist".
    """
    files = [Path(p) for p in ([paths] if isinstance(paths, str | Path) else paths)]
    if not files:
        raise ConfigError("a source of triplets needs at least one file")
    if columns is not None:
        columns = tuple(columns)

    def read() -> Iterator[Rows]:
        for path in files:
            if first_bytes(path) == b"PAR1":
                yield from check_batches(path.name, _parquet(path, columns))
            else:
                yield from read_text(path, columns, separator, header, member)

    return Source(", ".join(path.name for path in files), read, item=item)


def taste_profile(path: str | Path) -> Source:
    """The whole Echo Nest Taste Profile (train_triplets.txt, .gz, .zip), verified by its published counts."""
    return Source("taste-profile", triplets(path).read, TASTE_PROFILE)


def lastfm_2k(path: str | Path) -> Source:
    """The HetRec 2011 Last.fm archive: its listening counts are plays, its artists stand where songs do."""
    columns = ("userID", "artistID", "weight")
    log = triplets(path, columns, "\t", member="user_artists.dat")
    return Source("lastfm-2k", log.read, LASTFM_2K, item="artist")


def batches(name: str, read: Callable[[], Iterable[tuple]], item: str = "song") -> Source:
    """A log made in memory.

    Parameters
    ----------
    name : str
        Its name in reports.
    read : callable
        Starts it and yields (users, songs, plays) arrays of equal length. Ids may be NumPy or Arrow strings,
        or Arrow dictionary arrays (which take the least memory); they are validated all the same.
    item : str
        What is listened to, "song" or "artist".

    Examples
    --------
    >>> source = batches("two", lambda: [(["u1", "u2"], ["s1", "s1"], [3, 1])])
    >>> [rows.plays.tolist() for rows in source.read()]
    [[3, 1]]
    """
    return Source(name, lambda: check_batches(name, read()), item=item)


def open_source(
    name: str,
    path: str | Path | Iterable[str | Path] | None = None,
    columns: Columns = None,
    separator: str | None = None,
    header: bool = False,
    member: str | None = None,
    item: str = "song",
) -> Source:
    """The source that a profile names.

    Parameters
    ----------
    name : {"triplets", "taste-profile", "lastfm-2k"}
        Kind of source. The two data sets know their own place: where one is not there yet, it is downloaded.
    path : path or iterable of paths, optional
        A relative one is looked for among the raw files (`songrec.paths.find_raw`).
    columns : sequence, optional
        Names, or places from 0 (text of digits too, as a command line gives them).
    separator, header, member, item
        As in `triplets`.
    """
    if name == "triplets":
        if not path:
            raise ConfigError("the source 'triplets' needs a path: the file that holds the log")
        given = [path] if isinstance(path, str | Path) else path
        places = [int(c) if isinstance(c, str) and c.isdigit() else c for c in columns or ()]
        files = [find_raw(str(p)) for p in given]
        return triplets(files, places or None, separator or None, header, member, item)
    known = {"taste-profile": taste_profile, "lastfm-2k": lastfm_2k}
    if name not in known:
        raise ConfigError(f"there is no source {name!r}; there are: triplets, {', '.join(known)}")
    return known[name](find_raw(str(path)) if path else locate(name))


def _parquet(path: Path, columns: Columns) -> Iterator[tuple]:
    try:
        file = pq.ParquetFile(path)
        names = file.schema_arrow.names
        wanted = [names[c] if isinstance(c, int) else c for c in columns or range(3)]
        if len(wanted) != 3 or not set(wanted) <= set(names):
            raise DataError(f"{path}: columns {columns} are asked for; it has: {', '.join(names)}")
        for batch in file.iter_batches(batch_size=1 << 19, columns=wanted):
            yield tuple(batch[name] for name in wanted)
    except IndexError as error:
        raise DataError(
            f"{path}: columns {columns or (0, 1, 2)} are asked for, it has {len(names)}"
        ) from error
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{path} is a damaged Parquet file: {error}") from error
