"""What every protocol promises, on logs of any shape; and each protocol by hand."""

import dataclasses
from itertools import pairwise

import numpy as np
import pytest
from any_split import PROTOCOLS, attempt, every_protocol, pairs, parts, random_logs, some_log
from hypothesis import assume, settings
from hypothesis import given as cases
from hypothesis import strategies as st

import songrec.models
from songrec.data import Interactions
from songrec.errors import ConfigError, DataError
from songrec.extras import missing
from songrec.models.registry import model_names
from songrec.splits import Split, triplet_holdout, weak


@every_protocol
@settings(max_examples=60, deadline=None)
@cases(log=random_logs, seed=st.integers(0, 50))
def test_promises(protocol, log, seed):
    split = attempt(protocol, log, seed)
    whole = pairs(log.plays, log.user_ids, log.song_ids)
    found = parts(split)
    train, final = found["train"], found["final"]
    fold, held = {}, {}
    for name in ("validation", "test"):
        fold[name], held[name] = found[f"{name}.fold_in"], found[f"{name}.holdout"]
        users = getattr(split, name).users
        assert users.dtype == np.int32
        assert (np.diff(users) > 0).all()
        assert {user for user, _ in held[name]} == set(split.user_ids[users])  # everyone has a holdout
        assert not held[name].keys() & fold[name].keys()
        assert not held[name].keys() & train.keys()
    assert not held["test"].keys() & (final.keys() | held["validation"].keys() | fold["validation"].keys())
    assert final == train | fold["validation"] | held["validation"]
    for user in split.user_ids[
        split.test.users
    ]:  # test folds in all that the final model was shown of the user
        known = {pair for pair in final if pair[0] == user}
        assert known <= {pair for pair in fold["test"] if pair[0] == user}
    everything = final | fold["test"] | held["test"]
    assert everything.items() <= whole.items()
    if protocol in ("weak", "triplet_holdout", "temporal"):  # nothing lost
        assert everything == whole
        assert len(train) + len(held["validation"]) + len(held["test"]) == len(whole)
    if protocol == "strong":
        assert not set(split.validation.users) & set(split.test.users)
        people = [{user for user, _ in part} for part in (train, fold["validation"], fold["test"])]
        assert not people[0] & people[1]
        assert not people[0] & people[2]


@every_protocol
@settings(max_examples=20, deadline=None)
@cases(log=random_logs, seed=st.integers(0, 50))
def test_matrices_have_one_shape_and_are_canonical(protocol, log, seed):
    split = attempt(protocol, log, seed)
    users, songs = len(split.user_ids), len(split.song_ids)
    matrices = {"train": (split.train, users), "final": (split.final_train(), users)}
    for name in ("validation", "test"):
        held = getattr(split, name)
        matrices[f"{name}.fold_in"] = (held.fold_in, len(held.users))
        matrices[f"{name}.holdout"] = (held.holdout, len(held.users))
    for matrix, rows in matrices.values():
        assert matrix.shape == (rows, songs)
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
    drawn = not protocol.startswith("temporal")
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
    with pytest.raises(DataError, match=r"holds no split: 'test.users' is missing"):
        Split.load(tmp_path / "split")


@pytest.mark.slow
@every_protocol
@pytest.mark.parametrize("name", [n for n in model_names() if not missing(getattr(songrec.models, n).extra)])
def test_the_holdout_cannot_be_reached_from_what_a_model_is_given(protocol, name, quick):
    """Change every held-out play count, and nothing that a model is given changes, nor the lists it makes.

    The new count is seen nowhere: in no array, and in no array that such an array is a view of.
    """
    log = some_log()
    split = PROTOCOLS[protocol](log, 1)
    secret = parts(split)["test.holdout"]
    rows = np.repeat(np.arange(log.n_users), np.diff(log.plays.indptr))
    keys = list(zip(log.user_ids[rows].tolist(), log.song_ids[log.plays.indices].tolist(), strict=True))
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
    lists = [
        quick(name).fit(one.final_train()).recommend(one.test.fold_in, 10, users=one.test.users)
        for one in (split, marked)
    ]
    assert (lists[0][0] == lists[1][0]).all()
    assert (lists[0][1] == lists[1][1]).all()


# weak, by hand


@cases(
    log=random_logs,
    seed=st.integers(0, 9),
    test=st.sampled_from([0.2, 0.5]),
    share=st.sampled_from([0.1, 0.4]),
)
@settings(max_examples=40, deadline=None)
def test_weak_holds_out_exactly_the_stated_number(log, seed, test, share):
    split = attempt_weak(log, test, share, seed)
    n = np.diff(log.plays.indptr)
    for held, part in ((split.test, test), (split.validation, share)):
        counts = np.zeros(log.n_users, int)
        counts[held.users] = np.diff(held.holdout.indptr)
        assert counts.tolist() == [int(part * songs) for songs in n]


def attempt_weak(log, test, share, seed):
    try:
        return weak(log, test=test, validation=share, seed=seed)
    except DataError:
        assume(False)


def test_weak_does_not_depend_on_the_order_of_the_log():
    log = some_log()
    rows = np.repeat(np.arange(log.n_users), np.diff(log.plays.indptr))
    shuffled = np.random.default_rng(9).permutation(log.plays.nnz)
    again = Interactions.from_codes(
        rows[shuffled], log.plays.indices[shuffled], log.plays.data[shuffled], log.user_ids, log.song_ids
    )
    assert (again.order != log.order).any()
    assert equal(weak(again), weak(log))


def test_weak_is_pinned():
    """RandomState's stream is frozen: this very split, on any machine and with any version of NumPy."""
    log = Interactions.from_triplets(["a"] * 10 + ["b"] * 5, [*"0123456789", *"01234"], [1] * 15)
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
    users, songs = np.divmod(np.arange(20_000), 10)
    split = weak(Interactions.from_triplets(users, songs, np.ones(20_000, int)))
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
    rows = np.repeat(np.arange(log.n_users), np.diff(log.plays.indptr))
    by_log = np.argsort(log.order)
    users, songs = log.user_ids[rows][by_log], log.song_ids[log.plays.indices][by_log]
    for mask, part in ((test, "test.holdout"), (rest, "validation.holdout"), (~(test | rest), "train")):
        expected = set(zip(users[mask].tolist(), songs[mask].tolist(), strict=True))
        assert parts(split)[part].keys() == expected


# errors


@pytest.mark.parametrize("protocol", [weak, triplet_holdout])
@pytest.mark.parametrize("share", [0, 1, -0.2, 1.5, True, "0.2", None, float("nan")])
def test_shares_that_are_none(protocol, share):
    for name in ("test", "validation"):
        with pytest.raises(ConfigError, match=f"{name} must be a share between 0 and 1"):
            protocol(some_log(), **{name: share})


@pytest.mark.parametrize("protocol", [weak, triplet_holdout])
def test_shares_that_leave_nothing(protocol):
    with pytest.raises(ConfigError, match=r"test \+ validation = 1: nothing would be left to train on"):
        protocol(some_log(), test=0.6, validation=0.4)


@pytest.mark.parametrize("protocol", [weak, triplet_holdout])
def test_logs_that_are_too_small(protocol):
    one = Interactions.from_triplets(["a"], ["x"], [1])
    with pytest.raises(DataError, match="the log holds 1 triplets: there is nothing to divide"):
        protocol(one)
    none = one.select(users=np.array([False]))
    with pytest.raises(DataError, match="the log holds 0 triplets"):
        protocol(none)


def test_histories_that_are_too_short():
    log = Interactions.from_triplets(list("aaaabbbb"), list("wxyzwxyz"), [1] * 8)
    with pytest.raises(
        DataError, match="no user has anything held out for test: the log's longest history has 4 songs"
    ):
        weak(log)
