"""Re-ranking against plain Python, the rule that chooses lambda, and what the new order gives."""

import brute_force
import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array

from songrec.errors import ConfigError
from songrec.evaluation import intra_list_diversity
from songrec.lists import TopN
from songrec.splits import HeldOut
from songrec.studies.rerank import cap_effects, capped, choose, curve, effect, evaluated, mmr


def some_lists(rng, n_users=250, n=8, n_songs=25):
    """Lists of all lengths, the empty one among them; more users than one block holds."""
    songs = np.argsort(rng.random((n_users, n_songs)), axis=1)[:, :n]
    scores = -np.sort(-rng.random((n_users, n)).round(1), axis=1)
    empty = np.arange(n) >= (np.arange(n_users) % (n + 1))[:, None]
    return TopN(np.arange(n_users), np.where(empty, -1, songs), np.where(empty, -np.inf, scores))


def test_mmr_agrees_with_plain_python():
    rng = np.random.default_rng(1)
    lists = some_lists(rng)
    train = csr_array((rng.random((30, 25)) < 0.25).astype(int))
    dense = train.toarray().tolist()
    lambdas = [0.0, 0.3, 0.7, 1.0]
    found = mmr(lists, train, lambdas, 5)
    for value in lambdas:
        expected = [
            brute_force.mmr(songs, scores, dense, value, 5)
            for songs, scores in zip(lists.songs.tolist(), lists.scores.tolist(), strict=True)
        ]
        assert found[value].tolist() == expected


def test_lambda_0_changes_nothing_and_more_of_it_varies_more():
    rng = np.random.default_rng(2)
    lists = some_lists(rng, 100, 20, 60)
    train = csr_array((rng.random((80, 60)) < 0.2).astype(int))
    found = mmr(lists, train, [0.0, 0.5, 1.0], 6)
    assert found[0.0].tolist() == lists.songs[:, :6].tolist()
    means = [intra_list_diversity(songs, train, [6]).mean() for songs in found.values()]
    assert means == sorted(means)
    assert means[0] < means[2]
    with pytest.raises(ConfigError, match="between 0 and 1"):
        mmr(lists, train, [1.5], 6)
    long = mmr(lists, train, [0.5], 30)[0.5]
    assert long.shape == (100, 30)
    assert [set(a) - {-1} for a in long.tolist()] == [set(a) - {-1} for a in lists.songs.tolist()]


def test_the_rule_takes_the_most_varied_that_costs_little_enough():
    tried = {0.0: (1.0, 0.1), 0.2: (0.96, 0.3), 0.4: (0.95, 0.4), 0.6: (0.9, 0.9)}
    names = ["average_precision@5", "diversity@5"]
    values = {value: pd.DataFrame([means] * 2, columns=names) for value, means in tried.items()}
    assert choose(values, 5, 0.05) == 0.4
    assert choose(values, 5, 0.0) == 0.0
    assert choose(values, 5, 0.5) == 0.6
    with pytest.raises(ConfigError, match="lambda 0"):
        choose({0.2: values[0.2]}, 5, 0.05)


def test_what_another_order_gives():
    rng = np.random.default_rng(3)
    songs = np.argsort(rng.random((60, 40)), axis=1)[:, :12]
    lists = TopN(np.arange(60), songs, -np.sort(-rng.random((60, 12)), axis=1))
    train = csr_array((rng.random((50, 40)) < 0.3).astype(int))
    holdout = (rng.random((60, 40)) < 0.2).astype(int)
    holdout[:, 0] = 1
    held = HeldOut(lists.users, csr_array(holdout.shape, dtype=int), csr_array(holdout))
    found = evaluated(lists, held, train, [0.0, 0.5], 5)
    table = curve({"test": found}, 5).set_index(["lambda", "metric"])["value"]
    changed = effect(found.per_user, 0.5).set_index(["metric", "statistic"])["value"]
    assert table[0.5, "coverage"] == found.coverage[0.5]
    for metric in ("average_precision", "diversity", "novelty"):
        assert changed[metric, "before"] == pytest.approx(table[0.0, metric])
        assert changed[metric, "after"] == pytest.approx(table[0.5, metric])
        assert changed[metric, "difference"] == pytest.approx(table[0.5, metric] - table[0.0, metric])
        assert changed[metric, "ratio"] == pytest.approx(table[0.5, metric] / table[0.0, metric])
    assert changed["diversity", "difference"] > 0


def test_a_cap_leaves_the_first_songs_of_each_artist():
    rng = np.random.default_rng(3)
    lists, artists = some_lists(rng), rng.integers(-1, 6, 25)
    for cap in (1, 2, 8):
        for songs, found in zip(lists.songs.tolist(), capped(lists, artists, cap, 4).tolist(), strict=True):
            kept = [
                song
                for place, song in enumerate(songs)
                if song >= 0 and (artists[song] < 0 or (artists[songs[:place]] == artists[song]).sum() < cap)
            ]
            assert found == (kept + [-1] * 4)[:4]


def test_what_caps_give_is_measured_against_none():
    rng = np.random.default_rng(4)
    lists = some_lists(rng, 60, 12, 25)
    train = csr_array((rng.random((60, 25)) < 0.3).astype(int))
    held = HeldOut(lists.users, train, csr_array((rng.random((60, 25)) < 0.2).astype(int)))
    artists = np.arange(25) // 5
    table = cap_effects(lists, held, train, artists, [12, 1], 5).set_index(["cap", "metric", "statistic"])
    assert (table.xs("difference", level="statistic").loc[12, "value"] == 0).all()
    before, after = (
        np.mean([len({song // 5 for song in row if song >= 0}) for row in songs.tolist()])
        for songs in (lists.songs[:, :5], capped(lists, artists, 1, 5))
    )
    assert after > before
    for statistic, expected in (("before", before), ("after", after), ("difference", after - before)):
        assert table.loc[(1, "artists", statistic), "value"] == pytest.approx(expected)
    assert cap_effects(lists, held, train, np.full(25, -1), [1], 5).empty
