"""PureSVD against numpy's dense decomposition."""

import numpy as np
import pytest
from scipy.sparse import csr_array
from small_logs import lists_by_sorting, random_plays

from songrec.models import PureSVD, pure_svd


def dense_scores(heard, factors):
    """x V Vᵀ by numpy's dense decomposition."""
    _, _, directions = np.linalg.svd(heard, full_matrices=False)
    return heard @ directions[:factors].T @ directions[:factors]


@pytest.fixture(params=[0, 1_000], ids=["arpack", "dense"])
def either_way(request, monkeypatch):
    monkeypatch.setattr(pure_svd, "DENSE", request.param)


@pytest.mark.parametrize("shape", [(70, 40), (40, 70)])
@pytest.mark.usefixtures("either_way")
def test_scores_are_those_of_a_dense_decomposition(shape):
    train = random_plays(users=shape[0], songs=shape[1])
    heard = (train.toarray() > 0).astype(np.float64)
    model = PureSVD(factors=6).fit(train)
    expected = np.where(heard > 0, -np.inf, dense_scores(heard, 6))
    songs, scores = model.recommend(train, 5)
    expected = lists_by_sorting(expected, 5)
    assert (songs == expected[0]).all()
    assert scores == pytest.approx(expected[1], abs=1e-6)
    assert model.song_factors_.T @ model.song_factors_ == pytest.approx(np.eye(6), abs=1e-6)


def test_a_larger_log_goes_to_arpack_and_needs_no_dense_matrix(monkeypatch):
    train = random_plays(users=1200, songs=1100, density=0.01) > 0
    heard = train.toarray().astype(np.float64)
    monkeypatch.setattr(np.linalg, "svd", None)
    model = PureSVD(factors=8).fit(train)
    monkeypatch.undo()
    known = model._encode_users(train, None)
    found, expected = known @ model.song_factors_.T.astype(np.float64), dense_scores(heard, 8)
    assert np.abs(found - expected).max() < 1e-6


def test_with_all_directions_the_log_itself_comes_back():
    train = random_plays(users=70)
    heard = train.toarray() > 0
    model = PureSVD(factors=1_000).fit(train)
    songs, scores = model.recommend(train, 40, exclude_seen=False)
    for user, row in enumerate(songs):
        n = heard[user].sum()
        assert sorted(row[:n]) == np.flatnonzero(heard[user]).tolist()
        assert scores[user, :n] == pytest.approx(1, abs=1e-5)
        assert scores[user, n:] == pytest.approx(0, abs=1e-5)
    assert model.song_factors_.shape == (40, np.linalg.matrix_rank(heard))


def test_directions_that_the_log_does_not_have_are_not_kept():
    """Two groups of users who share nothing: two directions, whatever is asked for."""
    train = csr_array(np.kron(np.eye(2), np.ones((4, 5))))
    assert PureSVD(factors=7).fit(train).song_factors_.shape == (10, 2)


def test_the_nearest_songs_are_those_of_the_smallest_angle():
    model = PureSVD(factors=5).fit(random_plays(users=70))
    unit = model.song_factors_.astype(np.float64)
    unit /= np.linalg.norm(unit, axis=1)[:, None]
    cosines = unit @ unit.T
    np.fill_diagonal(cosines, -np.inf)
    songs, scores = model.similar_songs(np.arange(40), 3)
    expected = lists_by_sorting(cosines, 3)
    assert (songs == expected[0]).all()
    assert scores == pytest.approx(expected[1])
