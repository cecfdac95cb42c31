"""The whole Million Song size: what a run of it takes, and what other libraries take for the same work."""

import re

import pandas as pd

from songrec.errors import DataError
from songrec.results import Results
from songrec.show.prose import counted
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
    rows = pd.DataFrame(run.header["took"]).T.rename_axis("stage").reset_index()
    stage, model = (rows["stage"].str.partition(".")[part] for part in (0, 2))
    model = model.where(stage == "train", "")  # the searches, of which there are none here, as one
    rows["name"] = stage.map(STEPS) + model.map(lambda label: f": {run.label(label)}" if label else "")
    rows = rows.groupby("name", sort=False).agg({"seconds": "sum", "peak_mb": "max"})
    return table(
        {
            "stage": words([*rows.index, "all"]),
            "seconds": numbers([*rows["seconds"], rows["seconds"].sum()], digits=0),
            "memory (GB)": numbers([*rows["peak_mb"] / 1000, rows["peak_mb"].max() / 1000], digits=1),
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
    rows = rows[rows["seconds"].notna() | rows["version"].str.startswith("failed")]  # not: is not installed
    logs = [_title(log, run) for log in rows["log"]]
    one = len(set(logs)) == 1
    columns = {} if one else {"log": words(logs)}
    columns |= {"task": words(rows["task"].map(TASKS))} if "task" in rows else {}
    names = rows["library"].map(lambda name: LIBRARIES.get(name, name))
    versions = rows["version"].where(rows["library"] != "songrec", "")
    return table(
        {
            **columns,
            "library": words((names + " " + versions).str.strip()),
            "seconds": sizes(rows["seconds"]),
            "processor seconds": sizes(rows["cpu_seconds"]),
            "memory (GB)": sizes(rows["peak_mb"] / 1000),
            "times this project's": sizes(rows["times_seconds"]),
            "processor, times": sizes(rows["times_cpu_seconds"]),
        },
        note=f"{logs[0] + '. ' if one else ''}Medians of {_runs(rows['runs'])}; the libraries take turns, "
        f"each run in a process of its own, on two threads. {rows['machine'].iloc[-1]}",
    )


def _title(log: str, run: Results) -> str:
    """A log's name for people: of a published run its title, of a file of the synthetic world its size."""
    try:
        return Results.published(log, run.folder.parent).title
    except DataError:
        size = re.match(r"(\d+)-users-(\d+)-songs", log)
        return f"{int(size[1]):,} users, {int(size[2]):,} songs" if size else log


def _runs(runs: pd.Series) -> str:
    few, many = int(runs[runs > 0].min()), int(runs.max())
    return counted(many, "run") if few == many else f"{few} to {many} runs"
