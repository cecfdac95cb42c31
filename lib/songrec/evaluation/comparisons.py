"""Tests, effect sizes and power for models compared on the same users.

`differences` are float64 (n_users, comparisons): a model's value for a user minus another model's. The null
hypothesis is that, for every user, the two models could be swapped.
"""

import numpy as np
from scipy.special import ndtri

from songrec.errors import DataError

SEED = 20102
ALPHA = 0.05
"""Significance level of the whole table of comparisons, two-sided."""

POWER = 0.8
DRAWS = 9_999
PER_COMPARISON = 100
"""Draws for each comparison of the table: the smallest p, times the number of comparisons, is then .01."""

CELLS = 2_000_000
"""Draws x users, or x comparisons, held at a time: 16 MB of float64."""


def sign_flip(
    values: np.ndarray, first: np.ndarray, second: np.ndarray, draws: int | None = None, seed: int = SEED
) -> np.ndarray:
    r"""Two-sided p-values of the paired permutation test of the mean.

    Parameters
    ----------
    values : float64 array (n_users, columns)
        Values of the models.
    first, second : int array (comparisons,)
        Comparison j is of the columns `first[j]` and `second[j]`.
    draws : int, optional
        By default `DRAWS`, or `PER_COMPARISON` for each comparison if that is more.
    seed : int
        Of the draws.

    Returns
    -------
    float64 array (comparisons,)
        p-values.

    Notes
    -----
    If two models could be swapped for each user, each difference could as well have the other sign (Fisher
    1935; of rankings: Smucker et al. 2007). All signs of a user flip together, so that a draw costs one
    product with the columns, and the pairs are subtractions. With at most `draws` sign patterns all are
    counted and p is exact; else it is :math:`(1 + \#\{|S_b| \ge |S|\}) / (1 + \text{draws})`, never 0
    (Phipson & Smyth 2010).

    Examples
    --------
    >>> values = np.array([[0.9, 0.4], [0.8, 0.5], [0.7, 0.6], [0.9, 0.1]])
    >>> sign_flip(values, np.array([0]), np.array([1]))     # all four better: 2 of 16 patterns are as extreme
    array([0.125])
    """
    n, draws = len(values), draws or max(DRAWS, PER_COMPARISON * len(first) - 1)
    observed = values.sum(axis=0)
    reached = np.abs(observed[first] - observed[second])
    # Sums of the same differences in another order differ by their rounding: they count as equal.
    least = reached - 1e-10 * np.abs(values).sum(axis=0).max(initial=0.0)
    exact = n < 50 and 2**n <= draws + 1
    extreme = np.zeros(len(first), np.int64)
    rows = max(1, CELLS // max(n, len(first)))
    for signs in _all_signs(n) if exact else _some_signs(n, draws, seed, rows):
        sums = signs @ values
        extreme += (np.abs(sums[:, first] - sums[:, second]) >= least).sum(axis=0)
    return extreme / 2**n if exact else (1 + extreme) / (1 + draws)


def _all_signs(n: int):
    patterns = np.arange(2**n)[:, None] >> np.arange(n)
    yield 1.0 - 2.0 * (patterns & 1)


def _some_signs(n: int, draws: int, seed: int, rows: int):
    """Signs by the bits of a generator: float64 (some draws, n), block by block."""
    random = np.random.default_rng(seed)
    for start in range(0, draws, rows):
        count = min(rows, draws - start)
        bits = np.unpackbits(np.frombuffer(random.bytes(-(-count * n // 8)), np.uint8))[: count * n]
        yield 1.0 - 2.0 * bits.reshape(count, n)


def signed_rank(differences: np.ndarray) -> np.ndarray:
    """Two-sided p-values of Wilcoxon's signed-rank test (Wilcoxon 1945).

    Parameters
    ----------
    differences : float64 array (n_users, comparisons)
        Paired differences.

    Returns
    -------
    float64 array (comparisons,)
        p-values; 1 where no user has a difference.

    Notes
    -----
    It asks whether differences are as often and as far above 0 as below, whatever their mean. Users without a
    difference keep their place in the ranking and have no sign (Pratt 1959): most users see the same from two
    models, and leaving them out would test the others only. By the normal approximation, with ties corrected
    for.

    Examples
    --------
    >>> signed_rank(np.array([[0.1], [0.2], [0.3], [0.4], [0.5], [-0.05], [0.0]])).round(3)
    array([0.051])
    """
    from scipy.stats import wilcoxon

    differences = np.round(differences, 12)  # equal differences are ties on every processor
    found = np.ones(differences.shape[1])
    some = (differences != 0).any(axis=0)
    if some.any():
        tested = wilcoxon(differences[:, some], zero_method="pratt", method="asymptotic", axis=0)
        found[some] = tested.pvalue
    return found


def holm(p: np.ndarray) -> np.ndarray:
    r"""p-values adjusted for all comparisons of a table (Holm 1979).

    Parameters
    ----------
    p : float array (m,)
        p-values; NaN (not tested) does not count.

    Returns
    -------
    float64 array (m,)
        In the order given; NaN stays NaN.

    Notes
    -----
    With the m values in ascending order,

    .. math:: \tilde p_{(i)} = \max_{j \le i} \min(1, (m - j + 1) p_{(j)})

    Calling significant what is below .05 then errs anywhere in the table with at most that probability,
    however the comparisons depend on each other.

    Examples
    --------
    >>> holm(np.array([0.01, 0.04, 0.03, 0.005]))
    array([0.03, 0.06, 0.06, 0.02])
    """
    p = np.asarray(p, np.float64)
    if ((p < 0) | (p > 1)).any():
        raise DataError("p-values lie between 0 and 1")
    adjusted = np.full(p.shape, np.nan)
    order = np.argsort(p, kind="stable")[: np.count_nonzero(~np.isnan(p))]  # NaN stand last
    steps = np.arange(len(order), 0, -1) * p[order]
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return adjusted


def cohens_d(differences: np.ndarray) -> np.ndarray:
    r"""Mean of the differences in their standard deviations: :math:`d_z = \bar x / s` (Cohen 1988, p. 48).

    0 where no user has a difference; NaN where all have the same one, or there is one user.

    >>> cohens_d(np.array([[0.1], [0.3], [0.2]])).round(3)
    array([2.])
    """
    mean, deviation = differences.mean(axis=0), _deviation(differences)
    with np.errstate(divide="ignore", invalid="ignore"):
        d = np.where(deviation > 0, mean / deviation, np.nan)
    return np.where((differences == 0).all(axis=0), 0.0, d)


def win_rate_difference(differences: np.ndarray) -> np.ndarray:
    """Share of users for whom the first is better minus share for whom it is worse, in -1..1 (Cliff 1993).

    >>> win_rate_difference(np.array([[0.1], [0.3], [-0.2], [0.0]]))
    array([0.25])
    """
    differences = np.round(differences, 12)
    return (differences > 0).mean(axis=0) - (differences < 0).mean(axis=0)


def minimum_detectable_difference(differences: np.ndarray) -> np.ndarray:
    r"""The least true mean difference that one test at 5 % finds with a power of .8; NaN for one user.

    :math:`(z_{.975} + z_{.8})\, s / \sqrt n \approx 2.80` standard errors (Cohen 1988, chapter 2).

    >>> minimum_detectable_difference(np.tile([[0.1], [-0.1]], (200, 1))).round(4)
    array([0.014])
    """
    return (ndtri(1 - ALPHA / 2) + ndtri(POWER)) * _deviation(differences) / np.sqrt(len(differences))


def _deviation(differences: np.ndarray) -> np.ndarray:
    """Standard deviation by column; exactly 0 where all are alike, whatever the rounding of their mean."""
    if len(differences) < 2:
        return np.full(differences.shape[1], np.nan)
    same = np.ptp(differences, axis=0) == 0
    return np.where(same, 0.0, differences.std(axis=0, ddof=1))
