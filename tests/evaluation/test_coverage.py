"""What an interval promises it keeps: by simulation, on values like those of users."""

import numpy as np
import pytest
from per_user import frame

from songrec.evaluation import paired_difference, paired_ratio, summarise
from songrec.evaluation.bootstrap import studentised_interval
from songrec.evaluation.statistics import mean_interval

BASELINE, MODEL = 0.13, 0.45
"""Share of users with any hit: popularity on the Taste Profile, and a model that knows better."""


def average_precision(random, users: int, runs: int, share: float) -> tuple[np.ndarray, float]:
    """Nothing for most users, of the others a share that is skewed as well: (values, their true mean)."""
    values = (random.random((users, runs)) < share) * random.beta(0.5, 2.5, (users, runs))
    return values, share * 0.5 / 3.0


def covered(low, high, mean: float) -> float:
    return float(np.mean((low <= mean) & (mean <= high)))


@pytest.mark.slow
@pytest.mark.parametrize("share", [BASELINE, MODEL])
@pytest.mark.parametrize(("users", "runs"), [(300, 3000), (3000, 1200)])
def test_the_published_interval_covers_the_mean_19_times_in_20(users, runs, share):
    values, mean = average_precision(np.random.default_rng(11), users, runs, share)
    table = summarise(frame(values, "average_precision"))
    assert 0.93 <= covered(table.ci_low, table.ci_high, mean) <= 0.97
    for missed in (mean < table.ci_low, mean > table.ci_high):  # 2.5 % each: neither end does all the work
        assert 0.01 <= missed.mean() <= 0.045


def test_students_interval_would_not_where_few_users_have_a_hit():
    """Why the published one is the bootstrap's: t is below the mean far too often, and hardly ever above."""
    values, mean = average_precision(np.random.default_rng(11), 300, 6000, BASELINE)
    _, _, low, high = mean_interval(values)
    assert covered(low, high, mean) < 0.93
    assert (mean > high).mean() > 5 * (mean < low).mean()


def bernoulli(random, shape):
    return summarise(frame((random.random(shape) < 0.2).astype(float))), 0.2


def like_precision(random, shape):
    return summarise(frame(random.binomial(10, random.beta(1, 9, shape)) / 10)), 0.1


def correlated(random, shape):
    """Two models on the same users: means .4 * .25 and .6 * .25 * .5, easy users easy for both."""
    luck, taste = random.random(shape), random.beta(0.5, 1.5, shape)
    ours, theirs = (luck < 0.4) * taste, (luck < 0.6) * taste * random.random(shape)
    return frame(ours), frame(theirs), 0.4 * 0.25, 0.6 * 0.25 * 0.5


def difference(random, shape):
    ours, theirs, a, b = correlated(random, shape)
    return paired_difference(ours, theirs), a - b


def ratio(random, shape):
    ours, theirs, a, b = correlated(random, shape)
    return paired_ratio(ours, theirs), a / b


def good_models(random, shape):
    """The difference of two good models: easy users easy for both, the same for half of all users."""
    easy = random.random(shape)
    ours = (easy < 0.45) * random.beta(0.5, 2.5, shape)
    theirs = np.where(random.random(shape) < 0.5, ours, (easy < 0.4) * random.beta(0.5, 2.5, shape))
    return paired_difference(frame(ours), frame(theirs)), 0.5 * (0.45 - 0.4) * 0.5 / 3.0


def gain(random, shape):
    """A model over the charts: users whom the charts serve are served by the model, and more besides."""
    easy = random.random(shape)
    theirs = (easy < BASELINE) * random.beta(0.5, 2.5, shape)
    ours = (easy < MODEL) * random.beta(0.5, 2.5, shape)
    return paired_ratio(frame(ours), frame(theirs)), MODEL / BASELINE


@pytest.mark.parametrize(
    ("draw", "seed", "users", "runs"),
    [
        (bernoulli, 1, 300, 3000),
        (like_precision, 1, 300, 3000),
        (difference, 2, 300, 3000),
        (ratio, 3, 300, 3000),
        (good_models, 12, 300, 3000),
        (good_models, 12, 3000, 800),
        (gain, 16, 1000, 2000),
    ],
)
def test_an_interval_holds_what_it_estimates_19_times_in_20(draw, seed, users, runs):
    table, truth = draw(np.random.default_rng(seed), (users, runs))
    assert table.ci_low.notna().all()
    assert 0.93 <= covered(table.ci_low, table.ci_high, truth) <= 0.97


def test_the_bootstrap_is_that_of_the_textbook():
    """Against the same draws, one resample at a time."""
    values = np.random.default_rng(13).exponential(size=(80, 2))
    low, high = studentised_interval(values, 0.9, resamples=4000, seed=1)
    scores = []
    for drawn in np.random.default_rng(1).integers(0, 80, (4000, 80)):
        again = values[drawn]
        scores.append((again.mean(axis=0) - values.mean(axis=0)) / (again.std(axis=0, ddof=1) / 80**0.5))
    bottom, top = np.quantile(scores, [0.05, 0.95], axis=0)
    se = values.std(axis=0, ddof=1) / 80**0.5
    np.testing.assert_allclose(low, values.mean(axis=0) - top * se, rtol=1e-10)
    np.testing.assert_allclose(high, values.mean(axis=0) - bottom * se, rtol=1e-10)


def test_the_bootstrap_is_the_same_every_time_in_any_blocks(monkeypatch):
    values = np.random.default_rng(14).random((60, 3)) ** 4
    whole = studentised_interval(values, 0.95)
    np.testing.assert_array_equal(whole, studentised_interval(values, 0.95))
    alone = studentised_interval(values[:, 1:2], 0.95)  # the same resamples for every column
    np.testing.assert_allclose(np.ravel(alone), [end[1] for end in whole], rtol=1e-12)
    monkeypatch.setattr("songrec.evaluation.bootstrap.CELLS", 60 * 7)
    np.testing.assert_allclose(whole, studentised_interval(values, 0.95), rtol=1e-12)
    assert not np.allclose(whole, studentised_interval(values, 0.95, seed=1), rtol=1e-6)


def test_where_the_bootstrap_has_no_answer_it_says_so_and_students_stands_in():
    random = np.random.default_rng(15)
    values = np.zeros((300, 4))
    values[:3, 0] = 1.0  # in one resample of twenty nobody has anything
    values[:, 1] = 0.1
    values[:20, 2] = 1.0
    values[:, 3] = random.random(300)
    low, high = studentised_interval(values, 0.95)
    assert np.isnan(low).tolist() == np.isnan(high).tolist() == [True, True, False, False]
    assert np.isnan(studentised_interval(values[:29], 0.95)).all()
    table = summarise(frame(values))
    _, _, bottom, top = mean_interval(values)
    np.testing.assert_array_equal(table.ci_low[:2], np.maximum(bottom[:2], 0))  # of shares
    np.testing.assert_array_equal(table.ci_high[:2], top[:2])
    assert (table.ci_high - table["value"])[2] > (table["value"] - table.ci_low)[2] * 1.3
    assert (table.ci_low <= table["value"]).all()
    assert (table["value"] <= table.ci_high).all()
