"""What the page of the lists says, from tables that are made up."""

import pandas as pd
import pytest
from made_up import made_up_run

from songrec.pages import train

FACTS = {"users": 10, "n": 100, "full": 1.0, "songs": 200, "cutoff": 10, "distinct": 20, "top": 0.4}


def run(tmp_path, models, **options):
    rows = [
        [m, top, n, facts["top"], 0.1] for m, facts in models.items() for top, n in ((0.01, 2), (0.1, 20))
    ]
    tables = {
        "concentration": pd.DataFrame(rows, columns=["model", "top", "songs", "recommended", "listened"]),
        "changed": pd.DataFrame({"model": list(models), "same": 0.5, "common": 8.25}),
        "cost": pd.DataFrame({"model": list(models), "fit_seconds": 0.001, "recommend_ms_per_user": 12.3456})
        .assign(peak_mb=1234.5, threads=2),
    }  # fmt: skip
    facts = {"train": models, "tune": {model: {"trials": 3, "asked": 20, "capped": True} for model in models}}
    return made_up_run(
        tmp_path, {("train", name): of for name, of in tables.items()}, facts, list(models), **options
    )


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
    assert [column.cells[0] for column in train.cost(made).columns.values()][1:] == [
        "< 0.01",
        "12.3",
        "1,234",
        "2",
    ]


@pytest.mark.parametrize(
    ("models", "said"),
    [
        ({"item_knn": FACTS}, "name 20 different movies, 10 % of the catalogue."),
        (
            {"item_knn": FACTS | {"users": 1, "n": 1, "full": 0.5}},
            "lists of up to 1 movie for 1 test user of",
        ),
        ({"item_knn": FACTS, "ease": FACTS}, "name 20 different movies whatever the model."),
        (
            {"item_knn": FACTS, "ease": FACTS | {"distinct": 1, "full": 0.9, "top": 0.1}},
            "name from 1 different movie (EASE †) to 20 (item-KNN †), of 200 movies in the catalogue.",
        ),
    ],
)
def test_sentences_are_whole_in_every_case(tmp_path, models, said):
    text = train.findings(run(tmp_path, models, item="movie", synthetic=True))
    assert said in text.replace("\N{NO-BREAK SPACE}", " ")
    assert all(part[0].isupper() and part[-1] in ".)" for part in text.split("\n\n"))
