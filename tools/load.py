"""Load at a constant rate on an HTTP server, and what it costs: `python tools/load.py --profile NAME`.

Requests leave when they are due, whether or not those before were answered, and are timed from when they were
due: a server that stalls is seen to stall (Tene 2015 calls the contrary coordinated omission). A request that
does nothing, /health, goes along in the same minute: what is slow for it as well is not the lists' doing.
"""

import argparse
import asyncio
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from urllib.parse import quote
from urllib.request import urlopen

import numpy as np
import pandas as pd

PORT = 8790

DRAWN = 3000
"""Different requests of a kind."""


@dataclass
class Outcome:
    """Answers by kind: seconds from when each was due, and how they ended (a status, or an error's name)."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    ended: dict[str, Counter] = field(default_factory=dict)

    def add(self, kind: str, seconds: float, end: str) -> None:
        self.seconds.setdefault(kind, []).append(seconds)
        self.ended.setdefault(kind, Counter())[end] += 1

    def ms(self, kind: str, quantile: float) -> float:
        return 1000 * float(np.quantile(self.seconds[kind], quantile))


def request(method: str, path: str, body: object = None, **headers: str) -> bytes:
    """An HTTP request as it is sent."""
    text = b"" if body is None else json.dumps(body).encode()
    told = {"Host": "localhost", **({"Content-Type": "application/json"} if text else {}), **headers}
    told["Content-Length"] = str(len(text))
    lines = [
        f"{method} {path} HTTP/1.1",
        *(f"{name.replace('_', '-')}: {value}" for name, value in told.items()),
    ]
    return "\r\n".join([*lines, "", ""]).encode() + text


async def open_loop(
    host: str,
    port: int,
    make: Callable[[int], tuple[str, bytes]],
    rate: float,
    seconds: float,
    limit: float = 30,
) -> Outcome:
    """Send requests at a constant rate.

    Parameters
    ----------
    host, port
        Of the server.
    make : callable
        From a request's number to its kind and bytes.
    rate : float
        Requests a second.
    seconds : float
        For how long.
    limit : float
        Seconds after which a request that was not answered has failed.
    """
    outcome, free, tasks = Outcome(), [], set()
    began = time.perf_counter()

    async def one(number: int, due: float) -> None:
        kind, sent = make(number)
        try:
            end = await asyncio.wait_for(_exchange(host, port, free, sent), limit)
        except (OSError, asyncio.IncompleteReadError, TimeoutError, ValueError) as error:
            end = type(error).__name__
        outcome.add(kind, time.perf_counter() - due, end)

    for number in range(int(rate * seconds)):
        due = began + number / rate
        if (wait := due - time.perf_counter()) > 0:
            await asyncio.sleep(wait)
        task = asyncio.create_task(one(number, due))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
    await asyncio.gather(*tasks)
    for _, writer in free:
        writer.close()
    return outcome


async def _exchange(host: str, port: int, free: list, sent: bytes) -> str:
    """The status of the answer, over a connection that is free or a new one."""
    reader, writer = free.pop() if free else await asyncio.open_connection(host, port)
    try:
        writer.write(sent)
        head = await reader.readuntil(b"\r\n\r\n")
        fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:] if b": " in line)
        await reader.readexactly(int(fields.get(b"content-length", 0)))
    except BaseException:
        writer.close()
        raise
    if fields.get(b"connection") == b"close":
        writer.close()
    else:
        free.append((reader, writer))
    return head[9:12].decode()


@contextmanager
def served(*options: str, port: int = PORT) -> Iterator[tuple[subprocess.Popen, float]]:
    """`songrec serve` in a process of its own, and the seconds until it was ready."""
    command = [sys.executable, "-m", "songrec.cli", "serve", "--port", str(port), *options]
    began = time.perf_counter()
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        while not _ready(port):
            if process.poll() is not None or time.perf_counter() - began > 120:
                raise RuntimeError(f"{' '.join(command)} does not start")
            time.sleep(0.02)
        yield process, time.perf_counter() - began
    finally:
        process.terminate()
        process.wait(60)


def _ready(port: int) -> bool:
    with suppress(OSError), urlopen(f"http://127.0.0.1:{port}/ready", timeout=5) as answer:
        return answer.status == 200
    return False


def cpu_seconds(pid: int) -> float:
    """Processor time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_mb(pid: int) -> dict[str, float]:
    """What a process holds: all, and what is its own (not of files that it maps)."""
    text = Path(f"/proc/{pid}/status").read_text()
    kilobytes = {
        line.split(":")[0]: int(line.split()[1]) for line in text.splitlines() if line.endswith(" kB")
    }
    return {name: round(kilobytes[of] / 1024, 1) for name, of in (("resident", "VmRSS"), ("own", "RssAnon"))}


QUANTILES = (50, 95, 99)

Ask = tuple[str, str, object]
"""Method, path and body of a request."""


def by_own(port: int, asks: list[Ask], rate: float, idle: float, seconds: float) -> dict:
    """What load comes to by the generator above."""
    nothing, sent = request("GET", "/health"), [request(*ask) for ask in asks]
    each, total = max(2, round((rate + idle) / idle)), rate + idle

    def make(number: int) -> tuple[str, bytes]:
        return ("idle", nothing) if number % each == 0 else ("list", sent[number % len(sent)])

    outcome = asyncio.run(open_loop("127.0.0.1", port, make, total, seconds))
    ended = outcome.ended["list"] + outcome.ended["idle"]
    quantiles = {
        f"{before}p{q}_ms": outcome.ms(of, q / 100)
        for before, of in (("", "list"), ("idle_", "idle"))
        for q in QUANTILES
    }
    told = {"n": ended.total(), "failed": ended.total() - ended["200"], "dropped": 0}
    return told | {"lists": len(outcome.seconds["list"])} | quantiles


def by_k6(k6: str, port: int, asks: list[Ask], rate: float, idle: float, seconds: float) -> dict:
    """What load comes to by k6; `dropped` are requests that it could not send when they were due."""
    bodies = [
        {"method": method, "path": path, "body": body and json.dumps(body)} for method, path, body in asks
    ]
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(bodies, file)
        file.flush()
        told = {"REQUESTS": file.name, "SERVER": f"http://127.0.0.1:{port}"}
        told |= {"RATE": f"{rate:g}", "IDLE": f"{idle:g}", "SECONDS": f"{seconds:g}"}
        words = [word for name, value in told.items() for word in ("-e", f"{name}={value}")]
        script = Path(__file__).with_suffix(".js")
        command = [k6, "run", "--quiet", "--no-usage-report", "--log-output=none", *words, str(script)]
        found = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    answered, failed = (sum(found[kind][of] for kind in ("list", "idle")) for of in ("answered", "failed"))
    quantiles = {
        f"{before}p{q}_ms": found[kind][f"p({q})"]
        for before, kind in (("", "list"), ("idle_", "idle"))
        for q in QUANTILES
    }
    told = {"n": answered + failed, "failed": failed, "dropped": found["dropped"]}
    return told | {"lists": found["list"]["answered"] + found["list"]["failed"]} | quantiles


def leg(pid: int, kind: str, asks: list[Ask], asked: argparse.Namespace, seconds: float) -> dict:
    """What load by one kind of request comes to, with 20 a second that do nothing beside it."""
    load = partial(by_k6, asked.k6) if asked.k6 else by_own
    load(PORT, asks, asked.rate, 20, 5)  # threads, connections and caches are there afterwards
    cpu, held = cpu_seconds(pid), memory_mb(pid)["own"]
    found = load(PORT, asks, asked.rate, 20, seconds)
    cpu, grown = cpu_seconds(pid) - cpu, memory_mb(pid)["own"] - held
    told = {"requests": kind, "rate": asked.rate, "seconds": seconds}
    return told | {"cpu_ms": 1000 * cpu / found.pop("lists"), "grown_mb": grown} | found


def measured(asked: argparse.Namespace) -> pd.DataFrame:
    """A row for each kind of request."""
    from songrec import measure
    from songrec.serve.run import open_run

    run, draw = open_run(asked.profile), random.Random(0)
    log, model = run.log, run.named(asked.model or None)[0]
    users, songs = log.user_ids.tolist(), log.song_ids.tolist()
    options = ["--profile", asked.profile, "--model", model]
    options += ["--redis", asked.redis] if asked.redis else []
    known: list[Ask] = [
        ("GET", f"/v1/users/{quote(draw.choice(users), safe='')}/recommendations", None) for _ in range(DRAWN)
    ]
    histories = ([{"song": song} for song in draw.sample(songs, asked.songs)] for _ in range(DRAWN))
    posted: list[Ask] = [("POST", "/v1/recommendations", {"history": history}) for history in histories]
    both = [ask for pair in zip(known, posted, strict=True) for ask in pair]
    kinds = {
        "known user": (known, asked.seconds),
        f"{asked.songs} songs": (posted, asked.seconds),
        "both in turn": (both, asked.longer),
    }
    with served(*options) as (process, start):
        legs = [
            leg(process.pid, kind, asks, asked, seconds) for kind, (asks, seconds) in kinds.items() if seconds
        ]
        memory = memory_mb(process.pid)
    version = [asked.k6, "version"] if asked.k6 else ["echo", "own generator"]
    said = subprocess.run(version, capture_output=True, text=True, check=True).stdout.split()
    return pd.DataFrame(legs).assign(
        log=asked.profile,
        users=log.n_users,
        songs=log.n_songs,
        model=run.models[model].title,
        redis=bool(asked.redis),
        start_seconds=start,
        memory_mb=memory["resident"],
        own_mb=memory["own"],
        generator=" ".join(said[:2]),
        load=round(os.getloadavg()[0], 1),
        machine=measure.machine_line(),
    )


def publish(rows: pd.DataFrame) -> None:
    """Put rows in the place of those of the same log, model and requests."""
    from songrec.paths import RESULTS

    path, key = RESULTS / "bench" / "service.csv", ["log", "model", "redis", "requests"]
    if path.exists():
        rows = pd.concat([pd.read_csv(path), rows]).drop_duplicates(key, keep="last")
    rows = rows.sort_values(key, kind="stable")
    rows.to_csv(path, index=False, float_format="%.4g", lineterminator="\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--profile", required=True)
    parser.add_argument("--model", default="", help="a label of the profile; empty: the run's winner")
    parser.add_argument("--redis", default="", help="its URL")
    parser.add_argument("--rate", type=float, default=300)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--longer", type=float, default=0, help="seconds of both kinds in turn; 0: none")
    parser.add_argument("--k6", default="", help="this program sends the load; empty: this one")
    parser.add_argument("--songs", type=int, default=40, help="of a posted history")
    parser.add_argument("--publish", action="store_true", help="write data/results/bench/service.csv")
    asked = parser.parse_args()
    rows = measured(asked)
    print(rows.T.to_string(header=False))
    if asked.publish:
        publish(rows)


if __name__ == "__main__":
    main()
