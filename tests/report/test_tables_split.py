"""What a split holds."""

import numpy as np
import pytest

from songrec.data import Interactions
from songrec.report import tables_split
from songrec.splits import weak


@pytest.fixture
def split():
    users = np.repeat([f"u{code}" for code in range(4)], [10, 10, 5, 3])
    songs = [f"s{code}" for n in (10, 10, 5, 3) for code in range(n)]
    return weak(Interactions.from_triplets(users, songs, np.ones(28, int)), test=0.2, validation=0.1)


def test_every_interaction_is_counted_once(split):
    report = tables_split.report(split, "abc", True)
    assert report["train"] + report["validation"]["holdout"] + report["test"]["holdout"] == 28
    assert report["test"] == {"users": 3, "fold_in": 20, "holdout": 5}
    assert (report["users"], report["songs"], report["fingerprint"], report["synthetic"]) == (
        4,
        10,
        "abc",
        True,
    )


def test_songs_that_cannot_be_found_are_counted():
    log = Interactions.from_triplets(["u"] * 5 + ["v"] * 5, list("abcde") + list("fghij"), np.ones(10, int))
    split = weak(log)  # everybody listens to songs of their own
    assert tables_split.report(split, "", False)["test_unseen"] == split.test.holdout.nnz == 2


def test_parts_and_sizes(split):
    table = tables_split.parts(split).set_index("part")
    assert table["users"].tolist() == [4, 2, 3]
    assert table.loc["test", "held-out interactions"] == 5
    sizes = tables_split.sizes(split)
    assert (sizes.groupby("part")["share_at_least"].max() == 1).all()
    quantiles = tables_split.size_quantiles(split, "artist")
    assert quantiles["number of"].tolist() == ["seen artists of a test user", "hidden artists of a test user"]
    assert quantiles["max"].tolist() == [8, 2]
