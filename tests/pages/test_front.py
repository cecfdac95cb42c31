"""Page one, from runs that are made up: it says where the winner wins and where it loses."""

import pytest
from made_up import breakable, whole
from made_up_comparison import LEVELS, compared_run

from songrec.files import write_json
from songrec.pages import front


def run(tmp_path, name="taste-profile-a", levels=LEVELS, **options):
    made = compared_run(tmp_path, levels, name=name, **options)
    facts = {"triplets": 5000, "users": 300}
    split = {"protocol": "triplet_holdout", "parameters": {"test": 0.2}}
    for stage, values in (("ingest", facts), ("split", split)):
        write_json(made.folder / stage / "facts.json", values)
    made.header.update(title=f"Log, {name}", commit="c0ffee", date="2026-01-02")
    return made


ELSEWHERE = {
    "wins": ({}, "it is first as well, significantly ahead of user-KNN by 0.0100"),
    "first by chance": ({"alike": ["user_knn"]}, "it is first, but user-KNN, 0.0100 behind, may be as good"),
    "loses": (
        {"levels": LEVELS | {"ease": 0.2}},
        "it **loses**: it is number 2 of 4 single models, and EASE is significantly ahead by 0.0900",
    ),
    "behind by chance": (
        {"levels": LEVELS | {"ease": 0.12}, "alike": ["item_knn"]},
        "it is **not first**: it is number 2 of 4 single models. EASE is ahead by 0.0100",
    ),
    "alone": ({"levels": {"item_knn": 0.1}}, "there is no other model."),
}


@pytest.mark.parametrize(("options", "said"), ELSEWHERE.values(), ids=ELSEWHERE)
def test_it_says_how_the_winner_does_elsewhere(tmp_path, options, said):
    text = str(front.answer([run(tmp_path), run(tmp_path, "other", **options)]))
    plain = breakable(text)
    assert said in plain
    whole("\n\n".join(part.lstrip("* ").replace("**", "") for part in text.split("\n\n")))
    assert plain.startswith("**Start with item-KNN**, which lists songs with the same listeners as yours")
    assert "1.10 of the ten songs on its list" in plain
    assert "of the ten most popular songs, 0.20." in plain
    assert "Of 100 listeners, 55 find at least one such song on its list, and 10 on" in plain


def test_the_picture_names_the_place_of_the_winner_on_each_log(tmp_path):
    loses = run(tmp_path, "other", LEVELS | {"ease": 0.2})
    figure = front.found([run(tmp_path), loses])
    assert "item-KNN, which is 1st of 4 single models on Log, taste-profile-a;" in figure.caption
    assert "2nd of 4 single models on Log, other (EASE significantly better by MAP@10)" in figure.caption
    first = figure.drawn[figure.drawn["log"] == "Log, taste-profile-a"].set_index("model")
    assert first.loc["item_knn", "value"] == pytest.approx(1.1)
    assert first["best"].to_dict() == {model: model == "item_knn" for model in LEVELS}
    assert figure.svg().count("stroke-dasharray: 3.7,1.6") >= 2, "popularity is a line in each panel"
    without = run(tmp_path, "third", {"popularity": 0.1, "ease": 0.2})
    assert "not measured on Log, third" in front.found([run(tmp_path), without]).caption


def test_one_line_has_data_year_users_split_version_and_commit(tmp_path):
    line = breakable(front.source([run(tmp_path)]))
    for part in (
        "published 2011",
        "5,000 triplets of 300 users",
        "100 of them",
        "20 % hidden",
        "c0ffee",
        "songrec ",
    ):
        assert part in line
    assert "published" not in front.source([run(tmp_path, "mine")])
