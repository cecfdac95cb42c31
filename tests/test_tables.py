"""Tables on disk: whole or not at all, the same bytes twice."""

import numpy as np
import pandas as pd
import pytest

from songrec.errors import DataError
from songrec.files import read_json
from songrec.tables import FACTS, read_table, save_tables


def test_tables_are_the_same_bytes_twice_and_rounded(tmp_path):
    table = pd.DataFrame({"x": [0.123456789, np.nan], "n": [1, 2]})
    for name in ("one", "two"):
        save_tables(tmp_path / name, {"t": table}, {"best": "ease"})
    assert (tmp_path / "one" / "t.csv").read_bytes() == b"x,n\n0.1235,1\n,2\n"
    assert (tmp_path / "one" / "t.csv").read_bytes() == (tmp_path / "two" / "t.csv").read_bytes()
    assert read_json(tmp_path / "two" / FACTS) == {"best": "ease"}


def test_an_older_folder_is_replaced_whole(tmp_path):
    for name in ("old", "new"):
        save_tables(tmp_path / "t", {name: pd.DataFrame({"x": [1]})})
    assert sorted(path.name for path in (tmp_path / "t").iterdir()) == [FACTS, "new.csv"]


def test_a_fact_that_cannot_be_written_leaves_the_old_folder(tmp_path):
    save_tables(tmp_path / "t", {"old": pd.DataFrame({"x": [1]})})
    with pytest.raises(ValueError, match="not JSON compliant"):
        save_tables(tmp_path / "t", {"new": pd.DataFrame({"x": [1]})}, {"bad": float("nan")})
    assert (tmp_path / "t" / "old.csv").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["t"]


def test_only_an_empty_cell_is_missing(tmp_path):
    (tmp_path / "t.csv").write_text("name,x\nNA,1\nnone,\n")
    table = read_table(tmp_path / "t.csv")
    assert table["name"].tolist() == ["NA", "none"]
    assert table["x"].isna().tolist() == [False, True]
    with pytest.raises(DataError, match=r"gone\.csv"):
        read_table(tmp_path / "gone.csv")
