"""A small checkout of its own: the library as it is, with four toy studies and a page as its notebooks."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest
from forks import Forks
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

REPOSITORY = Path(__file__).resolve().parents[2]

GRAPH = """
ingest:
  notebook: 01_ingest
  raw: [path]
  outputs: {rows: interim/rows.txt}
split:
  notebook: 03_split
  inputs: [rows]
  outputs: {parts: processed/parts}
train:
  notebook: 05_train
  each: models
  inputs: [parts]
  outputs: {fitted: "processed/fitted/{model}.txt"}
compare:
  notebook: 07_compare
  inputs: [rows, fitted]
  outputs: {table: processed/table.csv}
  page: [train]
"""

PROFILE = """
title: Toy
description: A toy.
synthetic: true
models:
  popularity: {hyperparameters: {by: plays}}
  item_knn: {hyperparameters: {neighbours: 3}}
"""

MODELS = """
popularity: {estimator: Popularity, title: Charts, look: ["#111111", o]}
item_knn: {estimator: ItemKNN, title: Neighbours, look: ["#222222", s]}
"""

PAGE_MODULE = """
from pathlib import Path

def told(run):
    words = Path(__file__).with_name("toy.jinja").read_text()
    return words, run.header["title"], run.look("item_knn"), run.table("train", "lengths").to_dict("list")
"""

STAGES = ["ingest", "split", "train.popularity", "train.item_knn", "compare", "page.compare"]

KERNEL = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}

CELLS = {
    "studies/01_ingest": (
        'profile: str = "tiny"  # the profile\npath: str = ""  # a raw file\nusers: int = 3  # how many',
        "from songrec.files import write_text\nfrom songrec.pipeline import open_stage",
        'stage = open_stage("ingest", profile)\nwrite_text(stage.outputs["rows"], "row\\n" * users)\n'
        "stage.save({})",
    ),
    "studies/03_split": (
        'profile: str = "tiny"  # the profile\nshare: float = 0.5  # a share',
        "from songrec.arrays import save_arrays\nfrom songrec.pipeline import open_stage",
        'stage = open_stage("split", profile)\n'
        'rows = stage.inputs["rows"].read_text().splitlines()\n'
        'save_arrays(stage.outputs["parts"], {"half": [round(len(rows) * share)]})\n'
        'stage.save({}, {"share": share})',
    ),
    "studies/05_train": (
        'profile: str = "tiny"  # the profile\nmodel: str = "popularity"  # its label\n'
        'estimator: str = "Popularity"  # its class\nhyperparameters: dict = {"by": "plays"}  # its own',
        "import pandas as pd\nfrom songrec.arrays import load_arrays\nfrom songrec.files import write_text\n"
        "from songrec.models import create\n"
        "from songrec.pipeline import open_stage",
        'stage = open_stage("train", profile, model)\narrays, _ = load_arrays(stage.inputs["parts"])\n'
        'write_text(stage.outputs["fitted"], f"{create(estimator, **hyperparameters)} {arrays}\\n")\n'
        'stage.save({"lengths": pd.DataFrame({"length": [len(hyperparameters)]})})',
    ),
    "studies/07_compare": (
        'profile: str = "tiny"  # the profile\ncutoff: int = 10  # a cut-off',
        "from songrec.files import write_text\nfrom songrec.pipeline import open_stage",
        'stage = open_stage("compare", profile)\n'
        'fitted = stage.inputs["fitted"].values()\n'
        'write_text(stage.outputs["table"], "".join(path.read_text() for path in fitted))\n'
        "stage.save({})",
    ),
    "pages/07_compare": (
        'profile: str = "tiny"  # the profile',
        "from songrec.pages import toy\nfrom songrec.pipeline import open_page",
        'run = open_page("compare", profile)\ntoy.told(run)',
    ),
}


@dataclass(frozen=True)
class Checkout:
    """A copy of the library with toy notebooks, to edit, run and kill at will."""

    root: Path
    forks: Forks
    path: tuple[Path, ...] = ()  # what Python finds besides the library

    @property
    def stages(self) -> list[str]:
        """What a whole run runs, in order."""
        return STAGES

    @property
    def processed(self) -> Path:
        return self.root / "data" / "processed" / "toy"

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "songrec.cli", *arguments]

    @property
    def environment(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("SONGREC", "DVC", "PYTHONDONT"))}
        return kept | {"PYTHONPATH": os.pathsep.join(map(str, (self.root / "lib", *self.path)))}

    def songrec(self, *arguments: str, code: int = 0) -> subprocess.CompletedProcess:
        """Run the command line and hold its exit code."""
        done = self.forks.run(["-m", "songrec.cli", *arguments], self.environment)
        assert done.returncode == code, done.stdout + done.stderr
        return done

    def run(self, *arguments: str, code: int = 0) -> list[str]:
        """`songrec run`; names of the stages that ran."""
        done = self.songrec("run", "--profile", "toy", *arguments, code=code)
        return [line.split()[0] for line in done.stdout.splitlines() if " ran in " in line]

    def stale(self) -> list[str]:
        """`songrec explain`; names of the stages that would run."""
        told = self.songrec("explain", "--profile", "toy").stdout
        return [line.split(":")[0] for line in told.splitlines() if ": would run" in line]

    def python(self, code: str) -> str:
        """What this Python prints in the checkout."""
        done = self.forks.run(["-c", code], self.environment)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def edit(self, path: str, old: str, new: str, count: int = -1) -> None:
        file = self.root / path
        text = file.read_text(encoding="utf-8")
        assert old in text
        file.write_text(text.replace(old, new, count), encoding="utf-8")


@pytest.fixture(scope="session")
def forks() -> Iterator[Forks]:
    server = Forks()
    yield server
    server.close()


@pytest.fixture
def checkout(tmp_path, forks) -> Checkout:
    """A checkout in which nothing has run."""
    return _make(tmp_path / "checkout", forks)


@pytest.fixture(scope="session")
def _ran_once(once, forks) -> Path:
    def make(root: Path) -> None:
        assert _make(root, forks).run() == STAGES

    return once("toy", make)


@pytest.fixture
def ran(tmp_path, _ran_once, forks) -> Checkout:
    """A checkout in which every stage has run."""
    shutil.copytree(_ran_once, tmp_path / "checkout")
    return Checkout(tmp_path / "checkout", forks)


def _make(root: Path, forks: Forks) -> Checkout:
    shutil.copytree(REPOSITORY / "lib", root / "lib")
    notebooks = root / "notebooks"
    for folder in ("profiles", "studies", "pages"):
        (notebooks / folder).mkdir(parents=True)
    (notebooks / "pipeline.yml").write_text(GRAPH)
    (notebooks / "models.yml").write_text(MODELS)
    (notebooks / "profiles" / "toy.yml").write_text(PROFILE)
    (root / "lib/songrec/pages/toy.py").write_text(PAGE_MODULE)
    (root / "lib/songrec/pages/toy.jinja").write_text("The page's words.")
    for name, (parameters, *code) in CELLS.items():
        cells = [
            new_markdown_cell(f"# {Path(name).name}\n\nWhat is asked?", id="question"),
            new_code_cell(parameters, id="parameters", metadata={"tags": ["parameters"]}),
            *(new_code_cell(source, id=f"code-{i}") for i, source in enumerate(code)),
            new_markdown_cell("What was found.", id="answer"),
        ]
        nbformat.write(new_notebook(cells=cells, metadata=KERNEL), notebooks / f"{name}.ipynb")
    return Checkout(root, forks)
