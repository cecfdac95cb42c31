"""The environment is stated once, rooms of the library depend downwards only, the README tells the truth."""

import ast
import os
import re
import stat
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

REPOSITORY = Path(__file__).resolve().parents[1]
LOCK = (REPOSITORY / "requirements.lock").read_text(encoding="utf-8")
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LIBRARY = REPOSITORY / "lib"

# Arrows point down this list only.
ROOMS = [
    ["cli"],
    ["serve"],
    ["pipeline"],
    ["report"],
    ["tuning"],
    ["evaluation"],
    ["models"],
    ["similarity"],
    ["kernel"],
    ["split"],
    ["ranking"],
    ["lists"],
    ["data"],
    ["config", "paths", "files", "arrays", "spaces", "errors", "extras", "measure"],
]


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
    for name, version, marker in re.findall(
        r"^([\w.-]+)==([^\s;]+)(?: *; *([^\\]+?))? \\$", LOCK, re.MULTILINE
    ):
        pins.setdefault(canonicalize_name(name), []).append((version, marker))
    return pins


# The lock


def test_the_lock_holds_no_address():
    assert not re.search(r"://|\bfile:|--index|--extra-index|--find-links|--trusted", LOCK)


def test_every_pin_has_a_hash():
    entries = re.split(r"\n(?=\S)", LOCK.strip())
    assert len(entries) > 100
    assert all(re.search(r"--hash=sha256:[0-9a-f]{64}", entry) for entry in entries)


def all_requirements() -> list[str]:
    system = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["build-system"]
    extras = [text for texts in PROJECT["optional-dependencies"].values() for text in texts]
    return [*PROJECT["dependencies"], *extras, *system["requires"]]


@pytest.mark.parametrize("text", all_requirements())
def test_the_lock_satisfies_pyproject(text):
    requirement = Requirement(text)
    pins = locked()[canonicalize_name(requirement.name)]
    assert all(Version(version) in requirement.specifier for version, _ in pins)


def test_one_version_for_every_python():
    """numpy and scipy decide the numbers: the same on 3.11 to 3.13."""
    assert [len(locked()[name]) for name in ("numpy", "scipy", "pandas")] == [1, 1, 1]


def test_this_environment_is_the_locked_one():
    from importlib.metadata import version

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


def chosen(folder: Path, *arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        ["/bin/sh", str(REPOSITORY / ".ci" / "choose-python"), *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": str(folder)},
    )


def pretend(folder: Path, name: str, version: str, lacks: str = "") -> Path:
    """A Python that claims to be of another version, and may lack a module."""
    major, minor, micro = version.split(".")
    prelude = f"import sys; sys.version_info = ({major}, {minor}, {micro}); "
    prelude += f"sys.modules.update({{name: None for name in {lacks.split()!r}}})"
    path = folder / name
    path.write_text(f'#!/bin/sh\nexec "{sys.executable}" -c "{prelude}\n$2"\n', encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def test_the_first_python_that_fits_is_taken(tmp_path):
    pretend(tmp_path, "python3", "3.10.4")
    pretend(tmp_path, "python3.13", "3.13.1", lacks="ensurepip")
    fits = pretend(tmp_path, "python3.12", "3.12.7")
    pretend(tmp_path, "python3.11", "3.11.2")
    assert chosen(tmp_path).stdout.strip() == str(fits)


@pytest.mark.parametrize("version", ["3.11.0", "3.12.9", "3.13.0"])
def test_python3_is_taken_where_it_fits(tmp_path, version):
    python3 = pretend(tmp_path, "python3", version)
    assert chosen(tmp_path).stdout.strip() == str(python3)


@pytest.mark.parametrize(
    ("version", "lacks", "said"),
    [
        ("3.10.13", "", "python3: is Python 3.10.13"),
        ("3.14.0", "", "python3: is Python 3.14.0"),
        ("3.11.2", "ensurepip", "lacks ensurepip (Debian, Ubuntu: apt-get install python3.11-venv)"),
    ],
)
def test_a_wrong_python_is_named_with_the_remedy(tmp_path, version, lacks, said):
    pretend(tmp_path, "python3", version, lacks)
    done = chosen(tmp_path)
    assert done.returncode == 1
    assert said in done.stderr
    assert "python3.12: not found" in done.stderr
    assert "apt-get install python3 python3-venv" in done.stderr
    assert done.stdout == ""


def test_a_python_that_was_asked_for_is_not_replaced_by_another(tmp_path):
    old = pretend(tmp_path, "old", "3.9.1")
    pretend(tmp_path, "python3", "3.12.0")
    done = chosen(tmp_path, str(old))
    assert done.returncode == 1
    assert "is Python 3.9.1" in done.stderr


# The rooms


def imports(path: Path) -> set[str]:
    """Modules of the library that a file imports, wherever in the file it does."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide the room"
            found.update(f"{node.module}.{name.name}" for name in node.names)
    return {name for name in found if name.split(".")[0] == "songrec"}


def height(room: str) -> int:
    return next(place for place, rooms in enumerate(ROOMS) if room in rooms)


@cache
def modules() -> list[Path]:
    return sorted(LIBRARY.glob("songrec/**/*.py"))


def test_every_module_stands_in_a_known_room():
    rooms = {path.relative_to(LIBRARY).with_suffix("").parts[1] for path in modules()} - {"__init__"}
    assert rooms <= {room for rooms in ROOMS for room in rooms}


@pytest.mark.parametrize("path", modules(), ids=lambda path: path.relative_to(LIBRARY).as_posix())
def test_arrows_point_down(path):
    own = path.relative_to(LIBRARY).with_suffix("").parts[1]
    if own == "__init__":
        assert imports(path) == set()
        return
    for name in imports(path):
        parts = name.split(".")
        other = parts[1] if len(parts) > 1 else "__init__"
        if other not in (own, "__init__", "__version__"):
            assert height(other) > height(own) or (height(other) == height(own) == len(ROOMS) - 1), name


@pytest.mark.parametrize(
    "path",
    [path for path in modules() if path.name == "__init__.py"],
    ids=lambda path: path.parent.name,
)
def test_a_package_only_exports(path):
    """A docstring, re-exports and `__all__`: the analysis of what a stage depends on relies on it."""
    for place, node in enumerate(ast.parse(path.read_text(encoding="utf-8")).body):
        docstring = place == 0 and isinstance(node, ast.Expr)
        names = [target.id for target in node.targets] if isinstance(node, ast.Assign) else []
        assert docstring or isinstance(node, ast.ImportFrom) or names in (["__all__"], ["__version__"])


# Nothing of a machine in the project


# Put together here, so that this file does not find itself.
FORBIDDEN = [
    "/" + "root/",
    "/" + "home/",
    "/" + "Users/",
    "/" + "work/",
    "/" + "opt/",
    "pypi" + ".org",
    "python" + "hosted",
    "index" + "-url",
]


def test_no_file_names_a_machine_or_a_registry():
    guilty = []
    for name in tracked():
        text = (REPOSITORY / name).read_text(encoding="utf-8", errors="replace")
        guilty += [f"{name}: {word}" for word in FORBIDDEN if word in text]
    assert guilty == []


# The README


README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
MAKEFILE = (REPOSITORY / "Makefile").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def commands(first: str) -> list[str]:
    """What follows `first` in the README's shell blocks and in its code spans."""
    shell = [line.split("#")[0].strip() for block in blocks("sh") for line in block.splitlines()]
    spans = re.findall(r"`([^`\n]+)`", README)
    return [line.removeprefix(f"{first} ") for line in shell + spans if line.startswith(f"{first} ")]


def test_every_make_target_of_the_readme_exists():
    targets = set(re.findall(r"^([a-z]+):", MAKEFILE, re.MULTILINE))
    said = {command.split()[0] for command in commands("make")}
    assert {"book", "test", "lab"} <= said <= targets


def test_every_songrec_command_of_the_readme_exists():
    """Names of commands and options, as the command line itself lists them."""
    helped: dict[tuple[str, ...], str] = {}
    said = commands("songrec")
    assert {"data", "recommend", "similar"} <= {command.split()[0] for command in said}
    for command in said:
        words = command.split()
        name, rest = (words[:2], words[2:]) if words[0] == "data" else (words[:1], words[1:])
        name = tuple(name)
        if name not in helped:
            done = subprocess.run(
                [sys.executable, "-m", "songrec.cli", *name, "--help"],
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, done.stderr
            helped[name] = done.stdout
        options = [word.split("=")[0] for word in rest if word.startswith("--")]
        assert [option for option in options if option not in helped[name]] == [], command


def test_make_help_lists_every_target():
    done = subprocess.run(
        ["make", "--no-print-directory"], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    phony = re.search(r"^\.PHONY: (.+)$", MAKEFILE, re.MULTILINE)[1].split()
    listed = set(re.findall(r"^make (\w+)", done.stdout, re.MULTILINE))
    assert listed == set(phony) - {"help"}


def test_the_headline_is_the_record():
    from songrec.report.readme import headline, placed
    from songrec.report.record import on_record

    assert placed(README, headline(on_record())) == README


def test_the_ten_lines_of_the_readme_run(tmp_path):
    (script,) = blocks("python")
    lines = [line for line in script.splitlines() if line.strip() and not line.strip().startswith("#")]
    assert len(lines) <= 16
    log = tmp_path / "listening.tsv"
    rows = [f"user{u:02}\tsong{(u + 3 * s) % 40:02}\t{1 + s % 3}" for u in range(60) for s in range(12)]
    log.write_text("\n".join(rows) + "\n", encoding="utf-8")
    environment = {**os.environ, "SONGREC_DATA": str(tmp_path / "data")}
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    precision, recall = (
        float(re.search(rf"{name} +10 +(\S+)", done.stdout)[1]) for name in ("precision", "recall")
    )
    # Neighbours share songs in this log, so the two hidden songs of a user are nearly always found.
    assert 0.15 < precision <= 0.2
    assert 0.75 < recall <= 1
