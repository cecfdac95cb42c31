"""The whole Million Song size: what a run of it takes, and what other libraries take for the same work."""

import numpy as np

from songrec.results import Results
from songrec.show.table import Table, numbers, sizes, table, words

STEPS = {
    "ingest": "ingest: from text to a sparse matrix",
    "split": "filter and split",
    "tune": "read hyper-parameters",
    "train": "fit and list",
    "evaluate": "evaluate all lists",
    "compare": "compare the models",
    "scaling": "measure growth on smaller logs",
}
TASKS = {
    "fit-als": "fit ALS",
    "fit-bpr": "fit BPR",
    "fit-svd": "fit PureSVD",
    "fit-ease": "fit EASE",
    "lists-als": "list from factors",
    "lists-item-knn": "list from neighbours",
}
LIBRARIES = {"songrec": "this project", "numpy": "NumPy"}


def took(run: Results) -> Table:
    """Each stage of a published run: seconds, and the most memory that its process had."""
    stages = run.header["took"]
    names = []
    for name in stages:
        stage, _, model = name.partition(".")
        names.append(f"{STEPS.get(stage, stage)}{': ' + run.label(model) if model else ''}")
    seconds, peaks = ([each[what] for each in stages.values()] for what in ("seconds", "peak_mb"))
    return table(
        {
            "stage": words([*names, "all"]),
            "seconds": numbers([*seconds, sum(seconds)], digits=0),
            "memory (GB)": numbers([*(peak / 1000 for peak in peaks), max(peaks) / 1000], digits=1),
        },
        note="Memory is the most that the stage's process had, files that it maps included.",
    )


def peers(run: Results, of: str) -> Table:
    """Libraries that do the same work, side by side.

    Parameters
    ----------
    run : Results
        A published run, which the table stands beside.
    of : str
        A table of data/results/bench: neighbours, ingest, fits.
    """
    rows = run.beside(f"bench/{of}")
    columns = {"task": words(rows["task"].map(TASKS))} if "task" in rows else {}
    known = rows["seconds"].notna()
    names = rows["library"].map(lambda name: LIBRARIES.get(name, name))
    versions = rows["version"].where(known & (rows["library"] != "songrec"), "")
    return table(
        {
            "log": words(rows["log"]),
            **columns,
            "library": words((names + " " + versions).str.strip()),
            "seconds": sizes(rows["seconds"]),
            "processor seconds": sizes(rows["cpu_seconds"]),
            "memory (GB)": sizes(rows["peak_mb"] / 1000),
            "times this project's": sizes(rows["times_seconds"]),
            "processor, times": sizes(rows["times_cpu_seconds"]),
        },
        note=f"Medians of {_runs(rows['runs'])}; the libraries take turns, each run in a process of its own, "
        f"on two threads. {rows['machine'].iloc[-1]}",
    )


def _runs(counted) -> str:
    few, many = int(np.min(counted[counted > 0])), int(np.max(counted))
    return f"{many} runs" if few == many else f"{few} to {many} runs"
