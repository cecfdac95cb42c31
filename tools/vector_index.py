"""Recall, latency, build time and memory of the vector indexes, beside exact search, on vectors of ALS.

    python tools/vector_index.py --postgresql URL --publish

Logs of the synthetic world, fitted here; `--profile` adds a log that `songrec run --only ingest` has read.
It needs the extra `serve`; without a URL PostgreSQL is left out. One query after the other, on one thread.
With --publish it writes data/results/bench/vectors.csv: rows of the same log and index are replaced, others
stay, so that a long measurement may be made in parts. With `--keep` vectors and graphs are not made again.
"""

import argparse
import os
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

from songrec import measure
from songrec.data import Interactions, SyntheticWorld
from songrec.models import ALS
from songrec.paths import RESULTS, Paths
from songrec.serve.index import ExactIndex, GraphIndex, PostgresIndex, VectorIndex, song_vectors

LISTS = (10, 100)
USERS = 20_000
"""Of a synthetic log, at least; a third of the songs where that is more."""

HEARD = 50
"""Songs that a query excludes: what the user has heard, and at most so many."""


def fitted(name: str, songs: int, queries: int, keep: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Songs' vectors, some users' vectors, and songs that each of these has heard, padded with -1."""
    kept = keep / f"{name.replace(' ', '-')}-{queries}.npz"
    if not kept.exists():
        if songs:
            log = SyntheticWorld(max(USERS, songs // 3), songs, 1).interactions()
        else:
            log = Interactions.load(Paths(name).processed / "interactions")
        model = ALS(factors=64, epochs=5).fit(log.plays)
        rows = np.linspace(0, log.n_users - 1, queries).astype(int)
        users, heard = log.plays[rows], np.full((queries, HEARD), -1)
        for place in range(queries):
            known = users[[place]].indices[:HEARD]
            heard[place, : len(known)] = known
        keep.mkdir(parents=True, exist_ok=True)
        np.savez(kept, songs=song_vectors(model), users=model.encode(users, rows), heard=heard)
    found = np.load(kept)
    return found["songs"], found["users"], found["heard"]


def indexes(url: str, folder: Path, threads: int) -> dict[str, tuple[str, Callable[[], VectorIndex]]]:
    """Version, and what opens it, of each index."""
    found = {
        "exact": (f"numpy {np.__version__}", ExactIndex),
        "graph": (f"usearch {version('usearch')}", lambda: GraphIndex(folder=folder, threads=threads)),
    }
    if url:
        found["postgresql"] = "pgvector", lambda: PostgresIndex(url, table="bench")
    return found


def measured(index: VectorIndex, vectors, users, heard, best: dict) -> Iterator[dict]:
    """A row for each length of the list; `best` are the exact lists, which the first index gives."""
    there, start = index.version, time.perf_counter()
    index.add(np.arange(len(vectors)), vectors)
    built = np.nan if there == index.version else time.perf_counter() - start
    for k in LISTS:
        spent, hits = [], 0.0
        for place, (user, gone) in enumerate(zip(users, heard, strict=True)):
            start = time.perf_counter()
            songs, _ = index.search(user, k, gone)
            spent.append(time.perf_counter() - start)
            expected = best.setdefault((k, place), songs)
            assert len(songs) == len(expected), "a list is short"
            hits += np.isin(expected, songs).mean()
        middle, high = 1_000 * np.quantile(spent, [0.5, 0.99])
        costs = {"p50_ms": middle, "p99_ms": high, "build_seconds": built}
        size = getattr(index, "bytes", vectors.nbytes) / 1e6
        yield {"k": k, "recall": hits / len(users), **costs, "memory_mb": size}


def publish(rows: pd.DataFrame) -> None:
    """Put rows in the place of those of the same log and index."""
    path = RESULTS / "bench" / "vectors.csv"
    if path.exists():
        before, key = pd.read_csv(path), ["log", "index"]
        same = before[key].apply(tuple, axis=1).isin(rows[key].apply(tuple, axis=1))
        others = before[~same]
        if same.any():  # it was built then
            rows = rows.fillna({"build_seconds": before.loc[same, "build_seconds"].iloc[0]})
        rows = pd.concat([others, rows]).sort_values(["songs", "log", "index", "k"], kind="stable")
    rows.to_csv(path, index=False, float_format="%.4g", lineterminator="\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--songs", type=int, nargs="*", default=[10_000, 385_000])
    parser.add_argument("--profile", action="append", default=[])
    parser.add_argument("--index", nargs="+", default=["exact", "graph", "postgresql"])
    parser.add_argument("--postgresql", default="", metavar="URL")
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--threads", type=int, default=2, help="that build a graph, and fit")
    parser.add_argument("--keep", type=Path, help="a folder for vectors and graphs")
    parser.add_argument("--publish", action="store_true")
    asked = parser.parse_args()
    logs = dict.fromkeys(asked.profile, 0) | {f"synthetic, {n:,} songs": n for n in asked.songs}
    for name, songs in logs.items():
        with TemporaryDirectory() as folder:
            with measure.threads(asked.threads):
                vectors, users, heard = fitted(
                    name, songs, asked.queries, asked.keep or Path(folder) / "keep"
                )
            best: dict = {}
            graph = (asked.keep or Path(folder)) / f"graph {name}"
            known = indexes(asked.postgresql, graph, asked.threads)
            for kind in dict.fromkeys(["exact", *asked.index]):  # what the others are held against
                if kind not in known:
                    continue
                with measure.threads(1):
                    found = pd.DataFrame(measured(known[kind][1](), vectors, users, heard, best))
                found.insert(0, "log", name)
                found.insert(1, "songs", len(vectors))
                found.insert(2, "factors", vectors.shape[1])
                found.insert(3, "index", kind)
                found.insert(4, "library", known[kind][0])
                found = found.assign(
                    queries=len(users),
                    excluded=HEARD,
                    threads=1,
                    load=round(os.getloadavg()[0], 1),
                    machine=measure.machine_line(),
                )
                print(found.drop(columns="machine").to_string(index=False), flush=True)
                if asked.publish and kind in asked.index:
                    publish(found)


if __name__ == "__main__":
    main()
