"""New users and new songs: against the evaluator, and the choice of kappa."""

import numpy as np
import pytest
from scipy.sparse import csr_array

from songrec.evaluation import evaluate
from songrec.lists import TopN
from songrec.models import Hybrid, ItemKNN, Popularity
from songrec.splits.cold import new_users
from songrec.studies import cold_start


@pytest.fixture(scope="module")
def world():
    """Two kinds of listeners, each with songs of its own and a few for all."""
    random = np.random.default_rng(0)
    kind = np.arange(120) % 2
    chance = np.where(np.arange(60) % 2 == kind[:, None], 0.45, 0.02)
    plays = csr_array((random.random((120, 60)) < chance).astype(np.int32))
    return new_users(plays, shown=[1, 3], validation_users=20, test_users=30, min_hidden=3, seed=0)


def test_it_is_what_the_evaluator_says(world):
    train, _, tested = world
    model = ItemKNN().fit(train)
    ours = cold_start.curve(model, tested, [3], 5)[3]
    lists = TopN(tested.users, *model.recommend(tested.fold_in(3), 5))
    theirs = evaluate(lists, tested.holdout, train, [5]).per_user
    assert (ours == theirs[ours.columns]).all(axis=None)


def test_the_more_is_known_the_more_is_found(world):
    train, _, tested = world
    models = {"item_knn": ItemKNN(), "popularity": Popularity()}
    curves = {
        name: cold_start.curve(model.fit(train), tested, [0, 1, 3], 5) for name, model in models.items()
    }
    means = cold_start.means(curves).query("metric == 'average_precision'").set_index(["model", "shown"])
    value = means["value"]
    assert value["item_knn", 0] == 0 < value["popularity", 0] < value["item_knn", 3]
    assert value["item_knn", 1] < value["item_knn", 3]
    gains = cold_start.gains(curves, "popularity", 5).set_index(["model", "than", "shown"])["value"]
    lead = value["item_knn", 3] - value["popularity", 3]
    assert gains["item_knn", "popularity", 3] == pytest.approx(lead)
    assert len(cold_start.gains({"popularity": curves["popularity"]}, "popularity", 5)) == 0


def test_the_best_kappa_is_kept(world):
    train, choosing, _ = world
    hybrid = Hybrid().fit(train)
    table = cold_start.choose_kappa(hybrid, choosing, [1, 3], [1e9, 1.0, 0.0], 5)
    whole = table[table["shown"].isna()]
    assert whole["kappa"].tolist() == [1e9, 1.0, 0.0]
    by_number = table[table["shown"].notna()].groupby("kappa", sort=False)["value"].mean()
    assert whole["value"].to_numpy() == pytest.approx(by_number.to_numpy())
    assert hybrid.kappa == whole.sort_values("value", ascending=False, kind="stable")["kappa"].iloc[0]
    assert hybrid.kappa < 1e9


def test_random_lists_are_uniform_and_end_where_songs_do():
    songs = np.array([3, 5, 8, 9])
    lists = cold_start.random_lists(songs, 2000, 2, seed=1)
    assert np.isin(lists, songs).all()
    assert (lists[:, 0] != lists[:, 1]).all()
    counts = np.bincount(lists.ravel(), minlength=10)[songs]
    assert abs(counts / 1000 - 1).max() < 0.12
    assert cold_start.random_lists(songs, 1, 6)[0, 4:].tolist() == [-1, -1]
