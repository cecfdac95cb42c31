"""Small and odd logs: what a study does with them, and what is refused before any search."""

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array
from small_logs import log_of

from songrec.errors import DataError
from songrec.evaluation import summarise
from songrec.evaluation.agreement import same_order
from songrec.splits.choose import divide
from songrec.splits.cold import Sizes, afforded, new_songs, new_users
from songrec.studies.cold_start import fewer

SHARES = {"test": 0.2, "validation": 0.1}
ASKED = Sizes([1, 2, 5, 10, 20], 100, 200, 5)


def plays(users, songs, each):
    """Every user heard `each` of so many songs, not the same ones."""
    random = np.random.default_rng(0)
    heard = np.array([random.permutation(songs) < each for _ in range(users)])
    return csr_array(heard.astype(np.int32))


@pytest.mark.parametrize(
    ("histories", "said"),
    [
        ({"a": [f"s{n}" for n in range(40)]}, r"compared user by user, and 1 can be tested .*\(split.test\)"),
        ({f"u{n}": ["s"] for n in range(40)}, r"longest history has 1 songs.*\(split.test\)"),
        ({f"u{n}": "xy" for n in range(40)}, r"longest history has 2 songs.*\(split.test\)"),
        ({f"u{n}": "xyz" for n in range(40)}, r"for validation: .* has 3 songs.*\(split.validation\)"),
    ],
    ids=["one user", "one item", "two items each", "three items each"],
)
def test_what_no_split_can_bear_is_refused_there(histories, said):
    with pytest.raises(DataError, match=said):
        divide("weak", log_of(histories), None, 0, **SHARES)


def test_histories_below_ten_songs_are_validated_on():
    split = divide("weak", log_of({f"u{n}": "abcdefg"[: 4 + n % 4] for n in range(40)}), None, 0, **SHARES)
    assert len(split.validation.users) == 40
    assert len(split.test.users) == 30  # those with five songs or more


@pytest.mark.parametrize(
    ("log", "taken"),
    [
        (plays(600, 60, 30), ASKED),
        (plays(90, 60, 30), Sizes([1, 2, 5, 10, 20], 10, 20, 5)),
        (plays(90, 60, 16), Sizes([1, 2, 5, 10], 10, 20, 5)),
        (plays(1500, 60, 6), Sizes([1], 100, 200, 5)),
        (plays(90, 20, 3), Sizes([1], 10, 20, 1)),
        (plays(6, 20, 5), Sizes([1], 1, 1, 1)),
    ],
    ids=["enough", "few users", "and shorter", "short", "very short", "six users"],
)
def test_the_cold_start_sets_aside_what_the_log_affords(log, taken):
    found = afforded(log, ASKED)
    assert found == taken
    assert (fewer(ASKED, found) is None) == (found == ASKED)
    options = {"validation_users": found.validation_users, "test_users": found.test_users}
    _, choosing, tested = new_users(log, shown=found.shown, min_hidden=found.min_hidden, **options)
    assert (np.diff(tested.holdout.indptr) >= found.min_hidden).all()
    assert len(choosing.users) == found.validation_users


def test_a_log_that_affords_no_cold_start_says_how_to_go_on():
    with pytest.raises(DataError, match=r"too small to set users aside .*cold_start: null"):
        afforded(plays(5, 20, 5), ASKED)


def test_of_a_tiny_catalogue_one_song_is_new():
    assert len(new_songs(plays(9, 4, 3), 0.1)[1]) == 1


def test_models_that_do_not_differ_have_no_order():
    same = np.ones(20)
    found = same_order({"a": same, "b": same}, {"a": same, "b": same})
    assert np.isnan(found.tau)
    assert not found.reversed


def test_the_interval_of_a_share_is_possible():
    hits = pd.DataFrame({"recall@10": [0.0] * 9 + [1.0], "hit_rate@10": [1.0] * 9 + [0.0]})
    table = summarise(hits)
    assert table["ci_low"].min() >= 0
    assert table["ci_high"].max() <= 1
