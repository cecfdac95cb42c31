"""Runs on record and the live model, in MLflow: a database, and a real server."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from nights import mlflow

from songrec.cli import main
from songrec.commands.parts import EXIT_KEPT
from songrec.errors import ConfigError, DataError, StageError
from songrec.evaluation.metrics import DECIDING
from songrec.extras import missing
from songrec.pipeline.plan import make_plan
from songrec.pipeline.run import run
from songrec.pipeline.tracking import Tracking, commit, write_version
from songrec.registry import fetch, resolve
from songrec.results import Results
from songrec.serve import open_service

if line := missing("tracking"):
    pytest.skip(f"the record of runs {line}", allow_module_level=True)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def compared(tmp_path_factory) -> Path:
    """A data folder in which `tiny` has run, as far as the comparison of its models."""
    folder = tmp_path_factory.mktemp("data")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SONGREC_DATA", str(folder))
        run(make_plan("tiny"), only=["study.compare"])
    return folder


@pytest.fixture
def ran(compared, monkeypatch) -> Path:
    """The same for one test: nothing is written there."""
    monkeypatch.setenv("SONGREC_DATA", str(compared))
    return compared


@pytest.fixture
def place(tmp_path) -> str:
    return f"sqlite:///{tmp_path}/mlflow.db"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """The URL of a real MLflow server."""
    with mlflow(tmp_path_factory.mktemp("mlflow")) as url:
        yield url


def test_a_run_is_on_record_once_with_all_that_it_is(ran, place):
    tracking = Tracking(place)
    tracked, new = tracking.track("tiny")
    assert new
    assert tracking.track("tiny") == (tracked, False)
    told, results = tracking.client.get_run(tracked).data, Results.of_run("tiny")
    assert told.tags["fingerprint"] == results.facts("ingest")["fingerprint"]
    assert told.tags["commit"] == commit() != ""
    assert told.tags["winner"] == results.winner()
    assert told.params["split.protocol"] == "weak"
    best = results.metric(results.winner())
    assert [told.metrics[f"{DECIDING}_at_10{end}"] for end in ("", ".ci_low", ".ci_high")] == list(best[:3])
    children = tracking.client.search_runs(
        [tracking.client.get_run(tracked).info.experiment_id], f"tags.`mlflow.parentRunId` = '{tracked}'"
    )
    assert {child.data.tags["model"] for child in children} == set(results.models())
    knn = next(child.data for child in children if child.data.tags["model"] == "user_knn")
    assert knn.params["neighbours"] == str(results.facts("tune")["user_knn"]["hyperparameters"]["neighbours"])
    assert knn.metrics["cost.fit_seconds"] > 0
    files = {file.path for file in tracking.client.list_artifacts(tracked, "tables")}
    assert {"tables/run.json", "tables/evaluate", "tables/compare"} <= files


def test_what_is_not_fresh_is_not_put_on_record(ran, place, monkeypatch):
    monkeypatch.setattr("songrec.pipeline.publish.Engine.changes", lambda *_, **__: {"evaluate": ["changed"]})
    with pytest.raises(StageError, match=r"not fresh: evaluate\. Run first: songrec run --profile tiny"):
        Tracking(place).track("tiny")


def test_the_gate_moves_the_alias_for_a_better_model_only(ran, place):
    tracking = Tracking(place)
    results = Results.of_run("tiny")
    best, *_, worst = results.models()
    assert tracking.promote("tiny", worst).promoted
    better = tracking.promote("tiny", best)
    assert better.promoted
    expected = results.difference(best, worst)
    # The stored table is rounded to four digits.
    assert better.value == pytest.approx(expected["value"], rel=1e-3)
    assert better.ci_low == pytest.approx(expected["ci_low"], rel=1e-3)
    worse = tracking.promote("tiny", worst)
    assert not worse.promoted
    assert worse.value == pytest.approx(-better.value)
    assert tracking.promote("tiny", best).why == "it is the live model already"
    version = tracking.client.get_model_version_by_alias("songbook", "champion")
    assert (int(version.version), version.tags["model"], version.tags["decision"]) == (2, best, "promoted")
    assert float(version.tags["gate.p"]) == pytest.approx(better.p)
    assert tracking.rollback() == "1"
    assert tracking.client.get_model_version_by_alias("songbook", "champion").tags["model"] == worst
    assert tracking.rollback() == "2"  # and back: it was live before
    assert tracking.rollback("1") == "1"
    (row,) = tracking.runs()
    assert row["versions"] == {1: ["champion"], 2: ["before"]}


def test_a_version_is_arrays_and_json_and_a_data_folder(ran, tmp_path, monkeypatch):
    told = write_version("tiny", "item_knn", tmp_path / "version")
    files = [path for path in (tmp_path / "version").rglob("*") if path.is_file()]
    assert {path.suffix for path in files} <= {".npy", ".json", ".parquet", ".yml", ".csv"}
    assert json.loads((tmp_path / "version" / "version.json").read_text()) == told
    user = open_service("tiny", "item_knn").user_ids[7]
    here = open_service("tiny", "item_knn").for_user(user, 10)
    monkeypatch.setenv("SONGREC_DATA", str(tmp_path / "version"))
    there = open_service(told["profile"], told["model"]).for_user(user, 10)
    assert str(here) == str(there)
    with pytest.raises(DataError, match="is not trained yet"):
        open_service("tiny", "ease")


def test_a_server_is_asked_by_its_url_and_the_version_read_without_mlflow(
    ran, server, tmp_path, monkeypatch, capsys
):
    on = ["--profile", "tiny", "--tracking", server]
    best, *_, worst = Results.of_run("tiny").models()
    assert main(["track", *on]) == 0
    assert main(["promote", *on, "--model", worst]) == 0
    assert resolve("models:/songbook@champion", server).tags["model"] == worst
    assert main(["promote", *on, "--model", best]) == 0
    assert main(["promote", *on, "--model", worst]) == EXIT_KEPT
    said = capsys.readouterr().out
    assert "promoted: no model was live" in said
    assert "the champion is kept: it is significantly worse" in said
    assert "difference +" in said
    version = resolve("models:/songbook@champion", server)
    assert version.tags["model"] == best
    folder = fetch(version, server, tmp_path / "fetched")
    user = open_service("tiny", best).user_ids[3]
    here = str(open_service("tiny", best).for_user(user, 10))
    monkeypatch.setenv("SONGREC_DATA", str(folder))
    assert str(open_service("tiny", best).for_user(user, 10)) == here
    monkeypatch.setenv("SONGREC_DATA", str(ran))
    assert main(["rollback", "--tracking", server]) == 0
    assert resolve("models:/songbook@champion", server).tags["model"] == worst
    capsys.readouterr()
    assert main(["runs", "--tracking", server]) == 0
    head, row = capsys.readouterr().out.splitlines()
    assert head.split()[-2:] == ["versions", "gate"]
    assert "1 champion, 2 before" in row
    code = "import sys, songrec.registry, songrec.commands.routine; print('mlflow' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "False\n"


def test_what_is_wrong_is_said_in_a_line(ran, place):
    with pytest.raises(ConfigError, match="no model 'bpr', only: ease"):
        Tracking(place).promote("tiny", "bpr")
    with pytest.raises(DataError, match="was live before"):
        Tracking(place).rollback()
    with pytest.raises(DataError, match=r"the record at http://127\.0\.0\.1:1"):
        Tracking("http://127.0.0.1:1").runs()
