"""A synthetic listening log: seeded, streaming, of any size, calibrated to the Taste Profile."""

from collections.abc import Iterator
from functools import cached_property

import numpy as np
import pandas as pd

from songrec.data.interactions import Interactions
from songrec.data.synthetic_catalogue import describe, grow_tree, song_ids
from songrec.data.synthetic_tables import ACTIVITY, PLAYS, CountTable
from songrec.data.synthetic_taste import Taste
from songrec.errors import ConfigError

BLOCK = 4096
"""Users made at a time: about 200,000 triplets."""

ROUNDS = 24
"""How often songs are drawn, at most: again in the place of songs that a user has already."""

PATIENCE = 8
"""Rounds after which a user whose favourites are exhausted takes from the whole catalogue."""


class SyntheticWorld:
    """Users with tastes in an invented catalogue, and the log of what they played.

    Parameters
    ----------
    users, songs : int
        How many there are. Songs per user do not depend on either (up to a quarter of the songs), so
        listeners per song grow with users / songs. A song that nobody chose is in the catalogue only.
    seed : int
        The world; the same users, songs and seed give the same bytes on every machine.

    Raises
    ------
    ConfigError
        For fewer than one user or 40 songs, and for a negative seed.

    Notes
    -----
    Nothing in it is real, and its ids say so: song ids begin with 'SOSYN', user ids with 'facade'.

    A user has a few favourite genres, scenes within them and artists within those, each drawn by its weight;
    a tier, which says how popular the songs are that this user chooses by taste (hits, mostly, if the user
    hears little); and a share of choices from the whole catalogue instead. Over all choices every one of
    these ways takes a song in proportion to its weight, so tastes leave the popularity curve as calibrated
    (`synthetic_tables`).

    The whole shape of the Taste Profile, 1,019,318 users and 384,546 songs, is 49.7 million triplets and
    takes a minute and .4 GB on one core.

    Examples
    --------
    >>> world = SyntheticWorld(users=100, songs=500, seed=7)
    >>> users, songs, plays = next(world.triplets())
    >>> len(np.unique(users)), str(songs[0])[:5], int(plays.min())
    (100, 'SOSYN', 1)
    """

    def __init__(self, users: int = 1000, songs: int = 2000, seed: int = 0):
        if users < 1 or songs < 40:
            raise ConfigError(f"a synthetic world needs 1 user and 40 songs or more, not {users} and {songs}")
        if seed < 0:
            raise ConfigError(f"a seed is a whole number from 0 on, not {seed}")
        self.users, self.songs, self.seed = users, songs, seed
        self._activity = CountTable(ACTIVITY, largest=songs // 4)
        self._plays = CountTable(PLAYS)
        self._tree = grow_tree(songs, self._activity.mean(), self._rng(0))

    def _rng(self, *place: int) -> np.random.Generator:
        """Each part of the world and each block of users has a generator of its own."""
        return np.random.default_rng([self.seed, *place])

    @cached_property
    def song_ids(self) -> np.ndarray:
        """All songs of the catalogue, sorted."""
        return song_ids(self.songs, self._rng(1))

    def catalogue(self) -> pd.DataFrame:
        """Every song: song_id, title, artist, year (nullable), genre; sorted by song_id."""
        return describe(self._tree, self.song_ids, self._rng(2))

    def triplets(self) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """The log, some 200,000 triplets at a time: user ids, song ids (strings), plays (int32).

        As in the real file users come in no order of their ids, and a user's songs in the order of theirs.
        """
        for user_ids, users, songs, plays in self.blocks():
            yield user_ids[users], self.song_ids[songs], plays

    def interactions(self) -> Interactions:
        """The whole log in memory, as ingest would give it."""
        columns = [np.concatenate(parts) for parts in zip(*self.triplets(), strict=True)]
        return Interactions.from_triplets(*columns)

    def blocks(self) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]]:
        """The same log in codes: the block's user ids, places among them (int32), song codes, plays."""
        for block, first in enumerate(range(0, self.users, BLOCK)):
            rng = self._rng(3, block)
            user_ids = _user_ids(min(BLOCK, self.users - first), rng)
            yield user_ids, *self._listen(len(user_ids), rng)

    def tastes(self) -> Iterator[tuple[np.ndarray, Taste]]:
        """The truth behind the log: ids and tastes of the users, in the blocks of `blocks`."""
        for block, first in enumerate(range(0, self.users, BLOCK)):
            rng = self._rng(3, block)
            user_ids = _user_ids(min(BLOCK, self.users - first), rng)
            yield user_ids, self._tastes(len(user_ids), rng)[1]

    def _tastes(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, Taste]:
        """How many songs each user of a block hears, and what they like."""
        wanted = self._activity(rng.random(n))
        light = self._activity.share_above(wanted, rng.random(n))
        return wanted, Taste(self._tree, wanted, light, rng)

    def _listen(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        wanted, taste = self._tastes(n, rng)
        chosen = np.empty(0, np.int64)  # (user, song, not from a favourite artist) packed into one number
        missing = wanted
        for number in range(ROUNDS):
            user = np.repeat(np.arange(n), missing)
            place, loved = taste.choose(user, rng, exhausted=number >= PATIENCE)
            packed = (user * self.songs + self._tree.code[place]) * 2 + ~loved
            # The stable sort merges runs that are sorted already: far less work than sorting all again.
            chosen = np.sort(np.concatenate([chosen, np.sort(packed)]), kind="stable")
            chosen = chosen[np.diff(chosen >> 1, prepend=-1) > 0]
            missing = wanted - np.bincount((chosen >> 1) // self.songs, minlength=n)
            if not missing.any():
                break
        user, song = np.divmod(chosen >> 1, self.songs)
        plays = self._plays(_fondness(chosen & 1 == 0, rng.random(len(chosen))))
        return user.astype(np.int32), song.astype(np.int32), plays.astype(np.int32)


def _fondness(loved: np.ndarray, uniform: np.ndarray) -> np.ndarray:
    """Quantiles of plays that lean upwards for loved songs, yet are uniform over all songs together.

    A loved song's quantile has the distribution function v**2, the others' (v - p v**2) / (1 - p), where p is
    the share of loved songs (at most half); both are inverted here.
    """
    p = min(np.count_nonzero(loved) / max(len(loved), 1), 0.5)
    other = 2 * (1 - p) * uniform / (1 + np.sqrt(1 - 4 * p * (1 - p) * uniform))
    return np.where(loved, np.sqrt(uniform), other)


def _user_ids(n: int, rng: np.random.Generator) -> np.ndarray:
    """n ids in the real form, 40 hexadecimal digits: here always 'facade' and 34 (136 bits: none twice)."""
    digits = np.frombuffer(b"0123456789abcdef", dtype="S1")[rng.integers(16, size=(n, 34))]
    return np.char.add("facade", digits.view("S34")[:, 0].astype(str))
