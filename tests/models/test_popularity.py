"""Popularity by hand, and against a full sort."""

import numpy as np
import pytest
from scipy.sparse import csr_array

from songrec.models import Popularity

TRAIN = csr_array(np.array([[9, 1, 0, 0], [0, 1, 1, 0], [0, 1, 1, 0]]))


@pytest.mark.parametrize(
    ("by", "songs", "scores"), [("listeners", [1, 2, 0], [3, 2, 1]), ("plays", [0, 1, 2], [9, 3, 2])]
)
def test_by_listeners_and_by_plays(by, songs, scores):
    found, values = Popularity(by=by).fit(TRAIN).recommend(csr_array((1, 4)), 4)
    assert found.tolist() == [[*songs, -1]]  # a song that nobody heard is no recommendation
    assert values.tolist() == [[*scores, -np.inf]]


def test_equals_a_full_sort():
    random = np.random.default_rng(0)
    train = csr_array(random.integers(0, 50, (80, 60)) * (random.random((80, 60)) < 0.2))
    plays = train.toarray().sum(axis=0)
    ranked = np.argsort(-plays, kind="stable")
    heard = train.toarray() > 0
    songs, _ = Popularity(by="plays").fit(train).recommend(train, 10)
    assert songs.tolist() == [[song for song in ranked if not heard[user, song]][:10] for user in range(80)]


def test_plays_past_single_precision_are_still_told_apart():
    train = csr_array(np.array([[2**24, 2**24 + 1]]))
    assert Popularity(by="plays").fit(train).recommend(csr_array((1, 2)), 2)[0].tolist() == [[1, 0]]
