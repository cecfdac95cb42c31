"""Cold start: users of whom only the first few songs are shown, songs that no model has met.

Not a protocol of the study (see `songrec.splits`): the models that it compares are fitted once, on users and
songs that they know. Here some of both are set aside whole.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from songrec.errors import ConfigError, DataError
from songrec.splits.contract import HeldOut, check_shares, held_out, keep, places


@dataclass(frozen=True)
class Sizes:
    """How many users are set aside, and how much of them is shown: parameters of `new_users`."""

    shown: list[int]
    validation_users: int
    test_users: int
    min_hidden: int


def afforded(plays: csr_array, asked: Sizes) -> Sizes:
    """What a log affords of the sizes that are asked.

    Parameters
    ----------
    plays : csr_array (n_users, n_songs)
        The log.
    asked : Sizes
        What it has, if it can.

    Returns
    -------
    Sizes
        `asked` itself, where the log has users enough. Else at most a third of the users is set aside, in the
        same proportion; the largest numbers of songs to show are given up until so many users have them and
        the hidden songs; and in the end fewer users and one hidden song must do.

    Raises
    ------
    DataError
        Where not even two users can be set aside.
    """
    songs, wanted = np.diff(plays.indptr), asked.validation_users + asked.test_users
    shown, hidden = sorted(asked.shown), asked.min_hidden
    if wanted < len(songs) and (songs >= shown[-1] + hidden).sum() >= wanted:
        return asked
    room = min(wanted, len(songs) // 3)
    while len(shown) > 1 and (songs >= shown[-1] + hidden).sum() < room:
        shown.pop()
    if (songs >= shown[-1] + hidden).sum() < room:
        hidden = 1
    room = min(room, int((songs >= shown[-1] + hidden).sum()))
    if room < 2:
        raise DataError(
            f"the log is too small to set users aside as new: of {len(songs)} users {room} can be. Bring "
            "more data, or leave the page out (cold_start: null)"
        )
    validation = max(1, round(room * asked.validation_users / wanted))
    return Sizes(shown, min(validation, room - 1), max(1, room - validation), hidden)


@dataclass(frozen=True)
class NewUsers:
    """Users set aside whole, their songs in random order, because the log has no clock.

    Attributes
    ----------
    users : int32 array (n,)
        Ascending codes into the log.
    plays : csr_array (n, n_songs)
        All that they played.
    place : int array (plays.nnz,)
        Where each entry stands in its user's order, from 0.
    most : int
        How many songs are shown at most.
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
    """Set users aside for validation and for test.

    Parameters
    ----------
    plays : csr_array (n_users, n_songs)
        The log.
    shown : sequence of int
        How many songs of each user will be shown.
    validation_users, test_users : int
        How many users are set aside.
    min_hidden : int
        Only users with so many songs beyond the largest of `shown` are set aside, so that the same songs are
        hidden whatever is shown.
    seed : int
        Of the choice of users and of the order of their songs.

    Returns
    -------
    train : csr_array (n_users, n_songs)
        Plays of the others; the rows of users set aside are empty.
    validation : NewUsers
        Users to choose parameters on.
    test : NewUsers
        Users to test on.

    Raises
    ------
    DataError
        Where the log has too few such users.
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
    parts = ((users.astype(np.int32), plays[users]) for users in (validation, test))
    drawn = (NewUsers(users, part, places(part, random.random(part.nnz)), most) for users, part in parts)
    return plays[others], *drawn


def new_songs(plays: csr_array, share: float, seed: int = 0) -> tuple[csr_array, np.ndarray, HeldOut]:
    """Take a share of the songs out of the log.

    Parameters
    ----------
    plays : csr_array (n_users, n_songs)
        The log.
    share : float
        Share of the songs to take out.
    seed : int
        Of the choice.

    Returns
    -------
    train : csr_array (n_users, n_songs)
        Plays without these songs: each is an empty column.
    songs : int array
        Codes of the songs taken out.
    held : HeldOut
        Users who played some of them: the other songs are the fold-in, these the holdout.
    """
    check_shares(share=share)
    played = np.unique(plays.indices)
    count = max(1, round(share * len(played)))  # of a small catalogue, one
    if count >= len(played):
        raise DataError(f"a share of {share} of {len(played)} songs leaves none new or none known")
    songs = np.sort(np.random.default_rng(seed).choice(played, count, replace=False))
    new = np.isin(plays.indices, songs)
    train = keep(plays, ~new)
    return train, songs.astype(np.int32), held_out(train, keep(plays, new))
