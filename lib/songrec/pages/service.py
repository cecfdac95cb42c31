"""What answering over HTTP takes: times, processor, memory."""

import pandas as pd

from songrec.results import Results
from songrec.show.table import Table, counts, numbers, sizes, table, words


def times(run: Results) -> Table:
    """How long answers take: a row for each model and kind of request.

    Parameters
    ----------
    run : Results
        A published run, beside which data/results/bench/service.csv stands.
    """
    rows = run.beside("bench/service")
    return table(
        _what(rows)
        | {
            "a second": counts(rows["rate"]),
            "seconds": counts(rows["seconds"]),
            "failed": counts(rows["failed"]),
            "median (ms)": sizes(rows["p50_ms"]),
            "99 % (ms)": sizes(rows["p99_ms"]),
            "99 % of no-ops (ms)": sizes(rows["idle_p99_ms"]),
        },
        note="One worker; requests are sent when they are due and timed from then on, each for 20 songs "
        "with the reasons for each. No-ops are requests of the same minute that make no list. "
        f"{_where(rows)}",
    )


def footprint(run: Results) -> Table:
    """What answers cost: a row for each model and kind of request.

    Parameters
    ----------
    run : Results
        As for `times`.
    """
    rows = run.beside("bench/service")
    return table(
        _what(rows)
        | {
            "processor (ms)": sizes(rows["cpu_ms"]),
            "most a second, a core": numbers(1_000 / rows["cpu_ms"], digits=0),
            "start (s)": sizes(rows["start_seconds"]),
            "memory (MB)": sizes(rows["memory_mb"]),
            "of its own (MB)": sizes(rows["own_mb"]),
            "grown by (MB)": numbers(rows["grown_mb"], digits=1),
        },
        note="The requests of the table above. Memory is all that the process holds, and without files "
        f"that it maps; what the latter grew by while they came. {_where(rows)}",
    )


def _what(rows: pd.DataFrame) -> dict:
    return {name: words(rows[name]) for name in ("log", "model", "requests")}


def _where(rows: pd.DataFrame) -> str:
    first, loads = rows.iloc[0], rows["load"].agg(["min", "max"]).unique()
    return (
        f"The load came from the same machine, by {first['generator']}; its load average was "
        f"{' to '.join(f'{one:g}' for one in loads)}. {first['machine']}"
    )
