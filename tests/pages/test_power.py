"""What a comparison can tell, from runs that are made up."""

import numpy as np
import pytest
from made_up import write
from made_up_comparison import LEVELS, compared_run

from songrec.pages import power
from songrec.results import Results


def test_the_pair_whose_intervals_overlap_most_and_differ_all_the_same(tmp_path):
    made = compared_run(tmp_path, LEVELS, half=0.008)  # item-KNN .11 and user-KNN .10
    figure = power.paired(made)
    assert figure.drawn["model"].tolist() == ["item_knn", "user_knn", "item_knn"]
    assert (
        "their intervals overlap (grey), and the two are clear of each other all the same" in figure.caption
    )
    assert figure.svg()


def test_without_such_a_pair_it_says_so(tmp_path):
    made = compared_run(tmp_path, LEVELS, half=0.008, alike=["user_knn"])
    assert "the two do not differ significantly" in power.paired(made).caption


def test_four_times_the_users_see_half_the_difference(tmp_path):
    made = compared_run(tmp_path, LEVELS, detectable=0.03)
    median, seen, pairs = power._at(made, np.array([100, 400]))
    assert median == pytest.approx([0.03, 0.015])  # measured with 100 users
    differences = [
        abs(a - b) for place, a in enumerate(LEVELS.values()) for b in [*LEVELS.values()][place + 1 :]
    ]
    assert seen.tolist() == [np.mean([each >= least for each in differences]) for least in (0.03, 0.015)]
    assert pairs == 6


def test_models_that_run_others_are_no_pair(tmp_path):
    made = compared_run(tmp_path, LEVELS)
    made.header["models"]["ease"]["members"] = ["item_knn"]
    assert len(power._pairs(made)) == 3


def test_table_and_curves_say_it_of_every_log(tmp_path):
    made = [compared_run(tmp_path, LEVELS, detectable=0.03, name=name) for name in ("a", "b")]
    made[1].header["title"] = "Other"
    table = power.detectable(made)
    assert table.columns["log"].cells == ["Made up", "Other"]
    assert table.columns["200 users: detectable"].cells == ["0.0212"] * 2
    figure = power.curves(made)
    assert "of 6 pairs on Other" in figure.caption
    assert figure.drawn["log"].unique().tolist() == ["Made up", "Other"]
    assert figure.svg()


def test_a_pair_without_a_detectable_difference_is_left_out(tmp_path):
    made = compared_run(tmp_path, LEVELS)
    rows = made.table("compare", "differences")
    rows.loc[rows["than"] == "popularity", "minimum_detectable"] = np.nan
    write(made.folder, {("compare", "differences"): rows}, {})
    assert len(power._pairs(Results(made.name, made.folder, made.header))) == 3
