"""Models made of other models: fitted, saved and loaded with them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import csr_array, issparse

from songrec.csr import row_of_entries
from songrec.errors import ConfigError
from songrec.models.base import Recommender
from songrec.models.registry import create


@dataclass(frozen=True)
class Encoded:
    """Users as all members encode them: sliceable by rows, as the contract wants it.

    Attributes
    ----------
    fold_in : csr_array (n, n_songs)
        Plays.
    parts : dict
        Label -> that member's encoding of the n users.
    """

    fold_in: csr_array
    parts: dict[str, Any]

    def __getitem__(self, rows: slice) -> "Encoded":
        return Encoded(self.fold_in[rows], {label: part[rows] for label, part in self.parts.items()})


class Ensemble(Recommender):
    """A model with the hyper-parameter `members`: label -> {"estimator": ..., "hyperparameters": {...}}."""

    members: dict[str, Any] | None
    members_: dict[str, Recommender]
    weighs_plays = True  # a member may

    default_members: Mapping[str, Any]
    """What `members=None` stands for."""

    def entries(self) -> dict[str, Any]:
        """The members as the hyper-parameter, or else the default, names them; `ConfigError` for nonsense."""
        entries = self.default_members if self.members is None else self.members
        if not isinstance(entries, Mapping) or not entries:
            raise ConfigError(f"members must name at least one model, not {entries!r}")
        for label, entry in entries.items():
            if not isinstance(label, str) or not label.isidentifier():  # it becomes the name of a folder
                raise ConfigError(f"members: the label {label!r} must be letters, digits and _")
            keys = set(entry) if isinstance(entry, Mapping) else set()
            if not {"estimator"} <= keys <= {"estimator", "hyperparameters"}:
                raise ConfigError(
                    f"members.{label} must be a model's estimator, maybe with hyperparameters, not {entry!r}"
                )
        return dict(entries)

    def member_labels(self) -> list[str]:
        return list(self.entries())

    def _fit(self, binary: csr_array, plays: csr_array) -> None:
        fitted = {}
        for label, entry in self.entries().items():
            try:
                model = create(entry["estimator"], **entry.get("hyperparameters", {}))
                fitted[label] = model.fit(plays)
            except ConfigError as error:
                raise ConfigError(f"members.{label}: {error}") from error
        self.members_ = fitted

    def _encode_users(self, fold_in: csr_array, users: np.ndarray) -> Encoded:
        parts = {label: model.encode(fold_in, users) for label, model in self.members_.items()}
        return Encoded(fold_in, parts)

    def _member_scores(self, encoded: Encoded, label: str) -> np.ndarray:
        """A member's scores of every song (n, n_songs), float64; -inf where it has no evidence."""
        model = self.members_[label]
        scores = model._scores(encoded.parts[label], self.n_songs_)
        if not issparse(scores):
            return np.array(scores, np.float64)
        dense = np.full(scores.shape, -np.inf)
        rows = row_of_entries(scores)
        dense[rows, scores.indices] = scores.data
        return dense


def max_normalised(scores: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Scores divided by the user's largest (absolute) one among songs outside the fold-in.

    Parameters
    ----------
    scores : float64 array (n, n_songs)
        -inf where there is no evidence.
    seen : bool array (n, n_songs)
        Songs of the fold-in.

    Returns
    -------
    float64 array (n, n_songs)
        Normalised scores, 0 for -inf.

    Examples
    --------
    >>> max_normalised(np.array([[4.0, 2.0, -np.inf, 1.0]]), np.array([[True, False, False, False]]))
    array([[2. , 1. , 0. , 0.5]])
    """
    finite = np.where(scores > -np.inf, scores, 0)
    size = np.abs(finite)
    every = size.max(axis=1, initial=0)
    size[seen] = 0  # models score songs of the fold-in very differently, and do not list them
    largest = size.max(axis=1, initial=0)
    largest = np.where(largest > 0, largest, every)
    return finite / np.where(largest > 0, largest, 1)[:, None]


OFFSET = 60
"""The constant k of reciprocal rank fusion (Cormack et al. 2009)."""


def reciprocal_ranks(scores: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """1 / (60 + rank), with the rank among songs outside the fold-in, 1 the best.

    Parameters
    ----------
    scores : float64 array (n, n_songs)
        -inf where there is no evidence.
    seen : bool array (n, n_songs)
        Songs of the fold-in.

    Returns
    -------
    float64 array (n, n_songs)
        Inverse ranks, 0 for -inf.

    Notes
    -----
    The rank is 1 + the number of unseen songs with a higher score, so equal scores have equal ranks, and a
    song's rank does not depend on whether the songs of the fold-in are listed too.

    Examples
    --------
    >>> ranks = reciprocal_ranks(np.array([[4.0, 2.0, -np.inf, 1.0]]), np.array([[1, 0, 0, 0]], bool))
    >>> (1 / ranks[ranks > 0]).round()
    array([61., 61., 62.])
    """
    found = np.zeros(scores.shape)
    for row, values in enumerate(scores):
        listed = np.flatnonzero(values > -np.inf)
        order = listed[np.argsort(-values[listed])]
        descending = values[order]
        first = np.flatnonzero(np.r_[True, descending[1:] != descending[:-1]])  # where each score begins
        unseen = np.cumsum(~seen[row, order]) - ~seen[row, order]  # how many stand before each place
        sizes = np.diff(np.r_[first, len(order)])
        found[row, order] = np.repeat(1 / (OFFSET + 1 + unseen[first]), sizes) if len(order) else 0
    return found
