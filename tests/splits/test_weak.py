"""What every protocol promises, on logs of any shape; and each protocol by hand."""

import dataclasses
from itertools import pairwise

import numpy as np
import pytest
from any_split import PROTOCOLS, attempt, every_protocol, pairs, parts, random_logs, some_log
from hypothesis import given as cases
from hypothesis import settings
from hypothesis import strategies as st
from small_logs import log_of

from songrec.csr import row_of_entries
from songrec.data import Interactions
from songrec.errors import ConfigError, DataError
from songrec.splits import Split, given, strong, triplet_holdout, weak


@every_protocol
@settings(max_examples=60, deadline=None)
@cases(log=random_logs, seed=st.integers(0, 50))
def test_promises(protocol, log, seed, tmp_path_factory):
    made, folder = attempt(protocol, log, seed), tmp_path_factory.mktemp("split") / "split"
    made.save(folder)
    split = Split.load(folder)  # as the stages read it
    assert equal(split, made)
    whole = pairs(log.plays, log.user_ids, log.song_ids)
    found = parts(split)
    train, final = found["train"], found["final"]
    matrices = [(split.train, len(split.user_ids)), (split.final_train(), len(split.user_ids))]
    fold, held = {}, {}
    for name in ("validation", "test"):
        fold[name], held[name] = found[f"{name}.fold_in"], found[f"{name}.holdout"]
        part = getattr(split, name)
        assert part.users.dtype == np.int32
        assert (np.diff(part.users) > 0).all()
        assert {user for user, _ in held[name]} == set(split.user_ids[part.users])  # everyone has a holdout
        assert not held[name].keys() & fold[name].keys()
        assert not held[name].keys() & train.keys()
        matrices += [(part.fold_in, len(part.users)), (part.holdout, len(part.users))]
    assert not held["test"].keys() & (final.keys() | held["validation"].keys() | fold["validation"].keys())
    assert final == train | fold["validation"] | held["validation"]
    for user in split.user_ids[split.test.users]:
        # Test folds in all that the final model was shown of the user.
        known = {pair for pair in final if pair[0] == user}
        assert known <= {pair for pair in fold["test"] if pair[0] == user}
    everything = final | fold["test"] | held["test"]
    assert everything.items() <= whole.items()
    if protocol.removesuffix("_hashed") in ("weak", "triplet_holdout", "temporal"):  # nothing lost
        assert everything == whole
        assert len(train) + len(held["validation"]) + len(held["test"]) == len(whole)
    if protocol.startswith("strong"):
        people = [{user for user, _ in part} for part in (train, *(fold[n] | held[n] for n in fold))]
        assert not people[0] & people[1]
        assert not (people[0] | people[1]) & people[2]
    for matrix, rows in matrices:  # of one shape and canonical
        assert matrix.shape == (rows, len(split.song_ids))
        assert matrix.dtype == np.int32
        assert all((np.diff(matrix.indices[a:b]) > 0).all() for a, b in pairwise(matrix.indptr))
    for ids in (split.user_ids, split.song_ids):
        assert (ids[1:] > ids[:-1]).all()


def equal(a, b):
    return parts(a) == parts(b) and (a.protocol, a.seed) == (b.protocol, b.seed)


@every_protocol
def test_the_seed_decides_and_nothing_else_does(protocol):
    log = some_log()
    state = np.random.get_state()[1].copy()  # noqa: NPY002
    split = PROTOCOLS[protocol](log, 2)
    assert equal(split, PROTOCOLS[protocol](log, 2))
    drawn = not protocol.startswith("temporal")  # hashed: of songs of the same second only
    assert (parts(split)["test.holdout"] != parts(PROTOCOLS[protocol](log, 4))["test.holdout"]) == drawn
    assert (np.random.get_state()[1] == state).all()  # noqa: NPY002
    assert (split.protocol, split.seed) == (protocol.removesuffix("_until"), 2)


@every_protocol
def test_saved_and_loaded(protocol, tmp_path):
    split = PROTOCOLS[protocol](some_log(), 1)
    split.save(tmp_path / "split")
    loaded = Split.load(tmp_path / "split")
    assert equal(loaded, split)
    assert [field.name for field in dataclasses.fields(loaded)] == list(vars(split))
    (tmp_path / "split" / "test.users.npy").unlink()
    with pytest.raises(DataError, match=r"test\.users\.npy is damaged: it is missing"):
        Split.load(tmp_path / "split")


@every_protocol
def test_the_holdout_cannot_be_reached_from_what_a_model_is_given(protocol):
    """Change every held-out play count, and nothing that a model is given changes.

    The new count is seen nowhere: in no array, and in no array that such an array is a view of.
    """
    log = some_log()
    split = PROTOCOLS[protocol](log, 1)
    secret = parts(split)["test.holdout"]
    keys = pairs(log.plays, log.user_ids, log.song_ids)
    plays = log.plays.copy()
    marker = 1_000_000
    plays.data[:] = [marker if key in secret else play for key, play in zip(keys, plays.data, strict=True)]
    marked = PROTOCOLS[protocol](dataclasses.replace(log, plays=plays), 1)
    assert set(parts(marked)["test.holdout"].values()) == {marker}
    shown = [marked.train, marked.final_train(), marked.test.fold_in, marked.validation.fold_in]
    original = [split.train, split.final_train(), split.test.fold_in, split.validation.fold_in]
    for matrix, before in zip(shown, original, strict=True):
        for part in ("data", "indices", "indptr"):
            array = getattr(matrix, part)
            assert (array == getattr(before, part)).all()
            while array is not None:
                assert part != "data" or not (np.asarray(array) == marker).any()
                array = array.base


# weak, by hand


@cases(random_logs, st.integers(0, 9), st.sampled_from([0.2, 0.5]), st.sampled_from([0.1, 0.4]))
@settings(max_examples=40, deadline=None)
def test_weak_holds_out_exactly_the_stated_number(log, seed, test, share):
    split = attempt(weak, log, seed, test=test, validation=share)
    n = np.diff(log.plays.indptr)
    for held, part in ((split.test, test), (split.validation, share)):
        counts = np.zeros(log.n_users, int)
        counts[held.users] = np.diff(held.holdout.indptr)
        stated = [int(part * songs) for songs in n]
        assert counts.tolist() == stated or (counts.max() == 1 and not any(stated))


def test_weak_does_not_depend_on_the_order_of_the_log():
    log = some_log()
    rows = row_of_entries(log.plays)
    shuffled = np.random.default_rng(9).permutation(log.plays.nnz)
    again = Interactions.from_codes(
        rows[shuffled], log.plays.indices[shuffled], log.plays.data[shuffled], log.user_ids, log.song_ids
    )
    assert (again.order != log.order).any()
    assert equal(weak(again), weak(log))


def test_weak_is_pinned():
    """RandomState's stream is frozen: this very split, on any machine and with any version of NumPy."""
    log = log_of({"a": "0123456789", "b": "01234"})
    draws = np.random.RandomState(7).random_sample(15)
    split = weak(log, seed=7)
    assert split.test.users.tolist() == [0, 1]
    assert split.validation.users.tolist() == [0]
    assert split.test.holdout[[0]].indices.tolist() == sorted(np.argsort(draws[:10])[:2].tolist())
    assert split.validation.holdout.indices.tolist() == [np.argsort(draws[:10])[2]]
    assert split.test.holdout[[1]].indices.tolist() == [np.argmin(draws[10:])]
    assert split.test.holdout.indices.tolist() == [0, 7, 3]


def test_weak_is_drawn_evenly():
    """Every place in a history is as likely to be held out: 2,000 users with 10 songs each."""
    split = weak(log_of({user: range(10) for user in range(2000)}))
    for held, share in ((split.test, 0.2), (split.validation, 0.1)):
        counts = np.bincount(held.holdout.indices, minlength=10)
        assert counts.sum() == 2000 * 10 * share
        assert np.abs(counts - 2000 * share).max() < 5 * np.sqrt(2000 * share * (1 - share))


# triplet_holdout, by hand


def test_triplets_are_marked_in_the_order_of_the_log():
    log = some_log()
    split = triplet_holdout(log, test=0.2, validation=0.1, seed=3)
    random = np.random.default_rng(3)
    test = random.random(log.plays.nnz) < 0.2
    rest = ~test & (random.random(log.plays.nnz) < 0.1 / 0.8)
    keys = list(pairs(log.plays, log.user_ids, log.song_ids))
    in_order = [keys[place] for place in np.argsort(log.order)]
    for mask, part in ((test, "test.holdout"), (rest, "validation.holdout"), (~(test | rest), "train")):
        assert parts(split)[part].keys() == {in_order[place] for place in np.flatnonzero(mask)}


# errors


@pytest.mark.parametrize(
    ("protocol", "name"),
    [
        *((protocol, name) for protocol in (weak, triplet_holdout) for name in ("test", "validation")),
        (strong, "holdout"),
        (lambda log, validation: given(None, log, log, validation=validation), "validation"),
    ],
)
@pytest.mark.parametrize("share", [0, 1, -0.2, 1.5, True, "0.2", None, float("nan")])
def test_shares_that_are_none(protocol, name, share):
    with pytest.raises(ConfigError, match=f"{name} must be a share between 0 and 1"):
        protocol(some_log(), **{name: share})


@pytest.mark.parametrize("protocol", [weak, triplet_holdout])
def test_shares_that_leave_nothing(protocol):
    with pytest.raises(ConfigError, match=r"test \+ validation = 1: nothing would be left to train on"):
        protocol(some_log(), test=0.6, validation=0.4)


@pytest.mark.parametrize("protocol", [weak, triplet_holdout])
def test_logs_that_are_too_small(protocol):
    one = log_of({"a": "x"})
    for log in (one, one.select(users=np.array([False]))):
        with pytest.raises(DataError, match=f"the log holds {log.plays.nnz} triplets: there is nothing to"):
            protocol(log)


def test_histories_that_are_too_short():
    log = log_of({"a": "wx", "b": "yz"})
    with pytest.raises(DataError, match=r"held out for test: .* history has 2 songs. .* \(split.test\)"):
        weak(log)


def test_short_histories_have_one_song_held_out():
    split = weak(log_of({"a": "wxyz", "b": "wxyz", "c": "xyz", "d": "xy"}))
    assert split.test.users.tolist() == [0, 1, 2]
    assert np.diff(split.test.holdout.indptr).tolist() == [1, 1, 1]
    assert split.validation.users.tolist() == [0, 1]  # the third has two songs left
