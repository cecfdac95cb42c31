"""The comparison of stored outputs is worth something: it passes as stored, and one digit makes it fail."""

import json
import os
import re
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
    """Alter one digit of the first output that is compared and has one; returns what was altered."""
    content = json.loads(notebook.read_text(encoding="utf-8"))
    for cell in content["cells"]:
        if cell["cell_type"] != "code" or "nbval-ignore-output" in cell["metadata"].get("tags", []):
            continue
        for output in cell["outputs"]:
            text = "".join(output["data"]["text/plain"])
            if found := re.search(r"\d", text):
                digit = str((int(found[0]) + 1) % 10)
                altered = text[: found.start()] + digit + text[found.end() :]
                output["data"]["text/plain"] = altered.splitlines(keepends=True)
                notebook.write_text(json.dumps(content), encoding="utf-8")
                return text
    raise AssertionError("no compared output holds a digit")


def test_the_stored_notebook_passes_and_one_altered_digit_fails(tmp_path):
    folder = tmp_path / "notebooks"
    folder.mkdir()
    for name in ("as_stored", "altered"):
        (folder / f"{name}.ipynb").write_bytes((NOTEBOOKS / "01_ingest.ipynb").read_bytes())
    mutate(folder / "altered.ipynb")
    compared = compare(folder, tmp_path / "data")
    assert compared.returncode == 1, compared.stdout[-2000:]
    failed = [line for line in compared.stdout.splitlines() if line.startswith("FAILED")]
    assert len(failed) == 1
    assert "altered.ipynb" in failed[0]
    assert re.search(r"1 failed, \d+ passed", compared.stdout)
    assert "mismatch" in compared.stdout
