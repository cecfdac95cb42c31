"""Tables of the log against counting by hand."""

import numpy as np
import pandas as pd
import pytest

from songrec.data import Interactions
from songrec.studies import explore

TRIPLETS = [
    ("u1", "a", 1), ("u1", "b", 2), ("u1", "c", 7), ("u2", "a", 1), ("u2", "b", 60), ("u3", "a", 1),
]  # fmt: skip


@pytest.fixture
def log() -> Interactions:
    return Interactions.from_triplets(*zip(*TRIPLETS, strict=True))


def test_counts(log):
    assert explore.songs_per_user(log).tolist() == [3, 2, 1]
    assert explore.listeners_per_song(log).tolist() == [3, 2, 1]
    assert explore.few_listeners(log, fewer_than=2) == pytest.approx(1 / 3)
    assert explore.summary(log).to_numpy().tolist() == [[3, 3, 6, 72, pytest.approx(2 / 3)]]


def test_long_tail_and_what_its_head_holds(log):
    tail = explore.long_tail(log)
    assert tail["listeners"].tolist() == [3, 2, 1]
    np.testing.assert_allclose(tail["interaction_share"], [3 / 6, 5 / 6, 1])
    assert explore.top_shares(tail, [0.5]).to_numpy().tolist() == [[0.5, 2, pytest.approx(5 / 6)]]


def test_thinned_tail_keeps_its_ends_and_its_order():
    thin = explore.thinned(pd.DataFrame({"rank": np.arange(1, 100_001)}))["rank"]
    assert (thin.iloc[0], thin.iloc[-1]) == (1, 100_000)
    assert thin.is_monotonic_increasing
    assert len(thin) < 1000


def test_play_bins_hold_every_count():
    table = explore.play_bins(np.arange(1, 101))
    np.testing.assert_allclose(table["share"] * 100, [1, 1, 2, 5, 10, 30, 51])


def test_density_grid_holds_every_interaction_once():
    random = np.random.default_rng(1)
    cells = np.flatnonzero(random.random(90 * 70) < 0.1)
    log = Interactions.from_triplets(cells // 70 + 1000, cells % 70 + 1000, np.ones(len(cells), int))
    grid = explore.density_grid(log, blocks=7)
    users = np.bincount(np.arange(log.n_users) * 7 // log.n_users)
    songs = np.bincount(np.arange(log.n_songs) * 7 // log.n_songs)
    filled = grid["density"] * users[grid["user_block"]] * songs[grid["song_block"]]
    assert filled.sum() == pytest.approx(len(cells))
    by_users = grid.groupby("user_block")["density"].mean()
    assert by_users.iloc[0] > by_users.iloc[-1]


def test_own_figures_stand_beside_real_ones_and_lie_on_the_own_curve(log):
    table = explore.beside_real(log).set_index(["of", "figure"])
    assert table.loc[("songs per user", "mean"), "this log"] == 2
    assert table.loc[("songs per user", "mean"), "taste-profile-3k-users"] == pytest.approx(48.5, abs=0.05)
    own = explore.own_curves(log)
    plays = own[own["of"] == "plays per triplet"].set_index("x")["y"]
    assert plays[1] == 1
    assert plays[60] == pytest.approx(1 / 6)


def test_the_real_points_are_the_published_ones(log):
    points = explore.real_points(explore.beside_real(log))
    users = points[points["of"] == "songs per user"]
    assert users["x"].tolist() == [12, 27, 112, 281]
    np.testing.assert_allclose(users["y"], [0.9, 0.5, 0.1, 0.01])
    held = points[(points["of"] == "share of listening") & (points["x"] == 0.01)].set_index("log")["y"]
    assert held["msd-challenge"] > held["taste-profile-3k-users"]
