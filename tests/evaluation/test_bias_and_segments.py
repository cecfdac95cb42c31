"""Popularity, artists, serendipity, segments and agreement against hand-made cases."""

import numpy as np
import pytest
from scipy.sparse import csr_array

from songrec.errors import ConfigError, DataError
from songrec.evaluation import (
    artist_coverage,
    artist_diversity,
    groups_by,
    lowest_overlap_users,
    overlaps,
    popularity_classes,
    popularity_lift,
    recall_by_class,
    serendipity,
)
from songrec.lists import TopN


def test_the_lift_is_a_ratio_of_group_means_and_not_a_mean_of_ratios():
    listed, heard = np.array([0.3, 0.1, np.nan, 0.5]), np.array([0.1, 0.1, 0.2, np.nan])
    lift = popularity_lift(listed, heard)
    assert lift["value"] == pytest.approx(1.0)  # (.3 + .1) / (.1 + .1) - 1, where the mean ratio is 2
    assert lift["n_users"] == 2
    assert popularity_lift(np.array([np.nan]), np.array([0.1]))["n_users"] == 0
    rng = np.random.default_rng(0)
    lift = popularity_lift(rng.random(400) + 1, rng.random(400) + 1)
    assert lift["ci_low"] < lift["value"] < lift["ci_high"]


def test_serendipity_is_the_part_of_precision_that_the_charts_would_not_have_had():
    songs, holdout = np.array([[0, 1, 2]]), csr_array([[1, 1, 1, 0]])
    assert serendipity(songs, holdout, songs, 3).tolist() == [0]
    assert serendipity(songs, holdout, np.array([[3, -1, -1]]), 3).tolist() == [1]
    assert serendipity(songs, holdout, np.array([[3, 0, 1]]), 1).tolist() == [1], "0 is expected only later"
    with pytest.raises(DataError, match="one user"):
        serendipity(songs, holdout, np.array([[0], [1]]), 1)
    with pytest.raises(ConfigError, match="beyond the lists"):
        serendipity(songs, holdout, np.array([[3, 0]]), 3)


def test_artists_nobody_knows_are_left_out():
    artists = np.array([0, 0, 1, -1, -1])
    lists = np.array([[0, 1, 3], [3, 4, 0], [0, 2, 3]])
    assert artist_diversity(lists, artists, 3).tolist()[0::2] == [0, 1]
    assert np.isnan(artist_diversity(lists, artists, 3)[1])
    assert artist_coverage(lists, artists, 1) == 1 / 2
    assert np.isnan(artist_coverage(lists, np.full(5, -1), 3))
    with pytest.raises(DataError, match="whole numbers"):
        artist_diversity(lists, np.array([0.0, 1, 2, 3, 4]), 2)


def test_classes_have_a_third_of_the_listening_each():
    train = csr_array((np.arange(60)[:, None] < np.array([30, 12, 9, 9, 6, 6, 6, 6, 6, 0])).astype(int))
    classes = popularity_classes(train)  # 30 | 42 51 60 | 66 ..., thirds at 30 and 60
    assert classes.tolist() == [0, 1, 1, 1, 2, 2, 2, 2, 2, 2]
    rng = np.random.default_rng(3)
    train = csr_array((rng.random((200, 80)) < rng.random(80) ** 3).astype(int))
    classes, listeners = popularity_classes(train), np.bincount(train.indices, minlength=80)
    parts = np.bincount(classes, listeners)
    assert abs(parts / parts.sum() - 1 / 3).max() < listeners.max() / listeners.sum()
    assert listeners[classes == 0].min() >= listeners[classes == 1].max()
    assert listeners[classes == 1].min() >= listeners[classes == 2].max()


def test_recall_by_class_adds_up_to_recall():
    rng = np.random.default_rng(4)
    holdout = csr_array((rng.random((30, 20)) < 0.3).astype(int) | np.eye(30, 20, dtype=int))
    holdout = csr_array(np.where(holdout.toarray().sum(axis=1, keepdims=True), holdout.toarray(), 1))
    songs = np.argsort(rng.random((30, 20)), axis=1)[:, :8]
    classes = rng.integers(0, 3, 20)
    parts = recall_by_class(songs, holdout, classes, 5)
    for user in range(30):
        hidden = set(np.flatnonzero(holdout.toarray()[user]))
        for number in range(3):
            mine = {song for song in hidden if classes[song] == number}
            found = len(mine & set(songs[user, :5]))
            expected = found / len(mine) if mine else np.nan
            np.testing.assert_equal(parts[user, number], expected)


def test_groups_keep_equal_values_together():
    assert groups_by(np.array([5.0, 1, 2, 4, 3, 6]), "abc").tolist() == [2, 0, 0, 1, 1, 2]
    assert groups_by(np.array([1.0, 1, 1, 9]), "abc").tolist() == [0, 0, 0, 2]
    assert groups_by(np.array([np.nan]), "abc").tolist() == [-1]


def test_who_is_least_agreed_on():
    users = np.arange(3)
    one = TopN(users, np.array([[0, 1], [0, 1], [0, 1]]), np.zeros((3, 2)))
    two = TopN(users, np.array([[1, 0], [2, 3], [2, -1]]), np.zeros((3, 2)))
    assert overlaps({"a": one, "b": two}, 2)["a", "b"].tolist() == [1, 0, 0]
    assert lowest_overlap_users({"a": one, "b": two}, 2, 5).tolist() == [1, 0], "a short list is no dissent"
    assert lowest_overlap_users({"a": one}, 2, 5).tolist() == []
