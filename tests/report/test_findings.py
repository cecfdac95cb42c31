"""Sentences made from values: true, hedged, and honest about what is synthetic."""

import numpy as np
import pandas as pd
import pytest

from songrec.report import (
    findings_compare,
    findings_evaluate,
    findings_recommend,
    findings_train,
)
from songrec.report.tables_models import HELD_OUT


def headline(**models) -> pd.DataFrame:
    """model=(value, half-width, among the best, coverage)"""
    rows = [
        {
            "model": model,
            "average_precision": value,
            "average_precision_low": value - half,
            "average_precision_high": value + half,
            "average_precision_best": best,
            "coverage": coverage,
            "coverage_low": np.nan,
            "coverage_high": np.nan,
            "coverage_best": False,
        }
        for model, (value, half, best, coverage) in models.items()
    ]
    return pd.DataFrame(rows)


def gains(**models) -> pd.DataFrame:
    """model=(difference, half-width, ratio)"""
    rows = [
        {
            "model": model,
            "metric": "average_precision",
            "value": 0.0226 + difference,
            "baseline": 0.0226,
            "difference": difference,
            "difference_low": difference - half,
            "difference_high": difference + half,
            "ratio": ratio,
            "ratio_low": ratio - 0.3,
            "ratio_high": ratio + 0.4,
            "n_users": 8552,
        }
        for model, (difference, half, ratio) in models.items()
    ]
    return pd.DataFrame(rows)


def reach(**top) -> pd.DataFrame:
    rows = []
    for model, share in {HELD_OUT: 0.1, **top}.items():
        rows += [{"model": model, "song_share": 0.01, "place_share": share}]
        rows += [{"model": model, "song_share": 1.0, "place_share": 1.0}]
    return pd.DataFrame(rows)


def compared(*ps) -> pd.DataFrame:
    """Comparisons by MAP: item-KNN against user-KNN and popularity, then these two."""
    rows = pd.DataFrame({"p_holm": ps, "detectable": [0.004, 0.006, 0.006][: len(ps)], "n_users": 8552})
    return rows.assign(metric="average_precision")


CLEAR = headline(
    item_knn=(0.1146, 0.005, True, 0.77),
    user_knn=(0.1032, 0.005, False, 0.46),
    popularity=(0.0226, 0.002, False, 0.005),
)
GAINS = gains(user_knn=(0.0806, 0.004, 4.57), item_knn=(0.092, 0.0045, 5.07))
REACH = reach(item_knn=0.2, popularity=0.99)


def compare(table=CLEAR, gain=GAINS, tests=None, baseline="popularity", synthetic=False, item="song"):
    tests = compared(0.01, 0.01, 0.01) if tests is None else tests
    return findings_compare.compare("p", table, gain, tests, REACH, baseline, 10, synthetic, item)


def test_a_clear_winner_is_named_with_number_interval_and_users():
    text = compare()
    assert (
        "On the log `p` (8,552 users), **item-KNN** has the highest MAP@10: 0.1146 "
        "(95 % interval 0.1096 to 0.1196)" in text
    )
    assert (
        "User by user, every other model is significantly worse "
        "(p below 0.05, corrected for all 3 comparisons of this run)." in text
    )
    assert "3 of 3 pairs of models can be told apart on these users." in text
    assert "four times in five is 0.004 to 0.006, depending on the pair." in text
    assert "may be chance" not in text


def test_a_tie_is_called_a_tie():
    table = CLEAR.assign(average_precision_best=[True, True, False])
    assert "But user-KNN (0.1032) is not significantly worse" in compare(table)
    assert "every other model" not in compare(table)
    assert "2 of 3 pairs" in compare(table, tests=compared(0.2, 0.01, 0.01))


def test_the_gain_has_difference_ratio_and_their_intervals():
    assert (
        "Against popularity (0.0226) that is +0.0920 for the mean user (95 % interval 0.0875 to 0.0965), "
        "5.07 times as much (4.77 to 5.47)." in compare()
    )


def test_a_gain_within_noise_is_no_gain():
    text = compare(gain=gains(item_knn=(0.001, 0.004, 1.04)))
    assert "a difference within noise." in text
    assert "times as much" not in text


def test_a_ratio_without_bounds_is_left_out():
    gain = GAINS.assign(ratio_low=np.nan, ratio_high=np.nan)
    assert "times as much" not in compare(gain=gain)


def test_nothing_beats_the_baseline():
    table = CLEAR.iloc[[2, 0, 1]].reset_index(drop=True)
    assert "No model has a higher MAP@10 than the baseline, popularity." in compare(table)


def test_another_model_that_reaches_further_is_named():
    wide = CLEAR.assign(coverage=[0.5, 0.6, 0.01])
    assert "name 50 % of the songs; those of user-KNN reach further, 60 %." in compare(wide)
    assert "name 77 % of the songs, no model's more." in compare()


def test_one_model_alone_is_compared_with_nothing():
    alone = CLEAR.iloc[[2]].reset_index(drop=True)
    text = compare(alone, GAINS.iloc[:0], compared())
    assert "significantly" not in text
    assert "pairs of models" not in text
    assert "no model's more" not in text
    assert "No model has a higher MAP@10" in text


def test_only_a_synthetic_log_is_called_synthetic():
    assert "synthetic" not in compare()
    assert "On the synthetic log `p`" in compare(synthetic=True)
    assert "decided on real data" in compare(synthetic=True)


def test_artists_are_not_called_songs():
    text = compare(item="artist")
    assert "artists" in text
    assert "song" not in text


def test_values_are_rounded_and_finite_or_absent():
    found = findings_compare.values(CLEAR, GAINS.assign(ratio=[np.nan, 5.07123]), "popularity", 10)
    assert found["best"] == "item_knn"
    assert found["item_knn.average_precision@10"] == 0.1146
    assert found["item_knn.average_precision@10.ratio"] == 5.071
    assert found["user_knn.average_precision@10.ratio"] is None


def activity(few: float, many: float, half: float) -> pd.DataFrame:
    rows = [
        ["item_knn", group, value, value - half, value + half, 100]
        for group, value in (("5", few), ("6 to 90", many))
    ]
    return pd.DataFrame(rows, columns=["model", "group", "value", "ci_low", "ci_high", "n_users"])


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (activity(0.10, 0.15, 0.01), "users it knows more of are served better, by 0.050 ± 0.014"),
        (activity(0.15, 0.10, 0.01), "users it knows less of are served better, by 0.050 ± 0.014"),
        (activity(0.10, 0.11, 0.01), "is within noise"),
        (activity(0.10, 0.15, 0.01).iloc[:1], "about the same number of known songs"),
    ],
)
def test_history_helps_only_where_the_interval_says_so(table, said):
    rows = pd.DataFrame(
        {
            "model": ["item_knn"],
            "metric": "hit_rate",
            "k": 10,
            "value": 0.6,
            "ci_low": 0.5,
            "ci_high": 0.7,
            "n_users": 9,
        }
    )
    text = findings_evaluate.evaluate("p", rows, table, 10, False)
    assert said in text
    assert "item-KNN 60.0 % (50.0 to 70.0 %)" in text


def test_training_says_what_the_lists_look_like():
    facts = {"users": 2, "n": 100, "full": 0.5, "songs": 40, "cutoff": 10, "distinct": 10, "top": 0.3}
    text = findings_train.train("p", "user_knn", "UserKNN", {"neighbours": 100}, facts, True, "artist")
    assert (
        "`user_knn` (UserKNN, neighbours = 100) made lists of up to 100 artists for 2 test users of "
        "the synthetic log `p`" in text
    )
    assert "50 % of the lists are full. The others end" in text
    assert "10 different artists, 25 % of the catalogue" in text
    full = findings_train.train("p", "ease", "EASE", {}, facts | {"full": 1.0}, False)
    assert "100 % of the lists are full." in full
    assert "The others end" not in full


def test_recommendations_are_counted_and_prove_nothing():
    rows = pd.DataFrame(
        {
            "user": ["u", "u", "v"],
            "kind": ["recommended", "history", "recommended"],
            "hit": [True, None, False],
        }
    )
    text = findings_recommend.recommend("p", "item_knn", rows, 1.0, False)
    assert (
        "Of the 2 places in these lists of item-KNN for 2 users of the log `p`, 1 holds a song that" in text
    )
