"""Every stored notebook, run from its first cell to its last, puts out what is stored in it: strict nbval."""

import os
import shutil
import subprocess
import sys

import pytest

from songrec.paths import NOTEBOOKS

pytestmark = pytest.mark.slow


def test_every_stored_output_comes_out_today(tmp_path, tiny_run):
    shutil.copytree(tiny_run, tmp_path / "data")
    command = [sys.executable, "-m", "pytest", "-q", "--nbval", "--nbval-current-env", str(NOTEBOOKS)]
    done = subprocess.run(
        [*command, "-p", "no:cacheprovider", "-p", "no:xdist"],
        capture_output=True,
        text=True,
        env={**os.environ, "SONGREC_DATA": str(tmp_path / "data")},
        check=False,
    )
    assert done.returncode == 0, done.stdout[-20_000:]
