"""What every stored notebook must be: one question, typed parameters, short code, outputs that say it."""

import ast
import re
from pathlib import Path

import pytest

from songrec.config import read_parameters
from songrec.files import read_json
from songrec.paths import NOTEBOOKS
from songrec.pipeline.imports import LIBRARY, closure
from songrec.pipeline.notebook import code_of

STORED = sorted(NOTEBOOKS.glob("*.ipynb"))
IGNORED = "nbval-ignore-output"
MEASURED = {"timed", "threads", "peak_mb", "machine", "machine_line", "seconds", "cost_table"}


def cells(path: Path, kind: str) -> list[dict]:
    return [cell for cell in read_json(path)["cells"] if cell["cell_type"] == kind]


def source(cell: dict) -> str:
    return "".join(cell["source"])


def tags(cell: dict) -> list[str]:
    return cell["metadata"].get("tags", [])


def code(path: Path) -> str:
    """All code but the parameters."""
    return "\n".join(source(cell) for cell in cells(path, "code") if "parameters" not in tags(cell))


def outputs(path: Path) -> list[tuple[dict, dict]]:
    return [(cell, output) for cell in cells(path, "code") for output in cell["outputs"]]


def named(tree: ast.AST) -> set[str]:
    return {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)} | {
        n.attr for n in ast.walk(tree) if isinstance(n, ast.Attribute)
    }


@pytest.fixture(params=STORED, ids=lambda path: path.stem)
def notebook(request) -> Path:
    return request.param


def test_the_notebooks_of_the_line_are_all_here():
    expected = [
        "01_ingest",
        "02_explore",
        "03_split",
        "05_train",
        "06_evaluate",
        "07_compare",
        "10_recommend",
    ]
    assert [path.stem for path in STORED if path.stem in expected] == expected


def test_it_opens_with_a_question(notebook):
    first = read_json(notebook)["cells"][0]
    heading, blank, *paragraph = source(first).split("\n")
    assert first["cell_type"] == "markdown"
    assert re.fullmatch(r"# \S.*\?", heading)
    assert not blank
    assert len(paragraph) >= 2
    assert all(line.strip() for line in paragraph), "one paragraph"
    headings = [
        line for cell in cells(notebook, "markdown") for line in source(cell).split("\n") if line[:2] == "# "
    ]
    assert headings == [heading]


def test_it_closes_with_what_was_found(notebook):
    *_, heading, last = read_json(notebook)["cells"]
    assert source(heading) == "## What was found"
    assert source(last).split("\n")[-1].startswith("findings_")
    assert [list(output["data"]) for output in last["outputs"]] == [["text/markdown", "text/plain"]]


def test_numbers_in_prose_are_made_and_not_typed(notebook):
    for cell in cells(notebook, "markdown"):
        assert not re.search(r"\d", source(cell).replace("95 %", "")), source(cell)


def test_parameters_are_typed_explained_used_and_those_of_tiny(notebook):
    parameters = read_parameters(notebook)
    assert next(iter(parameters)) == "profile"
    assert parameters["profile"].default == "tiny"
    assert all(parameter.help for parameter in parameters.values())
    assert set(parameters) <= named(ast.parse(code(notebook)))
    (cell,) = [cell for cell in cells(notebook, "code") if "parameters" in tags(cell)]
    assert "remove-cell" in tags(cell)
    assert cell == cells(notebook, "code")[0]


def test_code_is_short_calls_into_the_library(notebook):
    text = code(notebook)
    tree = ast.parse(text)
    assert len([line for line in text.split("\n") if line.strip()]) <= 100
    definitions = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
    assert not [node for node in ast.walk(tree) if isinstance(node, definitions)]
    imported = {n.module.split(".")[0] for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
    assert imported == {"songrec"}
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.Import)]
    assert all(len(source(cell).split("\n")) <= 25 for cell in cells(notebook, "code"))
    assert "%" not in [line[:1] for line in text.split("\n")], "no magics"


def test_code_knows_no_paths(notebook):
    tree = ast.parse(code(notebook))
    texts = [n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str)]
    assert not [text for text in texts if "/" in text or "\\" in text or text.endswith((".csv", ".json"))]
    assert not named(tree) & {"Path", "open", "os", "getcwd", "glob", "joinpath"}
    divisions = [n for n in ast.walk(tree) if isinstance(n, ast.BinOp) and isinstance(n.op, ast.Div)]
    assert not [n for n in divisions if "outputs" in ast.unparse(n) or "inputs" in ast.unparse(n)]


def test_it_is_stored_executed_in_order(notebook):
    counts = [cell["execution_count"] for cell in cells(notebook, "code")]
    assert counts == list(range(1, len(counts) + 1))


def test_it_has_outputs_that_are_compared(notebook):
    compared = [output for cell, output in outputs(notebook) if IGNORED not in tags(cell)]
    words = [output for output in compared if {"text/html", "text/markdown"} & set(output["data"])]
    assert len(words) >= 3


def test_nothing_went_to_stderr_or_failed(notebook):
    assert {output["output_type"] for _, output in outputs(notebook)} == {"execute_result"}


def test_outputs_name_no_place_on_this_machine(notebook):
    for _, output in outputs(notebook):
        for kind, data in output["data"].items():
            if kind != "image/png":
                assert not re.search(r"/(home|root|work|tmp|usr|Users)/|[A-Z]:\\", "".join(data))


def test_costs_stand_alone_in_cells_that_are_not_compared(notebook):
    """What differs from run to run is shown in no other cell, and those cells show nothing else."""
    for cell in cells(notebook, "code"):
        last = ast.parse(source(cell)).body[-1]
        shows_cost = isinstance(last, ast.Expr) and bool(named(last) & (MEASURED | {"cost"}))
        assert shows_cost == (IGNORED in tags(cell))


def test_every_picture_has_a_caption_and_words_for_who_cannot_see_it(notebook):
    for cell in cells(notebook, "code"):
        has_picture = any("image/png" in output["data"] for output in cell["outputs"])
        shown = cell["metadata"].get("mystnb", {})
        assert has_picture == bool(shown)
        if has_picture:
            caption, alt = shown["figure"]["caption"], shown["image"]["alt"]
            assert len(caption) > 40
            assert len(alt) > 60
            assert alt != caption
            assert ("log scale" in caption or "logarithmic" in caption) == ("logarithmic" in alt)


def test_pictures_have_names_of_their_own_and_the_page_made_for_each_model_has_none():
    names = [
        (path.stem, cell["metadata"]["mystnb"]["figure"].get("name"))
        for path in STORED
        for cell in cells(path, "code")
        if "mystnb" in cell["metadata"]
    ]
    given = [name for _, name in names if name]
    assert len(set(given)) == len(given)
    assert [stem for stem, name in names if not name or stem == "05_train"] == []


def test_what_is_costly_depends_on_nothing_that_is_not():
    """A new metric, a figure's colours or a sentence of the comparison fit no model again."""
    reached = {}
    for stage in ("01_ingest", "03_split", "05_train"):
        files = closure(code_of(NOTEBOOKS / f"{stage}.ipynb"))
        reached[stage] = {path.relative_to(LIBRARY / "songrec").with_suffix("").as_posix() for path in files}
    assert "models/registry" in reached["05_train"]
    for path in reached["05_train"]:
        assert not path.startswith(("evaluation/", "report/style", "report/figures", "report/tables_models"))
        assert not path.startswith("data/"), "the data come as files"
    assert "data/ingest" in reached["01_ingest"]
    assert not {
        path for path in reached["01_ingest"] if path.startswith(("models/", "split/", "evaluation/"))
    }
    assert not reached["01_ingest"] & {"data/marginals", "report/style", "report/tables_log"}
    assert not {path for path in reached["03_split"] if path.startswith(("models/", "evaluation/"))}


def test_tables_can_be_read_in_either_theme(notebook):
    """The theme styles tables of this class only; a colour of our own would hold in one theme at most."""
    for _, output in outputs(notebook):
        html = "".join(output["data"].get("text/html", ""))
        assert html.count("<table") == html.count('<table class="dataframe"')
        assert "color" not in html
