"""From files to triplets on Spark: every line by the rules, and with the reasons, of the single machine."""

from collections.abc import Callable, Iterator, Sequence
from functools import reduce
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa

from songrec.data.ingest import IngestReport
from songrec.data.rejects import SHOWN
from songrec.data.rows import Rows, check_columns
from songrec.data.text import BOM, FIRST, default_separator, layout_of, read_block
from songrec.data.validation import MAX_PLAYS, Layout, Reject, read_line, shown
from songrec.errors import ConfigError, DataError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_LATER = 1 << 40
"""Added to line numbers of a block that is not its file's first, whose own number is not known there."""

_CHECKED = (
    "user string, song string, plays int, seconds long, "
    "file string, block long, line long, reason string, text string"
)
_SCHEMA = pa.schema(
    [
        ("user", pa.string()),
        ("song", pa.string()),
        ("plays", pa.int32()),
        ("seconds", pa.int64()),
        ("file", pa.string()),
        ("block", pa.int64()),
        ("line", pa.int64()),
        ("reason", pa.string()),
        ("text", pa.string()),
    ]
)


class Ingested(NamedTuple):
    """A log as Spark reads it.

    Attributes
    ----------
    report : IngestReport
        What the single machine would say of it.
    triplets : DataFrame
        user, song, plays (int), first, last (long, null without times): a pair once.
    rejects : DataFrame
        file, line, reason, text.
    """

    report: IngestReport
    triplets: "DataFrame"
    rejects: "DataFrame"


def read_log(
    spark: "SparkSession",
    paths: Sequence[str],
    columns: Sequence[int | str] | None = None,
    separator: str = "",
    header: bool = False,
    time: int | str = "",
    *,
    name: str = "",
    item: str = "song",
    max_reject_share: float = 0.01,
) -> Ingested:
    """Read, validate and merge a log.

    Parameters
    ----------
    spark : SparkSession
        The session; intermediate tables go to its checkpoint folder.
    paths : sequence of str
        Files or folders that every executor can read: text and CSV (packed text is not divided, so one file
        is one task's work), or Parquet.
    columns, separator, header, time
        As `songrec.data.sources.triplet_files.triplets` has them. Of several files all have one layout.
    name : str
        Of the log, in the report.
    item : str
        What is listened to.
    max_reject_share : float
        Largest share of the lines that may be rejected.

    Raises
    ------
    DataError
        As `songrec.data.read_log`, with the first rejected lines.

    Notes
    -----
    Each line is a record here: a field in quotes that holds an end of line is rejected (such logs belong into
    Parquet), and so is a blank line at the end of a file. Text must be UTF-8.
    """
    from pyspark.sql import functions as F

    read = [_read(spark, path, columns, separator, header, time) for path in paths]
    lines = reduce(lambda one, other: one.unionByName(other), [checked for checked, _ in read]).checkpoint()
    good = lines.where("reason is null")
    triplets = (
        good.groupBy("user", "song")
        .agg(
            F.sum("plays").alias("sum"),
            F.min("seconds").alias("first"),
            F.max("seconds").alias("last"),
        )
        .select(
            "user",
            "song",
            F.least("sum", F.lit(MAX_PLAYS)).cast("int").alias("plays"),
            "sum",
            "first",
            "last",
        )
        .checkpoint()
    )
    rejects = _numbered(lines.where("reason is not null"), [blocks for _, blocks in read])
    report = _report(
        name or ", ".join(path.rpartition("/")[2] for path in paths), item, lines, triplets, rejects
    )
    if problem := report.problem(max_reject_share):
        raise DataError(problem)
    return Ingested(report, triplets.drop("sum"), rejects)


def _report(
    name: str, item: str, lines: "DataFrame", triplets: "DataFrame", rejects: "DataFrame"
) -> IngestReport:
    from pyspark.sql import functions as F

    reasons = {row.reason: row["count"] for row in rejects.groupBy("reason").count().collect()}
    first = rejects.orderBy("file", "line").limit(SHOWN).collect() if reasons else []
    of_lines = lines.agg(
        F.count("*").alias("read"),
        F.min("seconds").alias("since"),
        F.max("seconds").alias("until"),
        F.count("user").alias("taken"),
        F.coalesce(F.min(F.col("user").rlike('(?s)^".*"$')), F.lit(False)).alias("quoted"),
    ).first()
    of_pairs = triplets.agg(
        F.count("*").alias("triplets"),
        F.count_distinct("user").alias("users"),
        F.count_distinct("song").alias("songs"),
        F.sum("plays").alias("plays"),
        F.count(F.when(F.col("sum") > MAX_PLAYS, 1)).alias("capped"),
    ).first()
    return IngestReport(
        source=name,
        item=item,
        lines=of_lines.read,
        rejected=dict(sorted(reasons.items())),
        first_rejects=[Reject(row.file, row.line, row.reason, row.text) for row in first],
        duplicates=of_lines.taken - of_pairs.triplets,
        capped=of_pairs.capped,
        triplets=of_pairs.triplets,
        users=of_pairs.users,
        songs=of_pairs.songs,
        plays=of_pairs.plays or 0,
        in_quotes=of_lines.quoted,
        since=of_lines.since,
        until=of_lines.until,
    )


def _read(
    spark, path: str, columns, separator: str, header: bool, time
) -> "tuple[DataFrame, DataFrame | None]":
    """Checked lines, and the lines of each block of a text file, from which their numbers follow."""
    from pyspark.sql import functions as F

    text = spark.read.option("lineSep", "\n").text(path)
    text = text.select(
        F.col("value").cast("binary").alias("value"),
        F.col("_metadata.file_name").alias("file"),
        F.col("_metadata.file_block_start").alias("block"),
    )
    start = text.where("block = 0").take(FIRST)
    if not start:
        raise DataError(f"{path} holds no lines")
    if start[0].value[:4] == b"PAR1":
        return _read_parquet(spark, path, columns, time), None
    named = header or (columns is not None and isinstance(columns[0], str))
    lines = [bytes(row.value) for row in start]
    lines[0] = lines[0].removeprefix(BOM)
    layout = layout_of(path, lines, columns, separator or default_separator(start[0].file), time)
    return text.mapInArrow(_checking(layout, named), _CHECKED), text.groupBy("file", "block").count()


def _read_parquet(spark, path: str, columns, time) -> "DataFrame":
    from pyspark.sql import functions as F

    table = spark.read.parquet(path)
    asked = list(columns or range(3)) + ([] if time == "" else [time])
    wanted = [table.columns[c] if isinstance(c, int) and c < len(table.columns) else c for c in asked]
    if not set(wanted) <= set(table.columns) or not 2 <= len(columns or range(3)) <= 3:
        raise DataError(
            f"{path}: columns {', '.join(map(str, asked))} are asked for; it has: {', '.join(table.columns)}"
        )
    names = ["user", "song", "plays", "time"]
    if len(columns or range(3)) == 2:
        names.remove("plays")
    chosen = [F.col(column).alias(f"in_{name}") for column, name in zip(wanted, names, strict=False)]
    placed = [F.col("_metadata.file_name").alias("file"), F.col("_metadata.row_index").alias("row")]
    return table.select(*chosen, *placed).mapInArrow(_check_table, _CHECKED)


def _check_table(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        for file, first, end in _runs(batch["file"].to_pylist()):
            part = batch.slice(first, end - first)
            named = {name: part[name] for name in part.schema.names}
            taken = [named.get(f"in_{name}") for name in ("user", "song", "plays", "time")]
            yield from _out(check_columns(file, part["row"][0].as_py() + 1, *taken), file, 0)


def _checking(layout: Layout, header: bool) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    def check(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        place, counted = None, 0
        for batch in batches:
            lines = batch["value"].to_pylist()
            for key, first, end in _runs(
                list(zip(batch["file"].to_pylist(), batch["block"].to_pylist(), strict=True))
            ):
                if key != place:
                    place, counted = key, 0
                (file, block), taken, number = key, lines[first:end], counted + 1
                counted += end - first
                if block == 0 and number == 1:
                    taken[0] = taken[0].removeprefix(BOM)
                    if header:
                        taken, number = taken[1:], 2
                if taken:
                    yield from _check_lines(taken, file, block, number, layout)

    return check


def _check_lines(
    lines: list[bytes], file: str, block: int, number: int, layout: Layout
) -> Iterator[pa.RecordBatch]:
    number += _LATER if block else 0
    if layout.quoted and any(b'"' in line for line in lines):
        yield from _out(_one_by_one(lines, file, number, layout), file, block)
        return
    for rows in read_block(b"\n".join(lines) + b"\n", file, number, layout):
        yield from _out(rows, file, block)


def _one_by_one(lines: list[bytes], file: str, number: int, layout: Layout) -> Rows:
    records, rejects = [], []
    for place, line in enumerate(lines):
        found = read_line(line, layout)
        if isinstance(found, str):
            rejects.append(Reject(file, number + place, found, shown(line)))
        else:
            records.append(found)
    return Rows.of(records, len(lines), rejects, layout.time is not None)


def _out(rows: Rows, file: str, block: int) -> Iterator[pa.RecordBatch]:
    n, bad = len(rows.plays), rows.rejects
    if n:
        ids = [column.cast(pa.string()).combine_chunks() for column in (rows.users, rows.songs)]
        ids = [one.combine_chunks() if isinstance(one, pa.ChunkedArray) else one for one in ids]
        seconds = pa.nulls(n, pa.int64()) if rows.seconds is None else pa.array(rows.seconds, pa.int64())
        empty = [pa.nulls(n, field.type) for field in list(_SCHEMA)[4:]]
        yield pa.RecordBatch.from_arrays(
            [*ids, pa.array(rows.plays, pa.int32()), seconds, *empty], schema=_SCHEMA
        )
    if bad:
        empty = [pa.nulls(len(bad), field.type) for field in list(_SCHEMA)[:4]]
        told = [[file] * len(bad), [block] * len(bad), *([each[i] for each in bad] for i in (1, 2, 3))]
        arrays = [pa.array(value, field.type) for value, field in zip(told, list(_SCHEMA)[4:], strict=True)]
        yield pa.RecordBatch.from_arrays([*empty, *arrays], schema=_SCHEMA)


def _runs(keys: list[Any]) -> Iterator[tuple[Any, int, int]]:
    """Equal neighbours: (key, start, end)."""
    first = 0
    for place in range(1, len(keys) + 1):
        if place == len(keys) or keys[place] != keys[first]:
            yield keys[first], first, place
            first = place


def _numbered(rejects: "DataFrame", blocks: "list[DataFrame | None]") -> "DataFrame":
    """With numbers of lines counted through the whole file."""
    from pyspark.sql import Window
    from pyspark.sql import functions as F

    known = [each for each in blocks if each is not None]
    rejects = rejects.select("file", "block", "line", "reason", "text")
    if not known:
        return rejects.drop("block")
    before = Window.partitionBy("file").orderBy("block").rowsBetween(Window.unboundedPreceding, -1)
    counted = reduce(lambda one, other: one.unionByName(other), known)
    counted = counted.withColumn("before", F.coalesce(F.sum("count").over(before), F.lit(0)))
    line = F.when(F.col("block") > 0, F.col("line") - _LATER + F.col("before")).otherwise(F.col("line"))
    found = rejects.join(counted.drop("count"), ["file", "block"], "left")
    return found.select("file", line.alias("line"), "reason", "text")


def check_source(source: str) -> None:
    """`ConfigError` for a source that Spark does not read."""
    known = ("triplets", "synthetic", "synthetic-text")
    if source not in known:
        raise ConfigError(
            f"the engine spark reads the sources {', '.join(known)}, not {source!r}: name its files"
        )
