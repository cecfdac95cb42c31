"""A run's and a published run's results are read the same way."""

import pandas as pd
import pytest
from made_up import estimates, made_up_run

from songrec.errors import DataError
from songrec.files import write_json
from songrec.results import Estimate, Results

COMPARED = {"model": "ease", "than": "item_knn", "metric": "average_precision", "k": 10}
DIFFERENCES = pd.DataFrame(
    [COMPARED | {"value": 0.1, "ci_low": 0.05, "ci_high": 0.2, "p_holm": 0.01, "effect": 0.3}]
)


@pytest.fixture
def run(tmp_path):
    metrics = [["item_knn", "average_precision", 10, 0.2], ["ease", "average_precision", 10, 0.3]]
    return made_up_run(
        tmp_path,
        {
            ("evaluate", "metrics"): estimates(["model", "metric", "k"], metrics),
            ("compare", "differences"): DIFFERENCES,
            ("compare", "ratios"): DIFFERENCES.assign(value=2.0, ci_low=1.6, ci_high=2.5),
            ("tune/item_knn", "trials"): pd.DataFrame({"trial": [0, 1]}),
            ("tune/ease", "trials"): pd.DataFrame({"trial": [0]}),
        },
        {
            "tune/item_knn": {"value": 0.4, "capped": True},
            "tune/ease": {"value": 0.3, "capped": False},
            "tune/popularity": {"value": None, "capped": False},
        },
    )


def test_tables_of_a_stage_that_runs_once_a_model_stand_below_one_another(run):
    table = run.table("tune", "trials")
    assert table.to_dict("list") == {"model": ["item_knn", "item_knn", "ease"], "trial": [0, 1, 0]}
    assert run.facts("tune")["ease"]["value"] == 0.3


def test_models_are_ranked_and_named_with_a_dagger_where_time_ended_the_search(run):
    assert run.models() == ["ease", "item_knn"]
    assert run.chosen() == "item_knn"
    assert run.label("item_knn") == "item-KNN\N{NO-BREAK SPACE}†"
    assert run.label("ease") == "EASE"
    assert run.label("my_model") == "my model"


def test_a_difference_can_be_asked_for_either_way_round(run):
    there, back = run.difference("ease", "item_knn"), run.difference("item_knn", "ease")
    assert (back["value"], back["ci_low"], back["ci_high"]) == (-0.1, -0.2, -0.05)
    assert (back["p_holm"], back["effect"]) == (there["p_holm"], -0.3)
    ratio = run.ratio("item_knn", "ease")
    assert ratio == Estimate(0.5, 1 / 2.5, 1 / 1.6)


def test_a_page_may_read_only_what_it_declares(run):
    page = run.only(["evaluate"])
    assert page.models() == ["ease", "item_knn"]
    with pytest.raises(DataError, match="does not declare that it reads tune"):
        page.table("tune", "trials")
    assert page.label("item_knn") == "item-KNN"


def test_what_is_missing_is_named(run, tmp_path):
    for said, ask in (
        (r"there is no nothing\.csv", lambda: run.table("compare", "nothing")),
        ("no average_precision@10 of eas: did you mean 'ease'", lambda: run.metric("eas")),
        ("2 rows fit", lambda: run.estimate("evaluate", "metrics", k=10)),
        ("no column 'kk': did you mean 'k'", lambda: run.rows("evaluate", "metrics", kk=10)),
        (r"metrics\.csv: no recall@10", lambda: run.models("recall")),
        ("ease and popularity are not compared by", lambda: run.ratio("ease", "popularity")),
        ("did you mean 'made-up'", lambda: Results.published("made-upp", tmp_path)),
    ):
        with pytest.raises(DataError, match=said):
            ask()


def test_a_published_run_shows_models_as_they_are_shown_today(tmp_path):
    made_up_run(tmp_path, models=("ease", "mine"))
    path = tmp_path / "made-up" / "run.json"
    header = made_up_run(tmp_path, models=("ease", "mine")).header
    old = {**header["models"]["ease"], "title": "Old name", "look": ["#000000", "x"]}
    write_json(path, header | {"models": {"ease": old, "mine": header["models"]["mine"]}})
    run = Results.published("made-up", tmp_path)
    assert run.label("ease") == "EASE"
    assert run.look("ease") != ("#000000", "x")
    assert run.label("mine") == "mine"


def test_the_best_of_some_models_and_all_that_are_not_significantly_worse(run):
    assert run.best(among=["ease", "item_knn"]) == {"ease"}
    assert run.best(among=["item_knn"]) == {"item_knn"}
    assert run.best(among=[]) == set()
    alike = DIFFERENCES.assign(p_holm=0.2)
    alike.to_csv(run.folder / "compare" / "differences.csv", index=False)
    again = Results(run.name, run.folder, run.header)
    assert again.best(among=["ease", "item_knn"]) == {"ease", "item_knn"}


@pytest.mark.parametrize(("smallest", "least"), [(1e-4, 3e-4), (2e-4, 0.0)])
def test_a_p_that_no_drawn_signs_reached_is_a_bound(tmp_path, smallest, least):
    """Of three comparisons with the least number of draws, 9,999."""
    pairs = pd.DataFrame({"model": list("abc"), "than": list("bca"), "p": [0.5, smallest, 0.2]})
    made = made_up_run(tmp_path, {("compare", "differences"): pairs})
    assert made.least_p() == pytest.approx(least)


def test_memory_follows_the_models_formula_and_what_was_tuned(run):
    run.header["models"]["item_knn"]["memory"] = "12 * songs * neighbours"
    tuned = {"hyperparameters": {"neighbours": 5}}
    write_json(run.folder / "tune" / "item_knn" / "facts.json", tuned)
    assert run.memory("item_knn", users=1, songs=100, entries=1) == 6000
    assert run.memory("ease", users=1, songs=100, entries=1) is None
