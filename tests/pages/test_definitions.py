"""What the page of the definitions says, from tables that are made up."""

import pytest
from made_up import estimates, frame, made_up_run, whole, write

from songrec.pages import definitions, sampling
from songrec.results import Results

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


def with_misses(made, misses, common, share_common=0.8):
    """The same run, with the share of songs that each model does not list and the ranks among the others."""
    ways = [[m, way, "recall", 10, 1, common[way][m]] for m in MODELS for way in ("a", "b")]
    tables = {
        ("definitions", "unscored"): estimates("model", [[m, misses[m]] for m in MODELS]),
        ("definitions", "sampled_common"): estimates("model way metric k place", ways),
    }
    write(made.folder, tables, {"definitions": made.facts("definitions") | {"share_common": share_common}})
    return Results(made.name, made.folder, made.header)


def crossed(tmp_path):
    """A run in which a few competitors turn the order of the two models round."""
    made = run(tmp_path)
    rows = made.table("definitions", "sampled").assign(value=[0.3, 0.4, 0.2, 0.5], place=[1, 2, 2, 1])
    write(made.folder, {("definitions", "sampled"): rows}, {})
    return Results(made.name, made.folder, made.header)


AGREE = {"a": {"item_knn": 0.3, "ease": 0.2}, "b": {"item_knn": 0.5, "ease": 0.4}}


def test_an_older_record_says_what_it_lacks(tmp_path):
    made = crossed(tmp_path)
    assert "not on record here" in sampling.ranks(made).caption
    text = whole(sampling.findings(made))
    assert (
        "Of 1 pair of models 1 change places: EASE goes from 2nd to 1st and item-KNN goes from 1st to 2nd."
        in text
    )
    assert "is not on record for this log" in text


def test_missing_scores_and_how_much_they_explain(tmp_path):
    made = with_misses(crossed(tmp_path), {"item_knn": 0.25, "ease": 0.0}, AGREE)
    figure = sampling.ranks(made)
    assert figure.drawn["rank"].tolist() == [1, 2, 2, 1, 1, 2]
    assert ">25 %</text>" in figure.svg().replace("> 25", ">25")
    text = whole(sampling.findings(made).replace("**", ""))
    assert "Item-KNN does not list 25 % of the held-out songs" in text
    assert "missing scores explain 100 % of the changed order" in text
    same = {"a": AGREE["a"], "b": {"item_knn": 0.4, "ease": 0.5}}
    again = with_misses(crossed(tmp_path), {"item_knn": 0.25, "ease": 0.0}, same)
    assert "missing scores explain none of the changed order" in sampling.findings(again)
    none = with_misses(crossed(tmp_path), {"item_knn": 0.0, "ease": 0.0}, AGREE)
    assert "every model lists all held-out songs" in sampling.findings(none)


def test_ranks_by_definition_beside_the_number_of_the_best(tmp_path):
    made = run(tmp_path)
    rows = made.table("definitions", "values")
    by_n = rows["metric"] == "average_precision_by_n"
    rows.loc[by_n & (rows["model"] == "ease"), "value"] = 0.9
    write(made.folder, {("definitions", "values"): rows}, {})
    figure = definitions.ranks(Results(made.name, made.folder, made.header))
    ranks = figure.drawn.set_index(
        ["metric", "model"] if "metric" in figure.drawn else ["definition", "model"]
    )["rank"]
    assert ranks["AP / n", "ease"] == 1
    assert ranks["AP / n", "item_knn"] == 2
    assert "moves by 1 place at most" in figure.caption
    assert figure.svg()
