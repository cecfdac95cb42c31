"""The answer of one log: what to ship and how surely, from runs that are made up."""

import pytest
from made_up import estimates, whole
from made_up_comparison import LEVELS, compared_run

from songrec.files import write_json
from songrec.pages import answer


def run(tmp_path, validation=("item_knn", "user_knn", "ease"), newcomers=True, **options):
    """A compared run whose models stood in this order on validation; the others were not tuned."""
    made = compared_run(tmp_path, **options)
    reached = {model: 0.5 - place / 10 for place, model in enumerate(validation)}
    tuned = {model: {"value": reached.get(model), "hyperparameters": {}} for model in made.header["models"]}
    write_json(made.folder / "tune" / "facts.json", tuned)
    if newcomers:
        rows = [[model, "average_precision", 10, shown, 0.1] for model in tuned for shown in (0, 5)]
        (made.folder / "cold_start").mkdir()
        curve = estimates("model metric k shown", rows)
        curve.to_csv(made.folder / "cold_start" / "curve.csv", index=False)
    return made


CASES = {
    "a clear winner": ({}, "ship", "Ship item-KNN."),
    "a tie": ({"alike": ["user_knn"]}, "ship", "which may be chance."),
    "equals": (
        {"levels": LEVELS | {"user_knn": LEVELS["item_knn"]}, "alike": ["user_knn"]},
        "ship",
        "On the test user-KNN does just as well",
    ),
    "no winner": (
        {"alike": ["user_knn", "ease", "popularity"]},
        "baseline",
        "Start with popularity: nothing here is shown to be better.",
    ),
    "one model": ({"levels": {"popularity": 0.1}, "validation": ()}, "only", "the only model of this run"),
    "popularity wins": (
        {"levels": {"popularity": 0.1, "ease": 0.05}, "validation": ["ease"]},
        "open",
        "On the test popularity has the higher mean",
    ),
    "popularity wins by chance": (
        {"levels": {"popularity": 0.1, "ease": 0.05}, "validation": ["ease"], "alike": ["ease"]},
        "baseline",
        "No model is significantly better than popularity.",
    ),
    "another on the test": ({"validation": ["ease", "item_knn"]}, "open", "is more than chance"),
    "another on the test, by chance": (
        {"validation": ["user_knn"], "alike": ["user_knn"]},
        "ship",
        "the first of many on a test owes a part of its place",
    ),
    "nothing tuned": ({"validation": []}, "open", "No model was tuned"),
    "without popularity": (
        {"levels": {"ease": 0.1, "user_knn": 0.05}, "validation": ["ease"]},
        "ship",
        "Ship EASE.",
    ),
    "movies": ({"item": "movie"}, "ship", "Of all movies in its lists of 10"),
    "synthetic": ({"synthetic": True}, "ship", "The log is synthetic."),
    "few users": (
        {"half": float("nan"), "users": 1, "detectable": float("nan"), "newcomers": False},
        "ship",
        "1 user, too few for an interval",
    ),
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(("options", "verdict", "said"), CASES.values(), ids=CASES)
def test_the_answer_is_whole_sentences_whatever_was_found(tmp_path, options, verdict, said):
    made = run(tmp_path, **options)
    assert answer.facts(made)["verdict"] == verdict
    text = str(answer.findings(made)).replace("\N{NO-BREAK SPACE}", " ")
    whole(text.replace("**", ""))
    assert said in text
    assert made.item == "song" or "song" not in text.split("**And on public logs?**")[0]
    for shown in (answer.results(made), answer.picture(made), answer.decision(made), answer.beside(made)):
        assert "nan" not in repr(shown).split("\n")[0]
        assert "None" not in repr(shown)


def test_what_the_winner_is_ahead_of_is_named(tmp_path):
    facts = answer.facts(run(tmp_path, alike=["user_knn"]))
    assert facts["rival"]["than"] == "user_knn"
    assert (facts["alike"], facts["beaten"]) == (["user_knn"], ["ease", "popularity"])
    assert facts["gain"]["value"] == pytest.approx(LEVELS["item_knn"] - LEVELS["popularity"])


def test_a_model_made_of_others_is_told_of_and_not_chosen(tmp_path):
    made = run(tmp_path, levels=LEVELS | {"blend": 0.2})
    made.header["models"]["blend"]["members"] = ["ease", "item_knn"]
    facts = answer.facts(made)
    assert (facts["winner"], facts["rival"]["than"]) == ("item_knn", "user_knn")
    assert (facts["verdict"], facts["blend"]["than"]) == ("ship", "blend")
    assert "which runs several models at once, has a higher mean" in answer.findings(made)


def test_only_what_was_measured_is_a_situation(tmp_path):
    situations = [answer.decision(run(tmp_path / str(n), newcomers=n)) for n in (True, False)]
    first, second = (made.columns["situation"].cells for made in situations)
    assert len(first) == len(second) + 2
    assert "like this one" in first[0]


def test_another_model_than_the_answers_is_explained(tmp_path):
    assert "The answer above" not in answer.decision(run(tmp_path / "same")).note
    made = run(tmp_path, validation=("user_knn", "item_knn"), alike=["user_knn"])
    assert answer.decision(made).columns["start with"].cells[0] == "item-KNN"
    said = "The answer above is user-KNN, which did best on validation; item-KNN, not significantly better"
    assert said in answer.decision(made).note


def test_public_logs_stand_beside_it(tmp_path):
    made = answer.beside(run(tmp_path))
    assert list(made.columns)[:2] == ["model", "Made up"]
    assert len(made.columns) > 3
    assert made.columns["model"].cells[0] == "item-KNN"


def test_without_a_shared_model_nothing_stands_beside_it(tmp_path):
    made = answer.beside(run(tmp_path, levels={"own": 0.1, "other": 0.05}, validation=["own"]))
    assert repr(made) == "No public log has a model of this run at the same cut-off."
