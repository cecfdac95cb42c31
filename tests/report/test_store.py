"""What stages leave on disk."""

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array

from songrec.errors import DataError
from songrec.evaluation import evaluate, load_results
from songrec.files import read_json
from songrec.lists import TopN
from songrec.report import store


def test_tables_are_the_same_bytes_twice_and_rounded(tmp_path):
    table = pd.DataFrame({"x": [0.123456789, np.nan], "n": [1, 2]})
    for name in ("one", "two"):
        store.save_tables(tmp_path / name, {"t": table}, {"best": "ease"})
    assert (tmp_path / "one" / "t.csv").read_bytes() == b"x,n\n0.1235,1\n,2\n"
    assert (tmp_path / "one" / "t.csv").read_bytes() == (tmp_path / "two" / "t.csv").read_bytes()
    assert read_json(tmp_path / "two" / store.VALUES) == {"best": "ease"}


def test_an_older_folder_is_replaced_whole(tmp_path):
    store.save_tables(tmp_path / "t", {"old": pd.DataFrame({"x": [1]})})
    store.save_tables(tmp_path / "t", {"new": pd.DataFrame({"x": [1]})})
    assert sorted(path.name for path in (tmp_path / "t").iterdir()) == ["new.csv", store.VALUES]


def test_a_table_that_cannot_be_written_leaves_the_old_ones(tmp_path):
    store.save_tables(tmp_path / "t", {"old": pd.DataFrame({"x": [1]})})
    with pytest.raises(ValueError, match="not JSON compliant"):
        store.save_tables(tmp_path / "t", {"new": pd.DataFrame({"x": [1]})}, {"bad": float("nan")})
    assert (tmp_path / "t" / "old.csv").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["t"]


def test_evaluations_come_back_by_model(tmp_path):
    lists = TopN(np.array([0, 1]), np.array([[2, 0], [1, -1]]), np.zeros((2, 2), np.float32))
    found = evaluate(
        lists, csr_array([[1, 1, 0], [0, 1, 0]]), csr_array([[0, 0, 1], [1, 0, 1]]), cutoffs=[1, 2]
    )
    store.save_evaluations({"a": found, "b": found}, "weak", tmp_path / "per_user", tmp_path / "metrics.csv")
    loaded = store.load_per_users(tmp_path / "per_user", ["b", "a"])
    assert list(loaded) == ["b", "a"]
    pd.testing.assert_frame_equal(loaded["a"], found.per_user, check_index_type=False)
    assert set(load_results(tmp_path / "metrics.csv")["model"]) == {"a", "b"}
    with pytest.raises(DataError, match=r"c\.parquet"):
        store.load_per_users(tmp_path / "per_user", ["c"])
