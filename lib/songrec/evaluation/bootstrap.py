"""The bootstrap over users: what the mean would have been, had other users of the same kind come.

From n users n are drawn with replacement, again and again (Efron 1979). A resample is a row of n counts, so
that `RESAMPLES` of them are one matrix, and all means of all columns are its product with the values: drawn
and multiplied in blocks, so that memory stays bounded however many users there are.
"""

import numpy as np

RESAMPLES = 2000
SEED = 20101
CELLS = 4_000_000
"""Resamples x users held at a time: 32 MB of float64."""

FEWEST = 30
"""Users below which a sample is too coarse to stand for the population it came from."""

_WITHOUT_SPREAD = 0.001


def studentised_interval(
    values: np.ndarray, level: float, resamples: int = RESAMPLES, seed: int = SEED
) -> tuple[np.ndarray, np.ndarray]:
    r"""Ends of the bootstrap-t interval of each column's mean.

    Parameters
    ----------
    values : float64 array (n_users, columns)
        Finite.
    level : float
        Coverage, as .95.
    resamples : int
        How often the users are drawn.
    seed : int
        The same seed and number of users give the same resamples for every model, so that columns are
        comparable.

    Returns
    -------
    low : float64 array (columns,)
        Lower ends.
    high : float64 array (columns,)
        Upper ends. Both are NaN where the bootstrap has no answer: for fewer than `FEWEST` users, and for a
        column in which more than one resample in a thousand finds all its users alike (no more than about
        seven differ from the rest).

    Notes
    -----
    Each resample b gives :math:`T_b = (\bar x_b - \bar x) / se_b` with its own standard error. With
    :math:`q_p` the p-quantile of these, the interval is :math:`[\bar x - q_{.975}\, se,\; \bar x - q_{.025}\,
    se]` at level .95. Where values are skewed the mean and its standard error err together, and the
    distribution of T is skewed; Student's t, which is symmetric, cannot be. Sums are taken in float64, so
    another number of threads changes the ends by 1e-13 at most.

    References
    ----------
    Efron & Tibshirani 1993, "An introduction to the bootstrap", section 12.5.

    Examples
    --------
    >>> users = np.random.default_rng(1).exponential(size=(400, 1))      # of mean 1, skewed to the right
    >>> low, high = studentised_interval(users, 0.95)
    >>> (users.mean() - low).round(2), (high - users.mean()).round(2)    # further up than down
    (array([0.09]), array([0.11]))
    """
    n = len(values)
    if n < FEWEST:
        return np.full(values.shape[1], np.nan), np.full(values.shape[1], np.nan)
    mean = values.mean(axis=0)
    centred = values - mean
    both = np.concatenate([centred, centred**2], axis=1)
    scores = np.concatenate([_scores(block @ both / n, n) for block in _resamples(n, resamples, seed)])
    alike = ~np.isfinite(scores)
    tail = (1 - level) / 2
    bottom, top = np.quantile(np.where(alike, 0.0, scores), [tail, 1 - tail], axis=0)
    se = centred.std(axis=0, ddof=1) / np.sqrt(n)
    known = alike.mean(axis=0) <= _WITHOUT_SPREAD
    return np.where(known, mean - top * se, np.nan), np.where(known, mean - bottom * se, np.nan)


def _resamples(n: int, resamples: int, seed: int):
    """How often each user was drawn, float64 (some resamples, n), block by block."""
    random = np.random.default_rng(seed)
    rows = max(1, CELLS // n)
    for start in range(0, resamples, rows):
        drawn = random.integers(0, n, (min(rows, resamples - start), n))
        yield np.stack([np.bincount(row, minlength=n) for row in drawn]).astype(np.float64)


def _scores(moments: np.ndarray, n: int) -> np.ndarray:
    """T of each resample and column, from the means of centred values and of their squares; NaN if alike."""
    mean, square = np.hsplit(moments, 2)
    spread = square - mean**2
    alike = spread <= 1e-9 * square  # without rounding: zero
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(alike, np.nan, mean / np.sqrt(spread / (n - 1)))
