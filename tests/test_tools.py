"""The benchmarks run, and what they compare agrees; how long they take is no test's business."""

from types import SimpleNamespace

import evaluators
import fits_and_lists
import ingesters
import neighbour_searches
import numpy as np
import pandas as pd
import pytest
import side_by_side
import vector_index


def test_lists_and_holdout_are_what_they_say():
    lists, holdout = evaluators.synthetic(50, 300, 100, seed=0)
    assert lists.shape == (50, 100)
    assert all(len(set(row)) == 100 for row in lists.tolist())
    held = np.diff(holdout.indptr)
    assert held.min() >= 1
    assert held.max() <= 20
    assert (holdout.data == 1).all(), "no song twice"
    hits = sum(holdout[[user]].toarray()[0, row].sum() for user, row in enumerate(lists))
    assert 0.1 < hits / holdout.nnz < 0.3


def test_it_runs_and_says_what_is_missing():
    lists, holdout = evaluators.synthetic(40, 300, 100, seed=0)
    measured = evaluators.measure(lists, holdout, (5, 100), rounds=1, pythons={})
    table = measured.set_index("evaluator")
    assert list(table.index[:2]) == ["songrec", "implicit"]
    assert {"lenskit", "rectools", "ranx"} <= set(table.index)
    assert table.loc["songrec", ["times", "metrics", "cutoffs", "users", "n"]].tolist() == [1, 8, 2, 40, 100]
    missing = table["version"] == "not installed"
    assert not missing[["songrec", "implicit"]].any()
    assert table["seconds"].isna().equals(missing)


def test_evaluators_that_disagree_are_not_timed():
    def said(name, **means):
        return SimpleNamespace(name=name, means=means)

    evaluators.agree([said("a", ndcg=0.5), said("b", ndcg=0.5, recall=0.1), said("c", recall=0.1)])
    with pytest.raises(SystemExit, match=r"ndcg: a gives 0.5, c 2.0"):
        evaluators.agree([said("a", ndcg=0.5), said("b"), said("c", ndcg=2.0)])


def test_ingesters_come_to_the_same_matrix(tmp_path):
    log = tmp_path / "log.txt"
    rows = {(user, song) for user in range(60) for song in range(user % 7, 90, 1 + user % 5)}
    log.write_text("".join(f"u{user}\ts{song}\t{1 + song % 9}\n" for user, song in sorted(rows)))
    table = side_by_side.measure(
        ingesters.__file__, str(log), 1, {}, ["songrec", "pyarrow", "pandas", "duckdb"]
    )
    assert table["library"].tolist() == ["songrec", "pyarrow", "pandas", "duckdb"]
    assert (table["entries"].dropna() == len(rows)).all()
    assert table["runs"].tolist()[:3] == [1, 1, 1]


def test_neighbour_searches_come_to_the_same_similarities(tmp_path):
    from scipy.sparse import csr_array, save_npz

    heard = csr_array(np.random.default_rng(0).random((400, 150)) < 0.08)
    save_npz(tmp_path / "log.npz", heard)
    given = str(tmp_path / "log.npz")
    table = side_by_side.measure(
        neighbour_searches.__file__, given, 1, {}, ["songrec", "similaripy", "implicit"]
    )
    assert table["runs"].tolist() == [1, 1, 1]
    assert len(set(table["entries"])) == 1


def test_fits_and_lists_come_to_the_same(tmp_path):
    from scipy.sparse import csr_array, save_npz

    save_npz(tmp_path / "log.npz", csr_array(np.random.default_rng(0).random((400, 150)) < 0.08))
    tasks = list(fits_and_lists.TASKS)
    table = side_by_side.measure(fits_and_lists.__file__, str(tmp_path / "log.npz"), 1, {}, tasks)
    assert table["runs"].tolist() == [1] * len(tasks)
    assert table.groupby("task", sort=False)["times_seconds"].first().tolist() == [1.0] * 6


def test_a_table_keeps_what_it_has_of_other_logs(tmp_path):
    out = tmp_path / "bench" / "fits.csv"
    for log, seconds in (("a", 1.0), ("b", 2.0), ("a", 3.0)):
        side_by_side.show(pd.DataFrame({"library": ["songrec"], "seconds": [seconds]}), out, log)
    assert pd.read_csv(out).set_index("log")["seconds"].to_dict() == {"b": 2.0, "a": 3.0}


def test_indexes_of_vectors_are_held_against_exact_search(tmp_path, monkeypatch, capsys):
    pytest.importorskip("usearch", reason="needs usearch: make serve")
    monkeypatch.setattr(vector_index, "USERS", 200)
    monkeypatch.setattr(vector_index, "RESULTS", tmp_path)
    (tmp_path / "bench").mkdir()
    command = [
        "vector_index",
        "--songs",
        "300",
        "--queries",
        "5",
        "--keep",
        str(tmp_path / "keep"),
        "--publish",
    ]
    for more in ([], ["--index", "graph"]):
        monkeypatch.setattr("sys.argv", [*command, *more])
        vector_index.main()
    table = pd.read_csv(tmp_path / "bench" / "vectors.csv")
    assert table[["index", "k"]].to_numpy().tolist() == [
        ["exact", 10],
        ["exact", 100],
        ["graph", 10],
        ["graph", 100],
    ]
    assert (table.loc[table["index"] == "exact", "recall"] == 1).all()
    assert (table["recall"] > 0.9).all()
