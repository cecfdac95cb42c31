"""The study of smaller models: what is measured, and sentences that are true of it."""

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array

from songrec.data import Interactions
from songrec.models import ItemKNN, PureSVD
from songrec.report import figures_rank, findings_rank, tables_rank
from songrec.splits import triplet_holdout


@pytest.fixture(scope="module")
def split():
    """Users of four tastes, each heard within and a little without."""
    random = np.random.default_rng(0)
    likes = np.arange(160)[:, None] % 4 == np.arange(80) % 4
    user, song = np.nonzero(random.random((160, 80)) < np.where(likes, 0.5, 0.04))
    names = [f"u{u:03}" for u in user], [f"s{s:02}" for s in song]
    return triplet_holdout(Interactions.from_triplets(*names, np.ones(len(user), int)), test=0.2, seed=0)


@pytest.fixture(scope="module")
def runs(split):
    return tables_rank.runs(split, [1, 4, 1_000], neighbours=20, cutoff=10)


def test_each_rank_is_measured_in_both_ways(runs, split):
    assert [(run.model, run.rank) for run in runs[:5]] == [
        ("item_knn", len(split.user_ids)),
        ("pure_svd", 1),
        ("reduced_item_knn", 1),
        ("pure_svd", 4),
        ("reduced_item_knn", 4),
    ]
    assert runs[5].rank == np.linalg.matrix_rank(split.final_train().toarray() > 0), "no more than there are"
    kept = [run.kept for run in runs[1::2]]
    assert kept == sorted(kept)
    assert kept[-1] == pytest.approx(1)
    singular = np.linalg.svd(split.final_train().toarray() > 0, compute_uv=False)
    assert kept[1] == pytest.approx((singular[:4] ** 2).sum() / (singular**2).sum())
    assert all(run.fit_seconds > 0 and run.recommend_ms_per_user > 0 for run in runs)


def test_with_all_factors_the_neighbours_are_those_of_the_full_space(split):
    train = split.final_train()
    heard = (train.toarray() > 0).astype(float)
    full = ItemKNN(neighbours=80).fit(train).similarity_.toarray()
    reduced = tables_rank.item_knn_on(heard.T, 80).similarity_.toarray()
    assert reduced == pytest.approx(full, abs=1e-6)
    svd = PureSVD(factors=80).fit(train).song_factors_
    strengths = np.linalg.norm(heard @ svd, axis=0)
    again = tables_rank.item_knn_on(svd * strengths, 80).similarity_.toarray()
    assert again == pytest.approx(full, abs=1e-5)


def test_neighbours_are_found_in_blocks(monkeypatch):
    vectors = np.random.default_rng(1).normal(size=(30, 3))
    whole = tables_rank.item_knn_on(vectors, 5).similarity_
    monkeypatch.setattr(tables_rank, "BLOCK", 7)
    parts = tables_rank.item_knn_on(vectors, 5).similarity_
    assert (whole != parts).nnz == 0
    assert np.diff(whole.indptr).max() == 5


def test_memory_counts_every_fitted_array():
    model = PureSVD(factors=2).fit(csr_array(np.array([[1, 1, 0], [0, 1, 1]])))
    assert tables_rank.fitted_bytes(model) == 3 * 2 * 4 + 8
    table = ItemKNN(neighbours=1).fit(csr_array(np.array([[1, 1, 0], [0, 1, 1]])))
    parts = table.similarity_
    expected = parts.data.nbytes + parts.indices.nbytes + parts.indptr.nbytes + 8
    assert tables_rank.fitted_bytes(table) == expected


def test_tables_hold_means_intervals_and_differences(runs):
    table = tables_rank.accuracy(runs, 10)
    values = runs[3].evaluation.per_user["average_precision@10"]
    row = table.iloc[3]
    assert row["average_precision"] == pytest.approx(values.mean())
    assert row["average_precision_low"] < row["average_precision"] < row["average_precision_high"]
    pairs = tables_rank.differences(runs, 10)
    full = runs[0].evaluation.per_user["average_precision@10"]
    assert pairs["difference"][2] == pytest.approx((values - full).mean())
    assert len(pairs) == len(runs) - 1
    assert "seconds" not in " ".join([*table, *pairs]), "times stand in a file of their own"


def test_what_is_shown_can_be_read(runs):
    table = tables_rank.accuracy(runs, 10)
    cells = figures_rank.accuracy_cells(table, 10)
    assert cells["model"][0] == "item-KNN, full space"
    assert " ± " in cells["MAP@10"][1]
    pairs = figures_rank.difference_cells(tables_rank.differences(runs, 10), 10)
    assert pairs["vector length"].tolist()[:2] == ["1", "4"]
    assert pairs["PureSVD, MAP@10"][0][0] in "+-"
    costs = figures_rank.cost_table(tables_rank.costs(runs))
    assert len(costs) == len(runs)
    for figure in (figures_rank.by_rank(table, 10, "artist"), figures_rank.by_memory(table, 10)):
        (axes,) = figure.axes
        assert axes.get_xscale() == "log"
        assert "log scale" in axes.get_xlabel()
    assert "an artist" in figures_rank.by_rank(table, 10, "artist").axes[0].get_xlabel()


def made_up(svd, knn):
    """A study with these MAPs by rank; the full space has .100 in 8 MB. Half-widths are .01."""
    rows = [["item_knn", 900, 1.0, 8_000_000, 0.100]]
    rows += [["pure_svd", rank, rank / 100, rank * 40_000, value] for rank, value in svd.items()]
    rows += [["reduced_item_knn", rank, rank / 100, 8_000_000, value] for rank, value in knn.items()]
    table = pd.DataFrame(rows, columns=["model", "rank", "kept", "bytes", "average_precision"])
    table["average_precision_low"] = table["average_precision"] - 0.01
    table["average_precision_high"] = table["average_precision"] + 0.01
    pairs = table[1:][["model", "rank"]].copy()
    pairs["difference"] = table["average_precision"][1:] - 0.1
    pairs["difference_low"], pairs["difference_high"] = pairs["difference"] - 0.01, pairs["difference"] + 0.01
    return table, pairs


def test_findings_name_the_best_size_and_the_smallest_good_one():
    table, pairs = made_up({5: 0.02, 20: 0.095, 50: 0.12, 80: 0.11}, {5: 0.01, 20: 0.05, 50: 0.06, 80: 0.07})
    text = str(findings_rank.scale("p", table, pairs, 10, synthetic=False))
    assert "item-KNN, full space, where a song is described by 900 users, has MAP@10 0.100" in text
    assert "PureSVD is most accurate with 50: MAP@10 0.120, +0.020 against the full space" in text
    assert "2 MB, 0.25 times what the full space takes" in text
    assert "It takes 20 not to be below the full space by more than noise." in text
    assert "item-KNN on the factors is most accurate with 80" in text
    assert text.count("That is the largest number tried") == 1
    assert "takes 8 MB, about what the full space takes" in text
    assert text.count("At every number tried it is below the full space, by more than noise.") == 1
    assert "synthetic" not in text


def test_findings_where_nothing_is_lost():
    table, pairs = made_up({5: 0.1}, {5: 0.3})
    text = str(findings_rank.scale("p", table, pairs, 10, synthetic=True, item="artist"))
    assert text.count("At no number tried is it below the full space by more than noise.") == 2
    assert "largest" not in text, "there is only one"
    assert "where an artist is described" in text
    assert "The log is synthetic" in text


def test_values_for_prose_elsewhere():
    table, _ = made_up({5: 0.0212345, 20: 0.0957}, {5: 0.01, 20: 0.05})
    values = findings_rank.values(table, 10)
    assert values["pure_svd.5.average_precision@10"] == 0.02123
    assert values["item_knn.bytes"] == 8_000_000
    assert (values["pure_svd.best"], values["reduced_item_knn.best"]) == (20, 20)
