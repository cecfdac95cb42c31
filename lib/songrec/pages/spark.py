"""One machine or a cluster: what runs where, what it costs, and from which size on."""

import pandas as pd

from songrec.evaluation.metrics import DECIDING, METRICS
from songrec.results import Results
from songrec.show.numbers import significant
from songrec.show.prose import Prose, prose
from songrec.show.table import RANGE, Table, counts, estimates, numbers, sizes, table, words

STAGE = "spark"
ENGINES = {"local": "one machine", "spark": "Spark"}
PLACES = [
    ("lines are read and checked", "executors: the library's reader, on pieces of files", "counts"),
    ("pairs are merged, songs and users filtered", "Spark", "counts"),
    ("songs and users get codes", "Spark: sorted by ranges", "the catalogue; users of each range"),
    ("the split", "executors: the library's draws, on blocks of users", "a few numbers"),
    ("popularity", "Spark: sums by song", "a number per song"),
    ("item-KNN", "executors: the library's kernel, on blocks of songs", "the neighbours of each song"),
    ("ALS", "Spark's own", "the vector of each song"),
    ("lists and metrics", "executors: the library's code, on blocks of users", "sums"),
    ("models", "the driver saves them, as any other", ""),
]
MODELS = {"popularity": "popularity", "item_knn": "item-KNN", "als": "ALS"}
ORDER = {model: place for place, model in enumerate(MODELS)}


def where() -> Table:
    """What is done where, and what comes to the driver."""
    what, place, driver = zip(*PLACES, strict=True)
    return table({"step": words(what), "where": words(place), "comes to the driver": words(driver)})


def metrics(run: Results) -> Table:
    """Every metric at the first cut-off, a row a model and engine."""
    rows = run.table(STAGE, "metrics")
    rows = rows[rows["k"] == rows["k"].min()]
    order = rows[["model", "engine"]].drop_duplicates().sort_values("model", key=lambda of: of.map(ORDER.get))
    columns = {"model": words(order["model"].map(MODELS)), "engine": words(order["engine"].map(ENGINES))}
    for metric, of in rows.groupby("metric", sort=False):
        found = of.set_index(["model", "engine"]).loc[[tuple(key) for key in order.to_numpy()]]
        columns[METRICS[metric].title(of["k"].iloc[0])] = estimates(found)
    return table(columns, note=RANGE)


def tuning(run: Results) -> Table:
    """The points of ALS that were tried."""
    rows = run.table(STAGE, "tuning")
    return table(
        {
            "engine": words(rows["engine"].map(ENGINES)),
            "regularization": counts(rows["regularization"]),
            "alpha": counts(rows["alpha"]),
            METRICS[DECIDING].title(rows["k"].iloc[0]): numbers(rows["value"]),
            "chosen": words(rows["chosen"].astype(str).map({"True": "yes", "False": ""})),
        }
    )


def cost(run: Results) -> Table:
    """Seconds of every step, a row an engine and log."""
    return _costs(run.table(STAGE, "cost"))


def larger(run: Results) -> Table:
    """`cost` of larger logs: data/results/bench/spark.csv, which stands beside a published run."""
    return _costs(run.beside("bench/spark"))


def _costs(rows: pd.DataFrame) -> Table:
    steps = list(dict.fromkeys(rows["step"]))
    found = rows.pivot_table(index=["engine", "triplets"], columns="step", values="seconds", sort=False)
    peaks = rows.groupby(["engine", "triplets"], sort=False)["peak_mb"].max()
    columns = {
        "engine": words(ENGINES[engine] for engine, _ in found.index),
        "triplets": counts(triplets for _, triplets in found.index),
    }
    columns |= {f"{MODELS.get(step, step)} (s)": sizes(found[step]) for step in steps}
    columns["memory (MB)"] = sizes(peaks.reindex(found.index))
    machine = rows.iloc[0]
    return table(columns, note=f"{machine['threads']} threads; {machine['machine']}")


def paper(run: Results) -> Table:
    """The plan for larger logs."""
    rows, unit = run.table(STAGE, "paper"), run.facts(STAGE)["largest"]
    return table(
        {
            "times": counts(rows["times"]),
            "triplets (M)": sizes(rows["triplets"] / 1e6),
            "partitions": sizes(rows["partitions"]),
            "grouping sends (GB)": sizes(rows["group_gb"]),
            "item-KNN sends (GB)": sizes(rows["knn_gb"]),
            "an epoch of ALS sends (GB)": sizes(rows["als_gb"]),
            "core hours": sizes(rows["core_hours"]),
            "price": sizes(rows["cost"]),
        },
        note=f"By {significant(unit['cluster_seconds'])} core seconds for a million triplets and a "
        f"price of {significant(unit['core_hour'])} for a core hour: parameters, to be replaced by yours.",
    )


def findings(run: Results) -> Prose:
    """Where it ran, and where one machine ends."""
    facts, rows = run.facts(STAGE), run.table(STAGE, "cost")
    how = {"index": "triplets", "columns": "engine", "values": "seconds", "aggfunc": "sum", "sort": False}
    both = rows.pivot_table(**how).dropna()
    ratio = both["spark"] / both["local"] if "spark" in both and "local" in both else both.iloc[:0]
    estimates_of = run.rows(STAGE, "metrics", metric=DECIDING, model="als")
    als = estimates_of[estimates_of["k"] == estimates_of["k"].min()].set_index("engine")
    return prose(
        "spark.jinja",
        run,
        "",
        metric=METRICS[DECIDING].title(als["k"].iloc[0]),
        engines=facts["engines"],
        differing=[MODELS.get(name, name) for name in facts["differing"]],
        als={engine: als.loc[engine] for engine in als.index},
        largest=facts["largest"],
        ratio=float(ratio.iloc[-1]) if len(ratio) else None,
        triplets=int(both.index[-1]) if len(ratio) else None,
    )
