"""Top-N lists and their metrics on Spark, by the code of the single machine, in blocks of users."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa

from songrec.engines.spark.histories import batch_of, matrix
from songrec.evaluation.hits import find_hits
from songrec.evaluation.metrics import ACCURACY
from songrec.evaluation.statistics import student

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from songrec.models.base import Recommender

LISTS = "user int, user_id string, songs array<int>, scores array<float>, holdout array<int>"


def recommend(model: "Recommender", users: "DataFrame", n: int) -> "DataFrame":
    """Lists of held-out users.

    Parameters
    ----------
    model : Recommender
        Fitted; it is sent to every executor once.
    users : DataFrame
        user, user_id, fold_in, holdout.
    n : int
        Length of the lists.

    Returns
    -------
    DataFrame
        user, user_id, songs (codes, best first, -1 at the end of a short list), scores, holdout.

    Notes
    -----
    `Recommender.recommend` gives a user the same list in any batch: that of the single machine. All pairs of
    a user and a song are never made, which is what `recommendForAllUsers` of Spark does, songs heard already
    included.
    """
    sent, n_songs = users.sparkSession.sparkContext.broadcast(model), model.n_songs_

    def ranked(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            if len(batch):
                songs, scores = sent.value.recommend(matrix(batch["fold_in"], n_songs), n)
                ends = np.arange(len(batch) + 1) * n
                made = (ends, songs.ravel()), (ends, scores.ravel())
                yield batch_of(LISTS, batch["user"], batch["user_id"], *made, batch["holdout"])

    return users.mapInArrow(ranked, LISTS)


def per_user(lists: "DataFrame", n_songs: int, cutoffs: Sequence[int]) -> "DataFrame":
    """The metrics of accuracy: user, and a double `metric@k` for each, as `evaluate` has them."""
    names = [f"{name}@{k}" for name in ACCURACY for k in cutoffs]
    schema = pa.schema([("user", pa.int32()), *((name, pa.float64()) for name in names)])

    def scored(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            if len(batch):
                songs = batch["songs"].flatten().to_numpy().reshape(len(batch), -1)
                hits = find_hits(songs, matrix(batch["holdout"], n_songs))
                values = [metric(hits, k) for metric in ACCURACY.values() for k in cutoffs]
                yield pa.RecordBatch.from_arrays([batch["user"], *map(pa.array, values)], schema=schema)

    return lists.mapInArrow(scored, ", ".join(["user int", *(f"`{name}` double" for name in names)]))


def summary(values: "DataFrame") -> pd.DataFrame:
    """Means over the users: metric, k, value, se, ci_low, ci_high, n_users.

    The interval is Student's, from sums that the cluster adds up; the bootstrap of `evaluation.summarise`
    would draw users again and again.
    """
    from pyspark.sql import functions as F

    names = [name for name in values.columns if name != "user"]
    asked = [(F.mean, "mean"), (F.stddev_samp, "sd"), (F.min, "low"), (F.max, "high")]
    sums = [of(F.col(f"`{name}`")).alias(f"{what} {name}") for name in names for of, what in asked]
    row = values.agg(F.count("*").alias("n"), *sums).first().asDict()
    return student(names, row["n"], *([row[f"{what} {name}"] for name in names] for _, what in asked))
