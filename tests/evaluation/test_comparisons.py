"""Tests of paired differences: against enumeration, SciPy, hand calculation, and what they promise."""

from itertools import product

import numpy as np
import pytest
from scipy import stats

from songrec.errors import DataError
from songrec.evaluation.comparisons import (
    cohens_d,
    holm,
    minimum_detectable_difference,
    sign_flip,
    signed_rank,
    win_rate_difference,
)

FIRST, SECOND = np.array([0]), np.array([1])


def test_the_permutation_test_of_eight_users_counts_all_256_patterns():
    values = np.random.default_rng(1).random((8, 2)) + np.array([0.25, 0.0])
    difference = values[:, 0] - values[:, 1]
    sums = [abs(np.dot(signs, difference)) for signs in product((1, -1), repeat=8)]
    expected = np.mean([each >= abs(difference.sum()) - 1e-12 for each in sums])
    assert sign_flip(values, FIRST, SECOND) == pytest.approx([expected], abs=1e-15)
    scipys = stats.permutation_test((difference,), np.mean, permutation_type="samples", n_resamples=256)
    assert sign_flip(values, FIRST, SECOND) == pytest.approx([scipys.pvalue], abs=1e-12)


def test_drawing_patterns_comes_near_to_counting_them():
    values = np.random.default_rng(2).random((12, 2)) + np.array([0.12, 0.0])
    exact = sign_flip(values, FIRST, SECOND)[0]
    drawn = sign_flip(values, FIRST, SECOND, draws=4000)[0]  # fewer than the 4,096 there are
    assert 0.05 < exact < 0.95
    assert drawn == pytest.approx(exact, abs=4 * (exact * (1 - exact) / 4000) ** 0.5)
    assert drawn != exact


def test_permutation_p_values_are_uniform_when_models_are_alike():
    """On values that are mostly 0: one in twenty below .05, one in ten below .1, and so on."""
    random = np.random.default_rng(3)
    values = (random.random((60, 1600)) < 0.4) * random.beta(0.5, 2.0, (60, 1600))
    pairs = np.arange(0, 1600, 2)
    p = sign_flip(values, pairs, pairs + 1, draws=1999)
    for level in (0.05, 0.1, 0.25, 0.5, 0.75):
        assert np.mean(p <= level) == pytest.approx(level, abs=3.5 * (level * (1 - level) / 800) ** 0.5)


def test_with_many_users_the_permutation_test_is_the_paired_t_test():
    random = np.random.default_rng(4)
    values = random.random((400, 1)) + random.normal(0, 0.2, (400, 6)) + np.linspace(0, 0.02, 6)
    second = np.arange(1, 6)
    p = sign_flip(values, np.zeros(5, int), second)
    expected = [stats.ttest_rel(values[:, 0], values[:, each]).pvalue for each in second]
    np.testing.assert_allclose(p, expected, atol=0.015)
    assert min(expected) < 0.5


def test_models_with_the_same_values_do_not_differ_and_p_is_never_nothing():
    random = np.random.default_rng(5)
    ours = random.random(200)
    values = np.column_stack([ours, ours, ours + 1.0])
    p = sign_flip(values, np.array([0, 0]), np.array([1, 2]))
    assert p[0] == 1
    assert p[1] == 1 / 10_000


def test_there_are_draws_enough_for_holm_whatever_the_table():
    values = np.zeros((80, 2))
    values[:, 0] = 1.0
    many = np.zeros(300, int)
    p = sign_flip(values, many, many + 1)
    assert (holm(p) <= 0.01 + 1e-12).all()


def test_the_order_of_a_pair_and_the_size_of_blocks_change_nothing(monkeypatch):
    values = np.random.default_rng(6).random((64, 3))
    first, second = np.array([0, 1, 2]), np.array([1, 2, 0])
    p = sign_flip(values, first, second, draws=999)
    np.testing.assert_array_equal(p, sign_flip(values, second, first, draws=999))
    monkeypatch.setattr("songrec.evaluation.comparisons.CELLS", 64 * 8)
    np.testing.assert_allclose(p, sign_flip(values, first, second, draws=999), atol=0.06)


def test_the_signed_rank_test_is_scipys_with_zeros_by_pratt():
    random = np.random.default_rng(7)
    differences = np.where(random.random((150, 3)) < 0.5, 0, random.normal(0.03, 0.1, (150, 3)))
    expected = [
        stats.wilcoxon(column, zero_method="pratt", method="asymptotic").pvalue
        for column in differences.round(12).T
    ]
    np.testing.assert_allclose(signed_rank(differences), expected, rtol=1e-12)
    assert signed_rank(np.zeros((20, 2))).tolist() == [1, 1]


def test_the_signed_rank_statistic_by_hand():
    """Differences 0, 1, -2, 3, 4: ranks 1 to 5 with the zero first, W = 2 + 4 + 5 = 11 against 3.

    Under the null the ranks 2 to 5 have random signs: mean 7, variance (4 + 9 + 16 + 25) / 4.
    """
    z = (11 - 7) / ((4 + 9 + 16 + 25) / 4) ** 0.5
    found = signed_rank(np.array([[0.0], [1.0], [-2.0], [3.0], [4.0]]))
    assert found[0] == pytest.approx(2 * stats.norm.sf(z), rel=1e-9)


def test_holms_own_steps():
    # Four tests: .005 * 4, .01 * 3, .03 * 2, and .04 * 1, which may not fall below the one before.
    assert holm(np.array([0.01, 0.04, 0.03, 0.005])) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm(np.array([0.6, 0.7])).tolist() == [1, 1]
    assert holm(np.array([])).size == 0


def test_holm_leaves_out_what_was_not_tested():
    adjusted = holm(np.array([np.nan, 0.02, 0.03, np.nan]))
    assert adjusted[1:3] == pytest.approx([0.04, 0.04])
    assert np.isnan(adjusted[[0, 3]]).all()
    with pytest.raises(DataError, match="between 0 and 1"):
        holm(np.array([0.1, 1.2]))


def test_holm_lies_between_no_correction_and_bonferronis():
    p = np.random.default_rng(8).random(40) ** 3
    adjusted = holm(p)
    assert (p <= adjusted).all()
    assert (adjusted <= np.minimum(40 * p, 1)).all()
    assert (np.diff(adjusted[np.argsort(p)]) >= 0).all()


def test_holm_errs_in_one_table_of_twenty():
    """Tables of 15 true null hypotheses that share their users: some "difference" in at most 5 %."""
    random = np.random.default_rng(9)
    first, second = np.triu_indices(6, 1)
    users, tables = 40, 300
    values = random.random((users, 6 * tables)) ** 3
    start = 6 * np.arange(tables)[:, None]
    p = sign_flip(values, (start + first).ravel(), (start + second).ravel(), draws=2999).reshape(tables, -1)
    wrong = np.mean([(holm(row) < 0.05).any() for row in p])
    assert wrong <= 0.05 + 3 * (0.05 * 0.95 / tables) ** 0.5
    assert np.mean((p < 0.05).any(axis=1)) > 0.2  # what would be called different without it


def test_effect_sizes_by_hand():
    differences = np.array([[0.1, 0.0, 0.2], [0.3, 0.0, 0.2], [-0.1, 0.0, 0.2], [0.0, 0.0, 0.2]])
    mean, deviation = 0.075, np.sqrt(((0.025**2) + (0.225**2) + (0.175**2) + (0.075**2)) / 3)
    d = cohens_d(differences)
    assert d[:2] == pytest.approx([mean / deviation, 0])
    assert np.isnan(d[2])
    assert win_rate_difference(differences).tolist() == [0.25, 0, 1]
    assert np.isnan(cohens_d(differences[:1, :1])).all()


def test_the_detectable_difference_is_found_four_times_in_five():
    random = np.random.default_rng(10)
    users, runs = 250, 3000
    noise = (random.random((users, runs)) < 0.5) * random.normal(0, 1, (users, runs))
    smallest = minimum_detectable_difference(noise)
    np.testing.assert_allclose(smallest, 2.8016 * noise.std(axis=0, ddof=1) / users**0.5, rtol=1e-4)
    found = stats.ttest_1samp(noise + smallest.mean(), 0, axis=0).pvalue < 0.05
    assert found.mean() == pytest.approx(0.8, abs=0.03)
