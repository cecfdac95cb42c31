"""Two nights of the routine with real servers, while a client asks: `python tools/nights.py --users 6000`.

A log, a run of the pipeline, its record on an MLflow server, the gate, a service that follows the alias; its
events become part of the log, and the next night's model goes live, and is taken back. Servers are started
with the commands of deploy/compose.yml. The library is installed from its wheel, so that all happens in a
folder of its own. Needs the extras `serve` and `tracking`, and Redis.
"""

import argparse
import json
import os
import random
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote
from urllib.request import urlopen

import pandas as pd
from compose import command_of

from songrec.pipeline.execute import die_with_parent

REPOSITORY = Path(__file__).resolve().parents[1]
MODEL = "models:/songbook@champion"
POLL = 0.5
"""Seconds after which the service asks which version is live."""

NEWCOMER, NEW_SONG = "a newcomer", "s-new"
"""Whom the log does not know, and what it does not: both are in the events."""

PROFILE = """title: Two nights
description: Listeners of twenty tastes, made up.
synthetic: true
stages:
  ingest: {source: triplets, path: heard}
  split: {protocol: weak_hashed}
  tune: {trials: 3}
models:
  popularity:
  item_knn: {hyperparameters: {similarity: cosine}}
"""


@dataclass
class Told:
    """What came of it.

    Attributes
    ----------
    seconds : dict
        Of each step.
    said : dict
        What the commands said, by step.
    statuses : Counter
        Of the client's answers; the error's name where there was none.
    versions : list of str
        That answered it, one after the other.
    newcomer : dict
        Version -> the rung of the newcomer's list.
    lists : dict
        Version -> user -> songs, over HTTP.
    """

    seconds: dict[str, float] = field(default_factory=dict)
    said: dict[str, str] = field(default_factory=dict)
    statuses: Counter = field(default_factory=Counter)
    versions: list[str] = field(default_factory=list)
    newcomer: dict[str, str] = field(default_factory=dict)
    lists: dict[str, dict[str, list[str]]] = field(default_factory=dict)


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@contextmanager
def started(command: list[str], url: str, log: Path, environment: dict[str, str]) -> Iterator[None]:
    """A server in a group of processes of its own, once a URL (if any) answers, until the block ends."""
    with log.open("w") as file:
        process = subprocess.Popen(
            command,
            cwd=log.parent,
            env=environment,
            stdout=file,
            stderr=file,
            start_new_session=True,
            preexec_fn=die_with_parent,
        )
        try:
            for _ in range(480 if url else 0):
                with suppress(OSError), urlopen(url, timeout=5):
                    break
                if process.poll() is not None:
                    raise RuntimeError(log.read_text())
                time.sleep(0.25)
            yield
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, 15)
            process.wait(60)


@contextmanager
def mlflow(folder: Path) -> Iterator[str]:
    """The URL of a real MLflow server, with what it keeps in a folder."""
    port = free_port()
    here = {"5000": str(port), "0.0.0.0": "127.0.0.1", "/srv/songbook/data": str(folder)}
    command = [sys.executable, "-m", *command_of("mlflow", here)]
    quietly = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    with started(command, f"http://127.0.0.1:{port}/health", folder / "mlflow.log", os.environ | quietly):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def redis(folder: Path) -> Iterator[str]:
    """The URL of a real Redis."""
    port = free_port()
    command = [*command_of("redis", {}), "--port", str(port), "--bind", "127.0.0.1"]
    with started(command, "", folder / "redis.log", dict(os.environ)):
        yield f"redis://127.0.0.1:{port}/0"


class Client:
    """Asks for lists, twenty times a second, until it is told to stop."""

    def __init__(self, port: int, users: list[str], told: Told):
        self._port, self._users, self._told = port, users, told
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> "Client":
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._stopped.set()
        self._thread.join()

    def ask(self, method: str, path: str, body: object = None) -> dict:
        connection = HTTPConnection("127.0.0.1", self._port, timeout=30)
        try:
            text = None if body is None else json.dumps(body)
            connection.request(method, path, text, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            found = json.loads(answer.read())
        finally:
            connection.close()
        self._told.statuses[answer.status] += 1
        return found

    def list_for(self, user: str, n: int = 10) -> dict:
        return self.ask("GET", f"/v1/users/{quote(user, safe='')}/recommendations?n={n}")

    def look(self) -> None:
        """Note the lists of some users, and the newcomer's rung, by the version that answers now."""
        newcomer = self.list_for(NEWCOMER)
        self._told.newcomer[newcomer["version"]] = newcomer["rung"]
        lists = {user: self.list_for(user) for user in self._users[:20]}
        self._told.lists[newcomer["version"]] = {
            user: [item["id"] for item in found["items"]] for user, found in lists.items()
        }

    def until(self, number: int) -> None:
        """Wait for a version to answer."""
        end = time.monotonic() + 60
        while not self._told.versions[-1].startswith(f"songbook-{number}-"):
            if time.monotonic() > end:
                raise RuntimeError(f"version {number} does not answer: {self._told.versions}")
            time.sleep(0.01)

    def _run(self) -> None:
        draw = random.Random(0)
        while not self._stopped.is_set():
            try:
                version = self.list_for(draw.choice(self._users))["version"]
                if [version] != self._told.versions[-1:]:
                    self._told.versions.append(version)
            except (OSError, HTTPException, ValueError, KeyError) as error:
                self._told.statuses[type(error).__name__] += 1
            self._stopped.wait(0.05)


def made_log(users: int) -> list[str]:
    """Triplets of listeners of twenty tastes: mostly songs of their own, some that everybody plays."""
    draw, lines = random.Random(0), []
    for user in range(users):
        taste = range(user % 20, 400, 20)
        songs = {*draw.sample(taste, 12), *draw.sample(range(400), 3), *draw.choices(range(8), k=2)}
        lines += [f"u{user:05}\ts{song:03}\t{draw.randint(1, 9)}\n" for song in sorted(songs)]
    return lines


def played(users: list[str]) -> list[dict]:
    """Events: a newcomer with songs of one taste, and a new song that many play."""
    plays = [(NEWCOMER, f"s{song:03}") for song in range(0, 240, 20)]
    plays += [(user, NEW_SONG) for user in users[:60]]
    return [
        {"kind": "play", "id": f"e{place}", "user": user, "song": song}
        for place, (user, song) in enumerate(plays)
    ]


def two_nights(folder: Path, users: int = 400) -> Told:
    """All of it, in an empty folder.

    Parameters
    ----------
    folder : Path
        Where the library, its data, the registry and the logs of the servers are put.
    users : int
        Of the log.
    """
    told = Told()
    wheel, library, work = folder / "wheel", folder / "library", folder / "work"
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(wheel)]
    subprocess.run(build, cwd=REPOSITORY, check=True, capture_output=True)
    pip = [sys.executable, "-m", "pip", "--quiet", "install", "--no-index", "--no-deps", "--no-compile"]
    subprocess.run([*pip, "--target", str(library), *map(str, wheel.glob("*.whl"))], check=True)
    (work / "data" / "profiles").mkdir(parents=True)
    (work / "data" / "profiles" / "nights.yml").write_text(PROFILE)
    log, events = (
        work / "data" / "raw" / "heard",
        work / "data" / "registry" / "songbook" / "serve" / "events",
    )
    log.mkdir(parents=True)
    (log / "plays.txt").write_text("".join(made_log(users)))
    listeners = [f"u{user:05}" for user in range(users)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SONGREC")}
    environment |= {"PYTHONPATH": str(library)}
    command = [sys.executable, "-m", "songrec.cli"]

    def songrec(step: str, *arguments: str, code: int = 0) -> None:
        began = time.perf_counter()
        done = subprocess.run(
            [*command, *arguments], cwd=work, env=environment, capture_output=True, text=True, check=False
        )
        told.seconds[step], told.said[step] = time.perf_counter() - began, done.stdout + done.stderr
        if done.returncode != code:
            raise RuntimeError(f"songrec {' '.join(arguments)}: {done.returncode}\n{told.said[step]}")

    def live(number: int) -> None:
        client.until(number)
        client.look()

    run = ["run", "--profile", "nights", "--only", "study.compare"]
    with mlflow(folder) as url, redis(folder) as shared:
        on = ["--tracking", url]
        songrec("first night: run", *run)
        songrec("first night: gate", "promote", "--profile", "nights", *on, "--model", "popularity")
        port = free_port()
        here = {"8000": str(port), "0.0.0.0": "127.0.0.1", "redis://redis:6379/0": shared}
        serve = [*command, *command_of("serve", here, {"MODEL": MODEL}), "--poll", str(POLL)]
        began, told_where = time.perf_counter(), environment | {"MLFLOW_TRACKING_URI": url}
        with started(serve, f"http://127.0.0.1:{port}/ready", work / "service.log", told_where):
            told.seconds["service: start"] = time.perf_counter() - began
            with Client(port, listeners, told) as client:
                client.look()
                client.ask("POST", "/v1/events", {"events": played(listeners)})
                songrec("second night: events", "events", str(events), "--out", str(log / "events.txt"))
                songrec("second night: run", *run)
                songrec("second night: gate, promoted", "promote", "--profile", "nights", *on)
                live(2)
                worse = ["--model", "popularity"]
                songrec("second night: gate, refused", "promote", "--profile", "nights", *on, *worse, code=3)
                songrec("rollback", "rollback", *on)
                live(1)
    return told


def measured(told: Told, users: int) -> pd.DataFrame:
    """A row for each step."""
    from songrec import measure

    return pd.DataFrame({"step": list(told.seconds), "seconds": list(told.seconds.values())}).assign(
        users=users,
        answers=told.statuses.total(),
        failed=told.statuses.total() - told.statuses[200],
        poll=POLL,
        load=round(os.getloadavg()[0], 1),
        machine=measure.machine_line(),
    )


def publish(rows: pd.DataFrame) -> None:
    from songrec.paths import RESULTS

    rows.to_csv(RESULTS / "bench" / "routine.csv", index=False, float_format="%.4g", lineterminator="\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--users", type=int, default=6000)
    parser.add_argument("--publish", action="store_true", help="write data/results/bench/routine.csv")
    asked = parser.parse_args()
    with TemporaryDirectory(prefix="songrec-") as folder:
        rows = measured(two_nights(Path(folder), asked.users), asked.users)
    print(rows.to_string())
    if asked.publish:
        publish(rows)


if __name__ == "__main__":
    main()
