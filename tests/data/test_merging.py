"""Lines of one pair are merged as a dictionary would, wherever they stand."""

import numpy as np
import pytest

from songrec.data.duplicates import merge
from songrec.data.interactions import Interactions, arranged


def by_hand(rows, columns, plays, seconds):
    """(user, song) -> plays, first, last, in the order in which the pairs turn up."""
    found = {}
    for row, column, count, second in zip(rows, columns, plays, seconds, strict=True):
        total, first, last = found.get((row, column), (0, second, second))
        found[row, column] = (min(total + count, 2**31 - 1), min(first, second), max(last, second))
    return found


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("timed", [True, False])
def test_merged_as_by_hand(seed, timed):
    rng = np.random.default_rng(seed)
    n, users, songs = 400, 12, 30
    rows, columns = (rng.integers(0, most, n).astype(np.int32) for most in (users, songs))
    plays = rng.integers(1, 2**30, n).astype(np.int32)
    seconds = rng.integers(0, 1000, n)
    ids = np.arange(100, 100 + users).astype(str), np.arange(100, 100 + songs).astype(str)
    log, duplicates, _ = merge(rows, columns, plays, seconds if timed else None, *ids)
    expected = by_hand(rows.tolist(), columns.tolist(), plays.tolist(), seconds.tolist())
    row = np.repeat(np.arange(users), np.diff(log.plays.indptr))
    place = np.argsort(log.order)
    pairs = list(zip(row[place].tolist(), log.plays.indices[place].tolist(), strict=True))
    assert pairs == list(expected)
    assert duplicates == n - len(expected)
    assert log.plays.data[place].tolist() == [plays for plays, _, _ in expected.values()]
    if timed:
        assert log.first[place].tolist() == [first for _, first, _ in expected.values()]
        assert log.last[place].tolist() == [last for _, _, last in expected.values()]
    assert log.plays.has_canonical_format


def test_arranged_is_a_stable_sort_by_user_then_song():
    rng = np.random.default_rng(0)
    cells = rng.permutation(600)[:200]
    rows, columns = np.divmod(cells, 30)
    at = arranged(rows, columns, (20, 30))
    expected = np.lexsort((columns, rows))
    np.testing.assert_array_equal(at.data, expected)
    np.testing.assert_array_equal(at.indices, columns[expected])
    assert at.data.dtype == at.indices.dtype == at.indptr.dtype == np.int32


def test_selecting_is_as_building_from_what_is_left():
    rng = np.random.default_rng(1)
    cells = rng.permutation(600)[:200]
    rows, columns = np.divmod(cells, 30)
    plays = rng.integers(1, 9, 200)
    ids = np.arange(100, 120).astype(str), np.arange(100, 130).astype(str)
    log = Interactions.from_codes(rows, columns, plays, *ids, first=plays * 2, last=plays * 3)
    users, songs = rng.random(20) < 0.6, rng.random(30) < 0.6
    left = users[rows] & songs[columns]
    code = [np.cumsum(kept) - 1 for kept in (users, songs)]
    times = [(plays * times)[left] for times in (2, 3)]
    expected = Interactions.from_codes(
        code[0][rows[left]], code[1][columns[left]], plays[left], ids[0][users], ids[1][songs], *times
    )
    assert log.select(users, songs).fingerprint() == expected.fingerprint()
