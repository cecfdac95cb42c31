"""The base install serves without the packages of the studies; a wheel runs without a checkout."""

import os
import re
import subprocess
import sys
import sysconfig
import tomllib
import venv
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


MADE = """
from made_run import make_run
from songrec.data import Catalogue, Interactions
from songrec.models import ItemKNN, UserKNN

pairs = [(f"u{u}", f"s{(u + 3 * s) % 20:02}") for u in range(30) for s in range(6)]
log = Interactions.from_triplets(*zip(*pairs), [1] * len(pairs))
catalogue = Catalogue.from_columns(["s01"], ["One"])
models = {"item_knn": ItemKNN().fit(log.plays), "user_knn": UserKNN().fit(log.plays)}
make_run("tiny", log, catalogue, models)
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


def test_a_compiler_that_is_missed_is_named(tmp_path):
    data = {"SONGREC_DATA": str(tmp_path)}
    made = _python(MADE, tmp_path, **data, PYTHONPATH=os.pathsep.join(path for path in sys.path if path))
    assert made.returncode == 0, made.stderr
    ask = "import sys; sys.modules['numba'] = None; from songrec.cli import main; sys.exit(main())"
    for model, code in (("item_knn", 0), ("user_knn", 2)):
        asked = ["recommend", "--profile", "tiny", "--model", model, "--songs", "s01"]
        done = _python(ask, tmp_path, *asked, **data)
        assert done.returncode == code, done.stderr
    assert done.stderr == "songrec: this needs numba, which is not installed here\n"


@pytest.mark.parametrize("command", [["run"], ["explain"], ["publish"]])
def test_a_run_without_them_says_what_to_install(command, tmp_path):
    done = _python(f"{WITHOUT}\nfrom songrec.cli import main\nsys.exit(main())", tmp_path, *command)
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert "papermill" in line
    assert line.endswith("not installed: pip install 'songrec[study]'")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=REPOSITORY, check=True, capture_output=True)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel) -> Path:
    """An environment with the wheel in it; what that depends on is this environment's: nothing is fetched."""
    folder = wheel.parent / "venv"
    venv.create(folder)
    packages = Path(sysconfig.get_path("purelib", "venv", vars={"base": str(folder)}))
    (packages / "base.pth").write_text(f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})\n")
    pip = [sys.executable, "-m", "pip", "--python", str(folder / "bin" / "python"), "--quiet", "install"]
    subprocess.run([*pip, "--no-index", "--no-deps", f"{wheel}[serve]"], check=True)
    return folder


def _songrec(installed: Path, cwd: Path, *arguments: str) -> str:
    """What the installed command prints, in a folder, with nothing of this checkout in sight."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SONGREC", "PYTHON"))}
    command = [installed / "bin" / "songrec", *arguments]
    done = subprocess.run(command, cwd=cwd, env=kept, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _files(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts}


@pytest.mark.slow
def test_a_wheel_holds_what_a_run_and_a_book_need(wheel):
    with zipfile.ZipFile(wheel) as packed:
        names, size = packed.namelist(), sum(each.file_size for each in packed.infolist())
        metadata = packed.read(next(name for name in names if name.endswith("dist-info/METADATA"))).decode()
    assert not [name for name in names if "/book/runs/" in name]
    for name in ("_config.yml", "notebooks/models.yml", "notebooks/profiles/tiny.yml", "book/_toc.yml"):
        assert f"songrec/_project/{name}" in names
    assert size < 12 << 20
    assert re.search(r"^Requires-Dist: fastapi==.* extra == 'serve'$", metadata, re.MULTILINE)


@pytest.mark.slow
def test_a_wheel_runs_in_an_empty_folder(installed, tmp_path):
    before = _files(installed)
    assert "ingest: would run" in _songrec(installed, tmp_path, "explain", "--profile", "tiny")
    _songrec(installed, tmp_path, "run", "--profile", "tiny", "--only", "study.compare")
    tables = tmp_path / "data" / "processed" / "tiny" / "tables"
    assert len((tables / "compare" / "differences.csv").read_text().splitlines()) > 20
    assert {path.name for path in (tables / "train").iterdir()} == {
        "popularity",
        "user_knn",
        "item_knn",
        "ease",
    }
    assert "rank" in _songrec(installed, tmp_path, "recommend", "--profile", "tiny", "--user", "nobody")
    assert [path.name for path in tmp_path.iterdir()] == ["data"]
    assert _files(installed) == before


@pytest.mark.slow
def test_a_wheel_takes_a_log_of_ones_own(installed, tmp_path):
    """Its profile stands with the data, and is found by the processes of the stages as well."""
    rows = [f"u{u},s{(u + 3 * s * s) % 50}\n" for u in range(80) for s in range(12)]
    (tmp_path / "plays.csv").write_text("user,song\n" + "".join(rows))
    before = _files(installed)
    said = _songrec(installed, tmp_path, "init", "plays.csv")
    assert f"Written: {tmp_path}/data/profiles/plays.yml" in said
    _songrec(installed, tmp_path, *said.splitlines()[-1].split()[4:], "--only", "split")
    assert (tmp_path / "data" / "processed" / "plays" / "tables" / "split" / "parts.csv").is_file()
    assert _files(installed) == before
