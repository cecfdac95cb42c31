"""Time and memory against the size of the log: what is counted, what is fitted, and no time itself."""

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array

from songrec.data.synthetic import SyntheticWorld
from songrec.studies import optimisations, scaling

SETTINGS = scaling.Settings(neighbours=5, factors=4, epochs=1, ease_songs=45, cutoff=5)


@pytest.fixture(scope="module")
def worlds():
    return list(scaling.logs([60, 120], 0.5, seed=3))


@pytest.fixture(scope="module")
def cost(worlds):
    return scaling.cost(worlds, SETTINGS, threads=2)


def test_the_catalogue_grows_with_the_users(worlds):
    assert [(world.users, world.songs) for world in worlds] == [(60, 40), (120, 60)]


def test_work_counts_entries_and_pairs(worlds):
    work = scaling.work_of(worlds)
    for world, row in zip(worlds, work.itertuples(), strict=True):
        plays = world.interactions().plays
        heard = (plays > 0).toarray().astype(int)
        assert row.entries == plays.nnz
        assert row.songs_per_user == pytest.approx(plays.nnz / world.users)
        common = heard.T @ heard
        assert row.pairs == np.triu(common, 1).sum()


def test_every_step_is_measured_on_every_log(worlds, cost):
    every = ["matrix", "split", "popularity", "item_knn", "rp3beta", "als", "fs_slim", "ease"]
    every += ["recommend", "evaluate"]
    assert list(dict.fromkeys(cost["step"])) == every
    assert len(cost) == 2 * len(every) - 1, "EASE on the small catalogue only"
    assert (cost[["seconds", "peak_mb"]] > 0).all().all()
    assert cost["entries"].tolist()[:2] == scaling.work_of(worlds)["entries"].tolist()
    known = cost.dropna(subset="multiply_adds")
    assert set(known["step"]) == {"item_knn", "fs_slim", "ease"}
    assert set(cost["threads"]) == {2}
    assert cost["machine"].str.len().min() > 10


def test_multiply_adds_are_those_of_the_formulas():
    train = csr_array(np.array([[1, 1, 1, 0], [0, 1, 1, 0]]))
    assert scaling.multiply_adds(train, 2) == {"item_knn": 4, "fs_slim": 8 + 4 * 8 / 6, "ease": 32}
    assert scaling.multiply_adds(train, 90)["fs_slim"] == 8 + 4 * 27 / 6


def test_peak_memory_is_that_of_the_arrays():
    result, seconds, peak = scaling.measured(lambda: np.ones(1_000_000) + np.ones(1_000_000))
    assert result.sum() == 2_000_000
    assert seconds > 0
    assert 16 <= peak < 30


def test_exponents_are_slopes_of_the_logarithms():
    rows = [["a", n, np.nan, 2e-6 * n**1.5] for n in (10, 100, 1000)]
    rows += [["b", n, n**2, 1e-3 * n**2] for n in (10, 40)] + [["c", 10, np.nan, 1.0]]
    found = scaling.exponents(pd.DataFrame(rows, columns=["step", "entries", "multiply_adds", "seconds"]))
    assert found["step"].tolist() == ["a", "b", "b", "c"]
    assert found["against"].tolist() == ["entries", "entries", "multiply_adds", "entries"]
    assert found["logs"].tolist() == [3, 2, 2, 1]
    assert found["exponent"].tolist() == pytest.approx([1.5, 2.0, 1.0, np.nan], nan_ok=True)


def test_optimisations_give_equal_results():
    found = optimisations.optimisations(SyntheticWorld(200, 150, 1), 10, 8, 10, threads=2)
    assert found["what"].tolist() == [
        *("sparse", "vectorised", "pairs_once", "partial_sort", "float32", "in_place", "factors")
    ]
    assert found["equal"].all()
    assert (found["ratio"] == found["plain"] / found["better"]).all()
    sizes = found.set_index("what")
    assert sizes.loc["float32", "plain_mb"] == pytest.approx(2 * sizes.loc["float32", "better_mb"], rel=0.1)


def test_what_differs_is_not_called_equal():
    one, other = np.array([1.0, 2.0]), np.array([1.0, 2.001])
    assert not optimisations._equal(one, other, rounded=False)
    assert optimisations._equal(one, other, rounded=True)
    assert not optimisations._equal(one, other + 1, rounded=True)
    assert not optimisations._equal((one, one), (one, other), rounded=False)
