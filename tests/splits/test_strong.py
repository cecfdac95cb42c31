"""The strong protocol against the published recipe, written out again in pandas."""

from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest
from any_split import parts
from hypothesis import given, settings
from hypothesis import strategies as st
from small_logs import interactions, log_of, read_log

from songrec.errors import ConfigError, DataError
from songrec.splits import strong


class Published(NamedTuple):
    """Sets of (user, song); the songs."""

    train: set
    fold_in: dict
    holdout: dict
    songs: set


def published(log, min_uc, min_sc, n_vad, n_test, test_prop, seed):
    """The Mult-VAE notebook's preprocessing, in its own words; `log` is a frame uid, sid in file order."""
    counts = log.groupby("sid").size()
    log = log[log["sid"].isin(counts.index[counts >= min_sc])]
    counts = log.groupby("uid").size()
    log = log[log["uid"].isin(counts.index[counts >= min_uc])]

    unique_uid = log.groupby("uid").size().index
    np.random.seed(seed)  # noqa: NPY002
    idx_perm = np.random.permutation(unique_uid.size)  # noqa: NPY002
    unique_uid = unique_uid[idx_perm]
    n_users = unique_uid.size
    tr_users = unique_uid[: n_users - n_vad - n_test]
    vd_users = unique_uid[n_users - n_vad - n_test : n_users - n_test]
    te_users = unique_uid[n_users - n_test :]

    train = log.loc[log["uid"].isin(tr_users)]
    unique_sid = pd.unique(train["sid"])

    def split_train_test_proportion(data):
        tr_list, te_list = [], []
        np.random.seed(seed)  # noqa: NPY002
        for _, group in data.groupby("uid"):
            n_items_u = len(group)
            if n_items_u >= 5:
                idx = np.zeros(n_items_u, dtype="bool")
                chosen = np.random.choice(n_items_u, size=int(test_prop * n_items_u), replace=False)  # noqa: NPY002
                idx[chosen.astype("int64")] = True
                tr_list.append(group[np.logical_not(idx)])
                te_list.append(group[idx])
            else:
                tr_list.append(group)
        empty = data.iloc[:0]
        return pd.concat([*tr_list, empty]), pd.concat([*te_list, empty])

    fold_in, holdout = {}, {}
    for name, users in (("validation", vd_users), ("test", te_users)):
        plays = log.loc[log["uid"].isin(users)]
        tr, te = split_train_test_proportion(plays.loc[plays["sid"].isin(unique_sid)])
        tested = te["uid"].unique()
        fold_in[name], holdout[name] = triplets(tr[tr["uid"].isin(tested)]), triplets(te)
    return Published(triplets(train), fold_in, holdout, set(unique_sid))


def triplets(frame):
    found = set(zip(frame["uid"], frame["sid"], strict=True))
    assert len(found) == len(frame)
    return found


def assert_same(log, **sizes):
    """Triplet by triplet; `log` is a frame user, song, plays."""
    split = strong(interactions(log), **sizes)
    expected = published(
        log.rename(columns={"user": "uid", "song": "sid"}),
        sizes["min_songs"],
        sizes["min_listeners"],
        sizes["validation_users"],
        sizes["test_users"],
        sizes.get("holdout", 0.2),
        sizes.get("seed", 98765),
    )
    found = parts(split)
    assert found["train"].keys() == expected.train
    assert set(split.song_ids.tolist()) == expected.songs
    for name in ("validation", "test"):
        assert found[f"{name}.fold_in"].keys() == expected.fold_in[name]
        assert found[f"{name}.holdout"].keys() == expected.holdout[name]
    return split


def random_log(seed, users=80, songs=60):
    """A log in no order, some songs rare, user ids whose numbers do not sort as their strings do."""
    random = np.random.default_rng(seed)
    taste = random.random((users, songs)) < np.linspace(0.02, 0.5, songs)
    user, song = np.nonzero(taste)
    order = random.permutation(len(user))
    names = [f"u{u}" for u in user[order]], [f"s{s * 7 % songs}" for s in song[order]]
    return pd.DataFrame({"user": names[0], "song": names[1], "plays": random.integers(1, 9, len(user))})


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    draw_seed=st.integers(0, 2**32 - 1),
    min_listeners=st.integers(1, 12),
    min_songs=st.integers(1, 12),
    holdout=st.sampled_from([0.1, 0.2, 0.5]),
)
def test_equals_the_published_recipe(seed, draw_seed, min_listeners, min_songs, holdout):
    assert_same(
        random_log(seed),
        min_listeners=min_listeners,
        min_songs=min_songs,
        validation_users=11,
        test_users=17,
        holdout=holdout,
        seed=draw_seed,
    )


def test_equals_the_published_recipe_on_real_data(shared_data):
    """3,000 real users: 5 listeners, 5 songs, 300 and 300 users, the published seed."""
    file = shared_data / "taste-profile-3k-users/train_triplets.txt.gz"
    sizes = {"min_listeners": 5, "min_songs": 5, "validation_users": 300, "test_users": 300}
    split = assert_same(read_log(file), **sizes)
    assert len(split.test.users) > 290


def test_the_filters_are_one_pass_each_songs_first():
    """Song z has 3 listeners, one of whom falls for having too few songs: z stays, with 2."""
    histories = {"a": "uvwxyz", "b": "uvwxyz", "c": "uvwxy", "d": "uvwxy", "e": "z"}
    split = strong(
        log_of(histories),
        min_listeners=3,
        min_songs=3,
        validation_users=1,
        test_users=1,
        seed=next(s for s in range(99) if np.random.RandomState(s).permutation(4)[0] == 0),  # a trains
    )
    assert split.user_ids.tolist() == ["a", "b", "c", "d"]
    assert split.song_ids.tolist() == ["u", "v", "w", "x", "y", "z"]


def test_users_with_fewer_than_five_songs_draw_nothing():
    """A user of four songs between two of five: the latter's draws are the generator's first and second."""
    histories = {f"u{n}": "vwxyz" for n in range(8)} | {"t1": "vwxyz", "t2": "wxyz", "t3": "vwxyz"}
    for seed in range(200):  # a seed that puts these three to the test
        order = np.random.RandomState(seed).permutation(11)
        if set(order[-3:]) == {0, 1, 2}:  # t1, t2 and t3 come first in sorted order
            break
    split = strong(
        log_of(histories),
        min_listeners=1,
        min_songs=1,
        validation_users=1,
        test_users=3,
        seed=seed,
    )
    random = np.random.RandomState(seed)
    expected = [random.choice(5, size=1, replace=False)[0] for _ in range(2)]
    assert split.user_ids[split.test.users].tolist() == ["t1", "t3"]
    assert split.test.holdout.indices.tolist() == expected


ASK = {"min_listeners": 1, "min_songs": 1, "validation_users": 5, "test_users": 5}


@pytest.mark.parametrize("sizes", [{"validation_users": 75}, {"test_users": 80}, {"min_listeners": 1000}])
def test_more_held_out_users_than_there_are(sizes):
    with pytest.raises(DataError, match=r"are asked for, but only \d+ users are left after the filters"):
        strong(interactions(random_log(0)), **(ASK | sizes))


@pytest.mark.parametrize("name", ["validation_users", "test_users"])
@pytest.mark.parametrize("count", [0, -3, 2.5, "5", True])
def test_numbers_of_users_that_are_none(name, count):
    with pytest.raises(ConfigError, match=f"{name} must be a whole number of at least 1"):
        strong(interactions(random_log(0)), **(ASK | {name: count}))


def test_histories_that_are_too_short():
    log = log_of({user: range(4) for user in range(20)})
    with pytest.raises(DataError, match="no test user has the 5 songs it takes to hold one out"):
        strong(log, **ASK)
