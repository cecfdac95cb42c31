"""Requests for lists while something else is done."""

import asyncio
import threading

from load import open_loop, request


def under_load(asking, meanwhile, seconds, rate=60):
    """What requests for lists came to while something else was done."""
    made = [request("GET", f"/v1/users/u{number:02}/recommendations?n=10") for number in range(60)]
    found = []

    def ask():
        each = lambda n: ("list", made[n % 60])  # noqa: E731
        found.append(asyncio.run(open_loop("127.0.0.1", asking.port, each, rate, seconds)))

    thread = threading.Thread(target=ask)
    thread.start()
    meanwhile()
    thread.join()
    return found[0]
