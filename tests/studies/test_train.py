"""One model's lists in numbers."""

import numpy as np
import pytest
from scipy.sparse import csr_array

from songrec.lists import TopN
from songrec.studies import train

TRAIN = csr_array([[1, 1, 0, 1], [1, 0, 0, 1], [1, 0, 0, 0]])  # listeners 3, 1, 0, 2
HOLDOUT = csr_array([[0, 0, 1, 0], [0, 1, 0, 0]])
LISTS = TopN(np.arange(2), np.array([[0, 3], [1, -1]]), np.zeros((2, 2), np.float32))


def test_songs_are_counted_from_the_most_heard():
    table = train.concentration(LISTS, TRAIN, HOLDOUT, cutoff=10).set_index("top")
    assert table["songs"].to_dict() == {0.001: 1, 0.01: 1, 0.1: 1, 0.5: 2}
    assert table.loc[0.01, "recommended"] == pytest.approx(1 / 3)  # song 0
    assert table.loc[0.5, "recommended"] == pytest.approx(2 / 3)  # songs 0 and 3
    assert table["listened"].tolist() == [0, 0, 0, 0]  # songs 2 and 1 were hidden: the lower half


def test_facts_of_lists():
    concentration = train.concentration(LISTS, TRAIN, HOLDOUT, cutoff=10)
    facts = train.list_facts(LISTS, concentration, 4, cutoff=10)
    assert facts.pop("top") == pytest.approx(1 / 3)
    assert facts == {"users": 2, "n": 2, "full": 0.5, "songs": 4, "cutoff": 10, "distinct": 3}


def test_lists_with_and_without_tuning():
    other = TopN(np.arange(2), np.array([[3, 0], [1, -1]]), np.zeros((2, 2), np.float32))
    assert train.changed(LISTS, other, 10).loc[0].to_dict() == {"same": 0.5, "common": 1.5}


def test_cost_is_by_user():
    row = train.cost(2.0, 0.5, 100, 256.0, 2).loc[0]
    assert row.tolist() == [2.0, 5.0, 256.0, 2]
    assert list(row.index) == ["fit_seconds", "recommend_ms_per_user", "peak_mb", "threads"]
