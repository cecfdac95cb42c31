"""What the page of the definitions says, from tables that are made up."""

import pandas as pd
import pytest
from made_up import estimates, made_up_run

from songrec.pages import definitions

MODELS = ("item_knn", "ease")


def run(tmp_path, models=MODELS, value=0.2, reversed_=0, item="song"):
    values = [
        [model, "MAP", definition, metric, 10, value + place / 10]
        for model in models
        for place, (definition, metric) in enumerate(
            [("AP / min(n, K)", "average_precision"), ("AP / n", "average_precision_by_n")]
        )
    ]
    ways = [[model, way, "recall", 10, place, 0.3] for place, model in enumerate(models, 1) for way in "ab"]
    pairs = len(models) * (len(models) - 1) // 2
    spread = [["MAP", model, value, value + 0.1, None if not value else 1.5] for model in models]
    orders = [["MAP", "average_precision_by_n", "AP / n", 1.0, pairs, reversed_, reversed_]]
    reversals = [["sampled", *models, True]] * reversed_
    two_ways = estimates(["model", "way", "metric", "k", "place"], ways)
    tables = {
        "values": estimates(["model", "family", "definition", "metric", "k"], values),
        "spread": pd.DataFrame(spread, columns=["family", "model", "smallest", "largest", "ratio"]),
        "orders": pd.DataFrame(
            orders, columns=["family", "metric", "definition", "tau", "pairs", "reversed", "significant"]
        ),
        "sampled": two_ways,
        "seen": two_ways,
        "seen_rate": pd.DataFrame({"model": models, "value": 0.5}),
        "reversals": pd.DataFrame(reversals, columns=["way", "better", "worse", "significant"]),
    }
    tau = {"tau": 1.0 if pairs else None, "pairs": pairs}
    facts = {"cutoff": 10, "random_recall": 0.1, "agreement": {"sampled": tau, "seen": tau}}
    return made_up_run(
        tmp_path,
        {("definitions", name): table for name, table in tables.items()},
        {"definitions": facts},
        models,
        item,
    )


def test_facts(tmp_path):
    facts = definitions.facts(run(tmp_path, reversed_=1))
    assert facts["moved"][0]["ratio"] == 1.5
    assert [row["reversed"] for row in facts["changed"]] == [1]
    assert facts["reversals"] == {
        "sampled": [{"way": "sampled", "better": "item_knn", "worse": "ease", "significant": True}],
        "seen": [],
    }


@pytest.mark.parametrize(
    "options", [{}, {"models": ("ease",)}, {"value": 0.0}, {"reversed_": 1}, {"item": "movie"}], ids=str
)
def test_findings_are_whole_sentences_whatever_was_found(tmp_path, options):
    text = definitions.findings(run(tmp_path, **options))
    for paragraph in text.split("\n\n"):
        assert paragraph[0].isupper()
        assert paragraph[-1] == "."
        assert "None" not in paragraph
        assert "nan" not in paragraph


def test_places_stand_beside_the_values(tmp_path):
    table = definitions.sampled(run(tmp_path))
    assert list(table.columns) == [
        "model",
        "among all",
        "among all: place",
        "among the sampled",
        "among the sampled: place",
    ]
    assert table.columns["among all: place"].cells == ["1", "2"]
