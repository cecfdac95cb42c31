"""Build the book as a site, strictly, and walk what was built."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from songrec.errors import StageError
from songrec.paths import BOOK, REPOSITORY, SITE
from songrec.report.site_check import check

__all__ = ["build", "check"]

# jsonschema would build a grammar of web addresses for seconds, for nobody here.
_JUPYTER_BOOK = """
import sys
sys.modules["rfc3987_syntax"] = None
from jupyter_book.cli.main import main
main()
"""
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def build(book: Path = BOOK, site: Path = SITE) -> Path:
    """Build the pages of `book` into `site`; returns the folder of the HTML pages.

    Every warning is an error: a missing value, a dead link, an unknown citation. Raises `StageError` with
    what Sphinx said. The folder of an older build is removed first, so that no page of it is left.
    """
    shutil.rmtree(site, ignore_errors=True)
    options = [
        "--config",
        REPOSITORY / "_config.yml",
        "--path-output",
        site,
        "--all",
        "-W",
        "-n",
        "--keep-going",
        "-q",
    ]
    command = [
        sys.executable,
        "-c",
        _JUPYTER_BOOK,
        "build",
        book,
        *options,
    ]
    environment = {**os.environ, "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, check=False, env=environment
    )
    pages = site / "_build" / "html"
    if done.returncode or not (pages / "index.html").is_file():
        raise StageError(f"the book could not be built:\n{_said(done)}")
    return pages


def _said(done: subprocess.CompletedProcess) -> str:
    lines = _COLOURS.sub("", done.stdout + done.stderr).splitlines()
    wrong = [line for line in lines if "WARNING" in line or "ERROR" in line]
    return "\n".join(wrong or lines[:60])
