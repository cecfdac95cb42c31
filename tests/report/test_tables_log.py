"""Tables of the log against counting by hand."""

import numpy as np
import pandas as pd
import pytest

from songrec.data import Interactions
from songrec.report import figures_log, tables_log, tables_real

TRIPLETS = [
    ("u1", "a", 1), ("u1", "b", 2), ("u1", "c", 7), ("u2", "a", 1), ("u2", "b", 60), ("u3", "a", 1),
]  # fmt: skip


@pytest.fixture
def log() -> Interactions:
    return Interactions.from_triplets(*zip(*TRIPLETS, strict=True))


def test_counts(log):
    assert tables_log.songs_per_user(log).tolist() == [3, 2, 1]
    assert tables_log.listeners_per_song(log).tolist() == [3, 2, 1]


def test_summary_names_the_item(log):
    table = tables_log.summary(log, "artist").set_index("quantity")["value"]
    assert table["artists"] == "3"
    assert table["plays"] == "72"
    assert table["density of the matrix"] == "66.667 %"
    assert table["data fingerprint"] == log.fingerprint()


def test_survival_is_the_share_of_entries_at_or_above():
    random = np.random.default_rng(0)
    counts = random.integers(1, 30, 500)
    table = tables_log.survival(counts)
    for value, share in table.itertuples(index=False):
        assert share == pytest.approx(sum(c >= value for c in counts) / 500, abs=1e-12)
    assert set(table["value"]) == set(counts)


def test_long_tail_and_what_its_head_holds(log):
    tail = tables_log.long_tail(log)
    assert tail["listeners"].tolist() == [3, 2, 1]
    np.testing.assert_allclose(tail["interaction_share"], [3 / 6, 5 / 6, 1])
    tops = tables_log.top_shares(tail)
    assert tops.loc[tops["top"] == "50 %", "interactions"].item() == pytest.approx(5 / 6)


def test_thinned_tail_keeps_its_ends_and_its_order():
    tail = pd.DataFrame({"rank": np.arange(1, 100_001)})
    thin = tables_log.thinned(tail)["rank"]
    assert thin.iloc[0] == 1
    assert thin.iloc[-1] == 100_000
    assert thin.is_monotonic_increasing
    assert len(thin) < 1000


def test_play_bins_sum_to_one_and_hold_every_count():
    plays = np.arange(1, 101)
    table = tables_log.play_bins(plays)
    assert table["share"].sum() == pytest.approx(1)
    np.testing.assert_allclose(table["share"] * 100, [1, 1, 2, 5, 10, 30, 51])


def test_quantiles_are_values_that_occur():
    row = tables_log.quantiles({"x": np.array([1, 2, 2, 3, 100])}).iloc[0]
    assert row.tolist() == ["x", 1, 2, 21.6, 100, 100, 100]


def test_density_grid_holds_every_interaction_once():
    random = np.random.default_rng(1)
    cells = np.flatnonzero(random.random(90 * 70) < 0.1)
    log = Interactions.from_triplets(cells // 70 + 1000, cells % 70 + 1000, np.ones(len(cells), int))
    grid = tables_log.density_grid(log, blocks=7)
    users = np.bincount(np.arange(log.n_users) * 7 // log.n_users)
    songs = np.bincount(np.arange(log.n_songs) * 7 // log.n_songs)
    filled = grid["density"] * users[grid["user_block"]] * songs[grid["song_block"]]
    assert filled.sum() == pytest.approx(len(cells))
    by_users = grid.groupby("user_block")["density"].mean()
    assert by_users.iloc[0] > by_users.iloc[-1]


def test_own_figures_stand_beside_real_ones_and_lie_on_the_own_curve(log):
    table = tables_real.beside_real(log).set_index(["of", "figure"])
    assert table.loc[("songs per user", "mean"), "this log"] == 2
    assert table.loc[("songs per user", "mean"), "taste-profile-3k-users"] == pytest.approx(48.5, abs=0.05)
    cells = tables_real.reading(table.reset_index(), "artist")
    assert set(cells["of"]) == {"artists per user", "plays per triplet", "share of listening"}
    assert "50.0 %" in cells[tables_real.OWN].tolist()  # half of the interactions are single plays
    own = tables_real.curves(log)
    plays = own[own["of"] == "plays per triplet"].set_index("x")["y"]
    assert plays[1] == 1
    assert plays[60] == pytest.approx(1 / 6)


def test_the_real_points_are_the_published_ones(log):
    points = tables_real.points(tables_real.beside_real(log))
    full = points[points["log"] == "taste-profile-3k-users"]
    users = full[full["of"] == "songs per user"]
    assert users["x"].tolist() == [12, 27, 112, 281]
    np.testing.assert_allclose(users["y"], [0.9, 0.5, 0.1, 0.01])
    held = points[(points["of"] == "share of listening") & (points["x"] == 0.01)].set_index("log")["y"]
    assert held["msd-challenge"] > held["taste-profile-3k-users"]


def test_stacked_tables_keep_their_names():
    one = pd.DataFrame({"x": [1]})
    assert tables_log.stacked({"a": one, "b": one}, "which")["which"].tolist() == ["a", "b"]


@pytest.mark.parametrize("item", ["song", "artist"])
def test_figures_name_the_item_and_say_which_axes_are_logarithmic(log, item):
    tail = tables_log.long_tail(log)
    counts = tables_log.songs_per_user(log)
    curve = tables_log.survival(counts)
    real = tables_real.points(tables_real.beside_real(log))
    figures = [
        figures_log.activity(curve, curve, item),
        figures_log.long_tail(tail, tables_log.top_shares(tail), item),
        figures_log.plays(tables_log.play_bins(log.plays.data), item),
        figures_log.sparsity(tables_log.density_grid(log), item),
        figures_log.beside_real(tables_real.curves(log), real, "tiny", item),
    ]
    for figure in figures:
        words = " ".join(axes.get_xlabel() + axes.get_ylabel() for axes in figure.axes)
        assert item in words
        for axes in figure.axes:
            for axis in (axes.xaxis, axes.yaxis):
                if axis.get_label_text():
                    assert (axis.get_scale() == "log") == ("log scale" in axis.get_label_text())
        assert figure._repr_png_()
