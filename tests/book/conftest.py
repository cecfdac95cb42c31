"""The whole book, built once for all who look at it."""

import shutil
from pathlib import Path

import pytest

from songrec.book.notebooks import captioned
from songrec.book.site import build
from songrec.files import read_json, write_json

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def book_source(tmp_path_factory) -> Path:
    """A copy of the book's pages, with the stored notebooks (executed on tiny) as its run."""
    book = tmp_path_factory.mktemp("source") / "book"
    shutil.copytree(REPOSITORY / "book", book, ignore=shutil.ignore_patterns("runs"))
    for source in sorted((REPOSITORY / "notebooks").glob("*/*.ipynb")):
        notebook = read_json(source)
        captioned(notebook)
        study = source.parent.name == "studies"
        notebook["metadata"]["orphan"] = study
        # As the pipeline names the notebooks of a stage that runs once for each model.
        model = ".item_knn" if study and source.stem in ("04_tune", "05_train") else ""
        write_json(book / "runs" / ("studies" if study else "") / f"{source.stem}{model}.ipynb", notebook)
    (book / "runs" / "index.md").write_text(
        "# This run: the stored notebooks\n\nExecuted on `tiny`.\n", encoding="utf-8"
    )
    return book


@pytest.fixture(scope="session")
def site(once, book_source) -> Path:
    """The built book."""
    return once("site", lambda folder: build(book_source, folder)) / "_build" / "html"
