"""Every example in the docstrings of the evaluation runs and prints what it says."""

import doctest
import importlib

import pytest


@pytest.mark.parametrize("name", ["judge", "metrics", "beyond", "evaluator", "statistics"])
def test_examples_run(name):
    result = doctest.testmod(importlib.import_module(f"songrec.evaluation.{name}"))
    assert result.attempted > 0
    assert result.failed == 0
