"""The whole book, built once for all who look at it."""

import shutil
from pathlib import Path

import pytest
from made_up_record import write_record

from songrec.report.record import on_record
from songrec.report.site import build

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture
def results(tmp_path) -> Path:
    """A folder of records with one in it, called `made-up`."""
    return write_record(tmp_path / "results", "made-up")


@pytest.fixture(scope="session")
def book_source(tmp_path_factory) -> Path:
    """A copy of the book's pages, with the stored notebooks (executed on tiny) as its run."""
    book = tmp_path_factory.mktemp("source") / "book"
    shutil.copytree(REPOSITORY / "book", book, ignore=shutil.ignore_patterns("runs"))
    runs = book / "runs"
    runs.mkdir()
    for notebook in sorted((REPOSITORY / "notebooks").glob("*.ipynb")):
        shutil.copy(notebook, runs)
    # As the pipeline names the pages of a stage that runs once for each model.
    (runs / "05_train.ipynb").rename(runs / "05_train.item_knn.ipynb")
    (runs / "index.md").write_text(
        "# This run: the stored notebooks\n\nExecuted on `tiny`.\n", encoding="utf-8"
    )
    return book


@pytest.fixture(scope="session")
def site(once, book_source) -> Path:
    """The built book."""
    if not on_record():
        pytest.skip("nothing is on record yet: the book has no first page")
    return once("site", lambda folder: build(book_source, folder)) / "_build" / "html"
