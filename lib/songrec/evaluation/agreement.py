r"""Do two ways of measuring put models in the same order? Kendall's tau, and significant reversals."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from songrec.errors import DataError
from songrec.evaluation.statistics import mean_interval


@dataclass(frozen=True)
class Agreement:
    """How far two orders of the same models agree.

    Attributes
    ----------
    tau : float
        Kendall's tau-b between the means; 1 the same order, -1 the opposite one, NaN where by one
        of them no two models differ.
    pairs : int
        Pairs of models.
    reversed : list of (str, str)
        Pairs (better by the first way, better by the second) whose means stand in opposite orders.
    significant : list of (str, str)
        Those of them whose paired difference has an interval that excludes 0 by both ways.
    """

    tau: float
    pairs: int
    reversed: list[tuple[str, str]]
    significant: list[tuple[str, str]]


def same_order(first: Mapping[str, np.ndarray], second: Mapping[str, np.ndarray]) -> Agreement:
    r"""Compare two ways of measuring, each model -> per-user values; within one way all have the same users.

    Tau-b (Kendall 1945) is :math:`\sum_{i<j} s_{ij} t_{ij} / \sqrt{\sum s_{ij}^2 \sum t_{ij}^2}` over the
    pairs of models, with s and t the signs of the differences of their means. Whether a difference is
    significant is decided by its paired 95 % interval, each pair by itself.

    >>> users = np.linspace(-0.01, 0.01, 20)
    >>> one = {"a": 0.1 + users, "b": 0.2 + 2 * users, "c": 0.3 - users}
    >>> other = {"a": 0.1 + users, "b": 0.4 + 2 * users, "c": 0.3 - users}
    >>> found = same_order(one, other)
    >>> round(found.tau, 3), found.pairs, found.reversed, found.significant
    (0.333, 3, [('c', 'b')], [('c', 'b')])
    """
    if list(first) != list(second):
        raise DataError("two orders can be compared only of the same models")
    models = list(first)
    i, j = np.triu_indices(len(models), 1)
    signs, apart = [], []
    for way in (first, second):
        values = np.column_stack([way[model] for model in models])
        mean, _, low, high = mean_interval(values[:, i] - values[:, j])
        signs.append(np.where(np.abs(mean) < 1e-12, 0, np.sign(mean)))  # equal sums, rounded differently
        apart.append((low > 0) | (high < 0))
    s, t = signs
    scale = np.sqrt((s**2).sum() * (t**2).sum())
    against = s * t < 0
    return Agreement(
        tau=float((s * t).sum() / scale) if scale else np.nan,
        pairs=len(i),
        reversed=_named(models, i, j, s, against),
        significant=_named(models, i, j, s, against & apart[0] & apart[1]),
    )


def _named(models: list[str], i, j, sign, chosen) -> list[tuple[str, str]]:
    return [
        (models[a], models[b]) if way > 0 else (models[b], models[a])
        for a, b, way in zip(i[chosen], j[chosen], sign[chosen], strict=True)
    ]
