"""The base install serves without the packages of the studies; a wheel runs without a checkout."""

import os
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement

REPOSITORY = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
STUDY = PROJECT["optional-dependencies"]["study"]

WITHOUT = f"""
import sys
modules = {{"scikit-learn": "sklearn"}}
sys.modules |= {{modules.get(name, name): None for name in {[Requirement(text).name for text in STUDY]}}}
"""
"""As if nothing of the extra `study` were installed."""

SERVE = """
import songrec.data, songrec.evaluation, songrec.serve, songrec.splits
from scipy.sparse import csr_array
from songrec.models import create, load_model

plays = csr_array([[1, 2, 0, 0], [1, 1, 3, 0], [0, 1, 1, 1]], dtype="int32")
for name in ("ItemKNN", "ALS", "EASE"):
    model = create(name).fit(plays)
    model.save(name)
    songs, _ = model.recommend(plays, 1)
    assert (load_model(name).recommend(plays, 1)[0] == songs).all()
    print(name, songs.shape)
"""


def _python(code: str, cwd: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SONGREC")}
    command, kept = [sys.executable, "-c", code, *arguments], kept | environment
    return subprocess.run(command, cwd=cwd, env=kept, capture_output=True, text=True, check=False)


def test_models_are_fitted_saved_and_served_without_the_study_packages(tmp_path):
    done = _python(WITHOUT + SERVE, tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["ItemKNN (3, 1)", "ALS (3, 1)", "EASE (3, 1)"]


def test_what_is_a_table_of_songs_is_served_without_the_compiler(tmp_path):
    """Compiled loops are for many users at once: a service starts without loading numba for them."""
    fitted = _python(SERVE.replace("ALS", "FsSLIM"), tmp_path)
    assert fitted.returncode == 0, fitted.stderr
    code = """
import sys
sys.modules["numba"] = None
import numpy as np, songrec.serve
from scipy.sparse import csr_array
from songrec.models import load_model
for name in ("ItemKNN", "FsSLIM", "EASE"):
    model = load_model(name)
    print(model.recommend(csr_array([[1, 0, 0, 0]]), 1)[0], model.similar_songs(np.array([0]), 1)[0])
"""
    served = _python(code, tmp_path)
    assert served.returncode == 0, served.stderr
    assert served.stdout.count("[[1]] [[1]]") == 3, served.stdout


@pytest.mark.parametrize("command", [["run"], ["explain"], ["publish"]])
def test_a_run_without_them_says_what_to_install(command, tmp_path):
    done = _python(f"{WITHOUT}\nfrom songrec.cli import main\nsys.exit(main())", tmp_path, *command)
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert "papermill" in line
    assert line.endswith("not installed: pip install 'songrec[study]'")


@pytest.mark.slow
def test_a_wheel_explains_a_run_in_an_empty_folder(tmp_path):
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=REPOSITORY, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    installed, empty = tmp_path / "installed", tmp_path / "empty"
    empty.mkdir()
    with zipfile.ZipFile(wheel) as packed:
        names = packed.namelist()
        packed.extractall(installed)
    assert not [name for name in names if "/book/runs/" in name]
    assert "songrec/_project/_config.yml" in names
    assert sum(file.stat().st_size for file in installed.rglob("*") if file.is_file()) < 12 << 20
    code = "import sys; from songrec.cli import main; sys.exit(main())"
    done = _python(code, empty, "explain", "--profile", "tiny", PYTHONPATH=str(installed))
    assert done.returncode == 0, done.stderr
    assert "ingest: would run" in done.stdout
    code = "from songrec.pipeline.imports import closure; print(closure('import songrec.arrays', (), 'x'))"
    known = _python(code, empty, PYTHONPATH=str(installed)).stdout
    assert str(installed / "songrec" / "arrays.py") in known
    assert [path.name for path in empty.iterdir()] == ["data"]
    code = "from songrec.paths import BOOK, RESULTS; print(*(path.is_dir() for path in (BOOK, RESULTS)))"
    assert _python(code, empty, PYTHONPATH=str(installed)).stdout == "True True\n"
