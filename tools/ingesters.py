"""How long it takes from a text log to a sparse matrix, beside other libraries: `make bench`.

Each reads `user<TAB>song<TAB>plays`, gives users and songs their places among the sorted ids as codes, and
builds a CSR matrix of plays. songrec besides validates every line, keeps those that it rejects, merges pairs
that stand twice and remembers the log's order. Each run is a process of its own, so that peak memory is its
own, and the libraries take turns, round after round, so that a busy moment of the machine meets each of
them; all must come to the same matrix. The median counts. Imports are not timed.

pandas and pyarrow are part of this project's environment. The others want one of their own:

    python -m venv build/ingest && build/ingest/bin/pip install duckdb==2.0.1 polars==2.1.0 scipy
    python tools/ingesters.py --with duckdb=build/ingest/bin/python --with polars=build/ingest/bin/python
"""

import argparse
import hashlib
import json
import os
import resource
import subprocess
import sys
import tempfile
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from time import perf_counter

import numpy as np

COLUMNS = ["user", "song", "plays"]


def songrec(file: str):
    """The project's own."""
    from songrec.data import read_log, triplets

    with tempfile.TemporaryDirectory() as folder:
        return read_log(triplets(file), Path(folder) / "rejects.parquet")[1].plays


def duckdb(file: str):
    """Distinct ids numbered in order, and joined to the log."""
    import duckdb

    connection = duckdb.connect()
    connection.execute("set threads = 2; set memory_limit = '4GB'; set preserve_insertion_order = false")
    types = "{'user': 'VARCHAR', 'song': 'VARCHAR', 'plays': 'INTEGER'}"
    connection.execute(
        f"create table log as select * from read_csv('{file}', delim = '\t', header = false, quote = '', "
        f"escape = '', columns = {types})"
    )
    for one in COLUMNS[:2]:
        connection.execute(
            f"create table {one}s as select {one}, (row_number() over (order by {one}) - 1)::integer as code "
            f"from (select distinct {one} from log)"
        )
    joined = connection.execute(
        "select users.code as user, songs.code as song, plays from log join users using (user) "
        "join songs using (song)"
    ).fetchnumpy()
    return matrix(*(np.asarray(joined[name]) for name in COLUMNS))


def polars(file: str):
    """Enumerations of the sorted ids."""
    import polars

    table = polars.read_csv(
        file,
        has_header=False,
        separator="\t",
        quote_char=None,
        new_columns=COLUMNS,
        schema_overrides=[polars.String, polars.String, polars.Int32],
    )
    codes = [table[name].cast(polars.Enum(table[name].unique().sort())).to_physical() for name in COLUMNS[:2]]
    return matrix(*(each.to_numpy() for each in (*codes, table["plays"])))


def pyarrow(file: str):
    """Dictionary-encoded as it is read; then the dictionary is sorted."""
    import pyarrow
    from pyarrow import compute, csv

    ids = pyarrow.dictionary(pyarrow.int32(), pyarrow.string())
    table = csv.read_csv(
        file,
        csv.ReadOptions(column_names=COLUMNS, block_size=4 << 20),
        csv.ParseOptions(delimiter="\t", quote_char=False),
        csv.ConvertOptions(column_types={"user": ids, "song": ids, "plays": pyarrow.int32()}),
    )
    table = table.unify_dictionaries().combine_chunks()
    codes = []
    for name in COLUMNS[:2]:
        column = table[name].chunk(0)
        rank = np.argsort(compute.sort_indices(column.dictionary).to_numpy()).astype(np.int32)
        codes.append(rank[column.indices.to_numpy()])
    return matrix(*codes, table["plays"].to_numpy())


def pandas(file: str):
    """Categories, sorted."""
    import pandas

    types = dict(zip(COLUMNS, ("category", "category", np.int32), strict=True))
    table = pandas.read_csv(
        file, sep="\t", names=COLUMNS, dtype=types, quoting=3, keep_default_na=False, engine="c"
    )
    codes = []
    for name in COLUMNS[:2]:  # each part that it read brought its own, in their order
        categories = table[name].cat.categories
        codes.append(table[name].cat.set_categories(categories.sort_values()).cat.codes.to_numpy())
    return matrix(*codes, table["plays"].to_numpy())


def matrix(rows: np.ndarray, columns: np.ndarray, plays: np.ndarray):
    """As people build it."""
    from scipy.sparse import csr_array

    shape = (int(rows.max()) + 1, int(columns.max()) + 1)
    made = csr_array((plays, (rows, columns)), shape=shape)
    made.sum_duplicates()
    return made


INGESTERS = {each.__name__: each for each in (songrec, duckdb, polars, pyarrow, pandas)}


def once(name: str, file: str) -> dict:
    """What one run took, and a hash of what it came to."""
    library = "songrec.data" if name == "songrec" else name
    try:
        import_module(library), import_module("scipy.sparse")
    except ImportError as error:
        return {"missing": str(error)}
    before, start = resource.getrusage(resource.RUSAGE_SELF), perf_counter()
    made = INGESTERS[name](file)
    seconds, after = perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF)
    digest = hashlib.sha256()
    for part in (made.indptr, made.indices, made.data):
        digest.update(part.astype(np.int32, copy=False))
    status = Path("/proc/self/status").read_text().splitlines()
    peak = next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM:"))
    return {
        "version": version(name),
        "seconds": seconds,
        "cpu_seconds": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
        "peak_mb": peak / 1e6,
        "entries": int(made.nnz),
        "matrix": digest.hexdigest(),
    }


def measure(file: Path, rounds: int, pythons: dict[str, str], names: list[str]):
    """A row for each library: the medians of its rounds; NaN where it is not installed."""
    import pandas as pd

    runs: dict[str, list[dict]] = {name: [] for name in names}
    for _ in range(rounds):
        for name in names:
            program = [pythons.get(name, sys.executable), __file__, "--once", name, str(file)]
            done = subprocess.run(program, capture_output=True, text=True, check=False)
            # A library that the machine's memory does not hold is a result, too.
            failed = {"missing": f"failed ({done.returncode})"}
            runs[name].append(failed if done.returncode else json.loads(done.stdout))
    made = {run["matrix"] for each in runs.values() for run in each if "matrix" in run}
    if len(made) > 1:
        raise SystemExit("the libraries do not come to the same matrix")
    rows = []
    for name, each in runs.items():
        there = [run for run in each if "matrix" in run]
        about = there[0]["version"] if there else each[0]["missing"]
        row = {"library": name, "version": about, "runs": len(there)}
        for cost in ("seconds", "cpu_seconds", "peak_mb"):
            row[cost] = float(np.median([run[cost] for run in there])) if there else np.nan
        rows.append(row | {"entries": there[0]["entries"] if there else np.nan})
    table = pd.DataFrame(rows)
    for cost in ("seconds", "cpu_seconds"):
        table[f"times_{cost}"] = table[cost] / table[cost].iloc[0]
    return table


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="From text to a sparse matrix, side by side.")
    parser.add_argument("--file", type=Path, help="a text log  [default: a synthetic one of that shape]")
    parser.add_argument("--users", type=int, default=60_000)
    parser.add_argument("--songs", type=int, default=40_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", nargs="+", default=list(INGESTERS), choices=INGESTERS)
    parser.add_argument("--with", dest="pythons", action="append", default=[], metavar="NAME=PYTHON")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--once", nargs=2, metavar=("NAME", "FILE"), help="one run, as JSON")
    options = parser.parse_args(arguments)
    if options.once:
        print(json.dumps(once(*options.once)))
        return 0
    file = options.file
    if file is None:
        from songrec.data import SyntheticWorld
        from songrec.data.synthetic_text import text_file

        file = text_file(SyntheticWorld(options.users, options.songs, seed=1))
    pythons = dict(each.split("=", 1) for each in options.pythons)
    table = measure(file, options.rounds, pythons, options.only)
    print(table.round(3).to_string(index=False))
    if options.out:
        from songrec.files import write_text
        from songrec.measure import machine_line

        load = round(os.getloadavg()[2], 1)  # the machine's own state over the last quarter of an hour
        written = table.assign(log=file.name, load=load, machine=machine_line())
        options.out.parent.mkdir(parents=True, exist_ok=True)
        write_text(options.out, written.to_csv(index=False, float_format="%.4g", lineterminator="\n"))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
