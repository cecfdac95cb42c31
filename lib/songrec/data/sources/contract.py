"""What a source of data is: a source yields validated rows, and ingest does not depend on its kind."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from songrec.data.catalogue import Catalogue
from songrec.data.download import Dataset
from songrec.data.rows import Rows, check_batches
from songrec.data.synthetic import SyntheticWorld
from songrec.paths import find_raw


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
    """

    name: str
    read: Callable[[], Iterator[Rows]] = field(repr=False)
    expected: dict[str, int] | None = None
    item: str = "song"


@dataclass(frozen=True)
class Asked:
    """What a profile or a command line says of its log.

    Attributes
    ----------
    path : str, Path or sequence of these
        Files or folders, absolute or among the raw files; empty: the source's own.
    columns : sequence of str or int
        Names of user, song and plays, or places from 0; only two where each line is one play; by
        default the first three.
    separator : str
        Between fields; empty: by the file's name.
    header : bool
        Whether the first line is no triplet.
    item : str
        What is listened to, "song" or "artist".
    world : SyntheticWorld, optional
        For the synthetic sources.
    member : str
        Which file of an archive, where it holds several.
    encoding : str
        Of text; empty: UTF-8, or as a byte order mark says.
    time : str or int
        Name or place of a column of times; empty: none is read.
    """

    path: str | Path | Sequence[str | Path] = ""
    columns: Sequence[str | int] = ()
    separator: str = ""
    header: bool = False
    item: str = "song"
    world: SyntheticWorld | None = None
    member: str = ""
    encoding: str = ""
    time: str | int = ""

    @property
    def files(self) -> list[Path]:
        """The files and folders that are named."""
        named = [self.path] if isinstance(self.path, str | Path) else self.path
        return [find_raw(str(path)) for path in named if str(path)]


def _no_titles(asked: Asked) -> Catalogue:
    return Catalogue.from_columns([], [])


@dataclass(frozen=True)
class DataSource:
    """A kind of source by the name that profiles give it: its reader, its titles and its download.

    Attributes
    ----------
    name : str
        As in a profile's `source`.
    open : callable
        The log that was asked for.
    titles : callable
        What its songs are called; empty by default.
    dataset : Dataset, optional
        What can be downloaded where the files are not here.
    invented : bool
        Whether its logs are made up.

    Notes
    -----
    A new kind is a module with one of these, named in `registry`.
    """

    name: str
    open: Callable[[Asked], Source]
    titles: Callable[[Asked], Catalogue] = _no_titles
    dataset: Dataset | None = None
    invented: bool = False


def place(asked: Asked, dataset: Dataset) -> Path:
    """The file of a published data set: the one named, or its own, which is downloaded if it is not here."""
    return asked.files[0] if asked.files else dataset.locate()


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
