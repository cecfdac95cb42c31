"""The environment is stated once and can be made again; nothing of a machine is in the project."""

import re
import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

REPOSITORY = Path(__file__).resolve().parents[1]
LOCK = (REPOSITORY / "requirements.lock").read_text(encoding="utf-8")
PYPROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT = PYPROJECT["project"]

MAKEFILE = (REPOSITORY / "Makefile").read_text(encoding="utf-8")


def tracked() -> list[str]:
    """Files that git knows, or would add."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip("not a git checkout: there is no list of the project's files")
    return [name for name in done.stdout.splitlines() if (REPOSITORY / name).is_file()]


def locked() -> dict[str, list[tuple[str, str]]]:
    """Pinned versions and their markers, by name."""
    pins: dict[str, list[tuple[str, str]]] = {}
    entries = re.findall(r"^([\w.-]+)==([^\s;]+)(?: *; *([^\\]+?))? \\$", LOCK, re.MULTILINE)
    for name, pinned, marker in entries:
        pins.setdefault(canonicalize_name(name), []).append((pinned, marker))
    return pins


# The lock


def test_the_lock_holds_no_address():
    assert not re.search(r"://|\bfile:|--index|--extra-index|--find-links|--trusted", LOCK)


def test_every_pin_has_a_hash():
    entries = re.split(r"\n(?=\S)", LOCK.strip())
    assert len(entries) > 100
    assert all(re.search(r"--hash=sha256:[0-9a-f]{64}", entry) for entry in entries)


APART = {path.stem.removeprefix("requirements-"): path for path in REPOSITORY.glob("requirements-*.txt")}
"""Extras that are not in the lock, and what `make` installs for them."""

EXTRAS = [
    text for name, texts in PROJECT["optional-dependencies"].items() if name not in APART for text in texts
]


@pytest.mark.parametrize("text", [*PROJECT["dependencies"], *EXTRAS, *PYPROJECT["build-system"]["requires"]])
def test_the_lock_satisfies_pyproject(text):
    requirement = Requirement(text)
    pins = locked()[canonicalize_name(requirement.name)]
    assert all(Version(pinned) in requirement.specifier for pinned, _ in pins)


@pytest.mark.parametrize("extra", ["serve", "tracking"])
def test_a_wheel_and_a_checkout_install_the_same_for_an_extra(extra):
    lines = APART[extra].read_text(encoding="utf-8").splitlines()
    assert PROJECT["optional-dependencies"][extra] == [line for line in lines if line[:1] not in ("", "#")]


def test_every_extra_of_the_lock_is_locked():
    extras = re.search(r"^LOCKED_EXTRAS = (.+)$", MAKEFILE, re.MULTILINE)[1].split()[1::2]
    assert set(extras) == PROJECT["optional-dependencies"].keys() - APART.keys()


def test_one_version_for_every_python():
    """numpy and scipy decide the numbers: the same on 3.11 to 3.13."""
    assert [len(locked()[name]) for name in ("numpy", "scipy", "pandas")] == [1, 1, 1]


def test_this_environment_is_the_locked_one():
    for name in ("numpy", "scipy", "pandas", "pyarrow", "sphinx", "jupyter-book", "pytest"):
        assert [version(name)] == [pinned for pinned, _ in locked()[name]], name


def test_conda_users_get_the_same():
    stated = yaml.safe_load((REPOSITORY / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    python, pip, packages = stated
    assert python == "python=3.11"
    assert Version("3.11") in Requirement(f"python{PROJECT['requires-python']}").specifier
    assert pip == "pip"
    assert packages == {"pip": ["--requirement requirements.lock", "-e ."]}


# Which Python


def pretend(folder: Path, name: str, version: str, lacks: str = "") -> Path:
    """A Python that claims to be of another version, and may lack a module."""
    prelude = f"import sys; sys.version_info = {tuple(map(int, version.split('.')))}; "
    prelude += f"sys.modules.update({dict.fromkeys(lacks.split())})"
    path = folder / name
    path.write_text(f'#!/bin/sh\nexec "{sys.executable}" -c "{prelude}\n$2"\n', encoding="utf-8")
    path.chmod(0o755)
    return path


def chosen(folder: Path) -> subprocess.CompletedProcess:
    command = ["/bin/sh", str(REPOSITORY / ".ci" / "choose-python")]
    return subprocess.run(command, capture_output=True, text=True, check=False, env={"PATH": str(folder)})


def test_the_first_python_that_fits_is_taken(tmp_path):
    pretend(tmp_path, "python3", "3.10.4")
    pretend(tmp_path, "python3.13", "3.13.1", lacks="ensurepip")
    fits = pretend(tmp_path, "python3.12", "3.12.7")
    pretend(tmp_path, "python3.11", "3.11.2")
    assert chosen(tmp_path).stdout.strip() == str(fits)


def test_where_none_fits_each_is_named_with_the_remedy(tmp_path):
    pretend(tmp_path, "python3", "3.14.0")
    pretend(tmp_path, "python3.11", "3.11.2", lacks="ensurepip")
    done = chosen(tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert "python3: is Python 3.14.0" in done.stderr
    assert "lacks ensurepip (Debian, Ubuntu: apt-get install python3.11-venv)" in done.stderr
    assert "python3.12: not found" in done.stderr


# The Makefile


def test_make_help_lists_every_target():
    done = subprocess.run(
        ["make", "--no-print-directory"], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    phony = re.search(r"^\.PHONY: (.+)$", MAKEFILE, re.MULTILINE)[1].split()
    listed = set(re.findall(r"^make (\w+)", done.stdout, re.MULTILINE))
    assert listed == set(phony) - {"help"}


# Nothing of a machine in the project


# Put together here, so that this file does not find itself.
FORBIDDEN = [f"/{folder}/" for folder in ("root", "home", "Users", "work", "opt")]
FORBIDDEN += ["pypi" + ".org", "python" + "hosted", "index" + "-url"]


def test_no_file_names_a_machine_or_a_registry():
    texts = {name: (REPOSITORY / name).read_text(encoding="utf-8", errors="replace") for name in tracked()}
    assert [f"{name}: {word}" for name, text in texts.items() for word in FORBIDDEN if word in text] == []


def test_line_ends_stay_as_they_are_whatever_autocrlf_says():
    names = [".ci/run", "Makefile", "lib/songrec/cli.py", "notebooks/pipeline.yml"]
    command = ["git", "check-attr", "text", "--", *names]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip("not a git checkout")
    assert done.stdout.count("text: unset") == len(names)
