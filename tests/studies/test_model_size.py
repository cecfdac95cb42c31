"""Smaller models: what is measured."""

import numpy as np
import pytest
from any_split import log_of_tastes
from scipy.sparse import csr_array

from songrec.models import ItemKNN, PureSVD
from songrec.splits import triplet_holdout
from songrec.studies import model_size


@pytest.fixture(scope="module")
def split():
    return triplet_holdout(log_of_tastes(160, 80), test=0.2, seed=0)


@pytest.fixture(scope="module")
def runs(split):
    return model_size.runs(split, [1, 4, 1_000], neighbours=20, cutoff=10)


def test_each_rank_is_measured_in_both_ways(runs, split):
    smaller = [(model, rank) for rank in (1, 4) for model in ("pure_svd", "reduced_item_knn")]
    assert [(run.model, run.rank) for run in runs[:5]] == [("item_knn", len(split.user_ids)), *smaller]
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
    reduced = model_size.item_knn_on(heard.T, 80).similarity_.toarray()
    assert reduced == pytest.approx(full, abs=1e-6)
    svd = PureSVD(factors=80).fit(train).song_factors_
    strengths = np.linalg.norm(heard @ svd, axis=0)
    again = model_size.item_knn_on(svd * strengths, 80).similarity_.toarray()
    assert again == pytest.approx(full, abs=1e-5)


def test_neighbours_are_found_in_blocks(monkeypatch):
    vectors = np.random.default_rng(1).normal(size=(30, 3))
    whole = model_size.item_knn_on(vectors, 5).similarity_
    monkeypatch.setattr(model_size, "BLOCK", 7)
    parts = model_size.item_knn_on(vectors, 5).similarity_
    assert (whole != parts).nnz == 0
    assert np.diff(whole.indptr).max() == 5


def test_memory_counts_every_fitted_array():
    model = PureSVD(factors=2).fit(csr_array(np.array([[1, 1, 0], [0, 1, 1]])))
    assert model_size.fitted_bytes(model) == 3 * 2 * 4 + 8
    table = ItemKNN(neighbours=1).fit(csr_array(np.array([[1, 1, 0], [0, 1, 1]])))
    parts = table.similarity_
    expected = parts.data.nbytes + parts.indices.nbytes + parts.indptr.nbytes + 8
    assert model_size.fitted_bytes(table) == expected


def test_tables_hold_means_intervals_and_differences(runs):
    table = model_size.accuracy(runs).query("metric == 'average_precision'").reset_index(drop=True)
    values = runs[3].per_user["average_precision@10"]
    assert table["value"][3] == pytest.approx(values.mean())
    assert table["ci_low"][3] < table["value"][3] < table["ci_high"][3]
    pairs = model_size.differences(runs, 10)
    full = runs[0].per_user["average_precision@10"]
    assert pairs["value"][2] == pytest.approx((values - full).mean())
    assert len(pairs) == len(runs) - 1
    assert len(model_size.cost(runs, 2)) == len(runs)
    assert "seconds" not in " ".join([*table, *pairs]), "times stand in a table of their own"
