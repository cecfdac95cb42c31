"""What answering over HTTP takes: times, processor, memory."""

from songrec.results import Results
from songrec.show.table import Table, counts, numbers, sizes, table, words


def costs(run: Results) -> Table:
    """A row for each model and kind of request.

    Parameters
    ----------
    run : Results
        A published run, beside which data/results/bench/service.csv stands.
    """
    rows = run.beside("bench/service")
    first = rows.iloc[0]
    return table(
        {
            "log": words(rows["log"]),
            "model": words(rows["model"]),
            "requests": words(rows["requests"]),
            "a second": counts(rows["rate"]),
            "seconds": counts(rows["seconds"]),
            "median (ms)": sizes(rows["p50_ms"]),
            "99 % (ms)": sizes(rows["p99_ms"]),
            "99 % of no-ops (ms)": sizes(rows["idle_p99_ms"]),
            "processor (ms)": sizes(rows["cpu_ms"]),
            "most a second, a core": numbers(1_000 / rows["cpu_ms"], digits=0),
            "failed": counts(rows["failed"]),
            "start (s)": sizes(rows["start_seconds"]),
            "memory (MB)": sizes(rows["memory_mb"]),
            "of its own (MB)": sizes(rows["own_mb"]),
            "grown by (MB)": numbers(rows["grown_mb"], digits=1),
        },
        note="One worker; requests are sent when they are due and timed from then on, each for 20 songs with the reasons for each; no-ops are requests of the same minute that "
        "make no list. Memory is all that the process holds, and without files that it maps; what the latter "
        f"grew by while requests came. The load came from the same machine, by {first['generator']} (load "
        f"average {first['load']:g}). {first['machine']}",
    )
