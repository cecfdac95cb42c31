"""The table of all comparisons: who is compared, what is corrected together, who is marked, what is drawn."""

import re

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from test_tables_models import per_user, result_table

from songrec.errors import DataError
from songrec.evaluation import holm
from songrec.report import figures_models, findings_compare, numbers, pairs, tables_models

MEANS = {"popularity": 0.30, "item_knn": 0.400, "user_knn": 0.4001, "ease": 0.395}


@pytest.fixture(scope="module")
def frames():
    made = per_user(MEANS)
    return {
        model: frame.assign(**{"novelty@10": frame["precision@10"] * 10}) for model, frame in made.items()
    }


@pytest.fixture(scope="module")
def compared(frames):
    return pairs.gains(frames, 10)


def row(compared, metric, *models):
    rows = compared[
        (compared["metric"] == metric) & compared["model"].isin(models) & compared["than"].isin(models)
    ]
    assert len(rows) == 1
    return rows.iloc[0]


def test_every_two_models_are_compared_once_by_the_deciding_metric(compared):
    rows = compared[compared["metric"] == "average_precision"]
    assert len(rows) == 6
    assert {frozenset(pair) for pair in rows[["model", "than"]].to_numpy()} == {
        frozenset((a, b)) for a in MEANS for b in MEANS if a < b
    }


def test_by_other_metrics_all_meet_the_baseline_and_the_best(frames, compared):
    rows = compared[compared["metric"] == "precision"]
    best = max(frames, key=lambda model: frames[model]["precision@10"].mean())
    met = {frozenset(pair) for pair in rows[["model", "than"]].to_numpy()}
    assert met == {frozenset((a, b)) for a in MEANS for b in {best, "popularity"} if a != b}
    assert len(rows) == len(met)


def test_a_row_holds_what_the_users_say(frames, compared):
    found = row(compared, "average_precision", "item_knn", "ease")
    difference = (frames[found["model"]] - frames[found["than"]])["average_precision@10"]
    assert found["difference"] == pytest.approx(difference.mean(), rel=1e-3)
    assert found["effect"] == pytest.approx(difference.mean() / difference.std(), rel=1e-3)
    assert found["superiority"] == pytest.approx(np.sign(difference).mean(), rel=1e-3)
    assert found["detectable"] == pytest.approx(2.8016 * difference.sem(), rel=1e-3)
    close = row(compared, "precision", "popularity", "ease")
    hits = (frames[close["model"]] - frames[close["than"]])["precision@10"]
    assert close["p"] == pytest.approx(stats.ttest_1samp(hits, 0).pvalue, abs=0.02)
    wilcoxon = stats.wilcoxon(hits.round(12), zero_method="pratt", method="asymptotic").pvalue
    assert close["wilcoxon"] == pytest.approx(wilcoxon, rel=1e-3)


def test_the_whole_table_is_corrected_together_but_for_what_is_not_better_or_worse(compared):
    described = compared["metric"] == "novelty"
    assert compared.loc[described, pairs.TESTED].isna().all(axis=None)
    tested = compared[~described]
    assert tested["p"].notna().all()
    for plain, corrected in (("p", "p_holm"), ("wilcoxon", "wilcoxon_holm")):
        np.testing.assert_allclose(tested[corrected], holm(tested[plain].to_numpy()), rtol=2e-3)
    assert list(compared.columns) == [*pairs.PAIRED, *pairs.TESTED]


def test_a_table_twice_is_the_same_table(frames, compared):
    pd.testing.assert_frame_equal(pairs.gains(frames, 10), compared, check_exact=True)


def test_a_difference_that_one_test_finds_may_not_survive_the_correction():
    """The mark follows the corrected p: twelve models compared, one of them a little behind the best."""
    means = {"best": 0.4, "behind": 0.3984} | {f"m{place}": 0.3 + 0.005 * place for place in range(10)}
    frames = per_user(means, seed=3)
    compared = pairs.gains(frames, 10, baseline="m0")
    found = row(compared, "average_precision", "best", "behind")
    assert found["p"] < 0.05 <= found["p_holm"]
    assert found["difference_low"] > 0  # its interval alone would have called it worse
    table = tables_models.headline(
        result_table(frames, dict.fromkeys(means, 0.5)), compared, 10, ["average_precision"]
    )
    marked = table.loc[table["average_precision_best"], "model"]
    assert marked.tolist() == ["best", "behind"]


def test_other_users_are_refused(frames):
    with pytest.raises(DataError, match="same users"):
        pairs.gains({**frames, "ease": frames["ease"].iloc[1:]}, 10)


def test_users_are_matched_by_name_and_not_by_place(frames, compared):
    shuffled = {**frames, "ease": frames["ease"].sample(frac=1, random_state=1)}
    pd.testing.assert_frame_equal(pairs.gains(shuffled, 10), compared)


def test_one_model_alone_is_compared_with_nothing(frames):
    alone = pairs.gains({"ease": frames["ease"]}, 10, "ease")
    assert alone.empty
    assert list(alone.columns) == [*pairs.PAIRED, *pairs.TESTED]
    assert pairs.against_best(alone, "average_precision", "ease").empty
    assert numbers.pair_cells(pairs.ordered(alone, "average_precision")).empty


def test_a_comparison_can_be_told_the_other_way_round(compared):
    told = pairs.against_best(compared, "average_precision", "user_knn").set_index("model")
    assert (told["than"] == "user_knn").all()
    assert told.index.tolist() == ["item_knn", "ease", "popularity"]
    plain = row(compared, "average_precision", "user_knn", "ease")
    assert plain["model"] == "user_knn"
    turned = told.loc["ease"]
    for name in ("difference", "effect", "superiority"):
        assert turned[name] == -plain[name]
    assert turned["difference_low"] == -plain["difference_high"]
    assert turned["ratio_low"] == pytest.approx(1 / plain["ratio_high"])
    assert turned["ratio_low"] < turned["ratio"] < turned["ratio_high"]
    assert turned["p_holm"] == plain["p_holm"]


def test_pairs_stand_in_the_order_of_the_ranking_the_better_first(compared):
    table = pairs.ordered(compared, "average_precision")
    assert (table["difference"] >= 0).all()
    ranking = ["user_knn", "item_knn", "ease", "popularity"]
    expected = [(a, b) for place, a in enumerate(ranking) for b in ranking[place + 1 :]]
    assert list(table[["model", "than"]].itertuples(index=False, name=None)) == expected


def test_cells_of_a_comparison(compared):
    cells = numbers.pair_cells(pairs.against_best(compared, "average_precision", "user_knn"))
    last = cells.iloc[-1]
    assert (last["model"], last["minus"], last["better minus worse"]) == ("popularity", "user-KNN", "-100 %")
    assert last["difference"].startswith("-0.100")
    assert last["p, Holm"] == "0.001"  # 15 comparisons, 9,999 draws: as little as this test can say
    assert cells["p, Holm"].iloc[0] == "1.000"


def test_the_forest_has_a_row_a_model_with_interval_and_p(compared):
    table = pairs.against_best(compared, "average_precision", "user_knn")
    figure = figures_models.forest(table.iloc[:2], "average_precision", 10)
    axes = figure.axes[0]
    assert figure._repr_png_()
    assert [text.get_text() for text in axes.get_yticklabels()] == ["EASE", "item-KNN"]
    bars = [each for each in axes.containers if type(each).__name__ == "ErrorbarContainer"]
    filled = {}
    for bar, one in zip(bars, table.iloc[1::-1].itertuples(), strict=True):
        (ends,) = bar.lines[2][0].get_segments()
        assert ends[:, 0] == pytest.approx([one.difference_low, one.difference_high])
        filled[one.model] = bar.lines[0].get_markerfacecolor() != "white"
    assert filled == {"ease": True, "item_knn": False}
    grey = [patch.get_width() / 2 for patch in axes.patches]
    assert grey == pytest.approx(table["detectable"].iloc[1::-1].tolist())
    assert "user-KNN, the best" in axes.get_xlabel()


def test_a_model_far_behind_does_not_take_the_others_room(compared):
    table = pairs.against_best(compared, "average_precision", "user_knn")
    many = pd.concat([table.iloc[:2]] * 6 + [table.iloc[2:]], ignore_index=True)
    axes = figures_models.forest(many, "average_precision", 10).axes[0]
    assert axes.get_xlim()[0] > -0.03
    assert [text.get_text() for text in axes.texts] == ["\N{BLACK LEFT-POINTING SMALL TRIANGLE} -0.1"]


def test_the_findings_say_how_many_pairs_are_told_apart(frames, compared):
    metrics = result_table(frames, dict.fromkeys(MEANS, 0.5))
    headline = tables_models.headline(metrics, compared, 10, ["average_precision", "coverage"])
    gains = tables_models.gains(frames, "popularity", 10, ["average_precision"])
    reach = pd.DataFrame(
        {"model": [tables_models.HELD_OUT, "popularity"], "song_share": 1.0, "place_share": 1.0}
    )
    text = findings_compare.compare("p", headline, gains, compared, reach, "popularity", 10, True)
    assert re.search(r"But item-KNN \(0\.\d{4}\) is not significantly worse", text)
    tested = int(compared["p"].notna().sum())
    assert f"corrected for all {tested} comparisons of this run" in text
    assert "By MAP@10, 5 of 6 pairs of models can be told apart" in text
    least, most = compared.loc[compared["metric"] == "average_precision", "detectable"].agg(["min", "max"])
    assert (f"{least:.2g} to {most:.2g}" if f"{least:.2g}" != f"{most:.2g}" else f"{least:.2g}.") in text
