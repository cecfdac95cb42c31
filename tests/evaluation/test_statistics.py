"""Intervals by the textbook; `test_coverage` holds what they promise."""

import numpy as np
import pandas as pd
import pytest
from per_user import frame

from songrec.errors import DataError
from songrec.evaluation import means_of, paired_difference, paired_ratio, summarise


def test_summary_by_the_textbook():
    # Values 1, 2, 3, 4: s = sqrt(5/3), se = s / 2, and t with 3 degrees of freedom is 3.182446.
    row = summarise(frame([[1], [2], [3], [4]])).iloc[0]
    se = (5 / 3) ** 0.5 / 2
    assert row.to_dict() == {
        "metric": "ndcg",
        "k": 1,
        "value": 2.5,
        "se": pytest.approx(se, rel=1e-12),
        "ci_low": pytest.approx(2.5 - 3.182446305284263 * se, rel=1e-9),
        "ci_high": pytest.approx(2.5 + 3.182446305284263 * se, rel=1e-9),
        "n_users": 4,
    }


def test_the_interval_of_few_users_is_scipys():
    from scipy import stats

    values = np.random.default_rng(4).random(29)
    row = summarise(frame(values[:, None])).iloc[0]
    low, high = stats.t.interval(0.95, 28, loc=values.mean(), scale=stats.sem(values))
    assert (row.ci_low, row.ci_high) == pytest.approx((low, high), rel=1e-12)


def test_a_paired_difference_is_scipys_paired_t_test():
    from scipy import stats

    rng = np.random.default_rng(6)
    a, b = rng.random(41), rng.random(41)
    row = paired_difference(frame(a[:, None]), frame(b[:, None])).iloc[0]
    expected = stats.ttest_rel(a, b).confidence_interval(0.95)
    assert row["value"] == pytest.approx(a.mean() - b.mean(), rel=1e-12)
    assert (row.ci_low, row.ci_high) == pytest.approx((expected.low, expected.high), rel=1e-9)
    assert row.n_users == 41


def test_fiellers_ends_are_the_ratios_that_a_paired_t_test_just_fails_to_reject():
    from scipy import stats

    rng = np.random.default_rng(7)
    a, b = rng.random(31) + 0.5, rng.random(31) + 0.2
    row = paired_ratio(frame(a[:, None]), frame(b[:, None])).iloc[0]
    assert row["value"] == pytest.approx(a.mean() / b.mean(), rel=1e-12)
    assert row.ci_low < row["value"] < row.ci_high
    for end in (row.ci_low, row.ci_high):
        assert stats.ttest_rel(a, end * b).pvalue == pytest.approx(0.05, rel=1e-6)


def test_pairing_goes_by_user_and_column_not_by_place():
    rng = np.random.default_rng(8)
    a, b = frame(rng.random((9, 2))), frame(rng.random((9, 2)))
    shuffled = b.sample(frac=1, random_state=1)[["ndcg@2", "ndcg@1"]]
    assert not shuffled.index.equals(b.index)
    pd.testing.assert_frame_equal(paired_difference(a, shuffled), paired_difference(a, b), check_exact=True)
    pd.testing.assert_frame_equal(paired_ratio(a, shuffled), paired_ratio(a, b), check_exact=True)


@pytest.mark.parametrize("compare", [paired_difference, paired_ratio])
def test_other_users_or_columns_are_refused(compare):
    a = frame(np.ones((4, 2)))
    with pytest.raises(DataError, match="same users"):
        compare(a, a.iloc[1:])
    with pytest.raises(DataError, match="same users"):
        compare(a, a.set_index(a.index + 1))
    with pytest.raises(DataError, match="same users"):
        compare(a, pd.concat([a.iloc[:3], a.iloc[:1]]))
    with pytest.raises(DataError, match="same columns"):
        compare(a, a[["ndcg@1"]])


def test_one_user_has_a_mean_and_nothing_more():
    one = frame([[0.5]])
    tables = {0.5: summarise(one), 0.0: paired_difference(one, one), 1.0: paired_ratio(one, one)}
    for value, table in tables.items():
        assert table["value"].tolist() == [value]
        assert table[["ci_low", "ci_high"]].isna().all(axis=None)
    assert summarise(one).se.isna().all()


def test_equal_values_leave_no_width_and_a_model_against_itself_no_gain():
    same, varied = frame([[0.25]] * 5), frame([[0.1], [0.4], [0.2], [0.3]])
    assert summarise(same)[["se", "ci_low", "ci_high"]].iloc[0].tolist() == [0, 0.25, 0.25]
    row = paired_difference(varied, varied).iloc[0]
    assert (row["value"], row.se, row.ci_low, row.ci_high) == (0, 0, 0, 0)
    row = paired_ratio(varied, varied).iloc[0]
    assert (row["value"], row.ci_low, row.ci_high) == pytest.approx((1, 1, 1), abs=1e-7)


@pytest.mark.parametrize("value", [0.1, 0.3, 1 / 3, 1 / 7])
def test_equal_values_whose_mean_is_rounded_have_no_error_either(value):
    same = frame(np.full((1009, 2), value))
    for n in (10, 1000, 1009):
        row = summarise(same[:n]).iloc[0]
        assert row.se == 0
        assert row.ci_low == row.value == row.ci_high
    row = paired_difference(same, same * 0).iloc[0]
    assert row.se == 0
    assert row.ci_low == row["value"] == row.ci_high
    mixed = same.copy()
    mixed.iloc[0, 0] += 1e-9
    assert (summarise(mixed).se > 0).tolist() == [True, False]


def test_no_ratio_is_claimed_over_a_baseline_that_may_be_nothing():
    ours = frame([[0.3], [0.2], [0.4]])
    never = paired_ratio(ours, frame([[0.0], [0.0], [0.0]])).iloc[0]
    assert np.isnan([never["value"], never.ci_low, never.ci_high]).all()
    hardly = paired_ratio(ours, frame([[0.1], [0.0], [0.0]])).iloc[0]
    assert hardly["value"] == pytest.approx(9)
    assert np.isnan([hardly.ci_low, hardly.ci_high]).all()


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (frame(np.zeros((0, 1))), "at least one user"),
        (frame([[0.1], [np.nan]]), "finite"),
        (pd.DataFrame({"ndcg": [0.1, 0.2]}), "metric@k"),
    ],
)
def test_tables_that_hold_no_per_user_values_are_refused(table, message):
    with pytest.raises(DataError, match=message):
        summarise(table)


def test_means_of_several_columns_are_those_of_each_alone():
    rng = np.random.default_rng(1)
    values = {"a": rng.random(50), "b": rng.random(50), "c": rng.random(50), "d": np.full(50, np.nan)}
    values["b"][:10] = np.nan
    found = means_of(values)
    assert found["n_users"].tolist() == [50, 40, 50, 0]
    assert np.isnan(found.loc["d", "value"])
    for name in "abc":
        alone = values[name][~np.isnan(values[name])]
        row = summarise(pd.DataFrame({"x@1": alone})).iloc[0]
        for column in ("value", "ci_low", "ci_high"):
            assert found.loc[name, column] == pytest.approx(row[column], rel=1e-12)
