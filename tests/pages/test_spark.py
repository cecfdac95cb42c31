"""What the page of Spark says, from tables that are made up."""

import pytest
from made_up import frame, made_up_run, whole

from songrec.pages import spark

MACHINE = "A processor, 2 cores, 16 GiB, Linux, Python 3.11."


def run(tmp_path, engines=("local", "spark"), both=True, differing=()):
    estimate = [0.1, 0.01, 0.08, 0.12, 300]
    metrics = [
        [engine, "weak_hashed", model, metric, k, *estimate]
        for engine in engines
        for model in ("popularity", "item_knn", "als")
        for metric in ("precision", "average_precision")
        for k in (10, 20)
    ]
    cost = [
        [of, step, 40_000, seconds, 900.0, 2, MACHINE]
        for of, seconds in [("spark", 30.0), ("local", 1.5)][: 2 if both else 1]
        for step in ("ingest", "item_knn")
    ]
    tables = {
        "metrics": frame("engine protocol model metric k value se ci_low ci_high n_users", metrics),
        "tuning": frame(
            "engine model regularization alpha metric k value chosen",
            [
                [engine, "als", 0.03 * times, 5.0, "average_precision", 10, 0.1 / times, times == 1]
                for engine in engines
                for times in (1, 3)
            ],
        ),
        "cost": frame("engine step triplets seconds peak_mb threads machine", cost),
        "paper": frame(
            "times triplets users songs partitions group_gb knn_gb als_gb core_hours cost",
            [
                [1, 48e6, 1e6, 4e5, 24, 3.3, 0.2, 1.2, 1.3, 0.07],
                [100, 48e8, 1e8, 4e6, 2400, 330.0, 900.0, 120.0, 130.0, 7.0],
            ],
        ),
    }
    largest = {"by_memory": 9e8, "by_time": 3e9, "memory_gib": 64.0, "hours": 8.0}
    largest |= {"cluster_seconds": 100.0, "core_hour": 0.05}
    facts = {"engines": list(engines), "differing": list(differing), "protocol": "weak_hashed"}
    return made_up_run(tmp_path, tables, facts | {"largest": largest}, stage="spark")


def test_tables(tmp_path):
    made = run(tmp_path)
    columns = spark.metrics(made).columns
    assert columns["model"].cells == ["popularity"] * 2 + ["item-KNN"] * 2 + ["ALS"] * 2
    assert columns["engine"].cells == ["one machine", "Spark"] * 3
    assert spark.tuning(made).columns["chosen"].cells == ["yes", ""] * 2
    cost = spark.cost(made)
    assert cost.columns["engine"].cells == ["Spark", "one machine"]
    assert cost.columns["ingest (s)"].cells == ["30", "1.5"]
    assert cost.note == f"2 threads; {MACHINE}"
    assert spark.paper(made).columns["core hours"].cells == ["1.3", "130"]
    assert len(spark.where().columns["step"].cells) == len(spark.PLACES)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "On 40,000 triplets Spark took 20 times as long as one process"),
        ({}, "full at some 900 million triplets, and 8 hours are over at some 3,000 million."),
        ({}, "hold out the same songs of the same users"),
        ({}, "its MAP@10 is 0.100 (0.080 to 0.120) in one process and 0.100 (0.080 to 0.120) on Spark."),
        ({"differing": ["parts", "item_knn"]}, "do not agree: parts and item-KNN differ."),
        ({"engines": ["local"], "both": False}, "The line of this run went through one process"),
        ({"engines": ["spark"]}, "The line of this run went through Spark alone."),
    ],
)
def test_findings(tmp_path, options, said):
    assert said in whole(spark.findings(run(tmp_path, **options)))
