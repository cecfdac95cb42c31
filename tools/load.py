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
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote
from urllib.request import urlopen

import numpy as np
import pandas as pd

PORT = 8790


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


def leg(pid: int, kind: str, make: Callable[[], bytes], rate: float, seconds: float) -> dict:
    """What load by one kind of request comes to, with 20 a second that do nothing beside it."""
    idle, each = request("GET", "/health"), max(2, int(rate // 20))

    def sent(number: int) -> tuple[str, bytes]:
        return ("no-op", idle) if number % each == 0 else (kind, make())

    asyncio.run(open_loop("127.0.0.1", PORT, sent, 50, 2))
    cpu = cpu_seconds(pid)
    outcome = asyncio.run(open_loop("127.0.0.1", PORT, sent, rate, seconds))
    cpu = cpu_seconds(pid) - cpu
    ended = outcome.ended[kind] + outcome.ended["no-op"]
    quantiles = {
        f"{before}p{q}_ms": outcome.ms(of, q / 100)
        for before, of in (("", kind), ("idle_", "no-op"))
        for q in (50, 95, 99)
    }
    return {
        "requests": kind,
        "rate": rate,
        "n": ended.total(),
        "failed": ended.total() - ended["200"],
        **quantiles,
        "cpu_ms": 1000 * cpu / len(outcome.seconds[kind]),
    }


def measured(asked: argparse.Namespace) -> pd.DataFrame:
    """A row for each kind of request."""
    from songrec import measure
    from songrec.serve.run import open_run

    run, draw = open_run(asked.profile), random.Random(0)
    log, model = run.log, run.named(asked.model or None)[0]
    users, songs = log.user_ids.tolist(), log.song_ids.tolist()
    options = ["--profile", asked.profile, "--model", model]
    options += ["--redis", asked.redis] if asked.redis else []

    def known_user() -> bytes:
        user = quote(draw.choice(users), safe="")
        return request("GET", f"/v1/users/{user}/recommendations")

    def fold_in() -> bytes:
        heard = draw.sample(songs, asked.songs)
        return request("POST", "/v1/recommendations", {"history": [{"song": song} for song in heard]})

    with served(*options) as (process, start):
        legs = [
            leg(process.pid, kind, make, asked.rate, asked.seconds)
            for kind, make in (("known user", known_user), (f"{asked.songs} songs", fold_in))
        ]
        memory = memory_mb(process.pid)
    return pd.DataFrame(legs).assign(
        log=asked.profile,
        users=log.n_users,
        songs=log.n_songs,
        model=run.models[model].title,
        redis=bool(asked.redis),
        start_seconds=start,
        memory_mb=memory["resident"],
        own_mb=memory["own"],
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
    parser.add_argument("--songs", type=int, default=40, help="of a posted history")
    parser.add_argument("--publish", action="store_true", help="write data/results/bench/service.csv")
    asked = parser.parse_args()
    rows = measured(asked)
    print(rows.T.to_string(header=False))
    if asked.publish:
        publish(rows)


if __name__ == "__main__":
    main()
