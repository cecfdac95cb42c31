"""A run on record: on a toy checkout."""

import json

import pandas as pd
import pytest

pytestmark = pytest.mark.slow

PUBLISH = """
from pathlib import Path
from songrec.errors import SongrecError
from songrec.pipeline import publish
publish.git = lambda *arguments: {dirty!r} if arguments[0] == "status" else "abc"
plan = publish.make_plan("toy", {overrides!r})
publish.make_plan = lambda profile: plan
try:
    publish.publish("toy", Path({results!r}))
except SongrecError as error:
    print(error)
"""


def _publish(checkout, dirty: str = "", overrides: tuple[str, ...] = ()) -> str:
    results = str(checkout.root / "results")
    return checkout.python(PUBLISH.format(dirty=dirty, overrides=overrides, results=results))


def test_a_record_is_the_runs_tables_and_header_and_where_they_come_from(ran):
    assert _publish(ran) == ""
    folder = ran.root / "results" / "toy"
    assert sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.*")) == [
        "compare/facts.json",
        "ingest/facts.json",
        "run.json",
        "split/facts.json",
        "train/facts.json",
        "train/lengths.csv",
    ]
    lengths = pd.read_csv(folder / "train" / "lengths.csv")
    assert lengths.to_dict("list") == {"model": ["popularity", "item_knn"], "length": [1, 1]}
    assert set(json.loads((folder / "train" / "facts.json").read_text())) == {"popularity", "item_knn"}
    run = json.loads((folder / "run.json").read_text())
    assert (run["title"], run["synthetic"], run["item"], run["commit"]) == ("Toy", True, "song", "abc")
    assert run["models"]["item_knn"] == {
        "title": "Neighbours",
        "look": ["#222222", "s"],
        "estimator": "ItemKNN",
        "members": [],
        "hyperparameters": {"neighbours": 3},
        "space": {},
    }
    assert set(run["took"]) == {"ingest", "split", "train.popularity", "train.item_knn", "compare"}
    assert all(each["seconds"] > 0 and each["peak_mb"] > 20 for each in run["took"].values())
    assert run["parameters"] == {
        "ingest": {"path": "", "users": 3},
        "split": {"share": 0.5},
        "compare": {"cutoff": 10},
    }


def test_long_tables_stay_with_the_run(ran):
    ran.edit("notebooks/studies/05_train.ipynb", "[len(hyperparameters)]", "range(751)")
    ran.run()
    _publish(ran)
    assert not (ran.root / "results" / "toy" / "train" / "lengths.csv").exists()


def test_a_record_comes_from_a_clean_commit_and_a_fresh_run(ran):
    assert "clean commit only" in _publish(ran, dirty=" M lib/songrec/lists.py")
    assert "not fresh: compare. Run first: songrec run --profile toy" in _publish(
        ran, overrides=("compare.cutoff=5",)
    )
    assert not (ran.root / "results").exists()


def test_a_profile_of_some_stages_needs_no_others(checkout):
    checkout.edit("notebooks/profiles/toy.yml", "models:", "only: [split]\nmodels:")
    checkout.run()
    assert _publish(checkout) == ""
    folder = checkout.root / "results" / "toy"
    assert {path.parent.name for path in folder.rglob("facts.json")} == {"ingest", "split"}
