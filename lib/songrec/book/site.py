"""Build the book as a site, strictly."""

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

from songrec.errors import StageError
from songrec.files import write_text
from songrec.paths import BOOK, REPOSITORY, SITE

# jsonschema would build a grammar of web addresses for seconds, for nobody here.
_JUPYTER_BOOK = """
import sys
sys.modules["rfc3987_syntax"] = None
from jupyter_book.cli.main import main
main()
"""
RUNS = "runs"
"""The folder of the book with the pages of the run; where the log is one's own it holds `OWN` as well."""

FILES = "files"
"""Within it, what its pages load in the browser."""

OWN = ("_toc.yml", "_config.yml")
"""Contents and configuration of a book whose first page answers for the run's log."""

ANSWER = "00_answer.ipynb"
PUBLIC = "public"
"""The chapter that the record's first page becomes in such a book."""

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def build(book: Path = BOOK, site: Path = SITE) -> Path:
    """Build the pages of `book` into `site`, in place of an older build; returns the HTML pages' folder.

    Raises
    ------
    StageError
        For any warning (a missing value, a dead link, an unknown citation), with what Sphinx said.
    """
    shutil.rmtree(site, ignore_errors=True)
    config = REPOSITORY / "_config.yml"
    if (book / RUNS / OWN[0]).is_file():
        book = with_own_front(book, site / "source")
        config = book / "_config.yml"
    strictly = ["--all", "-W", "-n", "--keep-going", "-q"]
    places = ["--config", config, "--path-output", site]
    command = [sys.executable, "-c", _JUPYTER_BOOK, "build", book, *places, *strictly]
    environment = {**os.environ, "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(
        list(map(str, command)), capture_output=True, text=True, check=False, env=environment
    )
    pages = site / "_build" / "html"
    if done.returncode or not (pages / "index.html").is_file():
        lines = _COLOURS.sub("", done.stdout + done.stderr).splitlines()
        wrong = [line for line in lines if "WARNING" in line or "ERROR" in line]
        raise StageError("the book could not be built:\n" + "\n".join(wrong or lines[:60]))
    return pages


def with_own_front(book: Path, source: Path) -> Path:
    """A copy of the book whose first page is the run's answer; the record's becomes a chapter."""
    shutil.copytree(book, source, ignore=shutil.ignore_patterns("_build"))
    record = source / "index.md"
    text = re.sub(
        r"^# .*", "# On public logs", record.read_text(encoding="utf-8"), count=1, flags=re.MULTILINE
    )
    write_text(source / f"{PUBLIC}.md", text)
    record.unlink()
    (source / RUNS / ANSWER).rename(source / "index.ipynb")
    for name in OWN:
        (source / RUNS / name).rename(source / name)
    return source


def write_zip(folder: Path, file: Path) -> None:
    """All tables and facts of a folder in one file: the same bytes for the same tables."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            if path.suffix in (".csv", ".json"):
                entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), (1980, 1, 1, 0, 0, 0))
                archive.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED)
