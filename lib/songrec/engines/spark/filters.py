"""Filters of a log on Spark: the same steps, in the same order, as `songrec.data.filters`."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from songrec.data.filters import Step
from songrec.errors import DataError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


def enough(log: "DataFrame", column: str, least: int) -> "DataFrame":
    """The rows whose user, or song, has at least so many."""
    from pyspark.sql import functions as F

    if least <= 1:
        return log
    counted = log.groupBy(column).agg(F.count("*").alias("n")).where(F.col("n") >= least)
    return log.join(counted.select(column), column, "left_semi")


def k_core(log: "DataFrame", k: int) -> "DataFrame":
    """The largest part of the log in which every user has k songs and every song k listeners.

    Rounds until nothing changes; each is kept, so that a plan does not grow with their number.
    """
    before = log.count()
    while True:
        # The k-core is one and the same whichever side goes first.
        log = enough(enough(log, "song", k), "user", k).checkpoint()
        left = log.count()
        if left == before:
            return log
        before = left


def apply_filters(
    log: "DataFrame",
    remove: Iterable[str] | None = None,
    min_listeners: int = 1,
    min_songs: int = 1,
    core: int = 1,
) -> "tuple[DataFrame, list[Step]]":
    """As `songrec.data.filters.apply_filters`, of a DataFrame user, song, ..."""
    steps: list[Step] = []
    _note(steps, "as ingested", log)
    if remove is not None:
        ids = [(one,) for one in remove]
        gone = log.sparkSession.createDataFrame(ids, "song string")
        log = _note(steps, "wrongly matched songs removed", log.join(gone, "song", "left_anti"))
    if min_listeners > 1:
        log = _note(
            steps, f"songs with {min_listeners} listeners or more", enough(log, "song", min_listeners)
        )
    if min_songs > 1:
        log = _note(steps, f"users with {min_songs} songs or more", enough(log, "user", min_songs))
    if core > 1:
        log = _note(steps, f"{core}-core", k_core(log, core))
    return log, steps


def _note(steps: list[Step], name: str, log: "DataFrame") -> "DataFrame":
    from pyspark.sql import functions as F

    distinct = [F.count_distinct(column) for column in ("user", "song")]
    log = log.checkpoint() if steps else log
    users, songs, triplets = log.agg(*distinct, F.count("*")).first()
    if not triplets and steps:
        before = steps[-1]
        raise DataError(
            f"nothing is left after the filter {name!r}: before it were {before.triplets:,} triplets of "
            f"{before.users:,} users and {before.songs:,} songs. Ask for less."
        )
    steps.append(Step(name, users, songs, triplets))
    return log
