"""Seconds and memory of the study's line, on one machine and on Spark, by the size of a synthetic log.

    python tools/spark_sizes.py --triplets 1000000 5000000

Each engine and size runs in a process of its own. It needs PySpark (`make spark`) and Java; with --publish it
writes data/results/bench/spark.csv.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pandas as pd

from songrec.data import Asked, SyntheticWorld
from songrec.paths import RESULTS
from songrec.studies import spark as study

PER_USER = 48.8
"""Triplets of a user of the synthetic world, whose shape is the Taste Profile's."""


def measure(engine: str, triplets: int, folder: Path, threads: int) -> pd.DataFrame:
    """The cost table of one run, in this process."""
    users = round(triplets / PER_USER)
    world = SyntheticWorld(users, max(40, round(0.4 * users)), 1)
    plan = study.LinePlan(
        "weak_hashed",
        0,
        study.own_parameters({"test": 0.2, "validation": 0.1}, ""),
        n=100,
        cutoffs=[10],
        neighbours=50,
        als={"factors": 32, "epochs": 5},
        regularization=[0.03],
        alpha=[5.0],
    )
    settings = {"master": f"local[{threads}]", "memory": "3g", "partitions": 4 * threads}
    log = study.AskedLog("synthetic-text", Asked(world=world))
    return study.line(engine, log, plan, folder / engine, settings if engine == "spark" else None).cost


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--triplets", type=int, nargs="+", default=[1_000_000, 5_000_000])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--publish", action="store_true")
    parser.add_argument("--one", help=argparse.SUPPRESS)  # engine: this very process measures it
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if asked.one:
            made = measure(asked.one, asked.triplets[0], Path(folder), asked.threads)
            made.to_csv(sys.stdout, index=False)
            return
        os.environ["SONGREC_DATA"] = folder
        tables = []
        for triplets in asked.triplets:
            for engine in study.ENGINES:
                command = [sys.executable, __file__, "--one", engine, "--triplets", str(triplets)]
                command += ["--threads", str(asked.threads)]
                out = Path(folder) / "cost.csv"
                with open(out, "w", encoding="utf-8") as file:
                    subprocess.run(command, check=True, stdout=file)
                tables.append(pd.read_csv(out))
                print(tables[-1].drop(columns="machine").to_string(index=False), flush=True)
    if asked.publish:
        path = RESULTS / "bench" / "spark.csv"
        pd.concat(tables).to_csv(path, index=False, float_format="%.4g", lineterminator="\n")


if __name__ == "__main__":
    main()
