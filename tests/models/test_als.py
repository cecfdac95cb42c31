"""ALS against the paper's formulas, computed densely."""

import numpy as np
import pytest
from small_logs import lists_by_sorting, random_plays

from songrec.models import ALS
from songrec.models.als import START, WEIGHTS


def log():
    return random_plays(users=70)


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
    expected = lists_by_sorting(np.where(plays > 0, -np.inf, users @ songs.T), 5)
    assert (found == expected[0]).all()
    assert scores == pytest.approx(expected[1], rel=1e-5)


@pytest.mark.parametrize("confidence", WEIGHTS)
def test_solved_exactly_it_is_the_dense_alternating_solution(confidence, monkeypatch):
    """From the same start; vectors stand in another basis, so scores are compared."""
    monkeypatch.setattr("songrec.models.als.TOLERANCE", 1e-20)
    train = log()
    plays = train.toarray()
    model = ALS(factors=6, regularization=2.0, alpha=5.0, confidence=confidence, epochs=4).fit(train)
    songs = START * np.random.default_rng(0).random((plays.shape[1], 6), np.float32).astype(np.float64)
    c = confidences(plays, model)
    for _ in range(4):
        users = best_users(plays, c, songs, 2.0)
        songs = best_users(plays.T, c.T, users, 2.0)
    heard_once = np.where(plays > 0, 1 + 5.0, 1)
    expected = best_users(plays, heard_once, songs, 2.0) @ songs.T
    found = model._encode_users(train, np.arange(70)) @ model.song_factors_.T.astype(np.float64)
    assert found == pytest.approx(expected, abs=5e-6)


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
