"""What re-runs, and what does not, after an edit: on a toy checkout, through the command line."""

import json

import pytest

pytestmark = pytest.mark.slow


def test_edits_rerun_what_they_must_and_no_more(ran):
    assert ran.run() == []  # a moved checkout is fresh, too
    ran.edit("notebooks/studies/03_split.ipynb", "What was found.", "Something else was found.")  # prose
    ran.edit("lib/songrec/models/__init__.py", "__all__ =", "Another = Popularity\n__all__ =")  # registering
    ran.edit("lib/songrec/serve/service.py", '"""', '# An edit.\n"""', count=1)  # nobody here imports it
    assert ran.run() == []
    ran.edit("lib/songrec/models/popularity.py", '"""', '# An edit.\n"""', count=1)
    ran.edit("notebooks/studies/07_compare.ipynb", "fitted = stage", "fitted  = stage")
    assert ran.run() == ["train.popularity", "compare"]  # their tables came out the same: no page runs
    ran.edit("notebooks/studies/03_split.ipynb", "* share)", "* share + 0)")
    assert ran.run() == ["split"]  # its output came out the same: nothing after it runs


def test_parameters(ran):
    changed = ("--set", "split.share=1.0", "--set", "models.item_knn.neighbours=4")
    assert ran.run(*changed, "--only", "train.item_knn") == ["split", "train.item_knn"]
    assert ran.run(*changed, "--only", "train.item_knn") == []
    assert ran.run(*changed, "--only", "ingest", "--force") == ["ingest"]
    assert "neighbours=4" in (ran.processed / "fitted" / "item_knn.txt").read_text()


def test_outputs_that_somebody_altered_are_made_again(ran):
    fitted, executed = (
        ran.processed / "fitted" / "item_knn.txt",
        ran.processed / "notebooks" / "studies" / "07_compare.ipynb",
    )
    whole = fitted.read_bytes()
    fitted.write_bytes(b"X" + whole[1:])
    executed.unlink()
    (ran.root / "data" / "interim" / "toy" / "rows.txt").write_text("another\nlog\n")
    assert ran.run() == ["ingest", "train.item_knn", "compare"]
    assert fitted.read_bytes() == whole


def test_a_raw_file_is_an_input(ran):
    raw = ran.root / "data" / "raw" / "log.txt"
    raw.parent.mkdir(parents=True)
    raw.write_text("a")
    assert ran.run("--set", "ingest.path=log.txt", "--only", "ingest") == ["ingest"]
    raw.write_text("b")
    assert ran.run("--set", "ingest.path=log.txt") == ["ingest"]


def test_explain_says_why_and_dry_run_runs_nothing(ran):
    assert "would run" not in ran.songrec("explain", "--profile", "toy").stdout
    plan = (ran.processed / "plan.json").read_bytes()
    ran.edit("lib/songrec/models/item_knn.py", '"""', '# An edit.\n"""', count=1)
    told = ran.songrec("run", "--dry-run", "--profile", "toy", "--set", "split.share=0.25").stdout
    lines = told.splitlines()
    assert lines[0] == "ingest: fresh"
    assert "    parameter share: modified" in lines
    assert "    library lib/songrec/models/item_knn.py: modified" in lines
    assert "    reads what split makes" in lines
    assert (ran.processed / "plan.json").read_bytes() == plan  # asking changes nothing
    assert ran.run("--only", "train.item_knn") == ["train.item_knn"]


def test_the_executed_notebook_holds_no_path_and_no_time(ran):
    text = (ran.processed / "notebooks" / "studies" / "05_train.item_knn.ipynb").read_text()
    assert "checkout" not in text
    notebook = json.loads(text)
    assert "papermill" not in notebook["metadata"]
    counts = [cell["execution_count"] for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert counts == [1, 2, 3, 4]


def test_a_dot_in_the_name_of_a_setting_is_no_nesting(ran):
    """A blend's weights are searched by the names `weights.<member>`."""
    ran.edit(
        "notebooks/studies/03_split.ipynb",
        "share: float",
        'ranges: dict = {\\"a.b\\": {\\"low\\": 1}}\\nshare: float',
    )
    assert "split" in ran.run("--only", "split")
    assert ran.run("--only", "split") == []
    ran.edit("notebooks/studies/03_split.ipynb", '\\"low\\": 1', '\\"low\\": 2')
    assert "split" in ran.run("--only", "split")


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("lib/songrec/pages/toy.jinja", "words", "other words"),
        ("lib/songrec/pages/toy.py", "return words", "return words.upper()"),
        ("notebooks/models.yml", "#222222", "#333333"),
        ("notebooks/models.yml", "Neighbours", "Item neighbours"),
        ("notebooks/profiles/toy.yml", "A toy.", "Another toy."),
        ("notebooks/pages/07_compare.ipynb", "toy.told(run)", "toy.told(run)[0]"),
    ],
)
def test_what_changes_how_it_is_told_reruns_the_page_alone(ran, path, old, new):
    ran.edit(path, old, new)
    assert ran.stale() == ["page.compare"]


def test_a_block_that_changes_the_fit_reruns_that_model(ran):
    ran.edit(
        "notebooks/models.yml", "estimator: ItemKNN", "estimator: ItemKNN, hyperparameters: {shrink: 5.0}"
    )
    assert ran.run() == ["train.item_knn", "compare", "page.compare"]
    assert ran.stale() == []


def test_a_failed_page_keeps_no_study_waiting(ran):
    ran.edit("notebooks/pages/07_compare.ipynb", "toy.told(run)", "1 / 0")
    ran.edit("lib/songrec/models/item_knn.py", '"""', '# An edit.\n"""', count=1)
    assert ran.run(code=1) == ["train.item_knn"]
    assert (ran.processed / "failed" / "pages" / "07_compare.ipynb").exists()


def test_only_selects_by_stage_by_kind_and_by_name(ran):
    def selected(name):
        told = ran.songrec("run", "--profile", "toy", "--dry-run", "--only", name).stdout
        return [line.split(":")[0] for line in told.splitlines()]

    assert selected("study.compare") == ran.stages[:-1]
    assert selected("page.compare") == ran.stages
    assert ran.run("--only", "split", "--force") == ["ingest", "split"]
