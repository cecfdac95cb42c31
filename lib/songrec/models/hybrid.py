"""A model where there is evidence, the charts where there is none."""

from types import MappingProxyType
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from songrec.errors import ConfigError
from songrec.models.base import checked_train
from songrec.models.members import Ensemble, Represented, max_normalised


class Hybrid(Ensemble):
    """A model that falls back on popularity by evidence: the less is known of a user, the more.

    members : one entry, label -> {"estimator": class name, "hyperparameters": {...}}; None: item-KNN.
    kappa : songs that a user must have heard for the model to weigh as much as popularity; 0: the model
        alone for whoever has heard anything.

    With n the number of songs that user u has heard, s(u, i) the model's score of song i (0 where it has
    none), p(i) the number of the song's listeners, and both divided by their largest among the songs that u
    has not heard,

        w(n) = n / (n + kappa)          w(0) = 0
        score(u, i) = w(n) · s(u, i) + (1 - w(n)) · p(i)

    So a new user gets the charts, and everybody gets a list. The weight is the posterior's on an observed
    mean of n draws against a prior worth kappa of them (empirical Bayes; Efron & Morris 1975): kappa is
    chosen on validation. It may be changed on a fitted model.

    >>> train = csr_array(np.array([[1, 1, 0, 0], [1, 1, 1, 0], [0, 0, 1, 1], [0, 0, 0, 1], [0, 0, 0, 1]]))
    >>> Hybrid().fit(train).recommend(csr_array(np.array([[0, 0, 0, 0], [1, 0, 0, 0]])), 3)[0]
    array([[3, 0, 1],
           [1, 2, 3]], dtype=int32)
    """

    ranking_only = ("kappa",)
    default_members = MappingProxyType({"item_knn": {"estimator": "ItemKNN"}})

    def __init__(self, members: dict[str, Any] | None = None, kappa: float = 1.0):
        self.members = members
        self.kappa = kappa

    def fit(self, train: csr_array) -> "Hybrid":
        self._check_kappa()
        if len(self.entries()) != 1:
            raise ConfigError("members: a hybrid has one; to join several, let a Blend be its member")
        heard = checked_train(train)
        self.members_ = self._fit_members(train)
        self.listeners_ = np.bincount(heard.indices, minlength=heard.shape[1]).astype(np.float64)
        self.n_songs_ = heard.shape[1]
        return self

    def _check_kappa(self) -> None:
        kappa = self.kappa
        if isinstance(kappa, (bool, str)) or not np.isfinite(kappa) or kappa < 0:
            raise ConfigError(f"kappa must be a number of songs, at least 0, not {kappa!r}")

    def _encode_users(self, heard: csr_array, users: np.ndarray) -> Represented:
        self._check_kappa()  # it may have been changed since fit
        return super()._encode_users(heard, users)

    def _scores(self, represented: Represented, n_needed: int) -> np.ndarray:
        heard = represented.heard.toarray() > 0
        n = heard.sum(axis=1, keepdims=True)
        weight = n / np.maximum(n + self.kappa, 1e-300)  # nothing heard: 0, even where kappa is 0
        (label,) = self.members_
        scores = self._member_scores(represented, label)
        charts = np.broadcast_to(np.where(self.listeners_ > 0, self.listeners_, -np.inf), scores.shape)
        total = weight * max_normalised(scores, heard) + (1 - weight) * max_normalised(charts, heard)
        known = ((weight > 0) & (scores > -np.inf)) | ((weight < 1) & (charts > -np.inf))
        total[~known] = -np.inf
        return total.astype(np.float32)
