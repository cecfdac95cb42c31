"""A person's own log, in files."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from songrec.data.archives import first_bytes
from songrec.data.rows import Rows, check_batches
from songrec.data.sources.contract import Asked, DataSource, Source
from songrec.data.text import Columns, read_text
from songrec.errors import ConfigError, DataError
from songrec.paths import find_raw


def triplets(
    paths: str | Path | Iterable[str | Path],
    columns: Columns = None,
    separator: str | None = None,
    header: bool = False,
    member: str | None = None,
    item: str = "song",
) -> Source:
    """Files in any form: text, gzip, zip, CSV or Parquet files, told apart by their first bytes.

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


def _open(asked: Asked) -> Source:
    if not asked.path:
        raise ConfigError("the source 'triplets' needs a path: the file that holds the log")
    places = [int(column) if column.isdigit() else column for column in asked.columns]
    separator = asked.separator or None
    return triplets(find_raw(str(asked.path)), places or None, separator, asked.header, item=asked.item)


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


TRIPLETS = DataSource("triplets", _open)
