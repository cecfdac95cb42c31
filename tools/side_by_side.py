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
import tempfile
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

COSTS = ("seconds", "cpu_seconds", "peak_mb")


def once(name: str, work: Callable[[], Any]) -> tuple[dict, Any]:
    """What one run took, and what it came to."""
    before, start = resource.getrusage(resource.RUSAGE_SELF), perf_counter()
    made = work()
    seconds, after = perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF)
    status = Path("/proc/self/status").read_text().splitlines()
    peak = next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM:"))
    cpu_seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    cost = {"seconds": seconds, "cpu_seconds": cpu_seconds, "peak_mb": peak / 1e6}
    return {"version": version(name.rpartition("/")[2])} | cost, made


def measure(script: str, given: str, rounds: int, pythons: dict[str, str], names: list[str]):
    """A row for each library: the medians of its rounds; NaN where it is not installed.

    `script --once NAME INPUT` prints what `once` gives with `result` and `entries`, or `missing`. A name is a
    library, or TASK/LIBRARY where there are several tasks; all libraries of a task must agree in `result`.
    """
    import pandas as pd

    runs: dict[str, list[dict]] = {name: [] for name in names}
    for _ in range(rounds):
        for name in names:
            program = [pythons.get(name.rpartition("/")[2], sys.executable), script, "--once", name, given]
            done = subprocess.run(program, capture_output=True, text=True, check=False)
            # A library that the machine's memory does not hold is a result, too.
            failed = {"missing": f"failed ({done.returncode})"}
            runs[name].append(failed if done.returncode else json.loads(done.stdout))
    rows, results = [], {}
    for name, each in runs.items():
        task, _, library = name.rpartition("/")
        results.setdefault(task, set()).update(run["result"] for run in each if "result" in run)
        if len(results[task]) > 1:
            raise SystemExit(f"the libraries do not come to the same: {task} {results[task]}")
        there = [run for run in each if "result" in run]
        about = there[0]["version"] if there else each[0]["missing"]
        row = ({"task": task} if task else {}) | {"library": library, "version": about, "runs": len(there)}
        for cost in COSTS:
            row[cost] = float(np.median([run[cost] for run in there])) if there else np.nan
        rows.append(row | {"entries": there[0]["entries"] if there else np.nan})
    table = pd.DataFrame(rows)
    by_task = table.groupby("task", sort=False) if "task" in table else table.groupby(lambda row: 0)
    for cost in COSTS[:2]:
        table[f"times_{cost}"] = table[cost] / by_task[cost].transform("first")
    return table


def log_of(options: argparse.Namespace, folder: Path) -> tuple[Path, str]:
    """The log to work on, as SciPy's `save_npz` writes it, and what it is called.

    Of a profile's run what its models are fitted on, else a synthetic one.
    """
    from scipy.sparse import save_npz

    file = folder / "log.npz"
    if options.profile:
        from songrec.paths import Paths
        from songrec.splits import Split

        save_npz(file, Split.load(Paths(options.profile).processed / "split").final_train())
        return file, options.profile
    from songrec.data import SyntheticWorld

    save_npz(file, SyntheticWorld(options.users, options.songs, seed=1).interactions().plays)
    return file, f"{options.users} users, {options.songs} songs, synthetic"


def main(
    arguments: Sequence[str],
    script: str,
    about: str,
    names: Sequence[str],
    once: Callable[[str, str], dict],
    rounds: int,
    log_of: Callable[[argparse.Namespace, Path], tuple[Path, str]] = log_of,
) -> int:
    """The command line that all such comparisons have.

    `once` runs one of `names` on a file, as `measure` wants it; `log_of` gives that file and its name, from
    the options and an empty folder.
    """
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--rounds", type=int, default=rounds)
    parser.add_argument("--only", nargs="+", default=list(names), choices=names)
    parser.add_argument("--with", dest="pythons", action="append", default=[], metavar="NAME=PYTHON")
    parser.add_argument("--out", type=Path, help="a table to write")
    parser.add_argument("--once", nargs=2, metavar=("NAME", "FILE"), help="one run, as JSON")
    parser.add_argument("--profile", help="take the log of this profile's run")
    parser.add_argument("--file", type=Path, help="take this log")
    parser.add_argument("--users", type=int, default=60_000, help="of a synthetic log, otherwise")
    parser.add_argument("--songs", type=int, default=40_000)
    options = parser.parse_args(arguments)
    if options.once:
        print(json.dumps(once(*options.once)))
        return 0
    pythons = dict(each.split("=", 1) for each in options.pythons)
    with tempfile.TemporaryDirectory() as folder:
        file, log = log_of(options, Path(folder))
        table = measure(script, str(file), options.rounds, pythons, options.only)
    show(table, options.out, log)
    return 0


def show(table, out: Path | None, log: str) -> None:
    """Print the table, and write it with the machine and its load over the last quarter of an hour.

    What the file holds of other logs is kept.
    """
    print(table.round(3).to_string(index=False))
    if out is None:
        return
    import pandas as pd

    from songrec.files import write_text
    from songrec.measure import machine_line

    written = table.assign(log=log, load=round(os.getloadavg()[2], 1), machine=machine_line())
    if out.exists():
        kept = pd.read_csv(out)
        written = pd.concat([kept[kept["log"] != log], written])
    out.parent.mkdir(parents=True, exist_ok=True)
    write_text(out, written.to_csv(index=False, float_format="%.4g", lineterminator="\n"))
