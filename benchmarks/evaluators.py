"""How long an evaluation takes, side by side with other libraries' evaluators: `make bench`.

The same lists and the same holdout for all, in one process, one after the other in turn, so that a busy
moment of the machine meets each of them. The best of the rounds counts; the processor's time, which other
work on the machine disturbs less, stands beside the wall clock's.

* songrec: all eight accuracy metrics, per user, at every cut-off, from one look at the lists.
* implicit: its four metrics, means only, once for each cut-off (it takes one at a time). It asks a model for
  lists: it gets one that hands out those that are there.
* LensKit: its precision, recall, average precision and NDCG, per user, at every cut-off. It wants objects of
  its own for lists and holdout; making them is not counted. It needs an environment of its own: where it is
  not installed it is left out, and the result says so.

    python benchmarks/evaluators.py [--users 10000] [--out data/results/bench/evaluators.csv]
"""

import argparse
import sys
from pathlib import Path
from time import perf_counter, process_time

import numpy as np
import pandas as pd
from scipy.sparse import csr_array, csr_matrix

CUTOFFS = (5, 10, 20, 50, 100)


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


def songrec(lists: np.ndarray, holdout: csr_array):
    """A call that gives the means by metric and cut-off."""
    from songrec.evaluation import ACCURACY, judge

    def evaluate() -> dict[str, float]:
        judgement = judge(lists, holdout)
        per_user = {f"{m}@{k}": metric(judgement, k) for m, metric in ACCURACY.items() for k in CUTOFFS}
        return {name: float(values.mean()) for name, values in per_user.items()}

    return evaluate, len(ACCURACY)


def implicit(lists: np.ndarray, holdout: csr_array):
    """The same of implicit; `ImportError` where it is not installed."""
    from implicit.evaluation import ranking_metrics_at_k

    class HandsOut:
        def recommend(self, users, _, N):
            return lists[users, :N], None

    matrix = csr_matrix((holdout.data, holdout.indices.astype(np.int32), holdout.indptr.astype(np.int32)))
    matrix.resize(holdout.shape)
    nothing = csr_matrix(holdout.shape, dtype=np.int32)
    names = {"map": "average_precision", "ndcg": "ndcg"}

    def evaluate() -> dict[str, float]:
        found = {
            k: ranking_metrics_at_k(HandsOut(), nothing, matrix, K=k, show_progress=False) for k in CUTOFFS
        }
        return {f"{ours}@{k}": found[k][theirs] for theirs, ours in names.items() for k in CUTOFFS}

    return evaluate, 4


def lenskit(lists: np.ndarray, holdout: csr_array):
    """The same of LensKit; `ImportError` where it is not installed."""
    from lenskit.data import ItemList
    from lenskit.metrics.ranking import NDCG, AveragePrecision, Precision, Recall

    recommended = [ItemList(item_ids=row, ordered=True) for row in lists]
    hidden = [ItemList(item_ids=row) for row in np.split(holdout.indices, holdout.indptr[1:-1])]
    metrics = [
        (name, k, metric(k))
        for name, metric in {
            "precision": Precision,
            "recall_capped": Recall,
            "average_precision": AveragePrecision,
            "ndcg_clipped": NDCG,
        }.items()
        for k in CUTOFFS
    ]

    def evaluate() -> dict[str, float]:
        pairs = list(zip(recommended, hidden, strict=True))
        return {
            f"{name}@{k}": float(np.mean([metric.measure_list(r, h) for r, h in pairs]))
            for name, k, metric in metrics
        }

    return evaluate, 4


def measure(users: int, songs: int, n: int, rounds: int, seed: int = 0) -> pd.DataFrame:
    """Seconds of each evaluator, a row each, and `times`: how many times the processor's time of songrec's.

    An evaluator that is not installed has NaN. What two of them define alike must come out alike, or nothing
    is reported.
    """
    from importlib.metadata import version

    from songrec import __version__

    lists, holdout = synthetic(users, songs, n, seed)
    calls, metrics, versions = {}, {}, {}
    for name, make in {"songrec": songrec, "implicit": implicit, "lenskit": lenskit}.items():
        try:
            calls[name], metrics[name] = make(lists, holdout)
            versions[name] = __version__ if name == "songrec" else version(name)
        except ImportError:
            versions[name] = "not installed"
    wall, cpu, found = dict.fromkeys(calls, np.inf), dict.fromkeys(calls, np.inf), {}
    for _ in range(rounds):
        for name, call in calls.items():
            start, busy = perf_counter(), process_time()
            found[name] = call()
            wall[name] = min(wall[name], perf_counter() - start)
            cpu[name] = min(cpu[name], process_time() - busy)
    for name, values in found.items():
        for metric in values.keys() & found["songrec"].keys():
            if not np.isclose(values[metric], found["songrec"][metric], rtol=1e-9):
                raise SystemExit(
                    f"{name} gives {values[metric]} for {metric}, not {found['songrec'][metric]}"
                )
    rows = [
        [name, versions[name], metrics.get(name, 0), len(CUTOFFS), users, n, wall.get(name), cpu.get(name)]
        for name in versions
    ]
    columns = ["evaluator", "version", "metrics", "cutoffs", "users", "n", "seconds", "cpu_seconds"]
    table = pd.DataFrame(rows, columns=columns).astype({"seconds": float, "cpu_seconds": float})
    return table.assign(times=table["cpu_seconds"] / cpu["songrec"])


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Evaluators side by side.")
    parser.add_argument("--users", type=int, default=10_000)
    parser.add_argument("--songs", type=int, default=10_000)
    parser.add_argument("--n", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args(arguments)
    table = measure(options.users, options.songs, options.n, options.rounds)
    print(table.round(3).to_string(index=False))
    if options.out:
        from songrec.files import write_text
        from songrec.measure import machine_line

        written = table.assign(machine=machine_line())
        options.out.parent.mkdir(parents=True, exist_ok=True)
        write_text(options.out, written.to_csv(index=False, float_format="%.4g", lineterminator="\n"))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
