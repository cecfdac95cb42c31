"""The matrix of plays: codes, the log's order, selections, files."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from songrec.data import Interactions, codes_of
from songrec.errors import DataError

PAIRS = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), unique=True, max_size=30)


def log_of(pairs):
    users, songs = zip(*pairs, strict=True) if pairs else ((), ())
    plays = np.arange(len(pairs)) + 1
    return Interactions.from_triplets([f"u{u}" for u in users], [f"s{s}" for s in songs], plays)


def triplets_of(log):
    """(user, song, plays) in the log's order, read back from the matrix."""
    rows = np.repeat(np.arange(log.n_users), np.diff(log.plays.indptr))
    found = zip(log.order, log.user_ids[rows], log.song_ids[log.plays.indices], log.plays.data, strict=True)
    return [(str(user), str(song), int(plays)) for _, user, song, plays in sorted(found)]


@settings(max_examples=100, deadline=None)
@given(pairs=PAIRS)
def test_nothing_of_the_log_is_lost_in_the_matrix(pairs):
    log = log_of(pairs)
    assert triplets_of(log) == [(f"u{u}", f"s{s}", place) for place, (u, s) in enumerate(pairs, 1)]
    assert log.user_ids.tolist() == sorted({f"u{u}" for u, _ in pairs})
    assert log.plays.has_sorted_indices
    assert sorted(log.order.tolist()) == list(range(len(pairs)))


@settings(max_examples=100, deadline=None)
@given(pairs=PAIRS, data=st.data())
def test_a_selection_is_the_log_of_what_is_selected(pairs, data):
    log = log_of(pairs)
    users = np.array(data.draw(st.lists(st.booleans(), min_size=log.n_users, max_size=log.n_users)), bool)
    songs = np.array(data.draw(st.lists(st.booleans(), min_size=log.n_songs, max_size=log.n_songs)), bool)
    part = log.select(users, songs)
    assert part.user_ids.tolist() == log.user_ids[users].tolist()
    assert part.song_ids.tolist() == log.song_ids[songs].tolist()
    kept = [t for t in triplets_of(log) if t[0] in part.user_ids and t[1] in part.song_ids]
    assert triplets_of(part) == kept


def bases(array):
    """The array and whatever its memory belongs to."""
    while array is not None:
        yield array
        array = getattr(array, "base", None)


@pytest.mark.parametrize(
    ("plays", "says"),
    [([1, 2, 3], "differ in length"), ([1, 0], "between 1 and"), ([2**31, 1], "between 1 and")],
)
def test_counts_that_cannot_be(plays, says):
    with pytest.raises(DataError, match=says):
        Interactions.from_triplets(["u", "u"], ["a", "b"], plays)


def test_a_pair_may_stand_once():
    with pytest.raises(DataError, match="stands twice"):
        Interactions.from_triplets(["u", "v", "u"], ["a", "a", "a"], [1, 1, 1])


def test_saved_and_loaded_it_is_the_same_and_mapped(tmp_path):
    log = log_of([(1, 2), (0, 2), (1, 0)])
    log.save(tmp_path / "log")
    again = Interactions.load(tmp_path / "log")
    assert triplets_of(again) == triplets_of(log)
    assert again.fingerprint() == log.fingerprint()
    for array in (again.plays.data, again.plays.indices, again.user_ids, again.order):
        assert np.memmap in {type(base) for base in bases(array)}
    with pytest.raises(ValueError, match="read-only"):
        again.plays.data[0] = 7


def test_the_fingerprint_tells_plays_ids_and_order():
    logs = [
        Interactions.from_triplets(["u", "v"], ["a", "a"], [1, 2]),
        Interactions.from_triplets(["v", "u"], ["a", "a"], [2, 1]),
        Interactions.from_triplets(["u", "v"], ["a", "a"], [2, 1]),
        Interactions.from_triplets(["u", "w"], ["a", "a"], [1, 2]),
        Interactions.from_triplets(["u", "v"], ["b", "b"], [1, 2]),
    ]
    assert len({log.fingerprint() for log in logs}) == 5


@pytest.mark.parametrize("damage", ["lost", "cut", "no folder"])
def test_a_damaged_folder_is_named(tmp_path, damage):
    folder = tmp_path / "log"
    log_of([(1, 2), (0, 2)]).save(folder)
    if damage == "lost":
        (folder / "plays.indices.npy").unlink()
    elif damage == "cut":
        (folder / "order.npy").write_bytes((folder / "order.npy").read_bytes()[:-2])
    else:
        folder = tmp_path / "none"
    with pytest.raises(DataError, match=str(folder)):
        Interactions.load(folder)


def test_codes_of_ids_known_and_unknown():
    ids = np.array(["a", "b", "d"])
    assert codes_of(ids, ["d", "c", "a", "zz", ""]).tolist() == [2, -1, 0, -1, -1]
    assert codes_of(ids, []).tolist() == []
    assert codes_of(np.array([], dtype=str), ["a"]).tolist() == [-1]
