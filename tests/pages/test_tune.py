"""What the page of the searches says, from facts and trials that are made up."""

import json

import pytest
from made_up import frame, made_up_run, whole

from songrec.pages import tune

FOUND = {
    "estimator": "ItemKNN",
    "hyperparameters": {"neighbours": 40, "similarity": "cosine", "seed": 0},
    "untuned": {"neighbours": 100, "similarity": "cosine", "seed": 0},
    "searched": ["neighbours", "similarity"],
    "edges": {},
    "asked": 3,
    "trials": 3,
    "capped": False,
    "value": 0.09,
    "untuned_value": 0.08,
}
FIXED = FOUND | {"searched": [], "asked": 0, "trials": 0, "value": None, "untuned_value": None}
TAKEN = FIXED | {"source": "a-record"}


def run(tmp_path, models, **options):
    rows = [
        [model, at, value, "complete", json.dumps({"neighbours": n, "similarity": "cosine"})]
        for model, facts in models.items()
        if facts["asked"]
        for at, (n, value) in enumerate([(100, 0.08), (5, 0.02), (40, 0.09)])
    ]
    trials = frame("model trial value state point", rows)
    cost = trials[["model", "trial"]].assign(seconds=1.5, threads=2)
    tables = {("tune", "trials"): trials, ("tune", "cost"): cost}
    return made_up_run(tmp_path, tables, {"tune": models}, list(models), **options)


def test_facts(tmp_path):
    models = {"popularity": FIXED, "item_knn": FOUND | {"capped": True, "asked": 20, "edges": {"q": "low"}}}
    facts = tune.facts(run(tmp_path, models | {"ease": FOUND | {"untuned_value": 0.09}, "als": TAKEN}))
    assert facts["searched"] == ["item_knn", "ease"]
    assert facts["trials"] == [3, 20]
    assert (facts["most"], facts["gained"], facts["same"]) == ("item_knn", ["item_knn"], ["ease"])
    assert facts["capped"] == {"item_knn": "3 of 20"}
    assert facts["at_edge"] == {"item_knn": "q (low)"}
    assert facts["sources"] == {"a-record": ["als"]}


def test_where_it_was_looked_for(tmp_path):
    """Of what was searched alone; a search that was taken over has no ranges."""
    made = run(tmp_path, {"popularity": FIXED, "item_knn": FOUND, "als": TAKEN})
    space = {
        "neighbours": {"low": 5, "high": 1000, "log": True},
        "similarity": {"choices": ["cosine", "tversky"], "when": {"weighting": ["binary", "bm25"]}},
        "q": {"low": 1.0, "high": 5.0},
    }
    for model in made.header["models"].values():
        model["space"] = space
    found = tune.ranges(made).columns
    assert found["model"].cells == ["item-KNN", ""]
    assert found["hyper-parameter"].cells == ["neighbours", "similarity"]
    assert found["looked for in"].cells == ["5 to 1,000 (log)", "cosine, tversky"]
    assert found["only where"].cells == ["", "weighting is binary or bm25"]


def test_tables_and_figures(tmp_path):
    made = run(tmp_path, {"popularity": FIXED, "item_knn": FOUND, "als": TAKEN})
    how = ["fixed"] * 3 + ["searched", "searched", "fixed"] + ["from a-record"] * 3
    assert tune.chosen(made).columns["how"].cells == how
    (best,) = tune.trials(made, n=2).named.values()
    assert best.columns["neighbours"].cells == ["40", "100"]
    points = tune.points(made)
    assert points.loc[points["chosen"], "setting"].tolist() == [40, "cosine"]
    assert tune.progress(made).drawn["best"].round(2).tolist() == [0.89, 0.89, 1]
    assert tune.cost(made).columns["search (s)"].cells == ["4.5"]
    assert tune.parameters(made).columns["hyper-parameters"].cells[0].startswith("neighbours = 40, ")


def test_tables_where_nothing_was_searched(tmp_path):
    made = run(tmp_path, {"popularity": FIXED, "als": TAKEN})
    for shown in (tune.cost(made), tune.values(made), tune.trials(made)):
        assert repr(shown) == tune.NOTHING


def test_members_are_named_with_their_weights(tmp_path):
    members = {"item_knn": {"estimator": "ItemKNN", "hyperparameters": {}}}
    blend = FOUND | {"hyperparameters": {"members": members, "weights": {"item_knn": 0.5}}}
    made = run(tmp_path, {"item_knn": FOUND, "blend": blend})
    (text,) = tune.parameters(made).columns["hyper-parameters"].cells[1:]
    assert text == "members = item-KNN, weights = item-KNN 0.5"
    assert tune.flat(blend["hyperparameters"]) == {"members.item_knn": "ItemKNN", "weights.item_knn": 0.5}


@pytest.mark.parametrize(
    ("models", "said"),
    [
        ({"item_knn": FOUND}, "1 model had hyper-parameters to search, with 3 trials. The search raised"),
        (
            {"item_knn": FOUND | {"asked": 1, "trials": 1, "value": 0.08}},
            "with 1 trial. The search found nothing",
        ),
        ({"item_knn": FOUND, "ease": FOUND | {"asked": 20, "capped": True}}, "with 3 to 20 trials each"),
        ({"popularity": FIXED}, "no model was searched: all have the hyper-parameters that the profile"),
        ({"item_knn": TAKEN}, "of item-KNN are those of a-record: nothing was searched for it."),
        ({"item_knn": FOUND, "ease": TAKEN}, "are those of a-record"),
    ],
)
def test_sentences_are_whole_in_every_case(tmp_path, models, said):
    made = run(tmp_path, models, item="movie", synthetic=True)
    searched = sum(bool(each["asked"]) for each in models.values())
    assert len(tune.cost(made)) == len(tune.values(made)) == searched
    assert said in whole(tune.findings(made))


@pytest.mark.parametrize("figure", [tune.sensitivity, tune.progress])
@pytest.mark.parametrize("facts", [FOUND, FIXED], ids=["searched", "fixed"])
def test_figures_are_drawn_and_told_whether_or_not_there_was_a_search(tmp_path, figure, facts):
    made = figure(run(tmp_path, {"item_knn": facts}))
    assert made.svg()
    assert made.alt.endswith(".")
