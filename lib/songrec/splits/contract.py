"""What every protocol returns."""

from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from scipy.sparse import csr_array

from songrec.arrays import load_arrays, save_arrays
from songrec.csr import row_of_entries
from songrec.errors import ConfigError, DataError

FEWEST = 3
"""With fewer songs, a user has none held out for a share that would be less than one song of anybody's."""


@dataclass(frozen=True)
class HeldOut:
    """Users to test on.

    Attributes
    ----------
    users : int32 array (n,)
        Ascending codes into `Split.user_ids`; every user has something held out.
    fold_in : csr_array (n, n_songs)
        Plays that a model may know of the user.
    holdout : csr_array (n, n_songs)
        Plays that it must find. No (user, song) is in both.
    """

    users: np.ndarray
    fold_in: csr_array
    holdout: csr_array


@dataclass(frozen=True)
class Split:
    """A log, divided: models learn from `train`, tuning looks at `validation`, results are on `test`.

    Attributes
    ----------
    protocol : str
        Name of the protocol that made it.
    seed : int
        Of the protocol's draws.
    user_ids : array of str (n_users,)
        Sorted; an id's place is its code.
    song_ids : array of str (n_songs,)
        Sorted; the codes are the columns of every matrix here.
    train : csr_array (n_users, n_songs)
        Plays, int32; the row of a user who is not in training is empty.
    validation : HeldOut
        For tuning.
    test : HeldOut
        For the results. Its fold-in holds all that the final fit knows of a user.
    refit : bool
        Whether the final fit learns from train and validation, or from train alone.
    """

    protocol: str
    seed: int
    user_ids: np.ndarray
    song_ids: np.ndarray
    train: csr_array
    validation: HeldOut
    test: HeldOut
    refit: bool = True

    def final_train(self) -> csr_array:
        """What the final model is fitted on: `train`, with `refit` plus validation's fold-in and holdout."""
        train = self.train
        if not self.refit:
            return train
        for part in (self.validation.fold_in, self.validation.holdout):
            train = train.maximum(scattered(part, self.validation.users, len(self.user_ids)))
        return train

    def sketch(self) -> str:
        """A small split as text, users x songs: 1 training, f fold-in only, v and T held out, · nothing."""
        cells = np.full((len(self.user_ids), len(self.song_ids)), "·")
        held = (self.test, self.validation)
        for part in held:
            _paint(cells, part.users, part.fold_in, "f")
        for part, mark in zip(held, "Tv", strict=True):
            _paint(cells, part.users, part.holdout, mark)
        cells[self.train.nonzero()] = "1"
        width = max(len(user) for user in self.user_ids)
        return "\n".join(f"{u:{width}} {' '.join(row)}" for u, row in zip(self.user_ids, cells, strict=True))

    def save(self, folder: Path) -> None:
        """Save as plain arrays into a folder."""
        arrays = {name: getattr(self, name) for name in ("user_ids", "song_ids", "train")}
        for part in ("validation", "test"):
            held = getattr(self, part)
            arrays |= {f"{part}.{field.name}": getattr(held, field.name) for field in fields(HeldOut)}
        save_arrays(folder, arrays, {name: getattr(self, name) for name in ("protocol", "seed", "refit")})

    @classmethod
    def load(cls, folder: Path) -> "Split":
        """Load memory-mapped what `save` wrote."""
        arrays, meta = load_arrays(folder)
        names = [field.name for field in fields(HeldOut)]
        try:
            held = {part: HeldOut(*(arrays[f"{part}.{n}"] for n in names)) for part in ("validation", "test")}
            ids = {name: arrays[name] for name in ("user_ids", "song_ids", "train")}
            split = cls(protocol=meta["protocol"], seed=meta["seed"], **ids, **held, refit=meta["refit"])
        except KeyError as error:
            raise DataError(
                f"{folder} holds no split: {error} is missing. Delete it and make it again."
            ) from error
        n_songs = len(split.song_ids)
        shapes = [(split.train.shape, (len(split.user_ids), n_songs))]
        shapes += [(m.shape, (len(h.users), n_songs)) for h in held.values() for m in (h.fold_in, h.holdout)]
        if any(shape != expected for shape, expected in shapes):
            raise DataError(f"{folder} is damaged: its parts differ in length. Delete it and make it again.")
        return split


def _paint(cells: np.ndarray, users: np.ndarray, rows: csr_array, mark: str) -> None:
    row, song = rows.nonzero()
    cells[users[row], song] = mark


def held_out(fold_in: csr_array, holdout: csr_array) -> HeldOut:
    """Test on the users who have something held out.

    Parameters
    ----------
    fold_in : csr_array (n_users, n_songs)
        Plays that may be known.
    holdout : csr_array (n_users, n_songs)
        Plays to find; users with an empty row are left out.

    Returns
    -------
    HeldOut
        The users left, with their rows of both.
    """
    users = np.flatnonzero(np.diff(holdout.indptr)).astype(np.int32)
    return HeldOut(users, fold_in[users], holdout[users])


def keep(matrix: csr_array, mask: np.ndarray) -> csr_array:
    """The stored entries of a matrix for which the mask holds.

    Parameters
    ----------
    matrix : csr_array (n, m)
        Any matrix.
    mask : bool array (matrix.nnz,)
        One boolean an entry.

    Returns
    -------
    csr_array (n, m)
        A matrix of the same shape.
    """
    kept = np.concatenate([[0], np.cumsum(mask)])
    indptr = kept[matrix.indptr].astype(matrix.indptr.dtype)
    return csr_array((matrix.data[mask], matrix.indices[mask], indptr), shape=matrix.shape)


def scattered(rows: csr_array, users: np.ndarray, n_users: int) -> csr_array:
    """Rows at new places in a matrix that is empty elsewhere.

    Parameters
    ----------
    rows : csr_array (n, n_songs)
        The rows.
    users : int array (n,)
        Their places, ascending.
    n_users : int
        Rows of the result.

    Returns
    -------
    csr_array (n_users, n_songs)
        Row `users[i]` is `rows[i]`.
    """
    counts = np.zeros(n_users, dtype=rows.indptr.dtype)
    counts[users] = np.diff(rows.indptr)
    indptr = np.concatenate([[0], np.cumsum(counts)]).astype(rows.indptr.dtype)
    return csr_array((rows.data, rows.indices, indptr), shape=(n_users, rows.shape[1]))


def places(matrix: csr_array, draws: np.ndarray) -> np.ndarray:
    """Where each stored entry stands among those of its row, from 0, by the number drawn for it: (nnz,)."""
    rows = row_of_entries(matrix)
    order = np.lexsort((draws, rows))
    place = np.empty(matrix.nnz, np.int64)
    place[order] = np.arange(matrix.nnz) - matrix.indptr[rows]  # entries of a row stay within its span
    return place


def shares_of(songs: np.ndarray, *shares: float) -> list[np.ndarray]:
    """How many songs of each user go into each part.

    Parameters
    ----------
    songs : int array (n_users,)
        Songs of each user.
    *shares : float
        How much is wanted for each part.

    Returns
    -------
    list of int array (n_users,)
        int(share * n) of a user's n songs. Where that is nothing for every user, one song of each who has
        at least `FEWEST` left, so that a log of short histories has something in every part too.

    >>> shares_of(np.array([2, 3, 9]), 0.2, 0.1)
    [array([0, 0, 1]), array([0, 1, 1])]
    """
    left, found = songs, []
    for share in shares:
        taken = np.floor(share * songs).astype(int)
        if not taken.any():
            taken = (left >= FEWEST).astype(int)
        found.append(taken)
        left = left - taken
    return found


def nobody(part: str, longest: int) -> DataError:
    """What is wrong where a part has no users."""
    return DataError(
        f"no user has anything held out for {part}: the log's longest history has {longest} songs. "
        f"Hold out a larger share (split.{part}), or bring more data."
    )


def check_shares(**shares: float) -> None:
    """`ConfigError` unless each share, and their sum, lies between 0 and 1, both excluded."""
    for name, share in shares.items():
        if isinstance(share, bool) or not isinstance(share, (int, float)) or not 0 < share < 1:
            raise ConfigError(f"{name} must be a share between 0 and 1 (both excluded), not {share!r}")
    if sum(shares.values()) >= 1:
        raise ConfigError(
            f"{' + '.join(shares)} = {sum(shares.values()):g}: nothing would be left to train on"
        )
