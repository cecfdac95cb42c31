"""Songs nobody has heard, ranked by who made them."""

import numpy as np
import pytest
from scipy.sparse import csr_array

from songrec.errors import ConfigError, DataError
from songrec.models import Recommender
from songrec.models.artist_knn import ArtistKNN
from songrec.models.registry import model_names

ARTISTS = np.array([0, 0, 1, 1, -1, 0, 1, 2])
YEARS = np.array([1990, 2000, 1970, np.nan, 1990, 1991, 1971, 1990])
NEW = np.array([5, 6, 7])
LOG = csr_array(np.array([[1, 1, 1, 0, 1, 0, 0, 0], [0, 0, 1, 1, 0, 0, 0, 0], [0, 0, 0, 0, 1, 0, 0, 0]]))


def test_the_score_is_the_share_of_the_history():
    songs, scores = ArtistKNN().fit(LOG, ARTISTS, listed=NEW).recommend(LOG, 3)
    assert songs.tolist() == [[5, 6, -1], [6, -1, -1], [-1, -1, -1]]
    assert scores[:2, 0].tolist() == [0.5, 1.0]
    assert scores[0, 1] == 0.25


def test_the_year_prefers_what_is_near():
    fit = ArtistKNN(years=5.0).fit(LOG, ARTISTS, YEARS, listed=NEW)
    songs, scores = fit.recommend(LOG, 3)
    near = (1 + np.exp(-np.abs(np.array([1990, 2000]) - 1991) / 5)) / 2
    assert songs[0].tolist() == [5, 6, -1]
    assert scores[0, 0] == pytest.approx(near.sum() / 4)
    unknown_year = 0.5
    assert scores[1, 0] == pytest.approx(((1 + np.exp(-1 / 5)) / 2 + unknown_year) / 2)


def test_it_equals_a_dense_computation():
    random = np.random.default_rng(0)
    log = csr_array((random.random((30, 40)) < 0.2).astype(int))
    artists = random.integers(-1, 6, 40)
    same = (artists[:, None] == artists) & (artists >= 0)
    expected = log.toarray() @ same / np.maximum(log.toarray().sum(axis=1), 1)[:, None]
    expected[log.toarray() > 0] = 0
    songs, scores = ArtistKNN().fit(log, artists).recommend(log, 40)
    for user in range(30):
        listed = songs[user][songs[user] >= 0]
        assert set(listed) == set(np.flatnonzero(expected[user]))
        assert np.allclose(scores[user][: len(listed)], expected[user][listed])


def test_nobody_knows_any_artist():
    songs, _ = ArtistKNN().fit(LOG, np.full(8, -1)).recommend(LOG, 3)
    assert (songs == -1).all()


def test_it_is_a_recommender_but_no_model_of_a_profile():
    assert issubclass(ArtistKNN, Recommender)
    assert "ArtistKNN" not in model_names()
    assert repr(ArtistKNN(years=2.0)) == "ArtistKNN(years=2.0)"


@pytest.mark.parametrize("artists", [None, np.zeros(7, int), np.zeros((8, 1), int)])
def test_artists_must_be_given(artists):
    with pytest.raises(DataError, match="a code for each of the 8 songs"):
        ArtistKNN().fit(LOG, artists)


def test_years_that_make_no_sense():
    with pytest.raises(ConfigError, match="years must be"):
        ArtistKNN(years=-1.0).fit(LOG, ARTISTS)
