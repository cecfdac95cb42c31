"""The contract of every recommender."""

import inspect
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_array, issparse

from songrec.arrays import save_arrays
from songrec.errors import ConfigError, DataError
from songrec.files import replacing
from songrec.lists import NOTHING
from songrec.ranking import best_in_rows, binarised

CELLS = 8_000_000
"""Users x songs scored at once, up to 16 bytes each: what bounds the memory of a batch."""

MEMBERS = "members"
"""The folder within a saved model's that holds the models it is made of, each in a folder of its own."""


class Recommender(ABC):
    """A model that ranks songs for users, known or new, from the songs they are known to have heard.

    In the manner of scikit-learn (`sklearn.base.clone` works on it): `__init__` stores hyper-parameters under
    their own names and does nothing else; `fit` checks them; fitted attributes end in an underscore. It does
    not inherit from `BaseEstimator`, whose import takes longer than loading a model and ranking a list.

    A model gives `fit`, `_encode_users` (what it must know of each user) and `_scores` (of a block of users).
    """

    n_songs_: int

    extra: str = ""
    """The extra of the package (`songrec.extras`) without which the model cannot work; empty: none."""

    ranking_only: tuple[str, ...] = ()
    """Hyper-parameters that count only when ranking: changing them asks for no new fit."""

    @abstractmethod
    def fit(self, train: csr_array) -> "Recommender":
        """Learn from plays (n_users, n_songs), a sparse matrix whose entries count as heard unless zero.

        Raises `ConfigError` for a hyper-parameter and `DataError` for a matrix that makes no sense.
        """

    @abstractmethod
    def _encode_users(self, heard: csr_array, users: np.ndarray) -> Any:
        """One row per user, sliceable, of whatever `_scores` needs; `heard` is binary (n, n_songs)."""

    @abstractmethod
    def _scores(self, represented: Any, n_needed: int) -> csr_array | np.ndarray:
        """Scores (n, n_songs), sparse or dense with -inf, of songs there is evidence for.

        A model may leave out songs that are not among the best `n_needed` of their row.
        """

    def recommend(
        self, fold_in: csr_array, k: int, *, exclude_seen: bool = True, users: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """The `k` best songs for each user, best first, ties by the lower song code.

        fold_in : (n, n_songs) sparse, what each user is known to have heard; users may be new to the model.
        exclude_seen : leave out the songs in `fold_in`.
        users : int (n,) row of each user in the matrix fitted on, -1 for a new one (None: all are new).

        Returns (songs int32 (n, k), scores float32 (n, k)), padded with -1 and -inf where the model has no
        evidence for more songs. A batch gives each user what the user alone would get.
        """
        k = positive("k", k)
        heard, users = self._checked(fold_in, users)
        represented = self._encode_users(heard, users)
        n = heard.shape[0]
        songs = np.full((n, k), NOTHING, np.int32)
        scores = np.full((n, k), -np.inf, np.float32)
        step = max(1, CELLS // max(1, self.n_songs_))
        for start in range(0, n, step):
            rows = slice(start, min(start + step, n))
            seen = heard[rows] if exclude_seen else None
            n_needed = k + (int(np.diff(seen.indptr).max()) if exclude_seen else 0)
            songs[rows], scores[rows] = best_in_rows(self._scores(represented[rows], n_needed), k, seen)
        return songs, scores

    def similar_songs(self, songs: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """The `k` songs most like each of `songs`, int codes (n,): what is returned is as from `recommend`.

        Raises `ConfigError` for a model that has no item similarity.
        """
        raise ConfigError(f"{type(self).__name__} has no item similarity: ask ItemKNN")

    def _checked(self, fold_in, users) -> tuple[csr_array, np.ndarray]:
        self._check_fitted()
        if fold_in.ndim != 2 or fold_in.shape[1] != self.n_songs_:
            raise DataError(
                f"fold_in has shape {fold_in.shape}, but the model was fitted on {self.n_songs_} songs: "
                "its columns must be the same songs in the same order"
            )
        n = fold_in.shape[0]
        users = np.full(n, NOTHING) if users is None else np.asarray(users, dtype=np.int64)
        if users.shape != (n,):
            raise DataError(
                f"users has shape {users.shape}: give one code for each of the {n} rows of fold_in"
            )
        return binarised(fold_in), users

    def _check_fitted(self) -> None:
        if not hasattr(self, "n_songs_"):
            raise ConfigError(f"this {type(self).__name__} is not fitted yet: call fit(train) first")

    @classmethod
    def _parameters(cls) -> dict[str, Any]:
        """Hyper-parameters and their defaults, as `__init__` declares them."""
        if cls.__init__ is object.__init__:
            return {}
        declared = list(inspect.signature(cls.__init__).parameters.values())[1:]
        return {parameter.name: parameter.default for parameter in declared}

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The hyper-parameters by name (`deep` is there for scikit-learn; nothing is nested)."""
        return {name: getattr(self, name) for name in self._parameters()}

    def set_params(self, **params: Any) -> "Recommender":
        """Change hyper-parameters; they count from the next `fit` on."""
        for name, value in params.items():
            if name not in self._parameters():
                known = ", ".join(self._parameters()) or "none"
                raise ConfigError(f"{type(self).__name__} has no parameter {name!r}; it has: {known}")
            setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        params = ", ".join(f"{name}={value!r}" for name, value in self.get_params().items())
        return f"{type(self).__name__}({params})"

    def member_labels(self) -> list[str]:
        """Labels of the models that this one is made of (`members_`): most are made of none."""
        return []

    def save(self, folder: Path) -> None:
        """Save hyper-parameters (JSON) and fitted attributes (plain arrays) into a folder, atomically."""
        self._check_fitted()
        fitted = {name: value for name, value in sorted(vars(self).items()) if name.endswith("_")}
        members = fitted.pop("members_", {})
        arrays = {name: value for name, value in fitted.items() if issparse(value) or np.ndim(value)}
        numbers = {name: _plain(value) for name, value in fitted.items() if name not in arrays}
        params = {name: _plain(value) for name, value in self.get_params().items()}
        meta = {"model": type(self).__name__, "params": params, "numbers": numbers, "arrays": list(arrays)}
        with replacing(folder) as temporary:
            save_arrays(temporary, arrays, meta)
            for label, member in members.items():
                member.save(temporary / MEMBERS / label)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    return value.item() if isinstance(value, np.generic) else value


def checked_train(train: csr_array) -> csr_array:
    """The training matrix, binary; `DataError` when it holds nothing to learn from."""
    if not issparse(train) or train.ndim != 2:
        raise DataError(f"train must be a sparse matrix users x songs, not {type(train).__name__}")
    if not np.all(np.isfinite(train.data) & (train.data >= 0)):
        raise DataError("train holds play counts that are negative or not finite")
    heard = binarised(train)
    if not heard.nnz:
        raise DataError(f"train holds no plays at all ({train.shape[0]} users, {train.shape[1]} songs)")
    return heard


def positive(name: str, value: Any) -> int:
    """`value` as an int of at least 1, or a `ConfigError` that names it."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)) or value < 1:
        raise ConfigError(f"{name} must be a whole number of at least 1, not {value!r}")
    return int(value)
