"""What the line would take on a cluster, by arithmetic."""

from collections.abc import Mapping, Sequence

import pandas as pd

from songrec.checks import check_names

FACTORS = (1, 100, 10_000)
UNIT_COSTS = {
    "cluster_seconds": 200.0,  # of one core for a million triplets, the whole line
    "core_hour": 0.05,  # price of a core for an hour
    "here_seconds": 10.0,  # of one machine for a million triplets, the whole line
    "here_bytes": 165.0,  # of its memory for a triplet
    "memory_gib": 64.0,  # that the one machine has
    "hours": 8.0,  # that a run may take
}
"""Measured by tools/spark_sizes.py, or to be looked up; a reader replaces them."""

ID_BYTES = 58
"""Of the two ids of a triplet in the Taste Profile."""


def on_paper(
    planned: Mapping[str, float],
    factors: int,
    unit_costs: Mapping[str, float],
    factors_of_size: Sequence[int] = FACTORS,
) -> pd.DataFrame:
    """What the line would take on a cluster, for so many times a log, by arithmetic.

    Parameters
    ----------
    planned : mapping
        triplets, users and songs of the log. Users grow with it, the catalogue with its square root.
    factors : int
        Of ALS.
    unit_costs : mapping
        What of `UNIT_COSTS` is to be something else.
    factors_of_size : sequence of int
        How many times the log.

    Returns
    -------
    DataFrame
        times, triplets, users, songs, partitions (of the input, 128 MB each), group_gb (what bringing users'
        songs together sends), knn_gb (what item-KNN sends), als_gb (what one epoch of ALS sends), core_hours,
        cost.

    Notes
    -----
    Item-KNN sends a history to each block of songs that it touches. Blocks of `CELLS` entries (see
    `songrec.engines.spark.models`) are as many as the squares of the histories' lengths add up to, over that;
    the squares are taken as twice those of the mean, for histories are uneven. A user of h songs touches at
    most h blocks. ALS sends each vector to every block of the other side that needs it: at most one for each
    entry.
    """
    from songrec.engines.spark.models import CELLS

    unit, rows = all_costs(unit_costs), []
    for times in factors_of_size:
        entries, people = (round(planned[of]) * times for of in ("triplets", "users"))
        catalogue = planned["songs"] * times**0.5
        history = entries / people
        blocks = max(1.0, 2 * entries * history / CELLS)
        copies = min(history, blocks)
        hours = entries / 1e6 * unit["cluster_seconds"] / 3600
        rows.append(
            {
                "times": times,
                "triplets": entries,
                "users": people,
                "songs": catalogue,
                "partitions": max(1, round(entries * (ID_BYTES + 4) / 128e6)),
                "group_gb": entries * (ID_BYTES + 12) / 1e9,
                "knn_gb": entries * copies * 4 / 1e9,
                "als_gb": min(entries, (people + catalogue) * 200) * 4 * factors / 1e9,
                "core_hours": hours,
                "cost": hours * unit["core_hour"],
            }
        )
    return pd.DataFrame(rows)


def all_costs(unit_costs: Mapping[str, float]) -> dict[str, float]:
    """`UNIT_COSTS` with some of them replaced; `ConfigError` for one that is unknown."""
    check_names(unit_costs, UNIT_COSTS, "unit cost", "spark")
    return UNIT_COSTS | dict(unit_costs)


def largest_here(unit_costs: Mapping[str, float]) -> dict[str, float]:
    """The log at which one machine ends, in triplets: by its memory, and by the time that a run may take.

    >>> largest_here({"here_seconds": 30})["by_time"]
    960000000.0
    """
    unit = all_costs(unit_costs)
    return {
        "by_memory": unit["memory_gib"] * 2**30 / unit["here_bytes"],
        "by_time": unit["hours"] * 3600 / unit["here_seconds"] * 1e6,
        **unit,
    }
