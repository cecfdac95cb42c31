"""Users and songs that nobody knows: who is set aside, and what of them is shown."""

import numpy as np
import pytest
from small_logs import random_plays

from songrec.errors import ConfigError, DataError
from songrec.splits.cold import new_songs, new_users


def log(songs=50):
    return random_plays(songs=songs, density=0.3)


def aside(plays, **changes):
    options = {"shown": [1, 2, 5], "validation_users": 10, "test_users": 15, "min_hidden": 3, "seed": 4}
    return new_users(plays, **options | changes)


def test_users_are_set_aside_whole():
    plays = log()
    known, choosing, tested = aside(plays)
    assert (len(choosing.users), len(tested.users), known.shape[0]) == (10, 15, 35)
    assert not set(choosing.users) & set(tested.users)
    for part in (choosing, tested):
        assert (part.plays != plays[part.users]).nnz == 0
        assert (np.diff(part.plays.indptr) >= 5 + 3).all()
    assert known.nnz + choosing.plays.nnz + tested.plays.nnz == plays.nnz


def test_what_is_shown_grows_and_what_is_hidden_stays():
    _, _, tested = aside(log())
    before = tested.fold_in(0)
    assert not before.nnz
    for n in (1, 2, 5):
        now = tested.fold_in(n)
        assert (np.diff(now.indptr) == n).all()
        assert now.multiply(before > 0).nnz == before.nnz
        assert now.multiply(tested.holdout > 0).nnz == 0
        before = now
    assert (before + tested.holdout != tested.plays).nnz == 0
    assert (np.diff(tested.holdout.indptr) >= 3).all()
    with pytest.raises(ConfigError, match="6 songs cannot be shown: at most 5"):
        tested.fold_in(6)


def test_the_draw_is_the_seeds():
    one, same, other = (aside(log(), seed=seed)[2] for seed in (4, 4, 5))
    assert (one.users == same.users).all()
    assert (one.place == same.place).all()
    assert one.users.tolist() != other.users.tolist()
    assert one.fold_in(1).indices.tolist() != [
        row[0] for row in np.split(one.plays.indices, one.plays.indptr[1:-1])
    ]


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"test_users": 55}, DataError, "65 users are to be set aside, but only"),
        ({"shown": [45]}, DataError, r"have at least 45 \+ 3 songs"),
        ({"shown": []}, ConfigError, "whole numbers of at least 1"),
        ({"min_hidden": 0}, ConfigError, "whole numbers of at least 1"),
    ],
)
def test_what_cannot_be_set_aside(changes, error, message):
    with pytest.raises(error, match=message):
        aside(log(), **changes)


def test_new_songs_are_in_no_training():
    plays = log()
    known, songs, held = new_songs(plays, 0.2, seed=1)
    assert len(songs) == 10
    assert known.shape == plays.shape
    assert not np.isin(known.indices, songs).any()
    assert np.isin(held.holdout.indices, songs).all()
    assert known.nnz + held.holdout.nnz == plays.nnz
    assert (np.diff(held.holdout.indptr) > 0).all()
    assert (held.fold_in != known[held.users]).nnz == 0


def test_a_share_that_leaves_nothing():
    with pytest.raises(DataError, match="leaves none new or none known"):
        new_songs(log(songs=1), 0.01)
    with pytest.raises(ConfigError, match="share must be"):
        new_songs(log(), 1.0)
