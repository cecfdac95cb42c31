r"""One ranking, many numbers: the definitions that other libraries give to the same four words.

Every function maps a `Hits` and a cut-off k to float64 (n_users,), as those of `metrics` do, and its
mean over the users is the number that the library prints. In the formulas h_r is the number of hits among the
first r places, n the number of songs held out, l the number of songs in the list, rel_r 1 for a hit at rank
r and else 0.

Read in each library's public code (files named below), and held to what the libraries themselves
return: all but Elliot, which is not on the package index, were run on the cases of the tests. This project
reports the first variant of each family; the others are here to be compared with, and for nothing else.

* Cornac: `cornac/metrics/ranking.py`
* Elliot: `elliot/evaluation/metrics/accuracy`, in `precision`, `recall`, `map` and `ndcg`
* LensKit: `src/lenskit/metrics/ranking`, in `_pr.py`, `_map.py` and `_dcg.py`
* Microsoft: `recommenders/evaluation/python_evaluation.py`
* RecBole: `recbole/evaluator/metrics.py`
* RecPack: `recpack/metrics`, in `precision.py`, `recall.py` and `dcg.py`
* RecTools: `rectools/metrics`, precision and recall in `classification.py`, MAP and NDCG in `ranking.py`
* implicit: `implicit/evaluation.pyx`
* irspack: `irspack/evaluation/evaluator.py`
* ranx: `ranx/metrics`, in `precision.py`, `recall.py`, `average_precision.py` and `ndcg.py`
* the Mult-VAE papers: Liang et al. 2018
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from songrec.evaluation import metrics
from songrec.evaluation.hits import Hits

Score = Callable[[Hits, int], np.ndarray]

EXAMPLE = metrics.EXAMPLE
"""What the docstrings judge: hits at ranks 1 and 3 of a list of four, for a user with n = 3."""


@dataclass(frozen=True)
class Variant:
    """One definition.

    Attributes
    ----------
    family : str
        The word that libraries use for it: precision, recall, MAP or NDCG.
    formula : str
        In words that fit a table.
    who : tuple of str
        The libraries; in brackets the metric or option where a library has several.
    score : callable
        Maps (`Hits`, k) to one number a user.
    """

    family: str
    formula: str
    who: tuple[str, ...]
    score: Score

    @property
    def libraries(self) -> str:
        return ", ".join(self.who)


def precision_listed(hits: Hits, k: int) -> np.ndarray:
    r"""Hits by the songs that are there: :math:`h_k / \min(k, l)`, so that a short list is not punished.

    LensKit gives an empty list no value, and its means counted such a user as 0 (release 2025.8) before they
    left the user out (2026.4); here it is 0.

    >>> short = Hits(np.array([[True, False, False]]), np.array([2]), n_listed=np.array([2]))
    >>> precision_listed(short, 3), metrics.precision(short, 3).round(3)
    (array([0.5]), array([0.333]))
    """
    return metrics.hits_within(hits, k) / np.maximum(np.minimum(k, hits.n_listed), 1)


def precision_pooled(hits: Hits, k: int) -> np.ndarray:
    r"""All users' hits by all users' possible hits: :math:`R = \sum_u h_k / \sum_u \min(k, n)`.

    A ratio of two sums is no mean over users. What is returned are
    :math:`R + (h_k - R \min(k, n)) / \bar m` with :math:`\bar m` the mean of min(k, n): their mean is R,
    and their spread that of R (the linearised ratio of Cochran 1977, Sampling Techniques, chapter 6), so
    that intervals and comparisons hold for it too.

    >>> two = Hits(np.array([[True, True], [False, False]]), np.array([2, 1]), np.array([2, 2]))
    >>> precision_pooled(two, 2).mean().round(4)   # (2 + 0) / (2 + 1), where the mean of h/k is .5
    np.float64(0.6667)
    """
    hits, possible = metrics.hits_within(hits, k), np.minimum(k, hits.n_relevant)
    ratio = hits.sum() / possible.sum()
    return ratio + (hits - ratio * possible) / possible.mean()


def average_precision_listed(hits: Hits, k: int) -> np.ndarray:
    r"""Divided by what the list could hold: :math:`\frac{1}{\min(n, k, l)} \sum_{r \le k} rel_r h_r / r`.

    >>> average_precision_listed(EXAMPLE, 4).round(4)   # (1/1 + 2/3) / 3
    array([0.5556])
    """
    length = np.minimum(np.minimum(k, hits.n_relevant), hits.n_listed)
    return _precisions(hits, k) / np.maximum(length, 1)


def average_precision_by_n(hits: Hits, k: int) -> np.ndarray:
    r"""Divided by all held out: :math:`\frac{1}{n} \sum_{r \le k} rel_r h_r / r`; below 1 when n > k.

    >>> average_precision_by_n(EXAMPLE, 2).round(4)   # 1 / 3
    array([0.3333])
    """
    return _precisions(hits, k) / hits.n_relevant


def average_precision_by_k(hits: Hits, k: int) -> np.ndarray:
    r"""Divided by the places: :math:`\frac{1}{k} \sum_{r \le k} rel_r h_r / r`; below 1 when n < k.

    >>> average_precision_by_k(EXAMPLE, 4).round(4)   # (1/1 + 2/3) / 4
    array([0.4167])
    """
    return _precisions(hits, k) / k


def mean_precision(hits: Hits, k: int) -> np.ndarray:
    r"""The precision at every rank, hit or not: :math:`\frac{1}{k} \sum_{r \le k} h_r / r`.

    Without the factor rel_r a miss after a hit is paid as well: a hit at rank r adds 1/r + ... + 1/k.

    >>> mean_precision(EXAMPLE, 4).round(4)   # (1/1 + 1/2 + 2/3 + 2/4) / 4
    array([0.6667])
    """
    harmonic = np.concatenate([[0.0], np.cumsum(1 / np.arange(1, k + 1))])
    return metrics.sum_over_hits(hits, k, lambda rank, _: harmonic[k] - harmonic[rank - 1]) / k


def ndcg_clipped(hits: Hits, k: int) -> np.ndarray:
    r"""The first two ranks alike: the discount :math:`\log_2 \max(r, 2)` of Järvelin & Kekäläinen 2002.

    >>> ndcg_clipped(EXAMPLE, 4).round(4)   # (1 + 1/log2(3)) / (1 + 1 + 1/log2(3))
    array([0.6199])
    """
    discount = 1 / np.log2(np.maximum(np.arange(1, k + 1), 2))
    best = np.cumsum(discount)[np.minimum(k, hits.n_relevant) - 1]
    return metrics.sum_over_hits(hits, k, lambda rank, _: discount[rank - 1]) / best


def ndcg_full_ideal(hits: Hits, k: int) -> np.ndarray:
    r"""Divided by k hits even where fewer songs were held out: :math:`\sum_{r \le k} rel_r / \log_2(r+1)`
    over :math:`\sum_{r \le k} 1 / \log_2(r + 1)`; below 1 when n < k.

    >>> ndcg_full_ideal(EXAMPLE, 4).round(4)   # (1 + 1/2) / (1 + 1/log2(3) + 1/2 + 1/log2(5))
    array([0.5856])
    """
    discount = 1 / np.log2(np.arange(1, k + 1) + 1)
    return metrics.sum_over_hits(hits, k, lambda rank, _: discount[rank - 1]) / discount.sum()


def _precisions(hits: Hits, k: int) -> np.ndarray:
    """The sum that all average precisions share: of h_r / r over the hits."""
    return metrics.sum_over_hits(hits, k, lambda rank, ordinal: ordinal / rank)


_BOTH = ("RecBole", "RecTools", "Elliot", "RecPack", "Microsoft", "Cornac", "irspack", "ranx")
"""Who defines precision, and recall, as they are most often meant."""

VARIANTS: dict[str, Variant] = {
    "precision": Variant("precision", "hits / K", _BOTH, metrics.precision),
    "precision_listed": Variant("precision", "hits / songs listed", ("LensKit",), precision_listed),
    "precision_pooled": Variant("precision", "all hits / sum of min(K, n)", ("implicit",), precision_pooled),
    "recall": Variant("recall", "hits / n", _BOTH, metrics.recall),
    "recall_capped": Variant(
        "recall",
        "hits / min(K, n)",
        (
            *("LensKit", "RecPack (calibrated)", "RecTools (r_precision)"),
            *("irspack (recall_with_cutoff)", "the Mult-VAE papers"),
        ),
        metrics.recall_capped,
    ),
    "average_precision": Variant(
        "MAP", "AP / min(n, K)", ("implicit", "RecBole", "Microsoft (map_at_k)"), metrics.average_precision
    ),
    "average_precision_listed": Variant(
        "MAP", "AP / min(n, songs listed)", ("LensKit",), average_precision_listed
    ),
    "average_precision_by_n": Variant(
        "MAP", "AP / n", ("RecTools", "Microsoft (map)", "irspack", "ranx"), average_precision_by_n
    ),
    "average_precision_by_k": Variant("MAP", "AP / K", ("RecTools (divide_by_k)",), average_precision_by_k),
    "mean_precision": Variant("MAP", "mean of precision@1..K", ("Elliot",), mean_precision),
    "ndcg": Variant(
        "NDCG",
        "log2(rank + 1), ideal of min(n, K)",
        (
            *("implicit", "RecBole", "Elliot", "RecPack", "Microsoft", "Cornac", "irspack", "ranx"),
            *("RecTools (divide_by_achievable)", "LensKit (offset=1)"),
        ),
        metrics.ndcg,
    ),
    "ndcg_clipped": Variant("NDCG", "ranks 1 and 2 alike", ("LensKit",), ndcg_clipped),
    "ndcg_full_ideal": Variant("NDCG", "log2(rank + 1), ideal of K", ("RecTools",), ndcg_full_ideal),
}
"""Every definition by name; the first of each family is the one that this project reports."""

OWN: dict[str, str] = {variant.family: name for name, variant in reversed(VARIANTS.items())}
"""Family -> the variant that this project reports: the first."""


def by_every_definition(hits: Hits, users: np.ndarray, k: int) -> pd.DataFrame:
    """The same lists under every definition: float64, index `user`, a column `name@k` for each of `VARIANTS`.

    >>> scored = by_every_definition(EXAMPLE, np.array([7]), 4)
    >>> scored.filter(like="precision").round(3).loc[7, ["average_precision@4", "mean_precision@4"]].tolist()
    [0.556, 0.667]
    """
    columns = {f"{name}@{k}": variant.score(hits, k) for name, variant in VARIANTS.items()}
    return pd.DataFrame(columns, index=pd.Index(np.asarray(users), name="user"))
