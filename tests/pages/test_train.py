"""What the page of the lists says, from tables that are made up."""

import pytest
from made_up import frame, made_up_run, whole

from songrec.pages import train

FACTS = {"users": 10, "n": 100, "full": 1.0, "songs": 200, "cutoff": 10, "distinct": 20, "top": 0.4}


def run(tmp_path, models, **options):
    tops = {0.01: 2, 0.1: 20}
    rows = [[m, *top, facts["top"], 0.1] for m, facts in models.items() for top in tops.items()]
    cost = [[m, 0.001, 12.3456, 1234.5, 2] for m in models]
    tables = {
        ("train", "concentration"): frame("model top songs recommended listened", rows),
        ("train", "changed"): frame("model same common", [[m, 0.5, 8.25] for m in models]),
        ("train", "cost"): frame("model fit_seconds recommend_ms_per_user peak_mb threads", cost),
    }
    facts = {"train": models, "tune": {model: {"trials": 3, "asked": 20, "capped": True} for model in models}}
    return made_up_run(tmp_path, tables, facts, list(models), **options)


def test_facts(tmp_path):
    other = FACTS | {"full": 0.75, "distinct": 5, "top": 0.9}
    facts = train.facts(run(tmp_path, {"item_knn": FACTS, "popularity": other}))
    assert facts["short"] == {"popularity": 0.25}
    assert (facts["fewest"], facts["most"]) == ("popularity", "item_knn")
    assert (facts["most_popular"], facts["least_popular"]) == ("popularity", "item_knn")
    assert (facts["head"], facts["listened"]) == (2, 0.1)


def test_tables(tmp_path):
    made = run(tmp_path, {"item_knn": FACTS, "ease": FACTS})
    assert train.lists(made).columns["trials"].cells == ["3 of 20"] * 2
    assert train.concentration(made).columns["top 1 % (2)"].cells == ["40 %", "40 %", "10 %"]
    assert train.changed(made).columns["songs in common"].cells == ["8.2"] * 2
    (_, *cost), _ = train.cost(made).rows()
    assert [text for text, _ in cost] == ["< 0.01", "12.3", "1,234", "2"]


@pytest.mark.parametrize(
    ("models", "said"),
    [
        ({"item_knn": FACTS}, "name 20 different movies, 10 % of the catalogue."),
        (
            {"item_knn": FACTS | {"users": 1, "n": 1, "full": 0.5}},
            "lists of up to 1 movie for 1 test user of",
        ),
        (
            {"item_knn": FACTS | {"full": 0.0}},
            "All lists are shorter: a list ends where every other movie is known",
        ),
        (
            {"item_knn": FACTS | {"full": 0.0}, "ease": FACTS},
            "Of the lists of item-KNN †, all are shorter. A list ends where",
        ),
        ({"item_knn": FACTS, "ease": FACTS}, "name 20 different movies whatever the model."),
        (
            {"item_knn": FACTS, "ease": FACTS | {"distinct": 1, "full": 0.9, "top": 0.1}},
            "name from 1 different movie (EASE †) to 20 (item-KNN †), of 200 movies in the catalogue.",
        ),
    ],
)
def test_sentences_are_whole_in_every_case(tmp_path, models, said):
    assert said in whole(train.findings(run(tmp_path, models, item="movie", synthetic=True)))
