"""Learning curves: the smaller logs, and accuracy beside the whole log and beside a baseline."""

from itertools import pairwise

import numpy as np
import pytest
from scipy.sparse import csr_array
from two_tastes import lists_by, two_tastes

from songrec.errors import ConfigError
from songrec.evaluation import paired_difference
from songrec.studies.learning_curve import curves, kept, lead, means, subsample


def test_smaller_shares_are_part_of_larger_ones():
    rng = np.random.default_rng(5)
    train = csr_array(rng.integers(0, 3, (300, 100)))
    parts = [subsample(train, share, 1) for share in (0.1, 0.5, 1.0)]
    for less, more in pairwise(parts):
        assert ((less.toarray() > 0) <= (more.toarray() > 0)).all()
    assert (parts[2] != train).nnz == 0
    assert (parts[1] != parts[1].multiply(train > 0)).nnz == 0
    share = parts[0].nnz / train.nnz
    assert abs(share - 0.1) < 4 * (0.09 / train.nnz) ** 0.5
    assert (subsample(train, 0.5, 2) != parts[1]).nnz > 0
    with pytest.raises(ConfigError, match="above 0"):
        subsample(train, 0.0)


@pytest.fixture(scope="module")
def found():
    """Two models' curves on a log of two tastes."""
    train, held = two_tastes()
    estimators = {"popularity": "Popularity", "item_knn": "ItemKNN"}
    tuned = {name: {"estimator": each, "hyperparameters": {}} for name, each in estimators.items()}
    return curves(tuned, lists_by(estimators, train, held, 5), train, held, [0.05, 0.5], 5)


def test_the_whole_log_comes_first_and_all_is_kept_of_it(found):
    table = kept(found).set_index(["model", "share"])["value"]
    assert list(table["item_knn"].index) == [1.0, 0.5, 0.05]
    assert table["item_knn", 1.0] == 1
    assert table["item_knn", 0.05] < 0.9
    levels = means(found).set_index(["model", "share"])["value"]
    assert table["item_knn", 0.5] == pytest.approx(levels["item_knn", 0.5] / levels["item_knn", 1.0])


def test_the_lead_is_over_the_baseline_with_as_much(found):
    table = lead(found, "popularity").set_index(["model", "share"])
    assert set(table["than"]) == {"popularity"}
    expected = paired_difference(found["item_knn"][0.5], found["popularity"][0.5]).iloc[0]
    assert table.loc[("item_knn", 0.5), "ci_low"] == pytest.approx(expected["ci_low"])
    assert not len(lead({"popularity": found["popularity"]}, "popularity"))
