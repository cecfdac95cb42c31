"""What the page of the recommendations says, from tables that are made up."""

import pytest
from made_up import estimates, frame, made_up_run, whole

from songrec.errors import DataError
from songrec.pages import recommend


@pytest.fixture
def run(tmp_path):

    rows = [
        ["7", "history", "", 1, "s1", "One", 9, None, None],
        ["7", "history", "", 2, "s2", "Two", 3, None, None],
        ["7", "recommended", "item_knn", 1, "s3", "Three", None, 0.5, True],
        ["7", "recommended", "popularity", 1, "s4", "Four", None, 8.0, False],
    ]
    similar = [["item_knn", "One", 1, "Three", 0.4], ["ease", "One", 1, "Two", 0.3]]
    metrics = [["item_knn", "average_precision", 10, 0.2], ["popularity", "average_precision", 10, 0.1]]
    tables = {
        ("recommend", "examples"): frame("user kind model rank song_id label plays score hit", rows),
        ("recommend", "similar"): frame("model song rank label similarity", similar),
        ("evaluate", "metrics"): estimates("model metric k", metrics),
    }
    facts = {"recommend": {"played": ["One"], "known_titles": 0.5}}
    return made_up_run(tmp_path, tables, facts, item="movie")


def test_a_history_beside_the_best_models_list_with_its_hits_in_bold(run):
    table = recommend.example(run)
    assert list(table.columns)[-1] == "item-KNN recommends"
    assert table.columns["item-KNN recommends"].cells == ["Three", ""]
    assert table.columns["item-KNN recommends"].bold == [True, False]
    assert table.columns["events"].cells == ["9", "3"]
    assert recommend.example(run, model="popularity").note == "Held out and found: 0 of 1."
    with pytest.raises(DataError, match="no list of als"):
        recommend.example(run, model="als")


def test_models_without_a_similarity_say_so(run):
    assert repr(recommend.similar(run, "popularity")) == "popularity has no item similarity."
    both = recommend.similar_by_model(run, models="item_knn ease")
    assert both.columns["EASE"].cells == ["Two"]


def test_findings(run):
    facts = recommend.facts(run, "item_knn")
    assert (facts["hits"], facts["places"], facts["users"]) == (1, 1, 1)
    text = whole(recommend.findings(run, "item_knn"))
    assert "1 holds a movie that the user did choose" in text
    assert "A name is known for 50 % of the movies" in text
