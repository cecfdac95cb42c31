"""One model's lists and costs in tables."""

import numpy as np
import pytest
from scipy.sparse import csr_array

from songrec.lists import TopN
from songrec.report import tables_models, tables_train

TRAIN = csr_array([[1, 1, 0, 1], [1, 0, 0, 1], [1, 0, 0, 0]])  # listeners 3, 1, 0, 2
HOLDOUT = csr_array([[0, 0, 1, 0], [0, 1, 0, 0]])
LISTS = TopN(np.arange(2), np.array([[0, 3], [1, -1]]), np.zeros((2, 2), np.float32))


def test_the_charts_are_gone_down_from_the_most_heard():
    table = tables_train.concentration(LISTS, TRAIN, HOLDOUT).set_index("top")
    assert table["songs"].to_dict() == {"0.1 %": 1, "1 %": 1, "10 %": 1, "50 %": 2}
    assert table.loc["1 %", "recommended"] == pytest.approx(1 / 3)  # song 0
    assert table.loc["50 %", "recommended"] == pytest.approx(2 / 3)  # songs 0 and 3
    assert table["listened"].tolist() == [0, 0, 0, 0]  # songs 2 and 1 were hidden: the lower half
    assert tables_train.charts_table(table.reset_index(), "artist").iloc[3].tolist() == [
        "50 %",
        2,
        "67 %",
        "0 %",
    ]


def test_it_agrees_with_the_curve_that_the_comparison_draws():
    random = np.random.default_rng(0)
    train = csr_array((random.random((50, 200)) < 0.1).astype(int))
    holdout = csr_array((random.random((30, 200)) < 0.05).astype(int))
    songs = np.array([random.permutation(200)[:12] for _ in range(30)])
    lists = TopN(np.arange(30), songs, np.zeros(songs.shape, np.float32))
    curve = tables_models.reach({"m": lists}, train, holdout, 10)
    for row in tables_train.concentration(lists, train, holdout).itertuples():
        at = curve[np.isclose(curve["song_share"], row.songs / 200)].set_index("model")["place_share"]
        if len(at):
            assert at["m"] == pytest.approx(row.recommended)
            assert at[tables_models.HELD_OUT] == pytest.approx(row.listened)
    assert np.isclose(curve["song_share"], 0.01).any()


TUNED = {"hyperparameters": {"neighbours": 5}, "trials": 3, "asked": 20, "capped": True}


def test_facts_of_lists():
    charts = tables_train.concentration(LISTS, TRAIN, HOLDOUT)
    facts = tables_train.list_facts(LISTS, charts, 4)
    top = facts.pop("top")
    assert top == pytest.approx(1 / 3)
    assert facts == {"users": 2, "n": 2, "full": 0.5, "songs": 4, "cutoff": 10, "distinct": 3}
    table = tables_train.facts_table(facts | {"top": top}, "item_knn", TUNED, "song")
    shown = table.set_index("quantity")["value"]
    assert shown["model"] == "item_knn"
    assert shown["hyper-parameter neighbours"] == "5"
    assert shown["full lists"] == "50 %"


def test_costs_are_readable():
    cost = {"fit_seconds": 0.001, "recommend_ms_per_user": 12.3456, "peak_mb": 1234.5, "threads": 2}
    assert tables_train.cost_table({"item_knn": cost}).iloc[0].tolist() == [
        "item_knn",
        "< 0.01",
        "12.3",
        "1,234",
        2,
    ]
