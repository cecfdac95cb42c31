r"""Accuracy of top-N lists: one number per user, one implementation per metric.

Every function maps a `Hits` and a cut-off k to float64 (n_users,), never NaN. In the formulas one user's
list is looked at: h_k is the number of held-out songs (hits) among its first k places, n the number of songs
held out, rel_r is 1 when the song at rank r (from 1) was held out and 0 otherwise. A list that ends before
k keeps its denominators: an empty place is a miss. A k beyond the lists' length is refused (`ConfigError`)
unless every list is known to have ended.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from songrec.evaluation.hits import Hits, find_hits

EXAMPLE = Hits(np.array([[True, False, True, False]]), n_relevant=np.array([3]), n_listed=np.array([4]))
"""What the docstrings judge: one list of four songs with hits at ranks 1 and 3, for a user with n = 3."""


def precision(hits: Hits, k: int) -> np.ndarray:
    r"""Share of the first k places that are hits: :math:`h_k / k` (Herlocker et al. 2004).

    >>> precision(EXAMPLE, 4)
    array([0.5])
    """
    return hits_within(hits, k) / k


def recall(hits: Hits, k: int) -> np.ndarray:
    r"""Share of the held-out songs that are among the first k: :math:`h_k / n` (Herlocker et al. 2004).

    Below 1 even for a perfect list when n > k; see `recall_capped`.

    >>> recall(EXAMPLE, 2).round(4)
    array([0.3333])
    """
    return hits_within(hits, k) / hits.n_relevant


def recall_capped(hits: Hits, k: int) -> np.ndarray:
    r"""Recall against what k places can hold: :math:`h_k / \min(k, n)` (Liang et al. 2018).

    >>> recall_capped(EXAMPLE, 2)
    array([0.5])
    """
    return hits_within(hits, k) / np.minimum(k, hits.n_relevant)


def f1(hits: Hits, k: int) -> np.ndarray:
    r"""Harmonic mean of precision and (uncapped) recall: :math:`2 h_k / (k + n)`; 0 with no hit.

    Van Rijsbergen 1979, Information Retrieval (whose E is 1 - F).

    >>> f1(EXAMPLE, 4).round(4)
    array([0.5714])
    """
    return 2 * hits_within(hits, k) / (k + hits.n_relevant)


def average_precision(hits: Hits, k: int) -> np.ndarray:
    r"""Mean precision at the hits: :math:`\frac{1}{\min(n, k)} \sum_{r=1}^{k} rel_r \, h_r / r`.

    Dividing by min(n, k) lets a perfect list score 1; it is the definition of the Million Song Dataset
    Challenge (McFee et al. 2012). Its mean over users is MAP@k.

    >>> average_precision(EXAMPLE, 4).round(4)   # (1/1 + 2/3) / 3
    array([0.5556])
    """
    gained = sum_over_hits(hits, k, lambda rank, ordinal: ordinal / rank)
    return gained / np.minimum(k, hits.n_relevant)


def ndcg(hits: Hits, k: int) -> np.ndarray:
    r"""Discounted gain over the best possible one, binary relevance (Järvelin and Kekäläinen 2002):

    .. math::

        \frac{\sum_{r=1}^{k} rel_r / \log_2(r + 1)}{\sum_{r=1}^{\min(n, k)} 1 / \log_2(r + 1)}

    The discount is log2(rank + 1), as in Liang et al. 2018; the original paper's log2(rank), with ranks 1
    and 2 alike, gives other numbers.

    >>> ndcg(EXAMPLE, 4).round(4)   # (1 + 1/2) / (1 + 1/log2(3) + 1/2)
    array([0.7039])
    """
    gained = sum_over_hits(hits, k, lambda rank, _: 1 / np.log2(rank + 1))
    best = np.cumsum(1 / np.log2(np.arange(1, k + 1) + 1))
    return gained / best[np.minimum(k, hits.n_relevant) - 1]


def hit_rate(hits: Hits, k: int) -> np.ndarray:
    r"""1 when at least one of the first k is a hit, else 0: :math:`[h_k > 0]` (Deshpande and Karypis 2004).

    >>> hit_rate(EXAMPLE, 1)
    array([1.])
    """
    return (hits_within(hits, k) > 0).astype(np.float64)


def reciprocal_rank(hits: Hits, k: int) -> np.ndarray:
    r"""One over the rank of the first hit: :math:`1 / \min\{r \le k : rel_r = 1\}`, 0 with none in k.

    Its mean over users is MRR@k (Voorhees 1999, the TREC-8 question answering track).

    >>> reciprocal_rank(EXAMPLE, 4)
    array([1.])
    """
    return sum_over_hits(hits, k, lambda rank, ordinal: (ordinal == 1) / rank)


@dataclass(frozen=True)
class Metric:
    """All that is known of a metric or measure, wherever it is named.

    Attributes
    ----------
    name : str
        Its name in tables.
    label : str
        Its name for a reader; of a mean over users where it has one of its own (MAP).
    unit : str
        `%` for a share that is written as per cent, `bits`, or nothing.
    best : {"high", "low"} or None
        Which values are better for a listener; None for a measure that only describes.
    function : callable, optional
        Maps (`Hits`, k) to one number a user, for the metrics of accuracy.
    """

    name: str
    label: str
    unit: str = ""
    best: str | None = None
    function: Callable[[Hits, int], np.ndarray] | None = None

    def title(self, k: int | None = None) -> str:
        """The head of a column, with the cut-off and a unit that cells do not repeat.

        >>> METRICS["novelty"].title(10), METRICS["coverage"].title(10)
        ('Novelty@10 (bits)', 'Coverage@10')
        """
        at = "" if k is None else f"@{k}"
        return f"{self.label}{at}" + (f" ({self.unit})" if self.unit not in ("", "%") else "")


METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric("precision", "Precision", best="high", function=precision),
        Metric("recall", "Recall", best="high", function=recall),
        Metric("recall_capped", "Capped recall", best="high", function=recall_capped),
        Metric("f1", "F1", best="high", function=f1),
        Metric("average_precision", "MAP", best="high", function=average_precision),
        Metric("ndcg", "NDCG", best="high", function=ndcg),
        Metric("hit_rate", "Hit rate", best="high", function=hit_rate),
        Metric("reciprocal_rank", "MRR", best="high", function=reciprocal_rank),
        Metric("novelty", "Novelty", unit="bits"),
        Metric("diversity", "Diversity"),
        Metric("coverage", "Coverage", unit="%"),
        Metric("gini", "Gini"),
        Metric("serendipity", "Serendipity", best="high"),
        Metric("artist_coverage", "Artist coverage", unit="%"),
        Metric("artist_diversity", "Artist diversity"),
        Metric("lift", "Popularity lift", unit="%"),
    )
}
"""Every metric by its name, in the order of the tables: one row each."""

DECIDING = "average_precision"
"""Orders the models: it rewards finding many of the held-out songs, and early."""

ACCURACY = {name: metric.function for name, metric in METRICS.items() if metric.function}
"""The metrics of accuracy: name to function."""


def score_lists(
    songs: np.ndarray,
    holdout: csr_array,
    k: int,
    users: np.ndarray,
    names: Sequence[str] = (DECIDING,),
) -> pd.DataFrame:
    """The accuracy of lists by some metrics at one cut-off.

    Parameters
    ----------
    songs : int (n_users, at least k)
        Lists, best first, -1 at the end of a shorter one.
    holdout : csr_array (n_users, n_songs)
        What they should find.
    k : int
        The cut-off.
    users : (n_users,)
        The index of the result.
    names : sequence of str
        Metrics of `METRICS`.

    Returns
    -------
    DataFrame
        A row a user, columns `metric@k`.
    """
    hits = find_hits(songs[:, :k], holdout)
    values = {f"{name}@{k}": ACCURACY[name](hits, k) for name in names}
    return pd.DataFrame(values, index=pd.Index(users, name="user"))


def hits_within(hits: Hits, k: int) -> np.ndarray:
    """Hits among the first k places, int64 (n_users,)."""
    return np.bincount(hits.within(k)[0], minlength=hits.n_users)


def sum_over_hits(hits: Hits, k: int, gain: Callable) -> np.ndarray:
    """Sum of `gain(rank, ordinal)` over each user's hits among the first k places."""
    row, rank, ordinal = hits.within(k)
    total = np.bincount(row, weights=gain(rank, ordinal), minlength=hits.n_users)
    return total.astype(np.float64, copy=False)  # without a single hit bincount forgets the weights' type
