"""Users and their songs in rows, one a user, with codes: what blocks of users are made of."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy.sparse import csr_array

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyspark.sql import DataFrame

_CODED = "user int, user_id string, songs array<int>, plays array<int>, first array<long>"


@dataclass(frozen=True)
class Histories:
    """A log, a row a user.

    Attributes
    ----------
    rows : DataFrame
        user (int: the code, the place of the id among the sorted ones), user_id, songs (codes, ascending),
        plays and first (times, in the order of the songs; an empty list where the log has none).
    song_ids : array of str (n_songs,)
        Sorted; an id's place is its code.
    n_users : int
        Rows.
    longest : int
        Songs of the user who has most.
    timed : bool
        Whether there are times.
    """

    rows: "DataFrame"
    song_ids: np.ndarray
    n_users: int
    longest: int
    timed: bool


def histories(log: "DataFrame") -> Histories:
    """Give codes to users and songs, and bring each user's songs together.

    Parameters
    ----------
    log : DataFrame
        user, song, plays, first: a pair once.

    Notes
    -----
    Codes are the places of the ids sorted by UTF-8, as on the single machine. Users are sorted by ranges
    over the whole cluster; how many each range holds is all that the driver learns of them. The catalogue
    comes to the driver, and goes from there to every executor.
    """
    from pyspark.sql import functions as F

    spark = log.sparkSession
    song_ids = log.select("song").distinct().sort("song").toPandas()["song"].to_numpy(str)
    known = spark.sparkContext.broadcast(pa.array(song_ids, pa.string()))
    parts = int(spark.conf.get("spark.sql.shuffle.partitions"))
    together = (
        log.groupBy("user")
        .agg(F.collect_list(F.struct("song", "plays", "first")).alias("heard"))
        .repartitionByRange(parts, "user")
        .sortWithinPartitions("user")
        .select(
            F.col("user").alias("user_id"),
            F.col("heard.song").alias("songs"),
            F.col("heard.plays").alias("plays"),
            F.col("heard.first").alias("first"),
            F.spark_partition_id().alias("part"),
        )
        .checkpoint()
    )
    told = together.groupBy("part").agg(
        F.count("*").alias("users"),
        F.max(F.size("songs")).alias("longest"),
        F.max(F.size(F.array_compact("first"))),
    )
    told = sorted(told.collect())
    ends = np.cumsum([users for _, users, _, _ in told])
    starts = {part: int(end - users) for (part, users, _, _), end in zip(told, ends, strict=True)}
    timed = any(times for *_, times in told)

    def coded(batches: "Iterator[pa.RecordBatch]") -> "Iterator[pa.RecordBatch]":
        user = None
        for batch in batches:
            if not len(batch):
                continue
            user = starts[batch["part"][0].as_py()] if user is None else user
            indptr, songs = lists(batch["songs"])
            codes = pc.index_in(songs, known.value).to_numpy().astype(np.int32)
            order = np.lexsort((codes, np.repeat(np.arange(len(batch)), np.diff(indptr))))
            columns = [codes[order], lists(batch["plays"])[1].to_numpy()[order]]
            times = lists(batch["first"])[1].to_numpy()[order] if timed else np.empty(0, np.int64)
            yield batch_of(
                _CODED,
                np.arange(user, user + len(batch), dtype=np.int32),
                batch["user_id"],
                *((indptr, column) for column in columns),
                (indptr if timed else np.zeros_like(indptr), times),
            )
            user += len(batch)

    rows = together.mapInArrow(coded, _CODED).checkpoint()
    return Histories(rows, song_ids, int(ends[-1]), max(longest for _, _, longest, _ in told), timed)


def lists(column: pa.Array) -> tuple[np.ndarray, pa.Array]:
    """Where each list of a column begins, from 0, and the values of all: (n + 1,), (entries,)."""
    if not len(column):
        return np.zeros(1, np.int64), column.flatten()
    offsets = column.offsets.to_numpy()
    return (offsets - offsets[0]).astype(np.int64), column.flatten()


def matrix(columns: pa.Array, n: int, data: np.ndarray | None = None) -> csr_array:
    """Lists of codes as the rows of a matrix (rows, n), int32: 1, or data, where a code stands."""
    indptr, codes = lists(columns)
    values = np.ones(len(codes), np.int32) if data is None else data
    return csr_array((values, codes.to_numpy().astype(np.int32), indptr.astype(np.int32)), (len(columns), n))


def batch_of(schema: str, *columns: Any) -> pa.RecordBatch:
    """A batch with the names of a schema; a pair (indptr, values) is a column of lists."""
    names = [each.split()[0] for each in schema.split(", ")]
    made = [
        pa.ListArray.from_arrays(pa.array(column[0], pa.int32()), pa.array(column[1]))
        if isinstance(column, tuple)
        else pa.array(column)
        for column in columns
    ]
    return pa.RecordBatch.from_arrays(made, names)


def kept(indptr: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Where lists begin once only the entries of the mask are left."""
    return np.concatenate([[0], np.cumsum(mask)])[indptr]
