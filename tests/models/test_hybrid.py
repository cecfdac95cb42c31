"""The hybrid against its formula, from nobody's list to the model's own."""

import numpy as np
import pytest
from scipy.sparse import csr_array
from small_logs import random_plays

from songrec.errors import ConfigError
from songrec.models import Hybrid, ItemKNN, Popularity

MEMBERS = {"item_knn": {"estimator": "ItemKNN", "hyperparameters": {"neighbours": 5}}}


def log(seed=0, users=50):
    return (random_plays(seed, users, songs=30, density=0.2) > 0).astype(np.int32)


def test_it_is_its_formula():
    train, fold_in, kappa = log(), log(seed=1, users=12), 3.0
    songs, scores = Hybrid(MEMBERS, kappa).fit(train).recommend(fold_in, 30)
    theirs, their_scores = ItemKNN(5).fit(train).recommend(fold_in, 30)
    listeners = train.sum(axis=0)
    for user in range(12):
        heard = set(fold_in[[user]].indices)
        w = len(heard) / (len(heard) + kappa)
        model = dict(zip(theirs[user], their_scores[user] / their_scores[user, 0], strict=True))
        most = max(n for song, n in enumerate(listeners) if song not in heard)
        for song, score in zip(songs[user], scores[user], strict=True):
            if song >= 0:
                expected = w * model.get(song, 0) + (1 - w) * listeners[song] / most
                assert score == pytest.approx(expected, rel=1e-6)
        assert {int(s) for s in songs[user] if s >= 0} == set(range(30)) - heard


def test_between_the_charts_and_the_model():
    train, fold_in = log(), log(seed=1, users=12)
    model = Hybrid(MEMBERS).fit(train)
    charts, _ = Popularity().fit(train).recommend(fold_in, 10)
    own, own_scores = ItemKNN(5).fit(train).recommend(fold_in, 10)
    assert (model.set_params(kappa=0).recommend(fold_in, 10)[0] == own).all()
    full = (own >= 0).all(axis=1)
    assert full.any()
    _, nearly = model.set_params(kappa=1e-6).recommend(fold_in, 10)
    assert np.allclose(nearly[full], (own_scores / own_scores[:, :1])[full], atol=1e-5)
    mostly = model.set_params(kappa=1e6).recommend(fold_in, 10)[0]
    assert (listeners_of(train, mostly) == listeners_of(train, charts)).all()
    for kappa in (0, 1.0):
        nobody = model.set_params(kappa=kappa).recommend(csr_array((1, 30)), 10)[0]
        assert (nobody == Popularity().fit(train).recommend(csr_array((1, 30)), 10)[0]).all()


def listeners_of(train, songs):
    return train.sum(axis=0)[songs]


def test_everybody_gets_a_list():
    block = csr_array(np.kron(np.eye(2, dtype=int), np.ones((3, 3), int)))  # two worlds that never meet
    songs, _ = Hybrid().fit(block).recommend(csr_array(np.array([[1, 0, 0, 0, 0, 0]])), 5)
    assert songs.tolist() == [[1, 2, 3, 4, 5]]


@pytest.mark.parametrize("kappa", [-1, float("nan"), float("inf"), "2", True])
def test_a_kappa_that_makes_no_sense_after_the_fit(kappa):
    with pytest.raises(ConfigError, match="kappa must be "):
        Hybrid().fit(log()).set_params(kappa=kappa).recommend(log(), 3)


def test_one_member_only():
    two = MEMBERS | {"user_knn": {"estimator": "UserKNN"}}
    with pytest.raises(ConfigError, match="let a Blend be its member"):
        Hybrid(two).fit(log())
    assert Hybrid({"both": {"estimator": "Blend", "hyperparameters": {"members": two}}}).fit(log())


def test_a_member_looks_at_the_plays_of_a_fold_in():
    train, new = random_plays(), random_plays(seed=1)
    plays = {"weighting": "log_plays"}
    alone = ItemKNN(**plays).fit(train).recommend(new, 5)[0]
    member = {"knn": {"estimator": "ItemKNN", "hyperparameters": plays}}
    found = Hybrid(members=member, kappa=0.0).fit(train).recommend(new, 5)[0]
    assert (found == alone).all()
    once = (new > 0).astype(int)
    assert (ItemKNN(**plays).fit(train).recommend(once, 5)[0] != alone).any()
