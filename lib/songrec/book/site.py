"""Build the book as a site, strictly."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from songrec.errors import StageError
from songrec.paths import BOOK, REPOSITORY, SITE

# jsonschema would build a grammar of web addresses for seconds, for nobody here.
_JUPYTER_BOOK = """
import sys
sys.modules["rfc3987_syntax"] = None
from jupyter_book.cli.main import main
main()
"""
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def build(book: Path = BOOK, site: Path = SITE) -> Path:
    """Build the pages of `book` into `site`, in place of an older build; returns the HTML pages' folder.

    Raises
    ------
    StageError
        For any warning (a missing value, a dead link, an unknown citation), with what Sphinx said.
    """
    shutil.rmtree(site, ignore_errors=True)
    strictly = ["--all", "-W", "-n", "--keep-going", "-q"]
    places = ["--config", REPOSITORY / "_config.yml", "--path-output", site]
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
