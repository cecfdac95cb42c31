"""Several models as one."""

from collections.abc import Iterator
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
from scipy.sparse import csr_array

from songrec.errors import ConfigError
from songrec.models.base import NonNegativeFloat, estimator
from songrec.models.members import Encoded, Ensemble, max_normalised, reciprocal_ranks

_BY = {"score": max_normalised, "rank": reciprocal_ranks}


@estimator
class Blend(Ensemble):
    r"""A weighted sum of the scores, or of the ranks, that several models give.

    Parameters
    ----------
    members : dict, optional
        Label -> {"estimator": class name, "hyperparameters": {...}}. By default item-KNN and user-KNN.
    weights : dict, optional
        Label -> weight, at least 0 and not all 0, one for each member. By default all alike.
    by : {"score", "rank"}
        What is added up.

    Notes
    -----
    With :math:`w_m` the weight of member m, :math:`s_m(u, i)` its score of song i for user u, and
    :math:`r_m(u, i)` the rank that the score gives the song among those that are not in the fold-in of u,

    .. math::

        \text{by score:} \quad & \text{score}(u, i) = \sum_m w_m \, s_m(u, i) / \max_j |s_m(u, j)| \\
        \text{by rank:} \quad & \text{score}(u, i) = \sum_m w_m / (60 + r_m(u, i))

    over the members that have evidence for the song, the maximum taken over songs j outside the fold-in; a
    song for which no member has evidence is not listed. Members with weight 0 do not count.

    `weights` and `by` may be changed on a fitted model: the members stay as they are.

    References
    ----------
    Adding up normalised scores is CombSUM (Fox & Shaw 1994), adding up inverse ranks reciprocal rank fusion
    (Cormack et al. 2009). Weighting them is ours, chosen on validation.

    Examples
    --------
    >>> train = csr_array(np.array([[1, 1, 0, 0], [1, 1, 1, 0], [0, 0, 1, 1]]))
    >>> Blend().fit(train).recommend(csr_array(np.array([[1, 0, 0, 0]])), 3)[0]
    array([[ 1,  2, -1]], dtype=int32)
    """

    ranking_only = ("weights", "by")
    default_members = MappingProxyType(
        {"item_knn": {"estimator": "ItemKNN"}, "user_knn": {"estimator": "UserKNN"}}
    )

    members: dict[str, Any] | None = None
    weights: dict[str, NonNegativeFloat] | None = None
    by: Literal["score", "rank"] = "score"

    def _check_parameters(self) -> None:
        super()._check_parameters()
        if self.weights is None:
            return
        labels = self.member_labels()
        if set(self.weights) != set(labels):
            raise ConfigError(
                f"weights must give a number for each of {', '.join(labels)}, not {self.weights!r}"
            )
        if not any(self.weights.values()):
            raise ConfigError("weights: all are 0, so there is nothing to rank by")

    def parts(
        self, fold_in: csr_array, users: np.ndarray
    ) -> Iterator[tuple[str, np.ndarray, dict[str, np.ndarray]]]:
        """What is added up: of each member its label, its scores (n, n_songs), and what `by` makes of them.

        Parameters
        ----------
        fold_in : csr_array (n, n_songs)
            What each user is known to have heard.
        users : int array (n,)
            As in `recommend`.
        """
        fold_in, users = self._checked(fold_in, users)
        encoded, seen = self._encode_users(fold_in, users), fold_in.toarray() > 0
        for label in self.members_:
            scores = self._member_scores(encoded, label)
            yield label, scores, {by: normalised(scores, seen) for by, normalised in _BY.items()}

    def _scores(self, encoded: Encoded, n_needed: int) -> np.ndarray:
        seen = encoded.fold_in.toarray() > 0
        total, known = np.zeros(seen.shape), np.zeros(seen.shape, bool)
        weights = self.weights or dict.fromkeys(self.members_, 1.0)
        for label in self.members_:
            if weights[label]:
                scores = self._member_scores(encoded, label)
                known |= scores > -np.inf
                total += weights[label] * _BY[self.by](scores, seen)
        total[~known] = -np.inf
        return total.astype(np.float32)
