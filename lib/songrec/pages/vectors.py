"""Indexes of song vectors beside exact search: what each finds, how soon, and what it takes."""

from songrec.results import Results
from songrec.show.table import Table, numbers, shares, sizes, table, words

INDEXES = {"exact": "exact", "graph": "graph in memory", "postgresql": "PostgreSQL"}


def indexes(run: Results, k: int = 10) -> Table:
    """A row for each log and index.

    Parameters
    ----------
    run : Results
        A published run, beside which data/results/bench/vectors.csv stands.
    k : int
        Length of the lists.
    """
    rows = run.beside("bench/vectors")
    rows = rows[rows["k"] == k]
    first, logs = rows.iloc[0], dict.fromkeys(rows["log"])
    return table(
        {
            "songs": numbers(rows["songs"], digits=0),
            "index": words(rows["index"].map(INDEXES) + " (" + rows["library"] + ")"),
            "of the best found": shares(rows["recall"]),
            "median (ms)": sizes(rows["p50_ms"]),
            "99 % (ms)": sizes(rows["p99_ms"]),
            "build (s)": sizes(rows["build_seconds"]),
            "memory (MB)": sizes(rows["memory_mb"]),
        },
        note=f"The best {k} songs for {first['queries']} users, at most {first['excluded']} songs of each "
        f"excluded; vectors of ALS with {first['factors']} factors, on {'; '.join(logs)}. One query after "
        f"the other, on one thread. {first['machine']}",
    )
