"""The splits by hash on Spark: the single machine's split, id by id.

A user's songs are divided by `songrec.splits.hashed`'s own draws, in blocks of users. All that the users
must agree on (whether shares are less than one song for everybody, which draws are the lowest, where a
cut-off lies) is a few numbers.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from scipy.sparse import csr_array

from songrec.engines.spark.filters import enough
from songrec.engines.spark.histories import Histories, batch_of, histories, kept, lists
from songrec.errors import ConfigError, DataError, positive
from songrec.splits.choose import FEWEST as FEWEST_TESTED
from songrec.splits.contract import FEWEST as FEWEST_SHARED
from songrec.splits.contract import check_shares, nobody, places
from songrec.splits.hashed import draws, hashes
from songrec.splits.strong import FEWEST as FEWEST_HELD
from songrec.splits.strong import too_few
from songrec.splits.temporal import FEWEST as FEWEST_KNOWN
from songrec.splits.temporal import end_of

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

TRAIN, VALIDATION, TEST, VALIDATION_FOLD_IN, TEST_FOLD_IN, NONE = range(6)
"""What an entry is for; entries of no part are left out."""

PARTS = "user int, user_id string, songs array<int>, plays array<int>, parts array<tinyint>"
HELD_OUT = "user int, user_id string, fold_in array<int>, holdout array<int>"


@dataclass(frozen=True)
class SparkSplit:
    """A log, divided.

    Attributes
    ----------
    protocol, seed
        As in `songrec.splits.Split`.
    rows : DataFrame
        user, user_id, songs, plays, parts: a row a user, with what each entry is for.
    song_ids : array of str (n_songs,)
        Sorted; the codes of all rows.
    n_users : int
        Codes of users.
    """

    protocol: str
    seed: int
    rows: "DataFrame"
    song_ids: np.ndarray
    n_users: int

    def train(self) -> "DataFrame":
        """user, songs, plays: what models learn from while they are chosen."""
        return self._with(TRAIN)

    def final_train(self) -> "DataFrame":
        """user, songs, plays: `train` plus all that validation knows."""
        return self._with(TRAIN, VALIDATION, VALIDATION_FOLD_IN)

    def validation(self) -> "DataFrame":
        """user, user_id, fold_in, holdout of those to choose parameters on."""
        return self._held_out(VALIDATION, (TRAIN, VALIDATION_FOLD_IN))

    def test(self) -> "DataFrame":
        """user, user_id, fold_in, holdout of those to test on."""
        return self._held_out(TEST, (TRAIN, VALIDATION, TEST_FOLD_IN))

    def _with(self, *wanted: int) -> "DataFrame":
        def chosen(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            for batch in batches:
                indptr, parts = lists(batch["parts"])
                mask = np.isin(parts.to_numpy(), wanted)
                ends = kept(indptr, mask)
                columns = (lists(batch[name])[1].to_numpy()[mask] for name in ("songs", "plays"))
                made = batch_of(schema, batch["user"], *((ends, column) for column in columns))
                yield made.filter(pa.array(np.diff(ends) > 0))

        schema = "user int, songs array<int>, plays array<int>"
        return self.rows.mapInArrow(chosen, schema)

    def _held_out(self, hidden: int, known: tuple[int, ...]) -> "DataFrame":
        def chosen(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            for batch in batches:
                indptr, parts = lists(batch["parts"])
                parts, songs = parts.to_numpy(), lists(batch["songs"])[1].to_numpy()
                columns = [
                    (kept(indptr, mask), songs[mask]) for mask in (np.isin(parts, known), parts == hidden)
                ]
                made = batch_of(HELD_OUT, batch["user"], batch["user_id"], *columns)
                yield made.filter(pa.array(np.diff(columns[1][0]) > 0))

        return self.rows.mapInArrow(chosen, HELD_OUT)


@dataclass(frozen=True)
class _Block:
    """Some users: where each one's entries begin, ids, songs, plays, times; draws of the entries."""

    user_ids: np.ndarray
    indptr: np.ndarray
    songs: np.ndarray
    first: np.ndarray
    draws: np.ndarray

    @property
    def sizes(self) -> np.ndarray:
        return np.diff(self.indptr)

    def placed(self, numbers: np.ndarray) -> np.ndarray:
        """Each entry's place among its user's, by these numbers."""
        return places(
            csr_array((numbers, self.songs, self.indptr), shape=(len(self.sizes), 1 << 30)), numbers
        )

    def spread(self, of_users: np.ndarray) -> np.ndarray:
        """A number of each user, for each entry."""
        return np.repeat(of_users, self.sizes)


def divide(protocol: str, log: "DataFrame", seed: int, **parameters: Any) -> SparkSplit:
    """Divide a log by a protocol of `songrec.splits.hashed`.

    Parameters
    ----------
    protocol : str
        weak_hashed, strong_hashed or temporal_hashed.
    log : DataFrame
        user, song, plays, first.
    seed : int
        Of the draws.
    **parameters
        Those of all protocols, as `songrec.splits.choose.divide` takes them.

    Raises
    ------
    ConfigError
        For a protocol whose draws follow the order of the log, and as on the single machine.
    DataError
        As on the single machine.
    """
    if protocol not in PROTOCOLS:
        raise ConfigError(
            f"the engine spark divides by {', '.join(PROTOCOLS)}, not by {protocol!r}: a cluster knows no "
            "order of the log, so draws follow from ids"
        )
    split = PROTOCOLS[protocol](log, seed, **parameters)
    users = {part: _users_with(split.rows, part) for part in (VALIDATION, TEST)}
    if not users[TEST] or not users[VALIDATION]:
        longest = split.rows.selectExpr("max(size(songs))").first()[0]
        raise nobody("test" if not users[TEST] else "validation", longest)
    if users[TEST] < FEWEST_TESTED:
        raise DataError(
            f"the log is too small: {users[TEST]} users can be tested, at least {FEWEST_TESTED} are wanted"
        )
    return split


def _users_with(rows: "DataFrame", part: int) -> int:
    from pyspark.sql import functions as F

    return rows.where(F.array_contains("parts", F.lit(part).cast("tinyint"))).count()


def _weak(log: "DataFrame", seed: int, *, test: float, validation: float, **_: Any) -> SparkSplit:
    check_shares(test=test, validation=validation)
    heard = histories(log)
    longest = heard.longest

    def parts(block: _Block) -> np.ndarray:
        taken = _taken(block.sizes, longest, test, validation)
        return _first_ones(block, block.placed(block.draws), taken)

    return _split("weak_hashed", seed, heard, parts)


def _taken(sizes: np.ndarray, longest: int, test: float, validation: float) -> list[np.ndarray]:
    """`songrec.splits.contract.shares_of` of some users, where the one with most songs has `longest`."""
    found, left = [], sizes
    for share in (test, validation):
        taken = np.floor(share * sizes).astype(int)
        if np.floor(share * longest) < 1:
            taken = (left >= FEWEST_SHARED).astype(int)
        found.append(taken)
        left = left - taken
    return found


def _first_ones(block: _Block, place: np.ndarray, taken: list[np.ndarray]) -> np.ndarray:
    test, validation = (block.spread(each) for each in taken)
    return np.where(place < test, TEST, np.where(place < test + validation, VALIDATION, TRAIN))


def _strong(
    log: "DataFrame",
    seed: int,
    *,
    min_listeners: int,
    min_songs: int,
    validation_users: int,
    test_users: int,
    holdout: float,
    **_: Any,
) -> SparkSplit:
    from pyspark.sql import functions as F

    check_shares(holdout=holdout)
    positive("validation_users", validation_users)
    positive("test_users", test_users)
    heard = histories(enough(enough(log, "song", min_listeners), "user", min_songs))
    if heard.n_users <= validation_users + test_users:
        raise too_few(heard.n_users, validation_users, test_users)

    def drawn(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            yield batch_of("draw long", draws(seed, hashes(batch["user_id"].to_pylist())))

    of_users = heard.rows.select("user_id").mapInArrow(drawn, "draw long")
    # The highest draws of test, and of test and validation: the only ones that come to the driver.
    counts = test_users, test_users + validation_users
    ends = [of_users.sort("draw").limit(n).agg(F.max("draw")).first()[0] for n in counts]

    def kind(block: _Block) -> np.ndarray:
        """0 training, 1 validation, 2 test."""
        return 2 - np.searchsorted(ends, draws(seed, hashes(block.user_ids)), side="left")

    song_ids = heard.song_ids

    def trained(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            block = _block(batch, song_ids, seed)
            songs = np.unique(block.songs[block.spread(kind(block)) == 0])
            yield batch_of("song int", songs.astype(np.int32))

    known = heard.rows.mapInArrow(trained, "song int").distinct().sort("song").toPandas()["song"].to_numpy()
    code = np.full(len(song_ids), -1, np.int32)
    code[known] = np.arange(len(known))

    def parts(block: _Block) -> np.ndarray:
        kinds, there = block.spread(kind(block)), code[block.songs] >= 0
        ends = kept(block.indptr, there)
        sizes = np.diff(ends)
        left = _Block(block.user_ids, ends, block.songs[there], block.first, block.draws[there])
        taken = np.where(sizes >= FEWEST_HELD, np.floor(holdout * sizes), 0)
        hidden = np.zeros(len(there), bool)
        hidden[there] = left.placed(left.draws) < left.spread(taken)
        tested = block.spread(taken > 0)
        fold_in = np.where(kinds == 2, TEST_FOLD_IN, VALIDATION_FOLD_IN)
        held = np.where(hidden, np.where(kinds == 2, TEST, VALIDATION), np.where(tested, fold_in, NONE))
        return np.where(~there, NONE, np.where(kinds == 0, TRAIN, held))

    return _split("strong_hashed", seed, heard, parts, code, song_ids[known])


def _temporal(
    log: "DataFrame", seed: int, *, test: float, validation: float, until: str | float = "", **_: Any
) -> SparkSplit:
    from pyspark.sql import functions as F

    heard = histories(log)
    if not heard.timed:
        raise ConfigError(
            "protocol 'temporal_hashed' needs to know when songs were played, and this log has no times: "
            "name their column as `time` (a parameter of ingest), or choose another `protocol`"
        )
    if until == "":
        check_shares(test=test, validation=validation)
        longest = heard.longest

        def parts(block: _Block) -> np.ndarray:
            order = np.empty(len(block.songs), np.int64)
            order[np.lexsort((block.draws, block.first))] = np.arange(len(order))
            latest = block.placed(-order)
            return _first_ones(block, latest, _taken(block.sizes, longest, test, validation))

        return _split("temporal_hashed", seed, heard, parts)
    check_shares(validation=validation)
    times = heard.rows.select(F.explode("first").alias("time"))
    n = times.count()
    end = end_of(until, n, lambda place: _nth(times, place))
    before = times.where(F.col("time") <= end).count()
    trained = before - int(validation * n)
    if before == n or trained < 1:
        raise DataError(
            f"until: {before:,} of {n:,} pairs were first played by then, which leaves nothing to train on "
            "or to test: set another `until`, or a smaller share for validation"
        )
    middle = _nth(times, trained - 1)

    def by_cut_off(block: _Block) -> np.ndarray:
        known = block.first <= end
        counted = np.diff(kept(block.indptr, known))
        later = np.where(block.spread(counted >= FEWEST_KNOWN), TEST, NONE)
        return np.where(block.first <= middle, TRAIN, np.where(known, VALIDATION, later))

    return _split("temporal_hashed", seed, heard, by_cut_off)


def _nth(times: "DataFrame", place: int) -> int:
    """The time at this place, from 0, of all in order: first its day, then its second, for these are few."""
    from pyspark.sql import functions as F

    low, left = None, place
    for step in (86_400, 1):
        floor = F.floor(F.col("time") / step).alias("at")
        some = times if low is None else times.where(F.floor(F.col("time") / 86_400) == low)
        counted = sorted(some.groupBy(floor).count().collect())
        for low, n in counted:  # noqa: B007
            if left < n:
                break
            left -= n
    return int(low)


PROTOCOLS: dict[str, Callable[..., SparkSplit]] = {
    "weak_hashed": _weak,
    "strong_hashed": _strong,
    "temporal_hashed": _temporal,
}


def _split(
    protocol: str,
    seed: int,
    heard: Histories,
    parts: Callable[[_Block], np.ndarray],
    code: np.ndarray | None = None,
    song_ids: np.ndarray | None = None,
) -> SparkSplit:
    """The split of which `parts` says, of a block of users, what each entry is for."""
    all_ids = heard.song_ids

    def divided(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            block = _block(batch, all_ids, seed)
            found = parts(block).astype(np.int8)
            mask = found != NONE
            ends = kept(block.indptr, mask)
            songs = block.songs if code is None else code[block.songs]
            columns = songs[mask], lists(batch["plays"])[1].to_numpy()[mask], found[mask]
            yield batch_of(PARTS, batch["user"], batch["user_id"], *((ends, column) for column in columns))

    rows = heard.rows.mapInArrow(divided, PARTS).checkpoint()
    return SparkSplit(protocol, seed, rows, all_ids if song_ids is None else song_ids, heard.n_users)


def _block(batch: pa.RecordBatch, song_ids: np.ndarray, seed: int) -> _Block:
    indptr, songs = lists(batch["songs"])
    codes, user_ids = songs.to_numpy(), np.array(batch["user_id"].to_pylist(), str)
    # Of the songs of this block alone: hashing them costs less than bringing all hashes along.
    distinct, place = np.unique(codes, return_inverse=True)
    of_songs = hashes(song_ids[distinct])[place]
    numbers = draws(seed, np.repeat(hashes(user_ids), np.diff(indptr)), of_songs)
    return _Block(user_ids, indptr, codes, lists(batch["first"])[1].to_numpy(), numbers)
