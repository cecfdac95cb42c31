"""A person's own log, in files."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset as ds

from songrec.data.archives import ARROW, PARQUET, beginning, first_bytes, table_kind
from songrec.data.records import is_json, read_json_log
from songrec.data.rows import Rows, check_batches
from songrec.data.sources.contract import Asked, DataSource, Source
from songrec.data.text import Columns, read_text
from songrec.data.validation import printable
from songrec.errors import ConfigError, DataError

FORMATS = {PARQUET: "parquet", ARROW: "feather"}


def triplets(
    paths: str | Path | Iterable[str | Path],
    columns: Columns = None,
    separator: str = "",
    header: bool = False,
    member: str = "",
    item: str = "song",
    encoding: str = "",
    time: int | str = "",
) -> Source:
    """Files in any form, told apart by their first bytes, and folders of such files.

    Text may be packed (gzip, bz2, xz, zstd, zip, tar) and encoded as UTF-8, UTF-16 or what is named; tables
    are Parquet, Arrow or Feather files; JSON is one object a line or a list of objects.

    Parameters
    ----------
    paths : path or iterable of paths
        The files, and folders: a folder of Parquet files may be partitioned (`month=2024-01`).
    columns : sequence, optional
        Places (from 0) or names of user, song and plays, or of user and song where each row is one play; by
        default the first three columns, and no others, or both where there are two. In JSON a name may
        lead into an object (`track.name`).
    separator : str
        Between the fields of text; by default a comma in `.csv` files, a tab in all others.
    header : bool
        The first line is no triplet (names imply it).
    member : str
        Which file of a zip or tar archive, where it holds several.
    item : str
        What is listened to: song, artist, movie ...
    encoding : str
        Of text, as Python names it; by default UTF-8, or as a byte order mark says.
    time : int or str
        Place or name of a column of times; empty: none is read.
    """
    named = [Path(p) for p in ([paths] if isinstance(paths, str | Path) else paths)]
    if not named:
        raise ConfigError("a source of triplets needs at least one file")
    if columns is not None:
        columns = tuple(columns)

    def read() -> Iterator[Rows]:
        for path in named:
            for file in files_of(path):
                if kind := FORMATS.get(table_kind(first_bytes(file))):
                    root = path if path.is_dir() else file.parent
                    yield from check_batches(file.name, _table(file, kind, columns, time, root))
                elif is_json(beginning(file, member, encoding)):
                    yield from check_batches(file.name, read_json_log(file, columns, time, member))
                else:
                    yield from read_text(file, columns, separator, header, member, encoding, time)

    return Source(", ".join(path.name for path in named), read, item=item)


def files_of(path: Path) -> list[Path]:
    """The file itself, or the files of a folder and those below it in the order of their names."""
    if not path.is_dir():
        return [path]
    files = [
        file
        for file in sorted(path.rglob("*"))
        if file.is_file() and not any(part[0] in "._" for part in file.relative_to(path).parts)
    ]
    if not files:
        raise DataError(f"the folder {path} holds no file")
    return files


def _open(asked: Asked) -> Source:
    if not asked.files:
        raise ConfigError("the source 'triplets' needs a path: the file that holds the log")
    columns = [int(c) if str(c).isdigit() else c for c in asked.columns] or None
    time = int(asked.time) if str(asked.time).isdigit() else asked.time
    return triplets(
        asked.files, columns, asked.separator, asked.header, asked.member, asked.item, asked.encoding, time
    )


def _table(path: Path, kind: str, columns: Columns, time: int | str, root: Path) -> Iterator[tuple]:
    """Columns of a Parquet or Arrow file; names of folders below `root` (`month=2024-01`) are columns too."""
    try:
        partitioning = ds.HivePartitioning.discover()
        table = ds.dataset(path, format=kind, partitioning=partitioning, partition_base_dir=str(root))
        names = table.schema.names
        columns = columns or range(2 if len(names) == 2 else 3)
        asked = [*columns, *([] if time == "" else [time])]
        wanted = [names[c] if isinstance(c, int) and c < len(names) else c for c in asked]
        if not set(wanted) <= set(names) or not 2 <= len(columns) <= 3:
            there = ", ".join(map(printable, names))
            raise DataError(f"{path}: columns {', '.join(map(str, asked))} are asked for; it has: {there}")
        for batch in table.to_batches(columns=wanted, batch_size=1 << 19):
            read = [batch[name] for name in wanted]
            seconds = None if time == "" else read.pop()
            users, songs, plays = read if len(read) == 3 else (*read, None)
            yield users, songs, plays, seconds
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{path} is a damaged {kind.capitalize()} file: {printable(str(error))}") from error


TRIPLETS = DataSource("triplets", _open)
