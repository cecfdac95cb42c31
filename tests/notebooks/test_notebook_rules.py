"""What every stored notebook must be: one question, typed parameters, short code, outputs that say it."""

import ast
import re
from pathlib import Path

import pytest

from songrec.config import read_parameters
from songrec.files import read_json
from songrec.paths import NOTEBOOKS
from songrec.pipeline.imports import LIBRARY, closure
from songrec.pipeline.notebook import code_of, source_of, tags

STUDIES, PAGES = (sorted((NOTEBOOKS / kind).glob("*.ipynb")) for kind in ("studies", "pages"))
IGNORED = "nbval-ignore-output"
SVG = "image/svg+xml"
ANSWER = "00_answer"
MEASURED = {"cost", "cost_lines", "decision", "exponents", "optimisations"}
"""What shows seconds or memory; so do the findings of the pages `scaling` and `spark`."""
MAPS = {"drawn", "song_map"}
"""What t-SNE drew: another processor rounds otherwise, and draws another map of the same neighbours."""

studies = pytest.mark.parametrize("notebook", STUDIES, ids=lambda path: path.stem)
pages = pytest.mark.parametrize("notebook", PAGES, ids=lambda path: path.stem)
both = pytest.mark.parametrize(
    "notebook", STUDIES + PAGES, ids=lambda path: f"{path.parent.name}/{path.stem}"
)


def cells(path: Path, kind: str) -> list[dict]:
    return [cell for cell in read_json(path)["cells"] if cell["cell_type"] == kind]


def code(path: Path) -> str:
    """All code but the parameters."""
    return "\n".join(source_of(cell) for cell in cells(path, "code") if "parameters" not in tags(cell))


def reached(path: Path) -> set[str]:
    """Files of the library that a notebook depends on."""
    return {file.relative_to(LIBRARY / "songrec").as_posix() for file in closure(code_of(path))}


def outputs(path: Path) -> list[tuple[dict, dict]]:
    return [(cell, output) for cell in cells(path, "code") for output in cell["outputs"]]


def named(tree: ast.AST) -> set[str]:
    return {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)} | {
        n.attr for n in ast.walk(tree) if isinstance(n, ast.Attribute)
    }


def imported(path: Path) -> set[str]:
    """Modules and names that a notebook imports, dotted; `import` statements are none of ours."""
    tree = ast.parse(code(path))
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.Import)]
    found = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    return {f"{node.module}.{alias.name}" for node in found for alias in node.names}


# Both kinds


@both
def test_it_opens_with_a_question(notebook):
    first = read_json(notebook)["cells"][0]
    heading, blank, *paragraph = source_of(first).split("\n")
    assert first["cell_type"] == "markdown"
    assert re.fullmatch(r"# \S.*\?", heading)
    assert not blank
    assert len(paragraph) >= 2
    assert all(line.strip() for line in paragraph), "one paragraph"
    headings = [
        line
        for cell in cells(notebook, "markdown")
        for line in source_of(cell).split("\n")
        if line[:2] == "# "
    ]
    assert headings == [heading]


@both
def test_numbers_in_prose_are_made_and_not_typed(notebook):
    for cell in cells(notebook, "markdown"):
        assert not re.search(r"\d", source_of(cell).replace("95 %", "")), source_of(cell)


@both
def test_parameters_are_typed_explained_used_and_those_of_tiny(notebook):
    parameters = read_parameters(notebook)
    assert next(iter(parameters)) == "profile"
    assert parameters["profile"].default == "tiny"
    assert all(parameter.help for parameter in parameters.values())
    assert set(parameters) <= named(ast.parse(code(notebook)))
    (cell,) = [cell for cell in cells(notebook, "code") if "parameters" in tags(cell)]
    assert "remove-cell" in tags(cell)
    assert cell == cells(notebook, "code")[0]


@both
def test_code_is_short_calls_into_the_library(notebook):
    text = code(notebook)
    tree = ast.parse(text)  # no magics either
    assert len([line for line in text.split("\n") if line.strip()]) <= 100
    definitions = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
    assert not [node for node in ast.walk(tree) if isinstance(node, definitions)]
    assert {name.split(".")[0] for name in imported(notebook)} == {"songrec"}
    assert all(len(source_of(cell).split("\n")) <= 25 for cell in cells(notebook, "code"))


@both
def test_code_knows_no_paths(notebook):
    tree = ast.parse(code(notebook))
    texts = [n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str)]
    assert not [text for text in texts if "/" in text or "\\" in text]
    assert not named(tree) & {"Path", "os", "getcwd", "glob", "joinpath"}
    assert "open" not in {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


@both
def test_it_is_stored_executed_in_order(notebook):
    counts = [cell["execution_count"] for cell in cells(notebook, "code")]
    assert counts == list(range(1, len(counts) + 1))


@both
def test_nothing_went_to_stderr_or_failed(notebook):
    assert {output["output_type"] for _, output in outputs(notebook)} == {"execute_result"}


@both
def test_outputs_name_no_place_on_this_machine(notebook):
    for _, output in outputs(notebook):
        for data in output["data"].values():
            assert not re.search(r"/(home|root|work|tmp|usr|Users)/|\b[A-Z]:\\", "".join(data))


@both
def test_timings_stand_alone_in_cells_that_are_not_compared(notebook):
    """What differs from run to run is shown in no other cell, and those cells show nothing else."""
    for cell in cells(notebook, "code"):
        last = ast.parse(source_of(cell)).body[-1]
        shown = isinstance(last, ast.Expr) and (
            (MEASURED | MAPS) & named(last)
            or ("findings" in named(last) and named(last) & {"scaling", "spark"})
        )
        assert (bool(shown) and "save" not in named(last)) == (IGNORED in tags(cell)), source_of(cell)


@both
def test_tables_can_be_read_in_either_theme(notebook):
    """The theme styles tables of this class only; a colour of our own would hold in one theme at most."""
    for _, output in outputs(notebook):
        html = "".join(output["data"].get("text/html", ""))
        assert len(re.findall(r"<table", html)) == len(re.findall(r'<table[^>]* class="dataframe"', html))
        assert "color" not in html


# Studies


@studies
def test_a_study_ends_with_what_is_kept(notebook):
    last = read_json(notebook)["cells"][-1]
    assert source_of(last).split("\n")[-1].startswith("stage.save(")
    assert last["outputs"] == []
    assert code(notebook).count("stage.save(") == 1


@studies
def test_a_study_finds_nothing_and_draws_nothing(notebook):
    assert "findings" not in named(ast.parse(code(notebook)))
    telling = ("songrec.show", "songrec.pages", "songrec.results", "songrec.book")
    assert not [name for name in imported(notebook) if name.startswith(telling)]
    compared = [output for cell, output in outputs(notebook) if IGNORED not in tags(cell)]
    assert compared
    assert {tuple(output["data"]) for output in compared} == {("text/html", "text/plain")}


@studies
def test_a_study_reaches_nothing_that_tells(notebook):
    """Computing and telling are apart: no study depends on how its results are told."""
    telling = ("show/", "pages/", "book/", "results/", "pipeline/page.py")
    assert not [file for file in reached(notebook) if file.startswith(telling)]


@pytest.mark.parametrize(
    ("stage", "some", "none"),
    [
        ("05_train", "models/registry.py", ("evaluation/", "data/")),
        ("01_ingest", "data/ingest.py", ("models/", "splits/", "evaluation/", "data/marginals")),
        ("03_split", "splits/", ("models/", "evaluation/")),
    ],
)
def test_a_fit_depends_on_no_metric_and_no_source_of_data(stage, some, none):
    """A new metric fits no model again; a new model reads and divides no log again."""
    files = reached(NOTEBOOKS / "studies" / f"{stage}.ipynb")
    assert [file for file in files if file.startswith(some)]
    assert not [file for file in files if file.startswith(none)]


# Pages


@pages
def test_a_page_imports_the_module_of_its_name(notebook):
    """And no other page's: beside it only parts of it that have no notebook of their own."""
    theirs = {name for name in imported(notebook) if name.startswith("songrec.pages.")}
    assert {f"songrec.pages.{path.stem[3:]}" for path in PAGES} & theirs == {
        f"songrec.pages.{notebook.stem[3:]}"
    }
    banner = set() if notebook.stem == ANSWER else {"songrec.show.banner"}
    assert imported(notebook) - theirs == {"songrec.pipeline.open_page"} | banner


@pages
def test_a_page_closes_with_what_was_found(notebook):
    """The first page of all opens with it."""
    if notebook.stem == ANSWER:
        shown = cells(notebook, "code")[1]
        assert source_of(shown).endswith("answer.findings(run)")
        return
    *_, heading, last = read_json(notebook)["cells"]
    assert source_of(heading) == "## What was found"
    assert source_of(last).startswith(f"{notebook.stem[3:]}.findings(run")
    assert [list(output["data"]) for output in last["outputs"]] == [["text/markdown", "text/plain"]]


@pages
def test_every_figure_has_a_caption_and_words_for_who_cannot_see_it(notebook):
    for _, output in outputs(notebook):
        assert not [kind for kind in output["data"] if kind.startswith("image/") and kind != SVG]
        has_figure = SVG in output["data"]
        assert has_figure == ({"caption", "alt"} <= set(output["metadata"]))
        if has_figure:
            assert "text/plain" in output["data"]
            caption, alt = output["metadata"]["caption"], output["metadata"]["alt"]
            assert len(caption) > 40
            assert len(alt) > 60
            assert alt != caption
            assert bool(re.search("log(arithmic)? scale|logarithmic", caption)) == ("logarithmic" in alt)
