"""What is judged, and what is refused before any number is made of it."""

import numpy as np
import pytest
from scipy.sparse import csr_array

from songrec.errors import ConfigError, DataError
from songrec.evaluation import ACCURACY, find_hits

HOLDOUT = csr_array([[0, 2, 0, 1], [1, 0, 0, 0]])


def test_hits_follow_the_holdout_and_not_its_play_counts():
    judged = find_hits(np.array([[1, 0, 3], [2, 0, -1]], dtype=np.int32), HOLDOUT)
    assert judged.hits.tolist() == [[True, False, True], [False, True, False]]
    assert judged.n_relevant.tolist() == [2, 1]
    assert judged.n_listed.tolist() == [3, 2]


def test_padding_is_never_a_hit_even_beside_the_last_song_of_the_user_above():
    # -1 in row 1 and song 3 in row 0 have the same place when rows are laid end to end.
    judged = find_hits(np.array([[3, 1], [-1, -1]]), HOLDOUT)
    assert judged.hits.tolist() == [[True, True], [False, False]]
    assert judged.n_listed.tolist() == [2, 0]


def test_the_hits_are_numbered_within_each_list():
    row, rank, ordinal = find_hits(np.array([[1, 0, 3], [2, 0, -1]]), HOLDOUT).within(3)
    assert (row.tolist(), rank.tolist(), ordinal.tolist()) == ([0, 0, 1], [1, 3, 2], [1, 2, 1])


@pytest.mark.parametrize("cells", [1, 37, 200, 10**6])
def test_hits_are_those_of_a_look_at_every_place_whatever_fits_into_the_table(cells, monkeypatch):
    monkeypatch.setitem(find_hits.__globals__, "CELLS", cells)
    random = np.random.default_rng(cells)
    holdout = csr_array((random.random((23, 36)) < 0.2) | (np.arange(36) == 35))
    ranked = np.array([random.permutation(36)[:9] for _ in range(23)])
    ranked[np.arange(9) >= random.integers(0, 10, 23)[:, None]] = -1
    known = holdout.toarray()
    expected = [[song >= 0 and bool(known[user, song]) for song in row] for user, row in enumerate(ranked)]
    judged = find_hits(ranked, holdout)
    assert judged.hits.tolist() == expected
    assert judged.n_listed.tolist() == [int((row >= 0).sum()) for row in ranked]


def test_a_holdout_out_of_order_or_with_a_pair_twice_counts_each_song_once():
    data, indices, indptr = np.ones(4), np.array([3, 1, 3, 0]), np.array([0, 3, 4])
    holdout = csr_array((data, indices, indptr), shape=(2, 4))
    judged = find_hits(np.array([[1, 3], [3, 0]]), holdout)
    assert judged.n_relevant.tolist() == [2, 1]
    assert judged.hits.tolist() == [[True, True], [False, True]]
    assert holdout.nnz == 4, "the caller's matrix must stay as it was"


@pytest.mark.parametrize(
    ("ranked", "message"),
    [
        ([[0, 1]], "1 lists but 2 holdout rows"),
        ([[0, 1], [2, 4]], "row 1 lists a code outside the 4 songs"),
        ([[-2, 1], [2, 1]], "row 0 lists a code outside the 4 songs"),
        ([[0, 1], [2, 2]], "row 1 names a song twice"),
        ([[0, 1, 0], [2, 1, -1]], "row 0 names a song twice"),
        ([[0, 1], [-1, 2]], "row 1 has a song after padding"),
        ([0, 1], "users x places"),
        ([[0.0, 1.0], [1.0, 2.0]], "whole numbers"),
        (np.zeros((0, 3), int), "at least one user"),
    ],
)
def test_lists_that_are_no_lists_are_refused(ranked, message):
    with pytest.raises(DataError, match=message):
        find_hits(np.array(ranked), HOLDOUT)


def test_a_user_with_nothing_to_find_is_refused_by_row():
    with pytest.raises(DataError, match=r"row 1 has an empty holdout.*\(2 such rows\)"):
        find_hits(np.array([[0], [1], [2]]), csr_array([[1, 0, 0], [0, 0, 0], [0, 0, 0]]))


@pytest.mark.parametrize("metric", ACCURACY.values(), ids=ACCURACY)
@pytest.mark.parametrize("k", [0, -1, 2.0, True, "2"])
def test_a_cutoff_is_a_whole_number_from_one_on(metric, k):
    with pytest.raises(ConfigError, match="cut-off"):
        metric(find_hits(np.array([[0, 1], [1, 2]]), HOLDOUT), k)


@pytest.mark.parametrize("metric", ACCURACY.values(), ids=ACCURACY)
def test_a_cutoff_beyond_the_lists_is_refused_while_one_of_them_may_go_on(metric):
    with pytest.raises(ConfigError, match="cut at 2: make lists of length 3"):
        metric(find_hits(np.array([[0, 1], [1, -1]]), HOLDOUT), 3)


@pytest.mark.parametrize("metric", ACCURACY.values(), ids=ACCURACY)
def test_lists_that_have_all_ended_are_worth_the_same_however_much_padding_is_stored(metric):
    short = find_hits(np.array([[1, -1], [-1, -1]]), HOLDOUT)
    long = find_hits(np.array([[1, -1, -1, -1, -1], [-1, -1, -1, -1, -1]]), HOLDOUT)
    assert metric(short, 5).tolist() == metric(long, 5).tolist()
    assert metric(short, 5)[0] > 0
    assert metric(short, 5)[1] == 0
