"""The generator of load sees a server that stalls."""

import asyncio
import threading
import time
from contextlib import suppress

import pytest
from load import open_loop, request


@pytest.mark.slow
def test_a_second_of_stalling_in_six_is_seen_in_the_99th_percentile():
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
        stalling = asyncio.create_task(stall())
        told["port"], told["loop"] = server.sockets[0].getsockname()[1], asyncio.get_running_loop()
        told["end"] = asyncio.Event()
        ready.set()
        await told["end"].wait()
        stalling.cancel()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    ready.wait(10)
    sent = request("GET", "/")
    outcome = asyncio.run(open_loop("127.0.0.1", told["port"], lambda n: ("one", sent), 100, 12))
    told["loop"].call_soon_threadsafe(told["end"].set)
    thread.join(10)
    assert outcome.ended["one"] == {"200": 1200}
    assert outcome.ms("one", 0.99) > 900
