"""How a loop is compiled, and how it is shared out to threads."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numba


def compiled(function: Callable) -> Callable:
    """Compile at the first call, keep the result on disk, and let go of the interpreter's lock.

    The result is kept beside the source, in the user's cache where that cannot be written, or in
    `NUMBA_CACHE_DIR`. Where none can be written, each process compiles for itself.

    Additions keep their order (no `fastmath`), so that results are the same on every processor.
    """
    options: dict[str, Any] = {"nogil": True, "error_model": "numpy"}
    try:
        return numba.njit(cache=True, **options)(function)
    except RuntimeError:  # numba: "no locator available"
        return numba.njit(**options)(function)


def in_threads(work: Callable, parts: Iterable[tuple], threads: int) -> list:
    """`work(*part)` for each part, on so many threads: the results in the order of the parts.

    A part must write to nothing that another one reads or writes.
    """
    if threads == 1:
        return [work(*part) for part in parts]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(lambda part: work(*part), parts))
