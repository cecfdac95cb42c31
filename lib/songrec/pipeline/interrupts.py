"""Interrupts and kills: how they reach the processes of a run, and what is said of them."""

import signal
import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from contextlib import suppress
from typing import TypeVar

_PATIENCE = 50
"""Tenths of a second that an interrupt waits for what it interrupts to come to an end."""

_Result = TypeVar("_Result")


def interruptible(work: Callable[[], _Result]) -> _Result:
    """Do DVC's work in another thread, so that ctrl-c and `kill -INT` reach this one.

    DVC ignores them while a stage runs, and where they meet it elsewhere it may end in a traceback.
    """
    future: Future[_Result] = Future()

    def do() -> None:
        try:
            future.set_result(work())
        except BaseException as error:
            future.set_exception(error)

    threading.Thread(target=do, daemon=True).start()
    try:
        return future.result()
    except KeyboardInterrupt:
        for _ in range(_PATIENCE):  # a stage may be just about to start
            interrupt_children()
            if wait([future], timeout=0.1).done:
                break
        raise


def interrupt_children() -> None:
    """Hand an interrupt on to the stages that this process runs: it may have come to this process only."""
    import psutil

    for child in psutil.Process().children():
        with suppress(psutil.Error):
            child.send_signal(signal.SIGINT)


def killed(code: int) -> str:
    """What the exit code says of a stage that could not say anything itself."""
    if code >= 0:
        return ""
    memory = "; it may have been out of memory" if -code == signal.SIGKILL else ""
    return f": it was killed (signal {-code}){memory}"
