"""What the page of the definitions says, from tables that are made up."""

import pytest
from made_up import estimates, frame, made_up_run, whole

from songrec.pages import definitions

MODELS = ("item_knn", "ease")


def run(tmp_path, models=MODELS, value=0.2, reversed_=0, item="song", few=0.4, spread=0.1):
    named = {"AP / min(n, K)": "average_precision", "AP / n": "average_precision_by_n"}
    values = [
        [model, "MAP", *each, 10, value + place / 10]
        for model in models
        for place, each in enumerate(named.items())
    ]
    both = {"a": 0.3, "b": few}
    ways = [[m, way, "recall", 10, place, both[way]] for place, m in enumerate(models, 1) for way in both]
    pairs = len(models) * (len(models) - 1) // 2
    spread = [["MAP", model, value, value + spread, None if not value else 1.5] for model in models]
    orders = [["MAP", "average_precision_by_n", "AP / n", 1.0, pairs, reversed_, reversed_]]
    reversals = [["sampled", *models, True]] * reversed_
    tables = {
        "values": estimates("model family definition metric k", values),
        "spread": frame("family model smallest largest ratio", spread),
        "orders": frame("family metric definition tau pairs reversed significant", orders),
        "sampled": estimates("model way metric k place", ways),
        "seen": estimates("model way metric k place", ways),
        "seen_rate": frame("model value", [[model, 0.5] for model in models]),
        "reversals": frame("way better worse significant", reversals),
    }
    tau = {"tau": 1.0 if pairs else None, "pairs": pairs}
    facts = {"cutoff": 10, "random_recall": 0.1, "agreement": {"sampled": tau, "seen": tau}}
    return made_up_run(tmp_path, tables, facts, models, stage="definitions", item=item)


def test_facts(tmp_path):
    facts = definitions.facts(run(tmp_path, reversed_=1))
    assert facts["moved"][0]["ratio"] == 1.5
    assert [row["reversed"] for row in facts["changed"]] == [1]
    assert facts["reversals"] == {
        "sampled": [{"way": "sampled", "better": "item_knn", "worse": "ease", "significant": True}],
        "seen": [],
    }


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"models": ("ease",)},
        {"value": 0.0},
        {"reversed_": 1},
        {"item": "movie"},
        {"few": 0.3},
        {"spread": 0},
    ],
    ids=str,
)
def test_findings_are_whole_sentences_whatever_was_found(tmp_path, options):
    whole(definitions.findings(run(tmp_path, **options)))


def test_what_is_the_same_is_not_told_as_a_range(tmp_path):
    text = whole(definitions.findings(run(tmp_path, few=0.3, spread=0)))
    assert "the sample holds all of these, so that both ways say the same." in text.replace("The s", "the s")
    assert "between" not in text


def test_places_stand_beside_the_values(tmp_path):
    table = definitions.sampled(run(tmp_path))
    heads = [f"among {those}{what}" for those in ("all", "the sampled") for what in ("", ": place")]
    assert list(table.columns) == ["model", *heads]
    assert table.columns["among all: place"].cells == ["1", "2"]
