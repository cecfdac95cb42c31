"""Notebooks that are opened by themselves make what they need: on a toy checkout."""

import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow

OPEN = "from songrec.pipeline import open_stage; print(open_stage({!r}, 'toy', {!r}).inputs)"


def _open(checkout, stage: str, model: str | None = None, **variables) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-c", OPEN.format(stage, model)],
        env=checkout.environment | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_two_at_once_make_their_missing_inputs_without_deadlock(checkout):
    both = [_open(checkout, "compare"), _open(checkout, "train", "item_knn")]
    for process in both:
        said, wrong = process.communicate(timeout=120)
        assert process.returncode == 0, wrong
        assert wrong == ""
    assert (checkout.processed / "fitted" / "popularity.txt").exists()
    assert str(checkout.processed / "parts") in said
    assert checkout.run("--only", "study.compare") == [
        "compare"
    ]  # they are as fresh as if a run had made them


def test_within_a_run_a_missing_input_is_an_error_and_no_second_run(checkout):
    process = _open(checkout, "split", SONGREC_STAGE="split")
    _, wrong = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "DataError: stage split lacks its inputs from ingest" in wrong
    assert not os.path.exists(checkout.processed / "parts")


def test_a_page_opened_by_itself_makes_the_tables_that_it_reads_and_no_page(checkout):
    opened = "from songrec.pipeline import open_page; print(open_page('compare', 'toy').name)"
    assert checkout.python(opened) == "toy\n"
    assert not (checkout.processed / "notebooks" / "pages").exists()
    assert checkout.run() == ["page.compare"]


def test_inputs_that_cannot_be_made_say_why(checkout):
    checkout.edit("notebooks/studies/01_ingest.ipynb", "stage = open_stage", "1 / 0\\nstage = open_stage")
    _, wrong = (process := _open(checkout, "split")).communicate(timeout=60)
    assert process.returncode == 1
    assert "the inputs of split could not be made" in wrong
    assert "ZeroDivisionError" in wrong
