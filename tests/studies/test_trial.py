"""The trial among invented listeners: true chances, what a list is worth, and who wins."""

import numpy as np
import pandas as pd
import pytest

from songrec.data import SyntheticWorld
from songrec.errors import ConfigError
from songrec.evaluation.interleaving import REPORT, compare_online, credits_of
from songrec.splits import weak
from songrec.studies import trial
from songrec.studies.trial import Listener


@pytest.fixture(scope="module")
def world():
    return SyntheticWorld(users=150, songs=200, seed=3)


@pytest.fixture(scope="module")
def split(world):
    return weak(world.interactions(), test=0.2)


@pytest.fixture(scope="module")
def lists(split):
    tuned = {
        name: {"estimator": estimator, "hyperparameters": {}}
        for name, estimator in (("popularity", "Popularity"), ("item_knn", "ItemKNN"))
    }
    return trial.lists_of(tuned, split, 8)


LISTENER = Listener(choices=20, patience=1.0)


def test_chances_are_those_of_the_draws(world):
    """A hundred thousand choices of three users, counted."""
    (_, taste), *_ = world.tastes()
    rng = np.random.default_rng(0)
    for user in (0, 57, 149):
        chances = taste.chances(user)
        assert chances.sum() == pytest.approx(1)
        place, _ = taste.choose(np.full(100_000, user), rng, exhausted=False)
        counted = np.bincount(world._tree.code[place], minlength=world.songs) / 100_000
        error = np.sqrt(chances * (1 - chances) / 100_000)
        assert (np.abs(counted - chances) < 5 * error + 1e-5).all()


def test_tastes_are_those_of_the_log(world):
    """What users heard is what they are likely to choose: far above what anybody would."""
    log = world.interactions()
    mean = np.mean([taste.chances(user) for _, taste in world.tastes() for user in range(150)], axis=0)
    for user_ids, taste in world.tastes():
        own, other = [], []
        for user in range(0, 150, 10):
            row = np.searchsorted(log.user_ids, user_ids[user])
            heard = log.plays[[row]].indices
            codes = np.searchsorted(world.song_ids, log.song_ids[heard])
            own.append(taste.chances(user)[codes].mean())
            other.append(mean[codes].mean())
        assert np.mean(own) > 1.5 * np.mean(other)


def test_a_list_is_worth_what_is_played_of_it(world, split, lists):
    liked = trial.likings(world, split, lists, LISTENER)
    assert {name: values.shape for name, values in liked.items()} == dict.fromkeys(
        lists, lists["popularity"].shape
    )
    assert all(((values >= 0) & (values <= 1)).all() for values in liked.values())
    assert (liked["popularity"][lists["popularity"] == -1] == 0).all()
    true = trial.truth(liked, LISTENER, split.test.users)
    user_ids = split.user_ids[split.test.users]
    items, plays = trial.events("popularity", "item_knn", lists, liked, user_ids, LISTENER, 30, 0)
    by = items[items["user"].str.endswith("split")].groupby("version")["list"].nunique()
    played = plays.merge(items, on=["list", "user", "song"])
    counted = played[played["user"].str.endswith("split")].groupby("version").size() / by
    for name, values in true.items():
        assert counted[name] == pytest.approx(float(values.mean().iloc[0]), rel=0.15)


def test_who_looks_at_everything_plays_more(world, split, lists):
    patient, usual = Listener(20, 0.0), LISTENER
    liked = trial.likings(world, split, lists, usual)
    more, less = (trial.truth(liked, each, split.test.users)["item_knn"] for each in (patient, usual))
    assert patient.looks(8).tolist() == [1.0] * 8
    assert usual.looks(3) == pytest.approx([1, 1 / np.log2(3), 0.5])
    assert (more.to_numpy() >= less.to_numpy()).all()


def test_the_study_agrees_with_the_command(world, split, lists):
    """Its events give the report; and pairs stand with the truly better model first."""
    liked = trial.likings(world, split, lists, LISTENER)
    user_ids = split.user_ids[split.test.users]
    online = trial.trials(lists, liked, user_ids, LISTENER, 2, 5)
    events = trial.events("popularity", "item_knn", lists, liked, user_ids, LISTENER, 2, 5)
    pd.testing.assert_frame_equal(online["popularity", "item_knn"], compare_online(credits_of(*events)))
    true, offline = trial.truth(liked, LISTENER, split.test.users), trial.offline(lists, split)
    pairs = trial.pairs(true, offline, online)
    assert pairs["design"].tolist() == ["true", "offline", "interleaved", "split"]
    assert pairs["version"].unique().tolist() == ["item_knn"]
    assert pairs.loc[pairs["design"] == "true", "value"].item() > 0
    assert (pairs["ci_low"] <= pairs["value"]).all()
    row = pairs.set_index("design").loc["interleaved"]
    assert row["needed"] == pytest.approx(row["n_users"] * (2.8016 * row["se"] / row["value"]) ** 2, rel=1e-3)
    table = trial.quality(true, offline)
    assert set(table["metric"]) == {"expected_plays", "average_precision", "ndcg", "recall"}
    assert set(table["n_users"]) == {len(split.test.users)}


def test_a_wrong_order_is_negative(world, split, lists):
    """Where a trial says the contrary of the truth, its value and interval change sign."""
    users = split.test.users
    values = np.linspace(0.1, 0.9, len(users))
    true = {
        name: pd.DataFrame({"expected_plays@8": values + lead}, index=users)
        for name, lead in (("a", 0.0), ("b", 0.5))
    }
    offline = {
        name: pd.DataFrame({"average_precision@8": values + lead}, index=users)
        for name, lead in (("a", 0.2), ("b", 0.0))
    }
    row = ["split", "a", "b", 0.3, 0.1, 0.1, 0.5, 0.01, 0.2, 40, 80]
    online = {("a", "b"): pd.DataFrame([row], columns=REPORT)}
    pairs = trial.pairs(true, offline, online).set_index("design")
    assert pairs["version"].unique().tolist() == ["b"]
    assert pairs.loc["true", "value"] == pytest.approx(0.5)
    assert pairs.loc["offline", "value"] == pytest.approx(-0.2)
    found = pairs.loc["split", ["value", "ci_low", "ci_high", "wins"]].tolist()
    assert found == [-0.3, -0.5, -0.1, -0.2]


def test_one_model_is_no_trial(split):
    with pytest.raises(ConfigError, match="two models"):
        trial.lists_of({"popularity": {"estimator": "Popularity", "hyperparameters": {}}}, split, 5)
