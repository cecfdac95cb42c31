"""A listening log that nobody made: seeded, streaming, of any size, calibrated to the Taste Profile."""

from collections.abc import Iterator
from functools import cached_property

import numpy as np
import pandas as pd

from songrec.data.interactions import Interactions
from songrec.data.synthetic_catalogue import describe, grow_tree, song_ids
from songrec.data.synthetic_tables import ACTIVITY, PLAYS, CountTable
from songrec.errors import ConfigError

BLOCK = 4096
"""Users made at a time: about 200,000 triplets."""

ROUNDS = 40
"""How often songs are drawn again in the place of songs a user has already."""

# Where a user's choices come from: (whole catalogue, a genre, a scene, an artist), for the most mainstream
# and the most niche user; everybody else lies between.
MAINSTREAM = np.array([0.50, 0.15, 0.20, 0.15])
NICHE = np.array([0.10, 0.15, 0.35, 0.40])

LOVED = 0.3
"""Share of triplets that come from a favourite artist, in the mean: these are played more."""


class SyntheticWorld:
    """Users with tastes in an invented catalogue, and the log of what they played.

    Nothing in it is real, and its ids say so: song ids begin with 'SOSYN', user ids with 'facade'.

    A user has a few favourite genres, scenes within them and artists within those (each drawn by its
    popularity), and a place between mainstream and niche; each song comes from the whole catalogue, a genre,
    a scene or an artist of the user's, in shares that this place sets. Every level chooses songs by the
    same weights, so tastes leave the popularity curve as calibrated (`synthetic_tables`).

    users, songs : how many there are. Songs per user do not depend on either (up to a quarter of the songs),
        so listeners per song grow with users / songs. A song that nobody chose is in the catalogue only.
    seed : the world; the same triple of users, songs and seed gives the same bytes on every machine.

    >>> world = SyntheticWorld(users=100, songs=500, seed=7)
    >>> users, songs, plays = next(world.triplets())
    >>> len(np.unique(users)), str(songs[0])[:5], int(plays.min())
    (100, 'SOSYN', 1)

    Raises `ConfigError` for fewer than one user or 40 songs.
    """

    def __init__(self, users: int = 1000, songs: int = 2000, seed: int = 0):
        if users < 1 or songs < 40:
            raise ConfigError(f"a synthetic world needs 1 user and 40 songs or more, not {users} and {songs}")
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

    def _listen(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        wanted = self._activity(rng.random(n))
        taste = Taste(self._tree, wanted, rng)
        chosen = np.empty(0, np.int64)  # (user, song, not from a favourite artist) packed into one number
        missing = wanted
        for _ in range(ROUNDS):
            user = np.repeat(np.arange(n), missing)
            place, level = taste.choose(user, rng)
            packed = (user * self.songs + self._tree.code[place]) * 2 + (level < 3)
            chosen = np.sort(np.concatenate([chosen, packed]))
            chosen = chosen[np.diff(chosen >> 1, prepend=-1) > 0]
            missing = wanted - np.bincount((chosen >> 1) // self.songs, minlength=n)
            if not missing.any():
                break
        user, song = np.divmod(chosen >> 1, self.songs)
        plays = self._plays(_fondness(chosen & 1 == 0, rng.random(len(chosen))))
        return user.astype(np.int32), song.astype(np.int32), plays.astype(np.int32)


class Taste:
    """Favourites of a block of users: three genres, some scenes and artists, more for who hears more."""

    def __init__(self, tree, wanted: np.ndarray, rng: np.random.Generator):
        self.tree, n = tree, len(wanted)
        self.shares = np.cumsum(MAINSTREAM + rng.random(n)[:, None] * (NICHE - MAINSTREAM), axis=1)
        zero = np.zeros(1, np.int64)
        whole = (zero, np.full(1, len(tree.code)))
        self.count, self.first, self.nodes = [], [], []
        slots = (np.full(n, 3), 2 + wanted // 20, 2 + wanted // 6)
        starts = (tree.genre_start, tree.scene_start, tree.artist_start)
        labels = (tree.genre, tree.scene, tree.artist)
        for level in range(3):
            user = np.repeat(np.arange(n), slots[level])
            if level:
                start, stop = self._node(level - 1, user, rng)
            else:
                start, stop = (end.repeat(len(user)) for end in whole)
            node = labels[level][tree.draw(start, stop, rng.random(len(user)))]
            self.count.append(slots[level])
            self.first.append(np.cumsum(slots[level]) - slots[level])
            self.nodes.append((starts[level][node], starts[level][node + 1]))

    def _node(self, level: int, user: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Start and stop of one of each user's favourites; the first ones are favoured (quantile squared)."""
        uniform = rng.random(len(user))
        slot = self.first[level][user] + (uniform * uniform * self.count[level][user]).astype(np.int64)
        start, stop = self.nodes[level]
        return start[slot], stop[slot]

    def choose(self, user: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """For each user given a place, and its level: 0 whole catalogue, 1 genre, 2 scene, 3 artist."""
        level = (rng.random(len(user))[:, None] >= self.shares[user, :3]).sum(axis=1)
        start, stop = np.zeros(len(user), np.int64), np.full(len(user), len(self.tree.code))
        for favourite in range(3):
            here = np.flatnonzero(level == favourite + 1)
            start[here], stop[here] = self._node(favourite, user[here], rng)
        return self.tree.draw(start, stop, rng.random(len(user))), level


def _fondness(loved: np.ndarray, uniform: np.ndarray) -> np.ndarray:
    """Quantiles of plays that lean upwards for loved songs, and stay uniform over all when `LOVED` are loved.

    A loved song's quantile has the distribution function v**2; the others' is (v - p v**2) / (1 - p), with
    p = `LOVED`, inverted here.
    """
    other = (1 - np.sqrt(1 - 4 * LOVED * (1 - LOVED) * uniform)) / (2 * LOVED)
    return np.where(loved, np.sqrt(uniform), other)


def _user_ids(n: int, rng: np.random.Generator) -> np.ndarray:
    """n ids in the real form, 40 hexadecimal digits: here always 'facade' and 34 (136 bits: none twice)."""
    digits = np.frombuffer(b"0123456789abcdef", dtype="S1")[rng.integers(16, size=(n, 34))]
    return np.char.add("facade", digits.view("S34")[:, 0].astype(str))
