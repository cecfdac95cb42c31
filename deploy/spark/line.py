"""The line of the stage `spark` as a job: `spark-submit ... line.py LOG --out FOLDER --scratch FOLDER`."""

import argparse
from pathlib import Path

from songrec.data import Asked
from songrec.studies import ingest
from songrec.studies import spark as study
from songrec.tables import save_tables


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "log", nargs="+", help="files or folders that every executor reads: text, CSV or Parquet"
    )
    parser.add_argument("--out", type=Path, required=True, help="tables and models, on the driver's machine")
    parser.add_argument("--scratch", required=True, help="a folder that all machines reach")
    parser.add_argument("--columns", nargs="*", default=[], help="user, song, plays: names or places")
    parser.add_argument("--separator", default="")
    parser.add_argument("--header", action="store_true")
    parser.add_argument("--time", default="", help="name or place of a column of times")
    parser.add_argument("--core", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--neighbours", type=int, default=50)
    parser.add_argument("--factors", type=int, default=16)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--partitions", type=int, default=4)
    asked = parser.parse_args()
    log = study.AskedLog(
        "triplets",
        Asked(asked.log, asked.columns, asked.separator, asked.header, time=asked.time),
        filters={"core": asked.core},
    )
    plan = study.LinePlan(
        protocol="weak_hashed",
        seed=asked.seed,
        shares=study.own_parameters({"test": 0.2, "validation": 0.1}, ""),
        n=100,
        cutoffs=[10, 20],
        neighbours=asked.neighbours,
        als={"factors": asked.factors, "epochs": asked.epochs},
        regularization=[0.03, 0.1],
        alpha=[5.0],
    )
    settings = {"master": "", "partitions": asked.partitions, "scratch": asked.scratch}
    made = study.line("spark", log, plan, asked.out / "models", settings)
    tables = {"lines": ingest.lines(made.report), "steps": ingest.steps(made.steps), "parts": made.parts}
    tables |= {"tuning": made.tuning, "metrics": made.metrics, "cost": made.cost}
    save_tables(asked.out / "tables", tables)


if __name__ == "__main__":
    main()
