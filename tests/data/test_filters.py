"""Filters: what is left, in which order, and how it is told."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from songrec.data import Interactions, apply_filters, k_core, keep_minimum, read_mismatches, remove_songs
from songrec.data.filters import Step
from songrec.errors import DataError

PAIRS = st.sets(st.tuples(st.integers(0, 7), st.integers(0, 7)), min_size=1, max_size=40)


def log_of(pairs):
    users, songs = zip(*sorted(pairs), strict=True)
    return Interactions.from_triplets(
        [f"u{u}" for u in users], [f"s{s}" for s in songs], np.arange(len(users)) + 1
    )


def pairs_of(log):
    rows, columns = log.plays.nonzero()
    return {(int(log.user_ids[r][1:]), int(log.song_ids[c][1:])) for r, c in zip(rows, columns, strict=True)}


def listeners(pairs, song):
    return sum(s == song for _, s in pairs)


def songs_of(pairs, user):
    return sum(u == user for u, _ in pairs)


def core_by_hand(pairs, k):
    while True:
        left = {(u, s) for u, s in pairs if songs_of(pairs, u) >= k and listeners(pairs, s) >= k}
        if left == pairs:
            return left
        pairs = left


@settings(max_examples=100, deadline=None)
@given(pairs=PAIRS, k=st.integers(1, 4))
def test_the_core_is_what_repeated_removal_leaves(pairs, k):
    left = k_core(log_of(pairs), k)
    assert pairs_of(left) == core_by_hand(pairs, k)
    assert left.plays.shape == (len({u for u, _ in pairs_of(left)}), len({s for _, s in pairs_of(left)}))


@settings(max_examples=100, deadline=None)
@given(pairs=PAIRS, min_listeners=st.integers(1, 4), min_songs=st.integers(1, 4))
def test_minima_are_one_pass_songs_first(pairs, min_listeners, min_songs):
    heard = {(u, s) for u, s in pairs if listeners(pairs, s) >= min_listeners}
    expected = {(u, s) for u, s in heard if songs_of(heard, u) >= min_songs}
    left = keep_minimum(log_of(pairs), min_listeners, min_songs)
    assert pairs_of(left) == expected
    assert left.plays.shape == (len({u for u, _ in expected}), len({s for _, s in expected}))


@settings(max_examples=50, deadline=None)
@given(pairs=PAIRS, gone=st.sets(st.integers(0, 9)))
def test_removed_songs_are_gone_and_so_is_who_heard_nothing_else(pairs, gone):
    left = remove_songs(log_of(pairs), [f"s{s}" for s in gone])
    assert pairs_of(left) == {(u, s) for u, s in pairs if s not in gone}
    assert left.n_users == len({u for u, s in pairs if s not in gone})


def test_the_order_of_the_log_and_the_plays_survive():
    log = Interactions.from_triplets(
        ["u2", "u1", "u2", "u1", "u3"], ["b", "b", "a", "a", "c"], [1, 2, 3, 4, 5]
    )
    left = k_core(log, 2)
    assert left.plays.toarray().tolist() == [[4, 2], [3, 1]]
    assert left.order.tolist() == [3, 1, 2, 0]


def test_steps_are_taken_in_the_stated_order_and_reported():
    log = log_of({(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (2, 0), (2, 1), (2, 3), (3, 3)})
    left, steps = apply_filters(log, remove=["s0"], min_listeners=2, min_songs=2, core=1)
    assert steps == [
        Step("as ingested", 4, 4, 9),
        Step("wrongly matched songs removed", 4, 3, 6),
        Step("songs with 2 listeners or more", 4, 2, 5),
        Step("users with 2 songs or more", 1, 2, 2),
    ]
    assert pairs_of(left) == {(2, 1), (2, 3)}


def test_no_filter_leaves_the_log_itself():
    log = log_of({(0, 0), (1, 1)})
    left, steps = apply_filters(log)
    assert left is log
    assert steps == [Step("as ingested", 2, 2, 2)]


@pytest.mark.parametrize(
    ("how", "step"),
    [
        ({"remove": ["s0", "s1"]}, "wrongly matched songs removed"),
        ({"min_listeners": 3}, "songs with 3 listeners or more"),
        ({"min_songs": 3}, "users with 3 songs or more"),
        ({"core": 3}, "3-core"),
    ],
)
def test_nothing_left_is_an_error_that_names_the_step(how, step):
    log = log_of({(0, 0), (0, 1), (1, 0), (1, 1)})
    with pytest.raises(
        DataError, match=f"nothing is left after the filter '{step}'.* 4 triplets of 2 users and 2 songs"
    ):
        apply_filters(log, **how)


def test_mismatches_are_read_and_anything_else_is_refused(tmp_path):
    path = tmp_path / "sid_mismatches.txt"
    good = "ERROR: <SOUMNSI12AB0182807 TRMMGKQ128F9325E10> A\x85B  -  C  !=  D  -  E\n"
    path.write_text(good * 2 + good.replace("SOUM", "SOAA"), encoding="utf-8")
    assert read_mismatches(path).tolist() == ["SOAANSI12AB0182807", "SOUMNSI12AB0182807"]
    path.write_text(good + "SOUMNSI12AB0182807\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"sid_mismatches\.txt:2: not a line of"):
        read_mismatches(path)
    with pytest.raises(DataError, match="cannot read"):
        read_mismatches(tmp_path / "none")
