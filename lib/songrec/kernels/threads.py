"""On how many threads compiled loops run, and how work is shared out to them."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext

_one_thread = False


def one_thread_for_good() -> None:
    """Hold BLAS, and what keeps to its number of threads, to one thread from now on.

    To be called once all that brings a BLAS is imported. Asking for the number takes milliseconds: nobody
    asks any longer.
    """
    from threadpoolctl import threadpool_limits

    global _one_thread
    threadpool_limits(1)
    _one_thread = True


def blas_threads() -> int:
    """The number of threads that BLAS may use now: what work that is shared out by hand should keep to."""
    if _one_thread:
        return 1
    from threadpoolctl import threadpool_info

    return max((pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"), default=1)


def in_threads(work: Callable, parts: Iterable[tuple], threads: int = 0) -> list:
    """`work(*part)` for each part, on so many threads: the results in the order of the parts.

    Without a number on as many as BLAS may use. A part must write to nothing that another one reads or
    writes.
    """
    threads = threads or blas_threads()
    if threads == 1:
        return [work(*part) for part in parts]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(lambda part: work(*part), parts))


@contextmanager
def single_threaded_blas() -> Iterator[None]:
    """Hold BLAS to one thread within the block.

    BLAS divides a product by the number of its threads, and the order of addition with it, so the last bits
    of a result, and in the end places in a list, would depend on the machine's cores.
    """
    from threadpoolctl import threadpool_limits

    with nullcontext() if _one_thread else threadpool_limits(limits=1, user_api="blas"):
        yield
