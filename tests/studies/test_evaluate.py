"""The tables of the evaluation, against plain Python."""

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array

from songrec.evaluation import evaluate as by_user
from songrec.lists import TopN
from songrec.studies import evaluate


@pytest.fixture
def frames():
    random = np.random.default_rng(0)
    made = {}
    for model in "ab":
        hits, map_ = random.integers(0, 11, 400) / 10, random.random(400)
        made[model] = pd.DataFrame({"precision@10": hits, "average_precision@10": map_})
    return made


def test_means_have_intervals_and_numbers_of_all_lists_have_none():
    lists = TopN(np.array([0, 1]), np.array([[2, 0], [1, -1]]), np.zeros((2, 2), np.float32))
    holdout, train = csr_array([[1, 1, 0], [0, 1, 0]]), csr_array([[0, 0, 1], [1, 0, 1]])
    found = by_user(lists, holdout, train, cutoffs=[1, 2])
    table = evaluate.metrics({"a": found, "b": found}, "weak")
    assert not table.duplicated(["protocol", "model", "metric", "k"]).any()
    rows = table[table["model"] == "b"].set_index(["metric", "k"])
    values = found.per_user["ndcg@2"]
    assert rows.loc[("ndcg", 2), "value"] == pytest.approx(values.mean())
    assert rows.loc[("ndcg", 2), "se"] == pytest.approx(values.sem())
    assert rows.loc[("coverage", 2), "value"] == found.catalogue["coverage"][2]
    assert rows.loc[["coverage", "gini"], ["se", "ci_low", "ci_high"]].isna().all(axis=None)
    assert (table["n_users"] == 2).all()


def test_hits_are_counted_and_their_intervals_are_wilsons(frames):
    table = evaluate.hits(frames, 10, most=3)
    mine = table[table["model"] == "b"].set_index("hits")
    counts = (frames["b"]["precision@10"] * 10).round()
    assert mine.loc["1", "value"] == pytest.approx((counts == 1).mean())
    assert mine.loc["3+", "value"] == pytest.approx((counts >= 3).mean())
    assert mine["value"].sum() == pytest.approx(1)
    half = evaluate.hits({"m": pd.DataFrame({"precision@10": [0.0, 0.1] * 50})}, 10).iloc[0]
    assert half[["ci_low", "ci_high"]].tolist() == pytest.approx([0.4038, 0.5962], abs=5e-5)  # a textbook's
    none = evaluate.hits({"m": pd.DataFrame({"precision@10": [0.0]})}, 10)
    assert (none["ci_low"] <= none["value"]).all()
    assert (none["value"] <= none["ci_high"]).all()


def test_groups_by_what_is_known_hold_every_user_once(frames):
    known = np.random.default_rng(2).integers(1, 60, 400)
    table = evaluate.activity(frames, known, "average_precision@10")
    mine = table[table["model"] == "b"].set_index("group")
    assert len(mine) == 4
    assert mine["n_users"].sum() == 400
    values = frames["b"]["average_precision@10"]

    def mean(group):
        low, high = map(int, group.split(" to "))
        return values[(known >= low) & (known <= high)].mean()

    assert mine["value"].tolist() == pytest.approx([mean(group) for group in mine.index])
    gap = evaluate.activity_gap(frames, known, "average_precision@10").set_index("model").loc["b"]
    assert (gap["than"], gap["group"]) == (mine.index[0], mine.index[-1])
    assert gap["value"] == pytest.approx(mean(gap["group"]) - mean(gap["than"]))
    assert gap["ci_low"] < gap["value"] < gap["ci_high"]


def test_users_who_are_all_alike_are_one_group(frames):
    known = np.full(400, 7)
    table = evaluate.activity(frames, known, "precision@10")
    assert table.groupby("model")["group"].unique().map(list).to_dict() == {"a": ["7"], "b": ["7"]}
    assert evaluate.activity_gap(frames, known, "precision@10").empty
