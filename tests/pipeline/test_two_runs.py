"""What differs between two runs: on made-up results."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from made_up import estimates, made_up_run

from songrec.data import Interactions
from songrec.errors import DataError
from songrec.files import write_json
from songrec.paths import Paths
from songrec.pipeline.two_runs import find_run, metrics, parameters, told
from songrec.splits import weak

LOG = Interactions.from_triplets(
    [f"u{i // 6}" for i in range(60)], [f"s{(i * 7) % 20}" for i in range(60)], np.ones(60, int)
)
MAP = "average_precision"


def run(name: str, lead: float, neighbours: int):
    """A run of this machine: its tables, its split, values by user."""
    paths = Paths(name)
    means = [("item_knn", MAP, 10, 0.3 + lead), ("popularity", MAP, 10, 0.1)]
    tables = {("evaluate", "metrics"): estimates(["model", "metric", "k"], means)}
    facts = {
        "ingest": {"fingerprint": "abc"},
        "tune": {
            label: {"hyperparameters": {"neighbours": neighbours}} for label in ("popularity", "item_knn")
        },
    }
    made = made_up_run(paths.processed, tables, facts, name="tables")
    split = weak(LOG, test=0.5, seed=1)
    split.save(paths.processed / "split")
    n = len(split.test.users)
    for label in ("item_knn", "popularity"):
        own = lead * (label == "item_knn") * np.linspace(0.5, 1.5, n)
        values = pd.DataFrame({"user": np.arange(n), f"{MAP}@10": 0.1 + own})
        (paths.processed / "per_user").mkdir(exist_ok=True)
        values.to_parquet(paths.processed / "per_user" / f"{label}.parquet")
    stages = {"split": {"stage": "split", "parameters": {"profile": name, "test": 0.5, "seed": neighbours}}}
    write_json(paths.plan, stages)
    return dataclasses.replace(made, name=name)


@pytest.fixture
def two(tmp_path, monkeypatch):
    monkeypatch.setenv("SONGREC_DATA", str(tmp_path))
    return run("old", 0.0, 5), run("new", 0.2, 7)


def test_settings_that_differ_are_named(two):
    found = parameters(*two).set_index("what")
    assert found.loc["split.seed"].tolist() == ["5", "7"]
    assert found.loc["models.item_knn.neighbours"].tolist() == ["5", "7"]
    assert "split.test" not in found.index
    assert "split.profile" not in found.index


def test_metrics_are_compared_on_the_users_of_both(two):
    found = metrics(*two).set_index(["model", "metric"])
    row = found.loc[("item_knn", MAP)]
    assert (row["first"], row["second"]) == (pytest.approx(0.3), pytest.approx(0.5))
    assert row["value"] == pytest.approx(0.2)
    assert row["ci_low"] < 0.2 < row["ci_high"]
    assert row["n_users"] == 10
    assert found.loc[("popularity", MAP), "value"] == pytest.approx(0)


def test_what_is_printed(two):
    said = told(*two)
    assert "Settings that differ" in said
    assert "The log is the same." in said
    assert "new minus old, paired on 10 users" in said
    assert "+0.2000 (+0." in said
    with pytest.raises(DataError, match="old is one run: name two"):
        told(two[0], two[0])


def test_published_runs_have_no_values_by_user():
    first, second = find_run("taste-profile-10k-songs"), find_run("lastfm-2k")
    with pytest.raises(DataError, match="a log of songs, lastfm-2k of artists: not compared"):
        told(first, second)
    said = told(first, find_run("taste-profile-3k-users"))
    assert "Not paired" in said
    assert "The log is not the same." in said
    assert "nan" not in said
