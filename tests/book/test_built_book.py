"""The book as it is built: strict, whole, and without the network."""

import json
import re
import shutil

import pytest

from songrec.book.check import check
from songrec.book.site import build
from songrec.book.values import Page, write_value
from songrec.errors import StageError
from songrec.paths import BOOK
from songrec.results import MAIN, Results, published


def write_wrong_book(book) -> dict[int, str]:
    """Two pages in which nearly everything is wrong; by line of the first page, what must be said."""
    book.mkdir()
    shutil.copytree(BOOK / "_static", book / "_static")
    shutil.copy(BOOK / "references.bib", book)
    (book / "_toc.yml").write_text("format: jb-book\nroot: index\nchapters:\n  - file: notebook\n")
    wrongs = {
        "A number: {value}`nowhere: run title`.": "no results are published for 'nowhere'",
        "A source: {cite:p}`nobody1999`.": "nobody1999",
        "A link: [there](gone.md).": "gone.md",
        "A reference: {numref}`no-such-table`.": "no-such-table",
    }
    (book / "index.md").write_text("# A page\n\n" + "\n\n".join(wrongs) + "\n")
    failed = {"output_type": "error", "ename": "ValueError", "evalue": "no"}
    failed["traceback"] = ["Traceback (most recent call last):", "ValueError: no"]
    stream = {"output_type": "stream", "name": "stderr", "text": "a warning nobody wanted\n"}
    cell = {
        "cell_type": "code",
        "metadata": {},
        "execution_count": 1,
        "source": "1",
        "outputs": [stream, failed],
    }
    head = {"cell_type": "markdown", "metadata": {}, "source": "# A notebook"}
    language = {"name": "python3", "display_name": "Python 3", "language": "python"}
    page = {"nbformat": 4, "nbformat_minor": 4, "metadata": {"kernelspec": language}, "cells": [head, cell]}
    (book / "notebook.ipynb").write_text(json.dumps(page), encoding="utf-8")
    return dict(zip(range(3, 11, 2), wrongs.values(), strict=True))


@pytest.mark.slow
def test_whatever_is_wrong_is_said(tmp_path):
    """One build under the real configuration: it fails, and names each wrong with its page and line.

    A cell that failed is no warning to Sphinx, which shows it; the walk through the site finds it.
    """
    wrongs = write_wrong_book(tmp_path / "book")
    with pytest.raises(StageError) as caught:
        build(tmp_path / "book", tmp_path / "site")
    said = str(caught.value).splitlines()
    for number, what in wrongs.items():
        # Citations and references are resolved when all pages are read, some without a line.
        assert any(re.search(rf"index\.md(:{number})?: WARNING", line) and what in line for line in said), (
            what
        )
    assert any("notebook.ipynb" in line and "stderr" in line for line in said)
    problems = check(tmp_path / "site" / "_build" / "html")
    assert "notebook.html: shows an error of a cell or of the build" in problems


@pytest.mark.built
def test_every_page_is_there_and_in_order(site):
    files = [*BOOK.rglob("*.md"), *BOOK.rglob("*.ipynb")]
    pages = [path.relative_to(BOOK).with_suffix("").as_posix() for path in files]
    assert len([page for page in pages if page.startswith("runs/")]) > 28
    assert check(site, [*pages, "search", "genindex"]) == []


def text(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", "", html).split())


@pytest.mark.built
def test_page_one_says_what_is_published(site):
    html = (site / "index.html").read_text(encoding="utf-8")
    said = text(
        html.partition("<article")[2]
    )  # beside it, the contents name the run that the book was built with
    for words in ("single | model", "run title", "run commit"):
        assert " ".join(write_value(words, Page(log=MAIN), Results.published).split()) in said
    for run in published():
        assert f"On {run.title}" in said
    assert "Synthetic log" not in said, "that is the title of the run that the book is built with"


@pytest.mark.built
def test_nobody_is_asked_to_launch_or_track_anything(site):
    for path in site.rglob("*.html"):
        assert not re.search(
            r"thebe|mybinder|googletagmanager|hypothes\.is|utteranc", path.read_text("utf-8")
        ), path
