"""What the README says works: its commands, its headline and its ten lines."""

import os
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from songrec.cli import cli
from songrec.errors import DataError
from songrec.pages.benchmark import readme
from songrec.pipeline.readme import placed
from songrec.results import published

REPOSITORY = Path(__file__).resolve().parents[1]
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
    said = commands("songrec")
    assert {"data", "recommend", "similar"} <= {command.split()[0] for command in said}
    for command in said:
        known, words = cli, command.split()
        while isinstance(known, click.Group):
            known = known.commands[words.pop(0)]
        options = {option for parameter in known.params for option in parameter.opts}
        assert {word.split("=")[0] for word in words if word.startswith("--")} <= options, command


def test_the_headline_is_what_is_published():
    assert placed(README, readme(published()[0])) == README


def test_a_readme_without_marks_is_refused():
    with pytest.raises(DataError, match="marks"):
        placed("no marks", "block")


def test_the_ten_lines_of_the_readme_run(tmp_path):
    (script,) = blocks("python")
    lines = [line for line in script.splitlines() if line.strip() and not line.strip().startswith("#")]
    assert len(lines) <= 16
    log = tmp_path / "listening.tsv"
    rows = [f"user{u:02}\tsong{(u + 3 * s) % 40:02}\t{1 + s % 3}" for u in range(60) for s in range(12)]
    log.write_text("\n".join(rows) + "\n", encoding="utf-8")
    environment = {**os.environ, "SONGREC_DATA": str(tmp_path / "data")}
    said = subprocess.check_output([sys.executable, "-c", script], cwd=tmp_path, env=environment, text=True)
    precision, recall = (float(re.search(rf"{name} +10 +(\S+)", said)[1]) for name in ("precision", "recall"))
    # Neighbours share songs in this log, so the two hidden songs of a user are nearly always found.
    assert 0.15 < precision <= 0.2
    assert 0.75 < recall <= 1
