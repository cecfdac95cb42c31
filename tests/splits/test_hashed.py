"""Draws that follow from the ids: the same split whatever the order of the log and whoever else is in it."""

from dataclasses import replace
from hashlib import blake2b

import numpy as np
import pytest
from any_split import attempt, pairs, parts, random_logs, some_log
from hypothesis import given, settings
from hypothesis import strategies as st
from small_logs import log_of

from songrec.csr import row_of_entries
from songrec.data import Interactions
from songrec.splits import strong_hashed, temporal_hashed, weak_hashed
from songrec.splits.hashed import draws, hashes

MASK = 2**64 - 1


def plain_draw(seed, *ids):
    """The number that the documentation states, in plain whole numbers."""

    def mixed(state):
        state = (state + 0x9E3779B97F4A7C15) & MASK
        state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & MASK
        return state ^ (state >> 31)

    state = mixed(seed & MASK)
    for one in ids:
        state = mixed(state ^ int.from_bytes(blake2b(one.encode(), digest_size=8).digest(), "little"))
    return state >> 1


IDS = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=5)  # as ingest takes them


@given(st.integers(-3, 2**70), st.lists(st.tuples(IDS, IDS), max_size=5))
def test_draws_are_those_stated(seed, ids):
    users, songs = ([pair[side] for pair in ids] for side in (0, 1))
    assert draws(seed, hashes(users), hashes(songs)).tolist() == [plain_draw(seed, *pair) for pair in ids]
    assert draws(seed, hashes(users)).tolist() == [plain_draw(seed, user) for user in users]


def shuffled(log, seed=9):
    """The same log with its lines in another order."""
    rows, order = row_of_entries(log.plays), np.random.default_rng(seed).permutation(log.plays.nnz)
    times = (None if each is None else each[order] for each in (log.first, log.last))
    columns = rows[order], log.plays.indices[order], log.plays.data[order]
    return Interactions.from_codes(*columns, log.user_ids, log.song_ids, *times)


@pytest.mark.parametrize(
    "protocol",
    [
        lambda log, seed: weak_hashed(log, test=0.3, validation=0.2, seed=seed),
        lambda log, seed: temporal_hashed(log, test=0.3, validation=0.2, seed=seed),
        lambda log, seed: strong_hashed(
            log, min_listeners=2, min_songs=3, validation_users=3, test_users=4, holdout=0.4, seed=seed
        ),
    ],
    ids=["weak", "temporal", "strong"],
)
@settings(max_examples=20, deadline=None)
@given(log=random_logs, seed=st.integers(0, 9))
def test_the_order_of_the_log_decides_nothing(protocol, log, seed):
    again = shuffled(log)
    assert parts(attempt(protocol, again, seed)) == parts(attempt(protocol, log, seed))


def test_a_user_is_divided_alike_whoever_else_is_there():
    log = some_log()
    split = weak_hashed(log, seed=2)
    few = log.select(users=np.arange(log.n_users) % 3 == 0)
    alone = parts(weak_hashed(few, seed=2))
    for part, whole in parts(split).items():
        kept = {pair: plays for pair, plays in whole.items() if pair[0] in set(few.user_ids)}
        assert alone[part] == kept


def test_the_lowest_draws_are_held_out():
    log = log_of({"a": "0123456789", "b": "01234"})
    split = weak_hashed(log, seed=7)
    for user, songs, test, validation in (("a", "0123456789", 2, 1), ("b", "01234", 1, 0)):
        ranked = sorted(songs, key=lambda song, user=user: plain_draw(7, user, song))
        expected = {("test", song) for song in ranked[:test]}
        expected |= {("validation", song) for song in ranked[test : test + validation]}
        found = set()
        for name in ("test", "validation"):
            held = getattr(split, name)
            found |= {
                (name, song)
                for (who, song) in pairs(held.holdout, split.user_ids, split.song_ids, held.users)
                if who == user
            }
        assert found == expected


def test_users_with_the_lowest_draws_are_for_test():
    log = some_log()
    sizes = {"validation_users": 5, "test_users": 6}
    split = strong_hashed(log, min_listeners=1, min_songs=5, seed=3, **sizes)
    ranked = sorted(split.user_ids.tolist(), key=lambda user: plain_draw(3, user))
    assert set(split.user_ids[split.test.users]) == set(ranked[:6])
    assert set(split.user_ids[split.validation.users]) == set(ranked[6:11])


def test_weak_is_drawn_evenly():
    """Every place in a history is as likely to be held out: 2,000 users with 10 songs each."""
    split = weak_hashed(log_of({f"user {user}": range(10) for user in range(2000)}))
    for held, share in ((split.test, 0.2), (split.validation, 0.1)):
        counts = np.bincount(held.holdout.indices, minlength=10)
        assert counts.sum() == 2000 * 10 * share
        assert np.abs(counts - 2000 * share).max() < 5 * np.sqrt(2000 * share * (1 - share))


def test_songs_of_the_same_second_are_taken_by_their_draws():
    log = log_of({"a": "0123456789"})
    log = replace(log, first=np.zeros(10, np.int64), last=np.zeros(10, np.int64))
    split = temporal_hashed(log, seed=5)
    ranked = sorted("0123456789", key=lambda song: plain_draw(5, "a", song))
    assert {split.song_ids[song] for song in split.test.holdout.indices} == set(ranked[-2:])
