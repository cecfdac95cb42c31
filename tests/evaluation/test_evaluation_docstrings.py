"""Every example in the docstrings of the evaluation runs and prints what it says."""

import doctest
import importlib

import pytest

MODULES = ["hits", "metrics", "beyond", "bias", "artists", "segments", "overlap"]
MODULES += ["evaluator", "statistics", "bootstrap", "comparisons"]


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name):
    result = doctest.testmod(importlib.import_module(f"songrec.evaluation.{name}"))
    assert result.attempted > 0
    assert result.failed == 0
