"""A model where there is evidence, popularity where there is none."""

from types import MappingProxyType
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from songrec.csr import column_counts
from songrec.errors import ConfigError
from songrec.models.base import NonNegativeFloat, estimator
from songrec.models.members import Encoded, Ensemble, max_normalised


@estimator
class Hybrid(Ensemble):
    r"""A model that falls back on popularity, the more the less is known of a user.

    Parameters
    ----------
    members : dict, optional
        One entry, label -> {"estimator": class name, "hyperparameters": {...}}. By default item-KNN.
    kappa : float, at least 0
        Songs that a fold-in must hold for the model to weigh as much as popularity; 0: the model alone for
        everybody whose fold-in is not empty.

    Notes
    -----
    With n the number of songs in the fold-in of user u, s(u, i) the model's score of song i (0 where it has
    none), p(i) the number of the song's listeners, and both divided by their largest among the songs outside
    the fold-in,

    .. math::

        w(n) &= \frac{n}{n + \kappa}, \quad w(0) = 0 \\
        \text{score}(u, i) &= w(n) \, s(u, i) + (1 - w(n)) \, p(i)

    So a new user gets the most popular songs, and everybody gets a list. The weight is the posterior's on an
    observed mean of n draws against a prior worth kappa of them (empirical Bayes): kappa is chosen on
    validation. It may be changed on a fitted model.

    References
    ----------
    Efron & Morris 1975, "Data analysis using Stein's estimator and its generalizations".

    Examples
    --------
    >>> train = csr_array(np.array([[1, 1, 0, 0], [1, 1, 1, 0], [0, 0, 1, 1], [0, 0, 0, 1], [0, 0, 0, 1]]))
    >>> Hybrid().fit(train).recommend(csr_array(np.array([[0, 0, 0, 0], [1, 0, 0, 0]])), 3)[0]
    array([[3, 0, 1],
           [1, 2, 3]], dtype=int32)
    """

    ranking_only = ("kappa",)
    default_members = MappingProxyType({"item_knn": {"estimator": "ItemKNN"}})

    members: dict[str, Any] | None = None
    kappa: NonNegativeFloat = 1.0

    def _check_parameters(self) -> None:
        super()._check_parameters()
        if len(self.entries()) != 1:
            raise ConfigError("members: a hybrid has one; to join several, let a Blend be its member")

    def _fit(self, binary: csr_array, plays: csr_array) -> None:
        super()._fit(binary, plays)
        self.listeners_ = column_counts(binary).astype(np.float64)

    def _scores(self, encoded: Encoded, n_needed: int) -> np.ndarray:
        seen = encoded.fold_in.toarray() > 0
        n = seen.sum(axis=1, keepdims=True)
        weight = n / np.maximum(n + self.kappa, 1e-300)  # an empty fold-in: 0, even where kappa is 0
        (label,) = self.members_
        scores = self._member_scores(encoded, label)
        popular = np.broadcast_to(np.where(self.listeners_ > 0, self.listeners_, -np.inf), scores.shape)
        total = weight * max_normalised(scores, seen) + (1 - weight) * max_normalised(popular, seen)
        known = ((weight > 0) & (scores > -np.inf)) | ((weight < 1) & (popular > -np.inf))
        total[~known] = -np.inf
        return total.astype(np.float32)
