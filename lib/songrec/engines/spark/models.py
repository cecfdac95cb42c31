"""Models fitted on Spark: the project's own, with the same fitted attributes, saved like any other.

What a model keeps is of the size of the catalogue, so it comes to the driver; what it is made of stays where
it is.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from scipy.sparse import csr_array

from songrec.engines.spark.histories import batch_of, lists, matrix
from songrec.errors import ConfigError
from songrec.models import ALS, ItemKNN, Popularity
from songrec.models.als import WEIGHTS
from songrec.models.neighbours import spoken_for, swapped
from songrec.similarity import Similarity, nearest

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

CELLS = 50_000_000
"""Entries of the histories that a block of songs brings together at most, 8 bytes each, unless one song alone
does."""


def song_counts(train: "DataFrame", n_songs: int) -> dict[str, np.ndarray]:
    """Of each song, int64 (n_songs,): its listeners, its plays, and the songs of its listeners, added up.

    Parameters
    ----------
    train : DataFrame
        user, songs, plays.
    n_songs : int
        Of the catalogue.
    """
    from pyspark.sql import functions as F

    schema = "song int, listeners long, plays long, beside long"

    def counted(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        total = np.zeros((3, n_songs), np.int64)
        for batch in batches:
            indptr, songs = lists(batch["songs"])
            songs, sizes = songs.to_numpy(), np.diff(indptr)
            weights = 1, lists(batch["plays"])[1].to_numpy(), np.repeat(sizes, sizes)
            for row, each in zip(total, weights, strict=True):
                np.add.at(row, songs, each)
        heard = np.flatnonzero(total[0])
        yield batch_of(schema, heard.astype(np.int32), *total[:, heard])

    names = ("listeners", "plays", "beside")
    found = (
        train.mapInArrow(counted, schema).groupBy("song").agg(*(F.sum(name).alias(name) for name in names))
    )
    found = found.toPandas()
    counts = {name: np.zeros(n_songs, np.int64) for name in names}
    for name in names:
        counts[name][found["song"].to_numpy()] = found[name].to_numpy()
    return counts


def popularity(counts: dict[str, np.ndarray], **parameters: Any) -> Popularity:
    """`Popularity` from `song_counts`."""
    model = Popularity(**parameters)
    model.popularity_ = counts[model.by].astype(np.float64)
    model.n_songs_ = len(model.popularity_)
    return model


def item_knn(train: "DataFrame", counts: dict[str, np.ndarray], **parameters: Any) -> ItemKNN:
    """`ItemKNN`, its neighbours found by this library's kernel, a block of songs at a time.

    Parameters
    ----------
    train : DataFrame
        user, songs, plays.
    counts : dict
        `song_counts` of it.
    **parameters
        Hyper-parameters of `ItemKNN`; `weighting` must be binary.

    Returns
    -------
    ItemKNN
        Equal to the single machine's in every neighbour and every bit: what songs have in common are whole
        numbers.

    Notes
    -----
    A block of songs needs the whole histories of all who heard one of them, and no others: these are sent to
    it. So a history travels as often as it has songs in different blocks, which is what the shuffle costs.
    Blocks are cut so that no more than `CELLS` entries come together; only a song whose listeners alone have
    more is a block of its own however large.
    """
    model = ItemKNN(**parameters)
    model._check_parameters()
    if model.weighting != "binary":
        raise ConfigError(
            f"item-KNN on Spark compares who heard a song, not {model.weighting}: weighting binary"
        )
    asking, k = model.to_candidates(), model.neighbours
    asking = swapped(asking) if model.reverse else asking
    n, listeners = len(counts["listeners"]), counts["listeners"].astype(np.float64)
    block = blocks_of(counts["beside"])

    def sent(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for name, rows in _by_block(batch["songs"], block):
                where = np.full(len(rows), name, np.int32)
                yield pa.RecordBatch.from_arrays([pa.array(where), rows], ["block", "songs"])

    def searched(key: tuple[pa.Scalar, ...], group: pa.Table) -> pa.Table:
        songs = np.flatnonzero(block == key[0].as_py()).astype(np.int32)
        found = _nearest(group["songs"].combine_chunks(), songs, n, k, asking, listeners)
        columns = (found.indptr, found.indices.astype(np.int32)), (found.indptr, found.data)
        return pa.Table.from_batches([batch_of(schema, songs, *columns)])

    schema = "song int, neighbours array<int>, similarities array<float>"
    histories = train.mapInArrow(sent, "block int, songs array<int>")
    found = (
        histories.groupBy("block").applyInArrow(searched, schema).toArrow().sort_by("song").combine_chunks()
    )
    sizes = np.zeros(n, np.int64)
    ends, neighbours = lists(_whole(found["neighbours"]))
    sizes[found["song"].to_numpy()] = np.diff(ends)
    similarities = lists(_whole(found["similarities"]))[1].to_numpy()
    indptr = np.concatenate([[0], np.cumsum(sizes)])
    indptr = indptr.astype(np.int32 if indptr[-1] < np.iinfo(np.int32).max else np.int64)
    table = csr_array((similarities.copy(), neighbours.to_numpy().copy(), indptr), shape=(n, n))
    model.similarity_ = spoken_for(table, model.q, reverse=model.reverse, normalize=model.normalize)
    model.n_songs_ = n
    return model


def blocks_of(beside: np.ndarray, cells: int = 0) -> np.ndarray:
    """The block of each song, in the order of codes: none brings more than so many entries together.

    >>> blocks_of(np.array([3, 3, 9, 1, 2, 2]), 6)
    array([0, 0, 1, 2, 2, 2])
    """
    cells = cells or CELLS
    block, found, room = 0, np.zeros(len(beside), np.int64), cells
    for song, size in enumerate(beside.tolist()):
        if size > room and room < cells:
            block, room = block + 1, cells
        found[song] = block
        room -= size
    return found


def _by_block(songs: pa.ListArray, block: np.ndarray) -> Iterator[tuple[int, pa.ListArray]]:
    """(block, histories of those who heard one of its songs)."""
    indptr, codes = lists(songs)
    user = np.repeat(np.arange(len(songs)), np.diff(indptr))
    pairs = np.unique(np.stack([block[codes.to_numpy()], user]), axis=1)
    for name in np.unique(pairs[0]):
        yield int(name), songs.take(pa.array(pairs[1][pairs[0] == name]))


def _nearest(
    histories: pa.ListArray, songs: np.ndarray, n: int, k: int, asking: Similarity, listeners: np.ndarray
) -> csr_array:
    """The nearest of these songs, of whose listeners the histories are all: (len(songs), n)."""
    by_user = matrix(histories, n)
    queries = csr_array(by_user[:, songs].T.tocsr())
    return nearest(queries, by_user, k, asking, sizes=listeners, own=songs, threads=1)


def _whole(column: pa.ChunkedArray) -> pa.ListArray:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def als(train: "DataFrame", n_songs: int, **parameters: Any) -> "tuple[ALS, DataFrame]":
    r"""`ALS` with factors found by Spark's own alternating least squares.

    Parameters
    ----------
    train : DataFrame
        user, songs, plays.
    n_songs : int
        Of the catalogue.
    **parameters
        Hyper-parameters of `ALS`; `penalty` is "entries", the only one that Spark knows.

    Returns
    -------
    ALS
        It folds users in as any other: a user of `train` to the vector that Spark found, but for the
        rounding of single precision, where `confidence` is binary.
    DataFrame
        Those vectors: id (the user's code), features. They stay where they are.

    Notes
    -----
    Spark (org.apache.spark.ml.recommendation.ALS with implicitPrefs) solves, with :math:`r_{ui}` the rating,

    .. math:: (Y^T Y + \sum_i \alpha |r_{ui}|\, y_i y_i^T + n_u \lambda I)\, x_u =
        \sum_i (1 + \alpha |r_{ui}|)\, y_i

    over the :math:`n_u` songs of a user with a rating above 0. Its objective is therefore that of `ALS` with

    * the rating :math:`r_{ui}` = weight(plays), this library's `confidence`: both count an entry
      :math:`1 + \alpha \cdot \text{weight}`, so `alpha` is the same number. (In the package implicit an
      entry counts :math:`\alpha r`: its alpha is this one plus 1 for a binary log.)
    * `regularization` = Spark's regParam, with `penalty` "entries": λ once for each entry. No one λ with
      `penalty` "vectors" gives the same model, for users differ in :math:`n_u`. An engine is therefore tuned
      by itself.

    Spark begins with random vectors of length one and computes in its own order: factors are not those of the
    single machine, even where the objective is.
    """
    from pyspark.ml.recommendation import ALS as SparkALS
    from pyspark.sql import functions as F

    model = ALS(**{"penalty": "entries", **parameters})
    model._check_parameters()
    if model.penalty != "entries":
        raise ConfigError("ALS on Spark adds λ once for each entry: penalty entries")
    schema = "user int, song int, rating float"

    def rated(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            indptr, songs = lists(batch["songs"])
            user = np.repeat(batch["user"].to_numpy(), np.diff(indptr))
            plays = lists(batch["plays"])[1].to_numpy().astype(np.float64)
            yield batch_of(schema, user, songs, WEIGHTS[model.confidence](plays).astype(np.float32))

    spark = train.sparkSession
    blocks = int(spark.conf.get("spark.sql.shuffle.partitions"))
    fitted = SparkALS(
        rank=model.factors,
        maxIter=model.epochs,
        regParam=model.regularization,
        alpha=model.alpha,
        implicitPrefs=True,
        seed=model.seed,
        numUserBlocks=blocks,
        numItemBlocks=blocks,
        userCol="user",
        itemCol="song",
        ratingCol="rating",
        checkpointInterval=5,
    ).fit(train.mapInArrow(rated, schema))
    found = fitted.itemFactors.select("id", F.col("features").alias("vector")).toPandas()
    factors = np.zeros((n_songs, model.factors), np.float32)
    factors[found["id"].to_numpy()] = np.stack(found["vector"].to_numpy())
    return model.take(factors), fitted.userFactors
