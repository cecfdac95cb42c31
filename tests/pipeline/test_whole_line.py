"""The real notebooks from log to book page, record and answer, on a small synthetic log."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from songrec.cli import main
from songrec.errors import ConfigError, StageError
from songrec.paths import Paths
from songrec.pipeline import publish as publishing
from songrec.pipeline.book import assemble
from songrec.pipeline.plan import make_plan
from songrec.pipeline.run import explain, run
from songrec.report.record import Record

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def line(once, tiny_run):
    """The plan of a run of `tiny` that these tests may change."""
    # Beside the other: the engine knows the library by the way that leads there from the data.
    own = once("line", lambda folder: shutil.copytree(tiny_run, folder))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SONGREC_DATA", str(own))
        yield make_plan("tiny")


def _bytes(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_a_second_run_has_nothing_to_do(line):
    assert run(make_plan("tiny")) == []
    assert not any(explain(make_plan("tiny")).values())


def test_the_executed_notebooks_become_pages_that_name_their_model(line, tmp_path):
    pages = {path.name: path.read_text() for path in assemble(line, tmp_path / "runs")}
    assert sorted(pages) == sorted([*(stage.executed.name for stage in line.stages.values()), "index.md"])
    first = json.loads(pages["05_train.item_knn.ipynb"])["cells"][0]["source"]
    assert "".join(first).splitlines()[0].endswith(" · item-KNN")
    assert "**synthetic**" in pages["index.md"]
    assert str(Paths("tiny").processed) not in "".join(pages.values())


def test_a_run_that_is_not_fresh_makes_no_page_and_no_record(line, tmp_path, monkeypatch):
    stale = make_plan("tiny", ["compare.cutoff=5"])
    with pytest.raises(StageError, match="not fresh: compare"):
        assemble(stale, tmp_path / "runs")
    assert not (tmp_path / "runs").exists()
    monkeypatch.setattr(publishing, "_git", lambda *arguments: "" if arguments[0] == "status" else "abc")
    monkeypatch.setattr(publishing, "make_plan", lambda profile: stale)
    with pytest.raises(StageError, match="not fresh: compare"):
        publishing.publish("tiny", tmp_path / "results")
    assert not (tmp_path / "results").exists()
    run(line)


def test_results_go_on_record_from_a_clean_commit_only(line, tmp_path, monkeypatch):
    monkeypatch.setattr(publishing, "_git", lambda *arguments: " M lib/songrec/lists.py")
    with pytest.raises(ConfigError, match=r"clean commit only(.|\n)*lists.py"):
        publishing.publish("tiny", tmp_path)
    monkeypatch.setattr(publishing, "_git", lambda *arguments: "" if arguments[0] == "status" else "abc")
    folder = publishing.publish("tiny", tmp_path)
    record = Record.load("tiny", tmp_path)
    assert record.folder == folder
    assert sorted(path.name for path in folder.iterdir()) == [
        "cost.csv", "examples.csv", "gains.csv", "metrics.csv", "params.json", "run.json",
        "similar.csv", "studies", "trials.csv", "tuning.csv",
    ]  # fmt: skip
    tuned = record.params["item_knn"]
    best_trial = pd.read_csv(folder / "trials.csv").query("model == 'item_knn'").nlargest(1, "value")
    assert json.loads(best_trial["point"].iloc[0])["neighbours"] == tuned["neighbours"]
    assert set(record.tuning.index) == set(record.models())
    assert len(record.study("cold_start", "growth")) > 10
    assert record.run["commit"] == "abc"
    assert record.run["synthetic"] is True
    assert record.run["tested_users"] == record.estimate("item_knn", "precision@10").n_users
    assert set(record.models()) == set(record.cost.index) == set(record.params) == set(line.profile.models)
    best = record.estimate("item_knn", "average_precision@10").value
    assert best > 2 * record.estimate("popularity", "average_precision@10").value


def test_the_command_line_recommends(line, capsys):
    user = "facade"
    assert main(["recommend", "--profile", "tiny", "--user", user, "--n", "3"]) == 0
    shown = capsys.readouterr().out
    assert "Nobody in the log is called 'facade'" in shown
    assert shown.rstrip().splitlines()[-1].split()[0] == "3"
    songs = json.loads((Paths("tiny").plan).read_text())
    assert songs["recommend"]["parameters"]["model"] == "item_knn"
    song = next(line_.split()[-2] for line_ in shown.splitlines() if "SOSYN" in line_)
    assert main(["similar", "--profile", "tiny", "--song", song, "--n", "2"]) == 0
    assert "songs like" in capsys.readouterr().out
    assert main(["recommend", "--profile", "tiny", "--songs", song[:-1] + "0"]) == 1
    assert "Did you mean" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["recommend", "--profile", "sampel", "--user", "u"], 2, "did you mean 'sample'"),
        (["recommend", "--profile", "lastfm-2k", "--user", "u"], 1, "songrec run --profile lastfm-2k"),
        (
            ["similar", "--profile", "tiny", "--song", "s", "--model", "itemknn"],
            2,
            "did you mean 'item_knn'",
        ),
        (["run", "--profile", "tiny", "--only", "trian"], 2, "did you mean 'train'"),
        (["data", "fetch", "lastfm"], 2, "lastfm-2k"),
    ],
)
def test_wrong_names_are_told_and_have_exit_codes(line, capsys, arguments, code, said):
    assert main(arguments) == code
    assert said in capsys.readouterr().err


def test_run_again_the_arrays_and_tables_are_byte_equal(line):
    """Last of all: what shows seconds waits to be run again after it."""
    paths = Paths("tiny")
    folders = [
        paths.processed / name
        for name in ("interactions", "split", "trials", "tuned", "models/item_knn", "lists/item_knn")
    ]
    before = {str(folder): _bytes(folder) for folder in [*folders, paths.interim]}
    assert all(before.values())
    assert run(line, only=["train.item_knn"], force=True) == [
        *("ingest", "split", "tune.item_knn", "train.item_knn")
    ]
    assert before == {str(folder): _bytes(folder) for folder in [*folders, paths.interim]}
    changed = {stage for stage, why in explain(line).items() if any("input" in reason for reason in why)}
    assert changed == {"tuning", "compare"}  # they show what was measured anew
