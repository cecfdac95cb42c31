"""Cost of a piece of work: seconds, peak memory, threads, and on which machine."""

import os
import platform
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_MEMORY = Path("/proc/meminfo")
_GROUPS = Path("/sys/fs/cgroup")
_CONTAINER = (  # limit, use, and the key in memory.stat of what is only cached
    (_GROUPS / "memory.max", "memory.current", "inactive_file"),
    (_GROUPS / "memory" / "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
)
_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass
class Cost:
    """Wall-clock seconds of the measured block; filled in when the block ends."""

    seconds: float = 0.0


@contextmanager
def timed() -> Iterator[Cost]:
    """Measure a block's wall-clock time.

    >>> with timed() as cost:
    ...     total = sum(range(10))
    >>> cost.seconds > 0
    True
    """
    cost = Cost()
    start = time.perf_counter()
    try:
        yield cost
    finally:
        cost.seconds = time.perf_counter() - start


def peak_mb(process: int | str = "self") -> float:
    """The largest resident memory this process has had since it started, in megabytes (10^6 bytes).

    Another process of this machine by its number (Linux only; 0 where it cannot be looked at).

    The whole process counts: the interpreter, the libraries and memory-mapped files that were touched.
    Linux's VmHWM is preferred: `ru_maxrss` also remembers the process that this one was started from.
    """
    try:
        status = Path(f"/proc/{process}/status")
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024 / 1e6
    except (OSError, StopIteration):
        if process != "self":
            return 0.0
        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def children_peak_mb() -> float:
    """The largest resident memory that one of this process's children had that have ended, in megabytes."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * unit / 1e6


def free_memory() -> int:
    """Bytes of memory that new arrays may take: what the machine and, in a container, its limit have left."""
    try:
        lines = (line.split() for line in _MEMORY.read_text().splitlines())
        free = next(int(line[1]) * 1024 for line in lines if line[0] == "MemAvailable:")
    except (OSError, StopIteration):
        known = "SC_AVPHYS_PAGES" if "SC_AVPHYS_PAGES" in os.sysconf_names else "SC_PHYS_PAGES"
        free = os.sysconf("SC_PAGE_SIZE") * os.sysconf(known)
    return max(0, min([free, *_left_in_container()]))


def _left_in_container() -> Iterator[int]:
    """What control groups (version 2, version 1) leave; files that are only cached can make room."""
    for limit, used, cached in _CONTAINER:
        try:
            stat = dict(line.split() for line in (limit.parent / "memory.stat").read_text().splitlines())
            yield int(limit.read_text()) - int((limit.parent / used).read_text()) + int(stat[cached])
        except (OSError, ValueError, KeyError):  # no such group, or its limit is "max"
            continue


@contextmanager
def threads(limit: int) -> Iterator[int]:
    """Hold BLAS and OpenMP to at most `limit` threads within the block.

    Libraries that are loaded already are told; one that is loaded within the block reads the variables.
    """
    from threadpoolctl import threadpool_limits

    before = {name: os.environ.get(name) for name in _VARIABLES}
    os.environ |= dict.fromkeys(_VARIABLES, str(limit))
    try:
        with threadpool_limits(limits=limit):
            yield limit
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def machine() -> dict[str, str | int | float]:
    """The machine that numbers were measured on: processor, cores this process may use, memory, system."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "processor": _processor(),
        "cores": cores,
        "memory_gib": round(memory, 1),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
    }


def machine_line() -> str:
    """The machine in one line, for the foot of a table of costs."""
    found = machine()
    cores = f"{found['cores']} core{'s' if found['cores'] != 1 else ''}"
    return (
        f"{found['processor']}, {cores}, {found['memory_gib']:g} GiB, {found['system']}, "
        f"Python {found['python']}."
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
