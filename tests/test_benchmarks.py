"""The benchmarks run, and what they compare agrees; how long they take is no test's business."""

import runpy
from pathlib import Path

import numpy as np
import pytest

EVALUATORS = Path(__file__).resolve().parents[1] / "benchmarks" / "evaluators.py"


@pytest.fixture(scope="module")
def evaluators():
    return runpy.run_path(str(EVALUATORS))


def test_lists_and_holdout_are_what_they_say(evaluators):
    lists, holdout = evaluators["synthetic"](50, 300, 100, seed=0)
    assert lists.shape == (50, 100)
    assert all(len(set(row)) == 100 for row in lists.tolist())
    held = np.diff(holdout.indptr)
    assert held.min() >= 1
    assert held.max() <= 20
    assert (holdout.data == 1).all(), "no song twice"
    hits = sum(holdout[[user]].toarray()[0, row].sum() for user, row in enumerate(lists))
    assert 0.1 < hits / holdout.nnz < 0.3


def test_it_runs_and_says_what_is_missing(evaluators):
    table = evaluators["measure"](users=40, songs=300, n=100, rounds=1).set_index("evaluator")
    assert list(table.index) == ["songrec", "implicit", "lenskit"]
    assert table.loc["songrec", "times"] == 1
    assert table.loc["songrec", "metrics"] == 8
    missing = table["version"] == "not installed"
    assert table["seconds"].isna().equals(missing)


def test_evaluators_that_disagree_are_not_timed(evaluators, monkeypatch):
    wrong = (lambda: {"ndcg@10": 2.0}), 1
    monkeypatch.setitem(evaluators["measure"].__globals__, "implicit", lambda *_: wrong)
    with pytest.raises(SystemExit, match=r"implicit gives 2.0 for ndcg@10"):
        evaluators["measure"](users=20, songs=300, n=100, rounds=1)
