"""What was shown and what was played: events on disk, and the log that the next run learns from.

The log is one SQLite database in a folder of a local disk. An event is taken once, however often it is
posted: its id is the key. Events are only added (the database itself refuses a change of one); what takes any
away is the deletion of a user's data.

**Durability.** `append` returns when its events are on the disk: all of a call or none, by one write-ahead
commit with `synchronous=FULL`, which is one fsync a call. After a crash the commits that were answered are
there; one that was being written is not, wherever it was torn. Posted again, as a client does that had no
answer, its events count once.

**Memory.** Nothing is held but SQLite's pages: 2 MB for each thread that uses the log, whatever its length.
"""

import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, model_validator

from songrec.data.validation import MAX_ID
from songrec.errors import DataError
from songrec.files import replacing
from songrec.serve.schemas import WHOLE

DATABASE = "events.sqlite"
WAIT = 10.0
"""Seconds that a write waits for another process's."""

LONGEST_LIST = 500
USERS = 5_000
"""Users whose events are read at a time."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS events (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, user TEXT NOT NULL, time REAL NOT NULL,
    list TEXT, song TEXT, plays INTEGER);
CREATE INDEX IF NOT EXISTS events_of_user ON events (user);
CREATE TABLE IF NOT EXISTS shown (
    event INTEGER NOT NULL REFERENCES events ON DELETE CASCADE, position INTEGER NOT NULL, song TEXT NOT NULL,
    version TEXT NOT NULL, PRIMARY KEY (event, position)) WITHOUT ROWID;
CREATE TRIGGER IF NOT EXISTS events_stay BEFORE UPDATE ON events
    BEGIN SELECT RAISE(ABORT, 'events are only added'); END;
CREATE TRIGGER IF NOT EXISTS shown_stay BEFORE UPDATE ON shown
    BEGIN SELECT RAISE(ABORT, 'events are only added'); END;
"""

_MARK = r"\u0000-\u001f\u007f\u2028\u2029"
_SPACE = r"\u0020\u0085\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"  # spelt out: \s is not the same everywhere
_EDGE = f"[^{_MARK}{_SPACE}]"
Name = Annotated[str, Field(min_length=1, max_length=MAX_ID, pattern=f"^{_EDGE}([^{_MARK}]*{_EDGE})?$")]
"""An id: one line without tabs, and without a space at its ends, as ingest has it."""


def _with_kind(schema: dict) -> None:
    """What kind of event it is must be said, though who makes one in Python need not."""
    schema["required"] = ["kind", *schema.get("required", ())]


class _Event(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, json_schema_extra=_with_kind)

    id: Annotated[Name, Field(description="of the event, made by who posts it: the same id counts once")]
    user: Annotated[Name, Field(description="who it is of")]
    time: Annotated[
        float | None, Field(ge=0, lt=1e11, description="Unix time in seconds; without it, when it arrived")
    ] = None


class Play(_Event):
    """A song was played."""

    kind: Literal["play"] = "play"
    song: Name
    plays: Annotated[int, Field(ge=1, le=1_000_000, description="how often"), WHOLE] = 1
    list: Annotated[Name | None, Field(description="the list that it was chosen from")] = None


class Item(BaseModel):
    """A song of a list that was shown."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    song: Name
    position: Annotated[int, Field(ge=1, le=LONGEST_LIST, description="1 is the first"), WHOLE]
    version: Annotated[Name, Field(description="the version of the model that put it there")]


class Impression(_Event):
    """A list was shown."""

    kind: Literal["impression"] = "impression"
    list: Annotated[Name, Field(description="the id that came with the list")]
    items: Annotated[list[Item], Field(min_length=1, max_length=LONGEST_LIST)]

    @model_validator(mode="after")
    def _each_once(self) -> "Impression":
        for what in ("position", "song"):
            if len({getattr(item, what) for item in self.items}) < len(self.items):
                raise ValueError(f"a {what} stands twice in the list")
        return self


Event = Annotated[Impression | Play, Field(discriminator="kind")]


class Appended(NamedTuple):
    """How many events were new, and how many were there already."""

    taken: int
    repeated: int


class EventLog:
    """Impressions and plays, kept in a folder.

    Threads, and processes of one machine, may use one folder at once.

    Parameters
    ----------
    folder : Path
        On a local disk; made where it does not exist.

    Raises
    ------
    DataError
        When the folder cannot be used or holds something else.
    """

    def __init__(self, folder: Path):
        self.path = Path(folder) / DATABASE
        self._here = threading.local()
        self._open: list[sqlite3.Connection] = []
        self._lock = threading.Lock()
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DataError(f"cannot use {folder} for events: {error.strerror}") from error
        with self._database() as database:
            database.executescript(SCHEMA)

    def append(self, events: Sequence[Impression | Play]) -> Appended:
        """Keep the events that are not there yet: all or, when it fails, none.

        Raises
        ------
        DataError
            When they cannot be written.
        """
        now, taken = time.time(), 0
        with self._writing() as database:
            for event in events:
                told = (event.id, event.user, now if event.time is None else event.time, event.list)
                told += (event.song, event.plays) if isinstance(event, Play) else (None, None)
                row = database.execute(
                    "INSERT INTO events (id, user, time, list, song, plays) VALUES (?, ?, ?, ?, ?, ?) "
                    "ON CONFLICT (id) DO NOTHING RETURNING number",
                    told,
                ).fetchone()
                taken += row is not None
                if row and isinstance(event, Impression):
                    items = [(*row, item.position, item.song, item.version) for item in event.items]
                    database.executemany("INSERT INTO shown VALUES (?, ?, ?, ?)", items)
        return Appended(taken, len(events) - taken)

    def plays_of(self, user: str) -> dict[str, int]:
        """How often a user has played each song, in the order of the songs' ids."""
        query = "SELECT song, SUM(plays) FROM events WHERE user = ? AND song NOT NULL GROUP BY song"
        with self._database() as database:
            return dict(database.execute(query, (user,)))

    def shown_to(self, user: str) -> set[str]:
        """The songs that a user was shown."""
        query = "SELECT DISTINCT shown.song FROM shown JOIN events ON event = number WHERE user = ?"
        with self._database() as database:
            return {song for (song,) in database.execute(query, (user,))}

    def forget(self, user: str) -> int:
        """Delete all events of a user, overwritten on the disk; the number of events that are gone.

        An event of theirs that is posted afterwards, the same one or a new one, is taken.
        """
        with self._writing() as database:
            gone = database.execute("DELETE FROM events WHERE user = ?", (user,)).rowcount
        with self._database() as database:  # what was written before lies in the write-ahead file, too
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return gone

    def count(self) -> int:
        """How many events there are."""
        with self._database() as database:
            return database.execute("SELECT COUNT(*) FROM events").fetchone()[0]

    def blocks(self, users: int = USERS) -> Iterator[tuple[pd.DataFrame, pd.DataFrame]]:
        """Impressions and plays, all events of some users at a time, in the order of their ids.

        Returns
        -------
        iterator of (DataFrame, DataFrame)
            Of an item that was shown: list, user, position, song, version, time. Of a play: list (None where
            none was named), user, song, plays, time.
        """
        last = ""
        shown = (
            "SELECT list, user, position, shown.song, version, time FROM shown JOIN events ON event = number "
            "WHERE user > ? AND user <= ? ORDER BY number, position"
        )
        played = (
            "SELECT list, user, song, plays, time FROM events "
            "WHERE song NOT NULL AND user > ? AND user <= ? ORDER BY number"
        )
        following = "SELECT DISTINCT user FROM events WHERE user > ? ORDER BY user LIMIT ?"
        with self._database() as database:
            while ids := database.execute(following, (last, users)).fetchall():
                ends = last, ids[-1][0]
                yield tuple(pd.read_sql_query(query, database, params=ends) for query in (shown, played))
                last = ends[1]

    def write_triplets(self, path: Path) -> dict[str, int]:
        """Write who played what how often, in the form that ingest reads: user, song, plays, between tabs.

        Parameters
        ----------
        path : Path
            A `.txt` or `.tsv` file; replaced whole.

        Returns
        -------
        dict
            `users`, `triplets`, `plays`.

        Raises
        ------
        DataError
            When nothing was played yet, or when it cannot be written.
        """
        query = (
            "SELECT user, song, SUM(plays) FROM events WHERE song NOT NULL "
            "GROUP BY user, song ORDER BY user, song"
        )
        users, triplets, plays, last = 0, 0, 0, None
        with self._database() as database, replacing(path) as temporary:
            with open(temporary, "w", encoding="utf-8", newline="\n") as file:
                for user, song, times in database.execute(query):
                    file.write(f"{user}\t{song}\t{times}\n")
                    users, last = users + (user != last), user
                    triplets, plays = triplets + 1, plays + times
            if not triplets:
                raise DataError(f"{self.path} holds no plays yet: post some to /v1/events first")
        return {"users": users, "triplets": triplets, "plays": plays}

    def close(self) -> None:
        """Close the database; it opens again when it is used."""
        with self._lock:
            for database in self._open:
                database.close()
            self._open, self._here = [], threading.local()

    def __enter__(self) -> "EventLog":
        return self

    def __exit__(self, *_) -> None:
        self.close()

    @contextmanager
    def _database(self) -> Iterator[sqlite3.Connection]:
        """This thread's connection."""
        try:
            if not hasattr(self._here, "database"):
                self._here.database = self._connect()
            yield self._here.database
        except sqlite3.Error as error:
            raise DataError(f"the events in {self.path} cannot be used: {error}") from error

    def _connect(self) -> sqlite3.Connection:
        database = sqlite3.connect(self.path, WAIT, isolation_level=None, check_same_thread=False)
        with self._lock:
            self._open.append(database)
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "secure_delete=ON",
            "cache_size=-2000",
        ):
            database.execute(f"PRAGMA {pragma}")
        return database

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._database() as database:
            database.execute("BEGIN IMMEDIATE")
            try:
                yield database
            except BaseException:
                database.execute("ROLLBACK")
                raise
            database.execute("COMMIT")
