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


def mutate(notebook: Path) -> None:
    """Alter one digit of what the first figure draws."""
    content = json.loads(notebook.read_text(encoding="utf-8"))
    outputs = [output["data"] for cell in content["cells"] for output in cell.get("outputs", [])]
    drawn = next(
        data for data in outputs if "image/svg+xml" in data and re.search(r"\d", str(data["text/plain"]))
    )
    text = re.sub(r"\d", lambda digit: str((int(digit[0]) + 1) % 10), "".join(drawn["text/plain"]), count=1)
    drawn["text/plain"] = text.splitlines(keepends=True)
    notebook.write_text(json.dumps(content), encoding="utf-8")


def test_one_altered_digit_fails_and_all_else_passes(tmp_path, tiny_run):
    """On a page with figures: pictures are passed over, the numbers that they draw are not."""
    folder = tmp_path / "notebooks"
    folder.mkdir()
    shutil.copy(NOTEBOOKS / "conftest.py", folder)
    shutil.copy(NOTEBOOKS / "pages" / "02_explore.ipynb", folder / "altered.ipynb")
    mutate(folder / "altered.ipynb")
    compared = compare(folder, tiny_run)
    assert compared.returncode == 1, compared.stdout[-2000:]
    failed = [line for line in compared.stdout.splitlines() if line.startswith("FAILED")]
    assert len(failed) == 1
    assert "altered.ipynb" in failed[0]
    assert re.search(r"1 failed, \d+ passed", compared.stdout)
    assert "mismatch" in compared.stdout
