"""The contract of every recommender."""

import inspect
from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cache
from math import inf
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from annotated_types import Ge, Gt, Le, Lt
from scipy.sparse import csr_array, issparse

from songrec.arrays import hash_of_ids, write_arrays
from songrec.errors import ConfigError, DataError, positive
from songrec.files import replacing
from songrec.lists import NOTHING
from songrec.ranking import best, best_in_rows, binarised

# Types of hyper-parameters, read by pydantic when they are checked. Its own aliases of these names are not
# used, because loading a model and ranking a list would then have to import it.
PositiveInt = Annotated[int, Ge(1)]
NonNegativeInt = Annotated[int, Ge(0)]
PositiveFloat = Annotated[float, Gt(0), Lt(inf)]
NonNegativeFloat = Annotated[float, Ge(0), Lt(inf)]
Share = Annotated[float, Ge(0), Lt(1)]
Power = Annotated[float, Ge(-1), Le(1)]

estimator = dataclass(eq=False, repr=False)
"""Decorates a model: its `__init__` stores the hyper-parameters that the class declares, and nothing else."""

CELLS = 32_000_000
"""Users x songs scored at once, up to 16 bytes each: what bounds the memory of a batch."""

MEMBERS = "members"
"""The folder within a saved model's that holds the models it is made of, each in a folder of its own."""

SONGS = "songs"
"""Key of a saved model's metadata: the hash of its songs' ids."""


class Recommender(ABC):
    """A model that ranks songs for users, known or new, from the songs they are known to have heard.

    In the manner of scikit-learn (`sklearn.base.clone` works on it): `__init__` stores hyper-parameters under
    their own names and does nothing else (`estimator` writes it); `fit` checks them against the annotations
    of `__init__`; fitted attributes end in an underscore. It does not inherit from `BaseEstimator`, whose
    import takes longer than loading a model and ranking a list.

    A model gives `_fit` and `_scores` and, where it needs more of a user than the fold-in, `_encode_users`.
    """

    n_songs_: int

    extra: str = ""
    """The extra of the package (`songrec.extras`) without which the model cannot work; empty: none."""

    weighs_plays: bool = False
    """Whether it looks at the plays of a fold-in; else it gets 1 for each song that was heard."""

    ranking_only: tuple[str, ...] = ()
    """Hyper-parameters that count only when ranking: changing them asks for no new fit."""

    def fit(self, train: csr_array) -> "Recommender":
        """Check the hyper-parameters and learn from the plays.

        Parameters
        ----------
        train : csr_array (n_users, n_songs)
            Plays. Entries count as heard unless they are zero.

        Returns
        -------
        Recommender
            The model itself.

        Raises
        ------
        ConfigError
            For a hyper-parameter of another type or out of its range.
        DataError
            For a matrix with no plays, or with plays that are negative or not finite.
        """
        self._check_parameters()
        binary = checked_train(train)
        self._fit(binary, train)
        self.n_songs_ = binary.shape[1]
        return self

    def _fit(self, binary: csr_array, plays: csr_array) -> None:
        """Set the fitted attributes from the checked training matrix, as 0 and 1 and as it was given."""
        raise NotImplementedError

    def _encode_users(self, fold_in: csr_array, users: np.ndarray) -> Any:
        """One row per user, sliceable, of whatever `_scores` needs.

        `fold_in` (n, n_songs) is canonical: plays where the model `weighs_plays`, else binary.
        """
        return fold_in

    @abstractmethod
    def _scores(self, encoded: Any, n_needed: int) -> csr_array | np.ndarray:
        """Scores (n, n_songs), sparse or dense with -inf, of songs there is evidence for.

        A model may leave out songs that are not among the best `n_needed` of their row.
        """

    def recommend(
        self, fold_in: csr_array, k: int, *, exclude_seen: bool = True, users: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """The `k` best songs for each user, best first, ties by the lower song code.

        Parameters
        ----------
        fold_in : csr_array (n, n_songs)
            Plays: what each user is known to have heard, and how often; where nobody knows how often, 1.
            Users may be new to the model.
        k : int
            Length of the lists, at least 1.
        exclude_seen : bool
            Leave out the songs in `fold_in`.
        users : int array (n,), optional
            Row of each user in the matrix fitted on, -1 for a new one. Without it all are new.

        Returns
        -------
        songs : int32 array (n, k)
            Song codes, padded with -1 where the model has no evidence for more songs.
        scores : float32 array (n, k)
            The model's scores, padded with -inf.

        Notes
        -----
        A batch gives each user what the user alone would get.
        """
        k = positive("k", k)
        fold_in, users = self._checked(fold_in, users)
        seen = binarised(fold_in) if exclude_seen else csr_array(fold_in.shape, dtype=np.float32)
        return self._rank(self.encode(fold_in, users), k, seen)

    def encode(self, plays: csr_array, users: np.ndarray) -> Any:
        """Users as `_scores` needs them, from all that is known of them: for a model that is a member."""
        return self._encode_users(plays if self.weighs_plays else binarised(plays), users)

    def recommend_to(
        self, songs: np.ndarray, plays: np.ndarray, k: int, *, user: int = NOTHING, excluded: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """The `k` best songs for one user that are not excluded: what `recommend` gives, for who is waiting.

        Parameters
        ----------
        songs : int array (h,)
            Distinct song codes that the user has heard, ascending.
        plays : int array (h,)
            How often, each above 0.
        k : int
            Length of the list.
        user : int
            As in `recommend`.
        excluded : int array
            Distinct song codes. Those that were heard are listed unless they are among them.

        Returns
        -------
        songs : int array
            At most k codes, best first.
        scores : float32 array
            Theirs.
        """
        row = self.row_of(songs, plays)
        scores = self._scores(self._encode_users(row, np.array([user])), k + len(excluded))
        if issparse(scores):
            open_ = ~np.isin(scores.indices, excluded)
            return best(scores.indices[open_], scores.data[open_], k)
        scores[0, excluded] = -np.inf
        return best(np.arange(self.n_songs_, dtype=np.int32), scores[0], k)

    def row_of(self, songs: np.ndarray, plays: np.ndarray) -> csr_array:
        """One user's fold-in (1, n_songs) as `_encode_users` wants it; `songs` and `plays` as above."""
        data = plays if self.weighs_plays else np.ones(len(songs), np.float32)
        return csr_array((data, songs, np.array([0, len(songs)], np.int32)), shape=(1, self.n_songs_))

    def _rank(self, encoded: Any, k: int, seen: csr_array) -> tuple[np.ndarray, np.ndarray]:
        """The lists of encoded users: from `_scores`, for so many users at a time as `CELLS` allows."""
        n, step = seen.shape[0], max(1, CELLS // max(1, self.n_songs_))
        parts = [self._rank_block(encoded, k, seen, slice(s, s + step)) for s in range(0, max(n, 1), step)]
        return tuple(np.concatenate(lists) for lists in zip(*parts, strict=True))

    def _rank_block(self, encoded, k: int, seen: csr_array, rows: slice) -> tuple[np.ndarray, np.ndarray]:
        seen = seen[rows]
        n_needed = k + int(np.diff(seen.indptr).max(initial=0))
        return best_in_rows(self._scores(encoded[rows], n_needed), k, seen)

    def similar_songs(self, songs: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """The `k` songs most similar to each of the given ones.

        Parameters
        ----------
        songs : int array (n,)
            Song codes.
        k : int
            Length of the lists, at least 1.

        Returns
        -------
        songs : int32 array (n, k)
            Song codes, best first, padded with -1.
        scores : float32 array (n, k)
            Similarities on the model's own scale, padded with -inf.

        Raises
        ------
        ConfigError
            For a model that has no item similarity.
        DataError
            For a code that is no song's.
        """
        self._check_fitted()
        songs = np.asarray(songs)
        if len(songs) and not (songs.min() >= 0 and songs.max() < self.n_songs_):
            raise DataError(f"song codes must lie between 0 and {self.n_songs_ - 1}")
        return self._similar_songs(songs, positive("k", k))

    @classmethod
    def compares_songs(cls) -> bool:
        """Whether it has an item similarity, for `similar_songs`."""
        return cls._similar_songs is not Recommender._similar_songs

    def _similar_songs(self, songs: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        raise ConfigError(f"{type(self).__name__} has no item similarity: ask ItemKNN")

    def _checked(self, fold_in, users) -> tuple[csr_array, np.ndarray]:
        self._check_fitted()
        if self.ranking_only:  # they may have been changed since `fit`
            self._check_parameters()
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
        return _canonical(fold_in), users

    def _check_fitted(self) -> None:
        if not hasattr(self, "n_songs_"):
            raise ConfigError(f"this {type(self).__name__} is not fitted yet: call fit(train) first")

    @classmethod
    def _parameters(cls) -> dict[str, inspect.Parameter]:
        """Hyper-parameters, as `__init__` declares them."""
        if cls.__init__ is object.__init__:
            return {}
        return dict(list(inspect.signature(cls.__init__).parameters.items())[1:])

    def _check_parameters(self) -> None:
        """`ConfigError` unless every hyper-parameter is what `__init__` declares.

        A model extends it where several must fit together.
        """
        from pydantic import ValidationError

        for name, declared in self._parameters().items():
            try:
                _adapter(declared.annotation).validate_python(_plain(getattr(self, name)), strict=True)
            except ValidationError as error:
                first = error.errors()[0]
                place = ".".join([name, *map(str, first["loc"])])
                allowed = first["msg"].replace("Input should", "must")
                raise ConfigError(
                    f"{type(self).__name__}: {place} {allowed}, not {first['input']!r}"
                ) from error

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

    def save(self, folder: Path, song_ids: np.ndarray | None = None) -> None:
        """Save hyper-parameters (JSON) and fitted attributes (plain arrays) into a folder, atomically.

        Parameters
        ----------
        folder : Path
            Replaced as a whole.
        song_ids : array of str (n_songs,), optional
            What the songs' codes stand for: their hash is kept, so that a model of another log is refused.
        """
        with replacing(folder) as temporary:
            self._write(temporary, {} if song_ids is None else {SONGS: hash_of_ids(song_ids)})

    def _write(self, folder: Path, songs: dict[str, str]) -> None:
        self._check_fitted()
        fitted = {name: value for name, value in sorted(vars(self).items()) if name.endswith("_")}
        members = fitted.pop("members_", {})
        arrays = {name: value for name, value in fitted.items() if issparse(value) or np.ndim(value)}
        numbers = {name: _plain(value) for name, value in fitted.items() if name not in arrays}
        params = {name: _plain(value) for name, value in self.get_params().items()}
        meta = {"model": class_name(type(self)), "params": params, "numbers": numbers, "arrays": list(arrays)}
        meta |= songs
        if members:
            meta["members"] = {label: class_name(type(member)) for label, member in members.items()}
        write_arrays(folder, arrays, meta)
        for label, member in members.items():
            member._write(folder / MEMBERS / label, songs)


def class_name(model: type[Recommender]) -> str:
    """By which name `songrec.models.create` finds the class."""
    ours = model.__module__.startswith("songrec.models.")
    return model.__name__ if ours else f"{model.__module__}.{model.__qualname__}"


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    return value.item() if isinstance(value, np.generic) else value


@cache
def _adapter(annotation: Any) -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(Any if annotation is inspect.Parameter.empty else annotation)


def _canonical(fold_in: csr_array) -> csr_array:
    """A copy without entries that are zero; `DataError` for plays that are none."""
    copy = csr_array(fold_in, copy=True)
    copy.sum_duplicates()
    copy.eliminate_zeros()
    if not np.all(np.isfinite(copy.data) & (copy.data > 0)):
        raise DataError("fold_in holds play counts that are negative or not finite")
    return copy


def checked_train(train: csr_array) -> csr_array:
    """The training matrix, binary; `DataError` when it holds nothing to learn from."""
    if not issparse(train) or train.ndim != 2:
        raise DataError(f"train must be a sparse matrix users x songs, not {type(train).__name__}")
    if not np.all(np.isfinite(train.data) & (train.data >= 0)):
        raise DataError("train holds play counts that are negative or not finite")
    binary = binarised(train)
    if not binary.nnz:
        raise DataError(f"train holds no plays at all ({train.shape[0]} users, {train.shape[1]} songs)")
    return binary
