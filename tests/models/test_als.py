"""Implicit ALS against the paper's formulas, computed densely, and against the library's own user factors."""

import warnings

import numpy as np
import pytest
from scipy.sparse import csr_array, csr_matrix

from songrec.errors import ConfigError
from songrec.models import ALS
from songrec.models.als import WEIGHTS


def log(seed=0, users=70, songs=40, density=0.15):
    random = np.random.default_rng(seed)
    plays = random.integers(1, 9, (users, songs)) * (random.random((users, songs)) < density)
    return csr_array(plays.astype(np.int32))


def confidences(plays, model):
    """c_ui of every pair (n_users, n_songs): 1 for a song not heard."""
    weight = {"binary": lambda r: r > 0, "log_plays": lambda r: np.log2(1 + r), "plays": lambda r: r}
    return 1 + model.alpha * weight[model.confidence](plays).astype(np.float64)


def best_users(plays, confidence, songs, penalty):
    """Eq. 4, user by user, with the dense diagonal matrix of confidences."""
    rows = []
    for heard, c in zip(plays > 0, confidence, strict=True):
        within = songs.T @ np.diag(c) @ songs + penalty * np.eye(songs.shape[1])
        rows.append(np.linalg.solve(within, songs.T @ np.diag(c) @ heard.astype(float)))
    return np.array(rows)


@pytest.mark.parametrize("confidence", WEIGHTS)
def test_the_objective_falls_with_every_epoch(confidence):
    """Eq. 3, with the users that are best for the songs of the epoch."""
    train = log()
    plays = train.toarray()
    model = ALS(factors=5, regularization=0.5, alpha=3.0, confidence=confidence, epochs=8)
    c, objective = confidences(plays, model), []
    for _ in model.fit_epochs(train):
        songs = model.song_factors_.astype(np.float64)
        users = best_users(plays, c, songs, 0.5)
        errors = c * ((plays > 0) - users @ songs.T) ** 2
        objective.append(errors.sum() + 0.5 * ((users**2).sum() + (songs**2).sum()))
    assert len(objective) == 8
    assert (np.diff(objective) < 0).all()
    assert objective[-1] < 0.9 * objective[0]
    assert -np.diff(objective)[-1] < 0.02 * objective[-1], "it settles"


@pytest.mark.parametrize("factors", [3, 30])  # fewer and more than most users have songs
def test_folding_in_solves_the_papers_equation(factors):
    train = log()
    plays = train.toarray()
    model = ALS(factors=factors, regularization=0.7, alpha=4.0, epochs=3).fit(train)
    songs = model.song_factors_.astype(np.float64)
    users = best_users(plays, confidences(plays, model), songs, 0.7)
    assert model._encode_users(train, np.arange(70)) == pytest.approx(users, rel=1e-6, abs=1e-9)
    found, scores = model.recommend(train, 5)
    expected = np.where(plays > 0, -np.inf, users @ songs.T)
    assert (found == np.argsort(-expected, axis=1, kind="stable")[:, :5]).all()
    assert scores == pytest.approx(-np.sort(-expected, axis=1)[:, :5], rel=1e-5)


def test_a_training_user_is_what_the_library_makes_of_it():
    from implicit.cpu.als import AlternatingLeastSquares

    train = log()
    model = ALS(factors=6, regularization=2.0, alpha=5.0, epochs=4).fit(train)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of BLAS and its threads
        theirs = AlternatingLeastSquares(6, 2.0, random_state=0, iterations=4)
    heard = csr_matrix(train > 0).astype(np.float32) * 6  # 1 + alpha
    theirs.fit(heard, show_progress=False)
    assert model.song_factors_ == pytest.approx(theirs.item_factors, abs=1e-5)
    half_step = theirs.recalculate_user(np.arange(70), heard)
    assert model._encode_users(train, np.arange(70)) == pytest.approx(half_step, abs=1e-4)


def test_a_known_user_is_a_new_user_with_the_same_songs():
    train = log()
    model = ALS(factors=8, epochs=3).fit(train)
    known, new = model.recommend(train, 9, users=np.arange(70)), model.recommend(train, 9)
    assert (known[0] == new[0]).all()
    assert (known[1] == new[1]).all()


def test_in_the_fold_in_each_song_counts_as_played_once():
    train = log()
    plays = train.toarray()
    model = ALS(factors=4, regularization=0.5, alpha=2.0, confidence="log_plays", epochs=3).fit(train)
    songs = model.song_factors_.astype(np.float64)
    users = best_users(plays, np.where(plays > 0, 1 + 2.0, 1), songs, 0.5)
    assert model._encode_users(train, np.arange(70)) == pytest.approx(users, rel=1e-5, abs=1e-8)


def test_plays_matter_only_where_they_are_asked_for():
    train = log()
    once = (train > 0).astype(np.int32)
    for confidence in WEIGHTS:
        make = ALS(factors=4, epochs=2, confidence=confidence)
        same = (make.fit(train).song_factors_ == ALS(factors=4, epochs=2).fit(once).song_factors_).all()
        assert same == (confidence == "binary")
    single = ALS(factors=4, epochs=2, confidence="plays").fit(once)
    assert (single.song_factors_ == ALS(factors=4, epochs=2).fit(once).song_factors_).all()


def test_each_stop_is_what_so_many_epochs_give():
    train = log()
    model = ALS(factors=4, epochs=3)
    for epoch in model.fit_epochs(train):
        assert (model.song_factors_ == ALS(factors=4, epochs=epoch).fit(train).song_factors_).all()


def test_the_seed_decides_where_it_starts():
    first, again, other = (ALS(factors=4, epochs=1, seed=seed).fit(log()).song_factors_ for seed in (1, 1, 2))
    assert (first == again).all()
    assert (first != other).any()


def test_a_song_nobody_has_heard_is_not_listed_and_says_nothing_of_a_user():
    plays = log().toarray()
    plays[:, 7] = 0
    model = ALS(factors=4, epochs=2).fit(csr_array(plays))
    songs, _ = model.recommend(csr_array(plays), 40)
    assert not (songs == 7).any()
    assert (model.recommend(csr_array(np.eye(40)[[7]]), 5)[0] == -1).all()
    assert (model.similar_songs([7], 3)[0] == -1).all()


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"factors": 0}, "ALS: factors must be greater than or equal to 1, not 0"),
        ({"epochs": 1.5}, "epochs must be a valid integer, not 1.5"),
        ({"regularization": 0}, "regularization must be greater than 0, not 0"),
        ({"alpha": -1.0}, "alpha must be greater than 0, not -1.0"),
        ({"alpha": True}, "alpha must be a valid number, not True"),
        ({"confidence": "log"}, "confidence must be 'binary', 'log_plays' or 'plays', not 'log'"),
        ({"seed": -1}, "seed must be greater than or equal to 0, not -1"),
    ],
)
def test_parameters_that_make_no_sense(params, message):
    with pytest.raises(ConfigError, match=message):
        ALS(**params).fit(log())
