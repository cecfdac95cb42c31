"""A service over a small log whose ids are odd, on a real socket."""

import json
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from types import SimpleNamespace
from urllib.parse import quote

import uvicorn
from small_logs import quick_model, random_plays

from songrec.data import Catalogue, Interactions
from songrec.models.registry import model_names
from songrec.serve.app import create_app
from songrec.serve.run import ServedRun
from songrec.serve.serving import Serving
from songrec.serve.settings import ServiceSettings

ODD = ["a/b/c", "two words", "ü😀", "<b>&amp;</b>", "100%2F?#", "..", "x" * 300, "a", "o'q\"q"]
"""Ids that break what is careless: of users and of songs."""

ADMIN = {"X-API-Key": "admin"}


def odd_log(seed: int = 0) -> tuple[Interactions, Catalogue]:
    """90 users, 70 songs of 12 artists, a third of them without title and artist."""
    plays = random_plays(seed, 90, 70)
    users, songs = ([*ODD, *(f"{of}{i:02}" for i in range(n - len(ODD)))] for of, n in (("u", 90), ("s", 70)))
    rows, columns = plays.nonzero()
    triplets = [users[row] for row in rows], [songs[column] for column in columns], plays.data
    titled = [song for place, song in enumerate(songs) if place % 3]
    titles = [f"Title of {song}" for song in titled]
    artists = [f"Artist {place % 12}" for place in range(len(titled))]
    return Interactions.from_triplets(*triplets), Catalogue.from_columns(titled, titles, artists)


def make_run(folder, labels, seed: int = 0) -> ServedRun:
    """Models by their names, fitted on the log and saved, as a run has them."""
    log, catalogue = odd_log(seed)
    paths = SimpleNamespace(profile="odd", processed=folder)
    for label in labels:
        quick_model(label).fit(log.plays).save(folder / "models" / label, log.song_ids)
    known = {label: SimpleNamespace(estimator=label) for label in model_names()}
    winner = SimpleNamespace(
        winner=lambda among=None: next((one for one in labels if not among or one in among), labels[0])
    )
    winner.facts = lambda stage: {label: {"value": None} for label in labels}
    return ServedRun(paths, known, winner, log.user_ids, log.song_ids, log, catalogue)


class Asking:
    """A client of one server."""

    def __init__(self, port: int, serving: Serving | None = None):
        self.port, self.serving = port, serving

    def __call__(self, method, path, body=None, headers=None, raw=False):
        """Status and parsed body of an answer."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            text = body if isinstance(body, bytes | None) else json.dumps(body)
            connection.request(method, path, text, {"Content-Type": "application/json", **(headers or {})})
            answer = connection.getresponse()
            found = answer.read()
        finally:
            connection.close()
        return answer.status, (found.decode() if raw else json.loads(found))

    def get(self, path, **query):
        pairs = [
            f"{name}={quote(str(one), safe='')}"
            for name, value in query.items()
            for one in (value if isinstance(value, list) else [value])
        ]
        return self("GET", path + ("?" + "&".join(pairs) if pairs else ""))

    def for_user(self, user, **query):
        return self.get(f"/v1/users/{quote(user, safe='')}/recommendations", **query)

    def admin(self, method, path, body=None):
        return self(method, f"/v1/admin/{path}", body, ADMIN)

    def metric(self, name) -> float:
        """The sum of a metric's samples whose line begins with this."""
        lines = self("GET", "/metrics", raw=True)[1].splitlines()
        return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(name))


@contextmanager
def served(run: ServedRun | None, **settings) -> Iterator[Asking]:
    """The service over a run, or a registered model, on a free port, until the block ends."""
    told = ServiceSettings(**{"profile": "odd", "admin_key": "admin", **settings})
    serving = Serving(told, run)
    server = uvicorn.Server(uvicorn.Config(create_app(told, serving), port=0, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        wait_for(lambda: server.started)
        yield Asking(server.servers[0].sockets[0].getsockname()[1], serving)
    finally:
        server.should_exit = True
        thread.join(30)


class RedisServer:
    """Debian's redis-server, on a port of its own: started, stopped and started again."""

    def __init__(self):
        self.port, self.process = free_port(), None
        self.url = f"redis://127.0.0.1:{self.port}/0"

    @staticmethod
    def installed() -> bool:
        return bool(shutil.which("redis-server"))

    def start(self) -> None:
        command = [
            "redis-server",
            "--port",
            str(self.port),
            "--save",
            "",
            "--appendonly",
            "no",
            "--bind",
            "127.0.0.1",
        ]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        wait_for(lambda: _listens(self.port))

    def stop(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait(10)
            self.process = None


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def _listens(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


def wait_for(true, seconds: float = 60) -> None:
    """Until something holds; it fails after a long time."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "this does not happen"
        time.sleep(0.02)
