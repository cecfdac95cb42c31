"""What tuning gained, user by user."""

import numpy as np
import pytest
from scipy.sparse import csr_array

from songrec.lists import TopN
from songrec.studies import tuning_gain


def lists(*songs):
    return TopN(np.arange(len(songs)), np.array(songs), np.zeros((len(songs), 2), np.float32))


def test_the_difference_of_the_means_is_the_mean_difference():
    holdout = csr_array([[1, 0, 0], [1, 0, 0], [0, 1, 0]])
    untuned, tuned = lists([2, 0], [0, 1], [2, 1]), lists([0, 1], [0, 1], [2, 1])
    table = tuning_gain.gain({"a": tuned, "b": untuned}, {"a": untuned, "b": untuned}, holdout, 2)
    assert table["statistic"].tolist() == ["untuned", "tuned", "difference"] * 2
    assert table["value"].tolist() == pytest.approx([2 / 3, 5 / 6, 1 / 6, 2 / 3, 2 / 3, 0])
    assert table["ci_low"].notna().tolist() == [False, False, True] * 2
    assert table["n_users"].tolist() == [3] * 6
