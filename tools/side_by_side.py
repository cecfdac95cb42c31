"""Run a piece of work by several libraries, each run in a process of its own, and compare what it took.

Peak memory is then a library's own. The libraries take turns, round after round, so that a busy moment of the
machine meets each of them; the median counts. Imports are not timed.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

COSTS = ("seconds", "cpu_seconds", "peak_mb")


def options(description: str, names: Sequence[str], rounds: int) -> argparse.ArgumentParser:
    """The options that all such comparisons have."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--rounds", type=int, default=rounds)
    parser.add_argument("--only", nargs="+", default=list(names), choices=names)
    parser.add_argument("--with", dest="pythons", action="append", default=[], metavar="NAME=PYTHON")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--once", nargs=2, metavar=("NAME", "INPUT"), help="one run, as JSON")
    return parser


def once(name: str, work: Callable[[], Any]) -> tuple[dict, Any]:
    """What one run took, and what it came to."""
    before, start = resource.getrusage(resource.RUSAGE_SELF), perf_counter()
    made = work()
    seconds, after = perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF)
    status = Path("/proc/self/status").read_text().splitlines()
    peak = next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM:"))
    cpu_seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    cost = {"seconds": seconds, "cpu_seconds": cpu_seconds, "peak_mb": peak / 1e6}
    return {"version": version(name)} | cost, made


def measure(script: str, given: str, rounds: int, pythons: dict[str, str], names: list[str]):
    """A row for each library: the medians of its rounds; NaN where it is not installed.

    `script --once NAME INPUT` prints what `once` gives with `result`, in which all must agree, and
    `entries`; or `missing`.
    """
    import pandas as pd

    runs: dict[str, list[dict]] = {name: [] for name in names}
    for _ in range(rounds):
        for name in names:
            program = [pythons.get(name, sys.executable), script, "--once", name, given]
            done = subprocess.run(program, capture_output=True, text=True, check=False)
            # A library that the machine's memory does not hold is a result, too.
            failed = {"missing": f"failed ({done.returncode})"}
            runs[name].append(failed if done.returncode else json.loads(done.stdout))
    if len({run["result"] for each in runs.values() for run in each if "result" in run}) > 1:
        raise SystemExit("the libraries do not come to the same")
    rows = []
    for name, each in runs.items():
        there = [run for run in each if "result" in run]
        about = there[0]["version"] if there else each[0]["missing"]
        row = {"library": name, "version": about, "runs": len(there)}
        for cost in COSTS:
            row[cost] = float(np.median([run[cost] for run in there])) if there else np.nan
        rows.append(row | {"entries": there[0]["entries"] if there else np.nan})
    table = pd.DataFrame(rows)
    for cost in COSTS[:2]:
        table[f"times_{cost}"] = table[cost] / table[cost].iloc[0]
    return table


def show(table, out: Path | None, **also: str) -> None:
    """Print the table, and write it with the machine and its load over the last quarter of an hour."""
    print(table.round(3).to_string(index=False))
    if out is None:
        return
    from songrec.files import write_text
    from songrec.measure import machine_line

    written = table.assign(**also, load=round(os.getloadavg()[2], 1), machine=machine_line())
    out.parent.mkdir(parents=True, exist_ok=True)
    write_text(out, written.to_csv(index=False, float_format="%.4g", lineterminator="\n"))
