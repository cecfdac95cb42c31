"""The real notebooks from log to book page, record and answer, on a small synthetic log."""

import json
import shutil
from pathlib import Path

import pytest

from songrec.cli import main
from songrec.data import Catalogue, Interactions
from songrec.models import EASE, load_model
from songrec.paths import Paths
from songrec.pipeline import publish as publishing
from songrec.pipeline.assemble import assemble
from songrec.pipeline.plan import make_plan
from songrec.pipeline.run import explain, run
from songrec.recorded import check_recorded
from songrec.results import Results

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


def test_every_page_stands_in_the_book_and_leads_to_its_study(line, tmp_path):
    pages = {
        path.relative_to(tmp_path / "runs").as_posix(): path.read_text()
        for path in assemble(line, tmp_path / "runs")
        if path.parent.name != "files"
    }
    assert {path.name for path in (tmp_path / "runs" / "files").iterdir()} == {"tables.zip", "try_it.js"}
    assert len(pages) == len(line.stages) + 1
    train = "".join(json.loads(pages["05_train.ipynb"])["cells"][1]["source"])
    assert "[item-KNN](studies/05_train.item_knn.ipynb)" in train
    assert "**synthetic**" in pages["index.md"]
    assert str(Paths("tiny").processed) not in "".join(pages.values())


def test_results_go_on_record(line, tmp_path, monkeypatch):
    monkeypatch.setattr(publishing, "git", lambda *arguments: "" if arguments[0] == "status" else "abc")
    folder = publishing.publish("tiny", tmp_path)
    record = Results.published("tiny", tmp_path)
    assert record.folder == folder
    assert record.header["commit"] == "abc"
    assert record.header["seeds"]["split"] == 0
    assert record.header["fingerprint"] == record.facts("split")["fingerprint"]
    assert set(record.header["models"]) >= set(line.profile.models) == set(record.facts("tune"))
    trials = record.table("tune", "trials").query("model == 'item_knn'")
    chosen = json.loads(trials.nlargest(1, "value")["point"].iloc[0])
    assert record.facts("tune")["item_knn"]["hyperparameters"]["neighbours"] == chosen["neighbours"]
    assert record.header["models"]["item_knn"]["space"]["neighbours"]["log"]
    assert record.metric("item_knn").value > 2 * record.metric("popularity").value
    for path in folder.rglob("*.csv"):
        assert len(path.read_text().splitlines()) <= 1_000


def test_the_command_line_recommends(line, capsys):
    user = "facade"
    assert main(["recommend", "--profile", "tiny", "--user", user, "--n", "3"]) == 0
    shown = capsys.readouterr().out
    assert "Nobody in the log is called 'facade'" in shown
    assert shown.rstrip().splitlines()[-1].split()[0] == "3"
    song = next(line_.split()[-2] for line_ in shown.splitlines() if "SOSYN" in line_)
    assert main(["similar", "--profile", "tiny", "--song", song, "--n", "2"]) == 0
    shown = capsys.readouterr().out
    assert "songs like" in shown
    values = {model: found["value"] for model, found in Results.of_run("tiny").facts("tune").items()}
    winner = max(("item_knn", "ease"), key=values.__getitem__)  # user-KNN has no likeness of songs
    assert f"{winner} answers: " in shown
    assert main(["recommend", "--profile", "tiny", "--songs", song[:-1] + "0"]) == 1
    assert "Did you mean" in capsys.readouterr().err


def test_what_another_run_made_does_not_answer(line, capsys):
    """Whole and well formed, but not what this run made: nothing in the files themselves can tell."""
    for stage in line.stages.values():
        for output in stage.outputs:
            check_recorded(line.paths, stage.name, output)
    log = Interactions.load(line.paths.processed / "interactions")
    songs, facts = line.paths.interim / "songs.parquet", line.paths.tables / "tune" / "ease" / "facts.json"
    asked = ["recommend", "--profile", "tiny", "--model", "ease", "--user", log.user_ids[0]]
    model = line.paths.processed / "models" / "ease"

    def fit_another():
        EASE(l2=load_model(model).l2).fit(log.plays).save(model)

    for exchanged, exchange in (
        (songs, Catalogue.from_columns(["a"], ["Alpha"]).save),
        (facts, lambda path: path.write_text(path.read_text().replace("0.", "0.9", 1))),
        (model, lambda path: fit_another()),
    ):
        backup = line.paths.processed / "backup"
        (shutil.copytree if exchanged.is_dir() else shutil.copy2)(exchanged, backup)
        exchange(exchanged)
        assert main(asked) == 1
        assert "is not what stage" in capsys.readouterr().err
        (shutil.rmtree if exchanged.is_dir() else Path.unlink)(exchanged)
        shutil.move(backup, exchanged)
        assert main(asked) == 0


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
        (["run", "--profile", "tiny", "--only", "evalute"], 2, "did you mean 'evaluate'"),
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
        for name in (
            "interactions",
            "split",
            "models/item_knn",
            "lists/item_knn",
            "tables/split",
            "tables/ingest",
        )
    ]
    before = {str(folder): _bytes(folder) for folder in [*folders, paths.interim]}
    assert all(before.values())
    assert run(line, only=["train.item_knn"], force=True) == [
        *("ingest", "split", "tune.item_knn", "train.item_knn")
    ]
    assert before == {str(folder): _bytes(folder) for folder in [*folders, paths.interim]}
    changed = {stage for stage, why in explain(line).items() if any("input" in reason for reason in why)}
    # Pages show what was measured anew; no study is fitted again for it.
    assert changed
    assert all(stage.startswith("page.") for stage in changed)
