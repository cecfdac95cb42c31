"""Accuracy by how much is known: against the evaluator, and the choice of kappa."""

import numpy as np
import pytest
from scipy.sparse import csr_array

from songrec.evaluation import evaluate
from songrec.evaluation.cold import accuracy, by_chance, by_kappa, growth
from songrec.lists import TopN
from songrec.models import Hybrid, ItemKNN, Popularity
from songrec.splits.cold import new_users


@pytest.fixture(scope="module")
def world():
    """Two kinds of listeners, each with songs of its own and a few for all."""
    random = np.random.default_rng(0)
    kind = np.arange(120) % 2
    chance = np.where(np.arange(60) % 2 == kind[:, None], 0.45, 0.02)
    plays = csr_array((random.random((120, 60)) < chance).astype(np.int32))
    return new_users(plays, shown=[1, 3], validation_users=20, test_users=30, min_hidden=3, seed=0)


def test_it_is_what_the_evaluator_says(world):
    known, _, tested = world
    songs, scores = ItemKNN().fit(known).recommend(tested.fold_in(3), 5)
    ours = accuracy(tested.users, songs, tested.holdout, 5)
    theirs = evaluate(TopN(tested.users, songs, scores), tested.holdout, known, [5]).per_user
    assert (ours == theirs[ours.columns]).all(axis=None)


def test_who_knows_more_finds_more(world):
    known, _, tested = world
    grown = growth(ItemKNN().fit(known), tested, [0, 1, 3], 5)
    means = {n: values["average_precision@5"].mean() for n, values in grown.items()}
    charts = growth(Popularity().fit(known), tested, [0], 5)[0]["average_precision@5"].mean()
    assert means[0] == 0 < charts < means[3]
    assert means[1] < means[3]


def test_the_best_kappa_is_kept(world):
    known, choosing, _ = world
    hybrid = Hybrid().fit(known)
    table = by_kappa(hybrid, choosing, [1, 3], [1e9, 1.0, 0.0], 5)
    assert table["kappa"].tolist() == [1e9, 1.0, 0.0]
    assert table["value"].to_numpy() == pytest.approx(table[[1, 3]].mean(axis=1).to_numpy())
    assert hybrid.kappa == table.sort_values("value", ascending=False, kind="stable")["kappa"].iloc[0]
    assert hybrid.kappa < 1e9
    assert by_kappa(hybrid, choosing, [1], [2.0, 2.0], 5)["value"].nunique() == 1


def test_by_chance():
    songs = np.array([3, 5, 8, 9])
    lists = by_chance(songs, 2000, 2, seed=1)
    assert np.isin(lists, songs).all()
    assert (lists[:, 0] != lists[:, 1]).all()
    counts = np.bincount(lists.ravel(), minlength=10)[songs]
    assert abs(counts / 1000 - 1).max() < 0.12
    assert by_chance(songs, 1, 6)[0, 4:].tolist() == [-1, -1]
