"""The event log: once by id, all or none, on the disk; and plays that ingest reads again."""

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import pandas as pd
import pytest
from made_events import play, shown
from pydantic import TypeAdapter, ValidationError

from songrec.data import ingest, to_interactions, triplets
from songrec.errors import DataError
from songrec.serve.events import DATABASE, Event, EventLog, Play

ODD = ["a/b", "a b", "a  b", 'quo"te', "it's", "<b>x</b>", "🎵", "%s", "a,b;c", "ü" * 256, "#1", "NA", "12"]


@pytest.fixture
def log(tmp_path):
    with EventLog(tmp_path / "events") as log:
        yield log


def test_an_event_counts_once(log):
    assert log.append([play(1), shown(1), play(1)]) == (2, 1)
    assert log.append([play(1, song="other"), play(2, plays=3)]) == (1, 1)
    assert log.count() == 3
    assert log.plays_of("ann") == {"s1": 4}
    assert log.plays_of("bob") == {}
    assert log.shown_to("ann") == {"s1", "s2"}


def test_a_call_is_taken_whole_or_not_at_all(log, monkeypatch):
    broken = shown(1).model_copy(update={"items": [object()]})
    with pytest.raises(AttributeError):
        log.append([play(1), broken])
    assert log.count() == 0
    assert log.append([play(1)]) == (1, 0)


def test_events_are_only_added(log):
    log.append([play(1), shown(1)])
    with sqlite3.connect(log.path) as database:
        for table in ("events", "shown"):
            with pytest.raises(sqlite3.IntegrityError, match="only added"):
                database.execute(f"UPDATE {table} SET song = 'z'")


def test_a_user_is_forgotten_down_to_the_bytes(log):
    secret = "user-to-be-forgotten"
    log.append([play(1), play(2, user=secret, song="rare-song"), shown(2, user=secret, name="their-list")])
    assert log.forget(secret) == 2
    assert log.forget(secret) == 0
    assert log.plays_of(secret) == {}
    assert log.plays_of("ann") == {"s1": 1}
    for file in log.path.parent.iterdir():
        assert not any(word in file.read_bytes() for word in (b"forgotten", b"rare-song", b"their-list"))
    assert log.append([play(2, user=secret)]) == (1, 0)


def test_it_survives_a_restart(tmp_path):
    with EventLog(tmp_path) as log:
        log.append([play(1), shown(1)])
    with EventLog(tmp_path) as log:
        assert log.append([play(1), play(2)]) == (1, 1)
        assert log.count() == 3


WRITER = """
import sys
from songrec.serve.events import EventLog, Play
log = EventLog(sys.argv[1])
for number in range(100_000):
    log.append([Play(id=f"{number}.{part}", user="ann", song=f"s{part}") for part in range(5)])
    print(number, flush=True)
"""


def test_what_was_answered_is_there_after_a_kill(tmp_path):
    """Killed in the middle of writing; then its newest file is torn at several places."""
    command = [sys.executable, "-c", WRITER, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout:
            if int(line) == 25:
                os.kill(process.pid, signal.SIGKILL)
                break
        answered = 26 + len(process.stdout.read().split())
    written = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    with EventLog(tmp_path) as log:
        assert log.count() >= 5 * answered
        assert log.count() % 5 == 0, "a call is whole"
        assert set(log.plays_of("ann").values()) == {log.count() // 5}
    journal = f"{DATABASE}-wal"
    assert len(written[journal]) > 10_000
    for cut in (1, 100, 5_000):
        torn = tmp_path / f"torn-{cut}"
        torn.mkdir()
        for name, content in written.items():
            if not name.endswith("-shm"):
                (torn / name).write_bytes(content[:-cut] if name == journal else content)
        with EventLog(torn) as log:
            count = log.count()
            assert count % 5 == 0
            repeated = [Play(id=f"{number}.0", user="ann", song="s0") for number in range(answered)]
            assert log.append(repeated).repeated == min(count // 5, answered)


def test_threads_write_and_read_at_once(log):
    def write(user):
        for number in range(20):
            log.append([play(f"{user}-{number}", user=user), play(f"all-{number}")])
            assert log.plays_of(user)["s1"] == number + 1

    threads = [threading.Thread(target=write, args=(f"u{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert log.count() == 4 * 20 + 20
    assert log.plays_of("ann") == {"s1": 20}


def test_memory_does_not_grow_with_the_log(log):
    """Neither by events nor by users: what a block holds is given back before the next."""
    import tracemalloc

    def write(first):
        for number in range(first, first + 4_000, 500):
            log.append([play(f"{number}.{n}", user=f"user {number + n}") for n in range(500)])

    write(0)
    tracemalloc.start()
    write(4_000)
    sum(len(plays) for _, plays in log.blocks(users=500))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3e6


def test_blocks_hold_all_of_a_user(log):
    log.append([play(n, user=f"u{n % 7}", list="L") for n in range(50)] + [shown(9, user="u3")])
    blocks = list(log.blocks(users=2))
    users = [set(plays["user"]) | set(items["user"]) for items, plays in blocks]
    assert sorted(user for block in users for user in block) == [f"u{n}" for n in range(7)]
    items = pd.concat(items for items, _ in blocks if len(items))
    assert items[["list", "user", "position", "song", "version"]].to_numpy().tolist() == [
        ["list-9", "u3", 1, "s1", "x"],
        ["list-9", "u3", 2, "s2", "y"],
    ]
    assert sum(len(plays) for _, plays in blocks) == 50


def test_ingest_reads_the_triplets(log, tmp_path):
    events = [
        play(f"{place}.{number}.{n}", user=user, song=song)
        for place, song in enumerate(ODD)
        for number, user in enumerate([*ODD, "bob"])
        for n in range(1 + place % 2)
    ]
    log.append(events)
    log.append([shown(1)])
    counted = log.write_triplets(tmp_path / "plays.txt")
    assert counted == {"users": len(ODD) + 1, "triplets": len(ODD) * (len(ODD) + 1), "plays": len(events)}
    report = ingest(triplets(tmp_path / "plays.txt"), tmp_path / "t.parquet", tmp_path / "r.parquet")
    assert report.n_rejected == 0
    read = to_interactions(tmp_path / "t.parquet")
    assert set(read.song_ids) == set(ODD)
    assert read.plays.sum() == len(events)


def test_nothing_played_writes_no_file(log, tmp_path):
    log.append([shown(1)])
    with pytest.raises(DataError, match="holds no plays yet"):
        log.write_triplets(tmp_path / "plays.txt")
    assert not (tmp_path / "plays.txt").exists()


@pytest.mark.parametrize(
    "event",
    [
        {"kind": "play", "id": "1", "user": "u", "song": ""},
        {"kind": "play", "id": "1", "user": "u\t", "song": "s"},
        {"kind": "play", "id": "1", "user": "u", "song": "s\n"},
        {"kind": "play", "id": "1", "user": " u", "song": "s"},
        {"kind": "play", "id": "1", "user": "u", "song": "s\u00a0"},
        {"kind": "play", "id": "1", "user": "u", "song": "s", "plays": 0},
        {"kind": "play", "id": "1", "user": "u", "song": "s", "time": -1},
        {"kind": "play", "id": "1", "user": "u" * 257, "song": "s"},
        {"kind": "play", "id": "1", "user": "u", "song": "s", "more": 1},
        {"kind": "view", "id": "1", "user": "u", "song": "s"},
        {"kind": "impression", "id": "1", "user": "u", "list": "l", "items": []},
        *(
            {
                "kind": "impression",
                "id": "1",
                "user": "u",
                "list": "l",
                "items": [
                    {"song": "a", "position": 1, "version": "x"},
                    {"song": song, "position": position, "version": "x"},
                ],
            }
            for song, position in (("a", 2), ("b", 1), ("b", 0), ("b", 501))
        ),
    ],
)
def test_what_is_no_event(event):
    with pytest.raises(ValidationError):
        TypeAdapter(Event).validate_python(event)


def test_a_folder_of_something_else(tmp_path):
    (tmp_path / DATABASE).write_text("this is no database, though it has its name " * 9)
    with pytest.raises(DataError, match="cannot be used: file is not a database"):
        EventLog(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="cannot use"):
        EventLog(tmp_path / "file")


def test_another_process_that_writes_for_long_is_an_error(log, monkeypatch):
    monkeypatch.setattr("songrec.serve.events.WAIT", 0.05)
    log.append([play(1)])
    log.close()
    with sqlite3.connect(log.path, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        with pytest.raises(DataError, match="locked"):
            log.append([play(2)])
        assert time.monotonic() - began < 30
        assert log.plays_of("ann") == {"s1": 1}
        other.execute("ROLLBACK")
    assert log.append([play(2)]) == (1, 0)


def test_it_needs_a_path_only(tmp_path):
    assert EventLog(str(tmp_path)).path == Path(tmp_path) / DATABASE
