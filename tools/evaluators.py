"""How long an evaluation takes, side by side with other libraries' evaluators: `make bench`.

The same lists and the same holdout for all, asked in turn, round after round, so that a busy moment of the
machine meets each of them. The median of the rounds counts; the processor's time, to which every thread
adds, stands beside the wall clock's. What a library wants as containers of its own is made before the clock
starts. What two of them define alike must come out alike, or nothing is reported.

implicit is part of this project's environment, for tests. The others want environments of their own:

    python -m venv build/lenskit && build/lenskit/bin/pip install lenskit==2025.8.1
    python tools/evaluators.py --with lenskit=build/lenskit/bin/python [--out FILE.csv]

An evaluator whose library is not installed is left out, and the table says so.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from contestants import CONTESTANTS
from scipy.sparse import csr_array

SETTINGS = ((5, 10, 20, 50, 100), (100,))
"""Cut-offs asked for: a table's worth, and one alone, which suits a library that takes one at a time."""

PATIENCE = 20.0
"""Seconds after which an evaluator is asked no more, once it has been asked twice."""


def synthetic(users: int, songs: int, n: int, seed: int) -> tuple[np.ndarray, csr_array]:
    """Lists int32 (users, n) of distinct songs, and a holdout of 1 to 20 songs each, a fifth listed."""
    generator = np.random.default_rng(seed)
    drawn = [generator.choice(songs, n + 20, replace=False) for _ in range(users)]
    lists = np.array(drawn, dtype=np.int32)
    count = generator.integers(1, 21, users)
    rows, columns = [], []
    for user in range(users):
        listed = generator.binomial(count[user], 0.2)
        found = generator.choice(lists[user, :n], listed, replace=False)
        columns.append(np.concatenate([found, lists[user, n : n + count[user] - listed]]))
        rows.append(np.full(count[user], user))
    rows, columns = np.concatenate(rows), np.concatenate(columns)
    holdout = csr_array((np.ones(len(rows), np.int32), (rows, columns)), shape=(users, songs))
    holdout.sort_indices()
    return np.ascontiguousarray(lists[:, :n]), holdout


class Contestant:
    """One evaluator in its own process; `about` is what it said of itself."""

    def __init__(self, name: str, python: str, lists: Path, cutoffs: Sequence[int]):
        program = [python, str(Path(__file__).with_name("contestants.py")), name, str(lists)]
        self.name, self.runs, self.means = name, [], {}
        self.process = subprocess.Popen(
            [*program, ",".join(map(str, cutoffs))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONWARNINGS": "ignore"},
        )
        self.about = self._reply()

    @property
    def here(self) -> bool:
        return "missing" not in self.about

    def evaluate(self) -> None:
        """Once more."""
        self.process.stdin.write("again\n")
        self.process.stdin.flush()
        reply = self._reply()
        self.means = reply.pop("means")
        self.runs.append(reply)

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait()

    def _reply(self) -> dict:
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"{self.name} ended without an answer")
        return json.loads(line)


def measure(
    lists: np.ndarray, holdout: csr_array, cutoffs: Sequence[int], rounds: int, pythons: Mapping[str, str]
) -> pd.DataFrame:
    """A row for each evaluator: what it computed and the median of its times; NaN where it is not installed.

    `times` is how many times the wall clock's time of songrec it took. A first round is not counted: some
    compile themselves in it.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "lists.npz"
        parts = {"data": holdout.data, "indices": holdout.indices, "indptr": holdout.indptr}
        np.savez(path, lists=lists, shape=holdout.shape, **parts)
        contestants = [
            Contestant(name, pythons.get(name, sys.executable), path, cutoffs) for name in CONTESTANTS
        ]
        here = [each for each in contestants if each.here]
        for _ in range(rounds + 1):
            for each in here:
                if len(each.runs) < 2 or sum(run["seconds"] for run in each.runs) < PATIENCE:
                    each.evaluate()
        for each in contestants:
            each.close()
    agree(here)
    return pd.DataFrame([_row(each, here[0], lists, cutoffs) for each in contestants])


def agree(contestants: Sequence[Contestant]) -> None:
    """Stop unless what any two of them call alike has come out alike."""
    for one in contestants:
        for other in contestants:
            for metric in one.means.keys() & other.means.keys():
                found = one.means[metric], other.means[metric]
                if not np.isclose(*found, rtol=1e-6):
                    raise SystemExit(f"{metric}: {one.name} gives {found[0]}, {other.name} {found[1]}")


def _row(of: Contestant, reference: Contestant, lists: np.ndarray, cutoffs: Sequence[int]) -> dict:
    row = {"evaluator": of.name, "version": of.about.get("version", "not installed")}
    row |= {"metrics": of.about.get("metrics", 0), "cutoffs": len(cutoffs)}
    row |= dict(zip(("users", "n"), lists.shape, strict=True))
    for clock in ("seconds", "cpu_seconds"):
        row[clock] = float(np.median([run[clock] for run in of.runs[1:]])) if of.here else np.nan
    row["runs"] = max(0, len(of.runs) - 1)
    row["times"] = row["seconds"] / np.median([run["seconds"] for run in reference.runs[1:]])
    return row


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Evaluators side by side.")
    parser.add_argument("--users", type=int, default=10_000)
    parser.add_argument("--songs", type=int, default=10_000)
    parser.add_argument("--n", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--with", dest="pythons", action="append", default=[], metavar="NAME=PYTHON")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args(arguments)
    pythons = dict(each.split("=", 1) for each in options.pythons)
    if wrong := set(pythons) - set(CONTESTANTS):
        parser.error(f"no evaluator is called {', '.join(sorted(wrong))}: {', '.join(CONTESTANTS)}")
    lists, holdout = synthetic(options.users, options.songs, options.n, seed=0)
    tables = [measure(lists, holdout, cutoffs, options.rounds, pythons) for cutoffs in SETTINGS]
    table = pd.concat(tables, ignore_index=True)
    print(table.round(4).to_string(index=False))
    if options.out:
        from songrec.files import write_text
        from songrec.measure import machine_line

        written = table.assign(machine=machine_line())
        options.out.parent.mkdir(parents=True, exist_ok=True)
        write_text(options.out, written.to_csv(index=False, float_format="%.4g", lineterminator="\n"))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
