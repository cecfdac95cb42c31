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


def penalties(c, penalty, exponent):
    """Those of the users and of the songs: of the mean `penalty`, by what their pairs count."""
    sides = c.sum(axis=1) ** exponent, c.sum(axis=0) ** exponent
    mean = np.concatenate(sides).mean()
    return [penalty * side / mean for side in sides]


def best_users(plays, confidence, songs, penalty):
    """Eq. 4, user by user, with the dense diagonal matrix of confidences."""
    rows = []
    for heard, c, own in zip(plays > 0, confidence, np.broadcast_to(penalty, len(plays)), strict=True):
        within = songs.T @ np.diag(c) @ songs + own * np.eye(songs.shape[1])
        rows.append(np.linalg.solve(within, songs.T @ np.diag(c) @ heard.astype(float)))
    return np.array(rows)


@pytest.mark.parametrize("exponent", [0.0, 0.6, 1.0])
@pytest.mark.parametrize("confidence", WEIGHTS)
def test_the_objective_falls_with_every_epoch(confidence, exponent):
    """Eq. 3, with the users that are best for the songs of the epoch."""
    train = log()
    plays = train.toarray()
    kind = {"frequency_exponent": exponent, "confidence": confidence}
    model = ALS(factors=5, regularization=0.5, alpha=3.0, epochs=8, **kind)
    c, objective = confidences(plays, model), []
    of_users, of_songs = penalties(c, 0.5, exponent)
    for _ in model.fit_epochs(train):
        songs = model.song_factors_.astype(np.float64)
        users = best_users(plays, c, songs, of_users)
        errors = c * ((plays > 0) - users @ songs.T) ** 2
        penalty = (of_users[:, None] * users**2).sum() + (of_songs[:, None] * songs**2).sum()
        objective.append(errors.sum() + penalty)
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


@pytest.mark.parametrize("exponent", [0.0, 1.0])
@pytest.mark.parametrize("confidence", WEIGHTS)
def test_solved_exactly_it_is_the_dense_alternating_solution(confidence, exponent, monkeypatch):
    """From the same start; vectors stand in another basis, so scores are compared."""
    monkeypatch.setattr("songrec.models.als.TOLERANCE", 1e-20)
    train = log()
    plays = train.toarray()
    kind = {"frequency_exponent": exponent, "confidence": confidence}
    model = ALS(factors=6, regularization=2.0, alpha=5.0, epochs=4, **kind).fit(train)
    songs = START * np.random.default_rng(0).random((plays.shape[1], 6), np.float32).astype(np.float64)
    c = confidences(plays, model)
    of_users, of_songs = penalties(c, 2.0, exponent)
    for _ in range(4):
        users = best_users(plays, c, songs, of_users)
        songs = best_users(plays.T, c.T, users, of_songs)
    expected = best_users(plays, c, songs, of_users) @ songs.T
    found = model.encode(train, np.arange(70)) @ model.song_factors_.T.astype(np.float64)
    assert found == pytest.approx(expected, abs=5e-6)


@pytest.mark.parametrize("exponent", [0.0, 0.7])
@pytest.mark.parametrize("confidence", WEIGHTS)
def test_a_new_user_is_folded_in_by_their_plays(confidence, exponent):
    train, new = log(), random_plays(seed=1, users=9)
    kind = {"frequency_exponent": exponent, "confidence": confidence}
    model = ALS(factors=4, regularization=0.5, alpha=2.0, epochs=3, **kind).fit(train)
    songs, c = model.song_factors_.astype(np.float64), confidences(train.toarray(), model)
    sides = np.concatenate([c.sum(axis=1), c.sum(axis=0)]) ** exponent
    of_new = confidences(new.toarray(), model)
    own = 0.5 * of_new.sum(axis=1) ** exponent / sides.mean()
    users = best_users(new.toarray(), of_new, songs, own)
    assert model.encode(new, np.full(9, -1)) == pytest.approx(users, rel=1e-5, abs=1e-8)


def test_it_is_the_objective_of_rendle_et_al(monkeypatch):
    """(y - 1)^2 over the pairs heard, plus a0 y^2 over all, the penalties by (n + a0 m)^v.

    Up to one factor for all scores: the gradient of their objective is zero where the model ends, after a
    change of scale of the vectors.
    """
    monkeypatch.setattr("songrec.models.als.TOLERANCE", 1e-16)
    train = log()
    heard, (n, m), factors, weight, penalty, v = train.toarray() > 0, train.shape, 4, 0.25, 0.03, 0.8
    sides = [(heard.sum(axis=1) + weight * m) ** v, (heard.sum(axis=0) + weight * n) ** v]
    # In the scale of Hu et al.: alpha = 1 / a0, and 1 + alpha times the penalty.
    mean = penalty * np.concatenate(sides).mean() * (1 + 1 / weight)
    kind = {"alpha": 1 / weight, "frequency_exponent": v, "epochs": 300}
    model = ALS(factors, mean, **kind).fit(train)
    scale = np.sqrt(1 / (1 + weight))
    songs = model.song_factors_.astype(np.float64) * scale
    users = model.encode(train, np.arange(n)) * scale
    scores = users @ songs.T
    slope = np.where(heard, scores - 1, 0) + weight * scores
    assert slope @ songs + penalty * sides[0][:, None] * users == pytest.approx(0, abs=1e-6)
    assert slope.T @ users + penalty * sides[1][:, None] * songs == pytest.approx(0, abs=2e-5)


def test_plays_matter_only_where_they_are_asked_for():
    train = log()
    once = (train > 0).astype(np.int32)
    for confidence in WEIGHTS:
        make = ALS(factors=4, epochs=2, confidence=confidence)
        same = (make.fit(train).song_factors_ == ALS(factors=4, epochs=2).fit(once).song_factors_).all()
        assert same == (confidence == "binary")
    single = ALS(factors=4, epochs=2, confidence="plays").fit(once)
    assert (single.song_factors_ == ALS(factors=4, epochs=2).fit(once).song_factors_).all()
