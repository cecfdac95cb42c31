"""Several models as one."""

from types import MappingProxyType
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from songrec.errors import ConfigError
from songrec.models.base import checked_train
from songrec.models.members import Ensemble, Represented, max_normalised, reciprocal_ranks

_WAYS = {"score": max_normalised, "rank": reciprocal_ranks}


class Blend(Ensemble):
    """A weighted sum of what its members say.

    members : label -> {"estimator": class name, "hyperparameters": {...}}; None: item-KNN and user-KNN.
    weights : label -> weight, at least 0 and not all 0, one for each member; None: all alike.
    by : "score" or "rank".

    With w_m the weight of member m, s_m(u, i) its score of song i for user u, and r_m(u, i) the place that
    the score gives the song among those that u has not heard,

        by score:  score(u, i) = sum of w_m · s_m(u, i) / max over songs j not heard of |s_m(u, j)|
        by rank:   score(u, i) = sum of w_m / (60 + r_m(u, i))

    over the members that have evidence for the song; a song for which none has any is not listed. Adding up
    normalised scores is CombSUM (Fox & Shaw 1994), adding up inverse ranks reciprocal rank fusion (Cormack
    et al. 2009); the weights are ours to choose, on validation. Members with weight 0 have no say.

    `weights` and `by` may be changed on a fitted model: the members stay as they are.

    >>> train = csr_array(np.array([[1, 1, 0, 0], [1, 1, 1, 0], [0, 0, 1, 1]]))
    >>> Blend().fit(train).recommend(csr_array(np.array([[1, 0, 0, 0]])), 3)[0]
    array([[ 1,  2, -1]], dtype=int32)
    """

    ranking_only = ("weights", "by")
    default_members = MappingProxyType(
        {"item_knn": {"estimator": "ItemKNN"}, "user_knn": {"estimator": "UserKNN"}}
    )

    def __init__(
        self,
        members: dict[str, Any] | None = None,
        weights: dict[str, float] | None = None,
        by: str = "score",
    ):
        self.members = members
        self.weights = weights
        self.by = by

    def fit(self, train: csr_array) -> "Blend":
        self._weights()
        heard = checked_train(train)
        self.members_ = self._fit_members(train)
        self.n_songs_ = heard.shape[1]
        return self

    def _weights(self) -> dict[str, float]:
        """The weight of each member that has a say; `ConfigError` for weights (or a `by`) without sense."""
        if self.by not in _WAYS:
            raise ConfigError(f'by must be "score" or "rank", not {self.by!r}')
        labels = self.member_labels()
        weights = dict.fromkeys(labels, 1.0) if self.weights is None else self.weights
        if not isinstance(weights, dict) or set(weights) != set(labels):
            raise ConfigError(f"weights must give a number for each of {', '.join(labels)}, not {weights!r}")
        for label in labels:
            weight = weights[label]
            if isinstance(weight, (bool, str)) or not np.isfinite(weight) or weight < 0:
                raise ConfigError(f"weights.{label} must be a number of at least 0, not {weight!r}")
        if not any(weights.values()):
            raise ConfigError("weights: all are 0, so there is nothing to rank by")
        return {label: float(weights[label]) for label in labels if weights[label]}

    def _encode_users(self, heard: csr_array, users: np.ndarray) -> Represented:
        self._weights()  # they may have been changed since fit
        return super()._encode_users(heard, users)

    def _scores(self, represented: Represented, n_needed: int) -> np.ndarray:
        heard = represented.heard.toarray() > 0
        total, known = np.zeros(heard.shape), np.zeros(heard.shape, bool)
        for label, weight in self._weights().items():
            scores = self._member_scores(represented, label)
            known |= scores > -np.inf
            total += weight * _WAYS[self.by](scores, heard)
        total[~known] = -np.inf
        return total.astype(np.float32)
