"""Whether a run's model takes the live one's place."""

import json

import numpy as np
import pytest

from songrec.data import Interactions
from songrec.errors import ConfigError, DataError
from songrec.evaluation.metrics import score_lists
from songrec.lists import NOTHING, TopN
from songrec.models import ItemKNN
from songrec.pipeline import gate
from songrec.splits import weak_hashed


def log(n_users: int, seed: int, left_out: str = "") -> Interactions:
    """Users of two tastes; the log of more users holds that of fewer."""
    random = np.random.default_rng(seed)
    rows = []
    for user in range(n_users):
        songs = random.choice(30, 12, replace=False) + 15 * (user % 2)
        rows += [(f"u{user:03}", f"s{song:02}", 1) for song in songs if f"s{song:02}" != left_out]
    return Interactions.from_triplets(*zip(*rows, strict=True))


@pytest.fixture
def live(tmp_path):
    """A version fitted on 60 users, and the split that it was fitted on."""
    split = weak_hashed(log(60, 0), test=0.25, validation=0.1, seed=1)
    processed = tmp_path / "live" / "processed" / "old"
    split.save(processed / "split")
    ItemKNN(neighbours=20).fit(split.final_train()).save(processed / "models" / "item_knn")
    (tmp_path / "live" / gate.VERSION).write_text(json.dumps({"profile": "old", "model": "item_knn"}))
    return tmp_path / "live", split


def test_on_its_own_split_a_version_lists_what_it_listed(live):
    folder, split = live
    model = ItemKNN(neighbours=20).fit(split.final_train())
    expected, _ = model.recommend(split.test.fold_in, 10, users=split.test.users)
    songs, flattered = gate.live_lists(folder, split, 10)
    np.testing.assert_array_equal(songs, expected)
    assert not flattered.any()


def test_on_a_later_log_lists_are_in_its_codes_and_without_songs_that_are_gone(live):
    folder, old = live
    split = weak_hashed(log(80, 0, left_out="s20"), test=0.25, validation=0.1, seed=1)
    songs, _ = gate.live_lists(folder, split, 10)
    assert songs.shape == (len(split.test.users), 10)
    assert (songs != NOTHING).all()
    assert "s20" in old.song_ids
    for row, listed in zip(split.test.fold_in.toarray() > 0, songs, strict=True):
        assert len(set(listed)) == 10
        assert not row[listed].any()


def test_a_user_of_whom_the_version_knows_what_is_held_out_does_not_count(live):
    folder, old = live
    split = weak_hashed(log(80, 0), test=0.25, validation=0.1, seed=2)  # another draw: other plays held out
    _, flattered = gate.live_lists(folder, split, 10)
    learnt = {
        (old.user_ids[row], old.song_ids[song])
        for row, song in zip(*old.final_train().nonzero(), strict=True)
    }
    users = split.user_ids[split.test.users]
    expected = np.zeros(len(users), bool)
    for row, song in zip(*split.test.holdout.nonzero(), strict=True):
        expected[row] |= (users[row], split.song_ids[song]) in learnt
    np.testing.assert_array_equal(flattered, expected)
    assert 0 < expected.sum() < len(expected)
    assert not expected[users >= "u060"].any()


def test_the_live_model_of_another_log_is_refused(live):
    folder, _ = live
    other = Interactions.from_triplets(
        *zip(*[(f"v{u}", f"t{s}", 1) for u in range(9) for s in range(9)], strict=True)
    )
    with pytest.raises(DataError, match="knows none of the songs"):
        gate.live_lists(folder, weak_hashed(other, seed=0), 5)


@pytest.mark.parametrize(
    ("value", "p", "taken"),
    [
        (0.01, 0.001, ["better", "not-worse", "always"]),
        (0.01, 0.2, ["not-worse", "always"]),
        (0.0, 1.0, ["not-worse", "always"]),
        (-0.01, 0.2, ["not-worse", "always"]),
        (-0.01, 0.001, ["always"]),
    ],
)
def test_the_rules(value, p, taken):
    assert [rule for rule in ("better", "not-worse", "always") if gate._ruled(rule, value, p)[0]] == taken


@pytest.fixture
def decided(live, tmp_path, monkeypatch):
    """`decided(songs, rule)`: the decision about lists on the version's own split."""
    folder, split = live
    monkeypatch.setenv("SONGREC_DATA", str(tmp_path / "data"))
    processed = tmp_path / "data" / "processed" / "new"
    split.save(processed / "split")

    def decide(songs: np.ndarray, rule: str = "better", champion=folder):
        TopN(split.test.users, songs.astype(np.int32), np.zeros(songs.shape, np.float32)).save(
            processed / "lists" / "mine"
        )
        return gate.decide("new", "mine", champion, rule)

    return decide


def test_a_better_model_is_taken_a_worse_one_and_a_tie_are_not(live, decided):
    folder, split = live
    songs, _ = gate.live_lists(folder, split, 10)
    perfect, useless = songs.copy(), songs.copy()
    for row, held in enumerate(split.test.holdout.toarray() > 0):
        perfect[row, : held.sum()] = np.flatnonzero(held)
        perfect[row, held.sum() :] = NOTHING
        useless[row] = [song for song in range(len(held)) if not held[song]][:10]
    better, worse, tie = decided(perfect), decided(useless), decided(songs)
    assert (better.promoted, worse.promoted, tie.promoted) == (True, False, False)
    assert (better.candidate, worse.candidate) == (1.0, 0.0)
    means = score_lists(songs, split.test.holdout, 10, split.test.users).mean()
    assert better.champion == pytest.approx(means["average_precision@10"])
    assert better.value == pytest.approx(better.candidate - better.champion)
    assert better.ci_low < better.value < better.ci_high
    assert better.n_users == len(split.test.users)
    assert better.p < 0.001
    assert (tie.value, tie.p) == (0.0, 1.0)
    assert decided(songs, "not-worse").promoted
    assert "significantly worse" in worse.why


def test_without_a_live_model_any_is_taken(decided):
    first = decided(np.tile(np.arange(10), (60, 1)), champion=None)
    assert (first.promoted, first.numbers) == (True, {"promoted": True, "n_users": 0})


def test_few_users_decide_nothing(live, decided, monkeypatch):
    monkeypatch.setattr(gate, "FEWEST", 61)
    found = decided(np.tile(np.arange(10), (60, 1)))
    assert not found.promoted
    assert "only 60 users" in found.why


def test_unknown_rules_and_metrics_are_refused():
    with pytest.raises(ConfigError, match="no rule 'best'"):
        gate.decide("tiny", "ease", None, "best")
    with pytest.raises(ConfigError, match="not compared by 'novelty'"):
        gate.decide("tiny", "ease", None, metric="novelty")
