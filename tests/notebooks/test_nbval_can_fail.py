"""The comparison of stored outputs is worth something: one altered digit makes it fail, in its cell alone."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from songrec.paths import NOTEBOOKS

pytestmark = pytest.mark.slow


def compare(notebooks: Path, data: Path) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "pytest", "--nbval", str(notebooks), "-q", "-p", "no:cacheprovider"]
    command += ["-p", "no:xdist", "--rootdir", str(notebooks), "-c", os.devnull]
    environment = {**os.environ, "SONGREC_DATA": str(data)}
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


def mutate(notebook: Path) -> str:
    """Alter one digit of what the first figure draws; returns what was altered."""
    content = json.loads(notebook.read_text(encoding="utf-8"))
    for cell in content["cells"]:
        for output in cell.get("outputs", []):
            if "image/svg+xml" not in output["data"]:
                continue
            text = "".join(output["data"]["text/plain"])
            if found := re.search(r"\d", text):
                digit = str((int(found[0]) + 1) % 10)
                altered = text[: found.start()] + digit + text[found.end() :]
                output["data"]["text/plain"] = altered.splitlines(keepends=True)
                notebook.write_text(json.dumps(content), encoding="utf-8")
                return text
    raise AssertionError("no figure draws a number")


def test_one_altered_digit_fails_and_all_else_passes(tmp_path):
    """On a page with figures: pictures are passed over, the numbers that they draw are not."""
    folder = tmp_path / "notebooks"
    folder.mkdir()
    shutil.copy(NOTEBOOKS / "conftest.py", folder)
    shutil.copy(NOTEBOOKS / "pages" / "02_explore.ipynb", folder / "altered.ipynb")
    mutate(folder / "altered.ipynb")
    compared = compare(folder, tmp_path / "data")
    assert compared.returncode == 1, compared.stdout[-2000:]
    failed = [line for line in compared.stdout.splitlines() if line.startswith("FAILED")]
    assert len(failed) == 1
    assert "altered.ipynb" in failed[0]
    assert re.search(r"1 failed, \d+ passed", compared.stdout)
    assert "mismatch" in compared.stdout
