"""Who and what nobody knows: users of whom only the first few songs are shown, songs that no model has met.

Not a protocol of the study (see `songrec.splits`): the models that it compares are fitted once, on users and
songs that they know. Here some of both are set aside whole, to see what can be said of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from songrec.errors import ConfigError, DataError
from songrec.splits.contract import HeldOut, check_shares, held_out, keep, row_of_entries


@dataclass(frozen=True)
class NewUsers:
    """Users set aside whole, their songs in an order drawn by lot (the log has no clock).

    users : int32 (n,), ascending codes into the log. plays : csr_array (n, n_songs).
    place : int (plays.nnz,), where each entry stands in its user's order, from 0. most : songs shown at most.
    """

    users: np.ndarray
    plays: csr_array
    place: np.ndarray
    most: int

    def fold_in(self, n: int) -> csr_array:
        """The first `n` songs of each user, n <= `most`."""
        if not 0 <= n <= self.most:
            raise ConfigError(f"{n} songs cannot be shown: at most {self.most} are, the others must be found")
        return keep(self.plays, self.place < n)

    @property
    def holdout(self) -> csr_array:
        """What must be found: all songs after the first `most`, however few of those are shown."""
        return keep(self.plays, self.place >= self.most)


def new_users(
    plays: csr_array,
    *,
    shown: Sequence[int],
    validation_users: int,
    test_users: int,
    min_hidden: int = 5,
    seed: int = 0,
) -> tuple[csr_array, NewUsers, NewUsers]:
    """Set users aside: (plays of the others, users to choose on, users for the verdict).

    plays : csr_array (n_users, n_songs). shown : how many songs will be shown. Only users with `min_hidden`
    songs beyond the largest of these can be set aside, so that the same songs are hidden whatever is shown.

    Raises `DataError` where the log has too few such users.
    """
    if not len(shown) or min(shown) < 1 or min_hidden < 1 or min(validation_users, test_users) < 1:
        raise ConfigError(
            "shown, min_hidden, validation_users and test_users must be whole numbers of at least 1"
        )
    most = int(max(shown))
    able = np.flatnonzero(np.diff(plays.indptr) >= most + min_hidden)
    wanted = validation_users + test_users
    if wanted > len(able) or wanted >= plays.shape[0]:
        raise DataError(
            f"{wanted} users are to be set aside, but only {len(able)} of {plays.shape[0]} have at least "
            f"{most} + {min_hidden} songs, and some users must train: set fewer aside, or show fewer songs"
        )
    random = np.random.default_rng(seed)
    drawn = random.permutation(able)[:wanted]
    test, validation = np.sort(drawn[:test_users]), np.sort(drawn[test_users:])
    others = np.setdiff1d(np.arange(plays.shape[0]), drawn)
    return plays[others], *(_in_drawn_order(plays, users, most, random) for users in (validation, test))


def _in_drawn_order(plays: csr_array, users: np.ndarray, most: int, random: np.random.Generator) -> NewUsers:
    part = plays[users]
    rows = row_of_entries(part)
    order = np.lexsort((random.random(part.nnz), rows))
    place = np.empty(part.nnz, np.int64)
    place[order] = np.arange(part.nnz) - part.indptr[rows]  # entries of a row stay within its span
    return NewUsers(users.astype(np.int32), part, place, most)


def new_songs(plays: csr_array, share: float, seed: int = 0) -> tuple[csr_array, np.ndarray, HeldOut]:
    """Take a share of the songs out: (plays without them, their codes, users who played some of them).

    The matrix keeps its shape: a new song is an empty column. Each user's other songs fold in, and the new
    ones that the user played must be found.
    """
    check_shares(share=share)
    heard = np.unique(plays.indices)
    count = round(share * len(heard))
    if not 1 <= count < len(heard):
        raise DataError(f"a share of {share} of {len(heard)} songs leaves none new or none known")
    songs = np.sort(np.random.default_rng(seed).choice(heard, count, replace=False))
    new = np.isin(plays.indices, songs)
    known = keep(plays, ~new)
    return known, songs.astype(np.int32), held_out(known, keep(plays, new))
