"""Choices of the users of the synthetic world: tiers, favourites, and draws for a block of users at once."""

from collections.abc import Iterator

import numpy as np

from songrec.data.synthetic_catalogue import Tree, cube
from songrec.data.synthetic_tables import LIGHT_HEARS_HITS

# These constants were set by models on the log (item-KNN and user-KNN, cosine, 100 neighbours; precision@10
# on a random fifth of the triplets). The real sets give popularity .024, item-KNN .075 to .097, user-KNN
# .063 to .084. This world gives .031, .136, .116 at 1,000 users and 1,500 songs, and .026, .142, .127 at
# 6,000 and 5,000; in the shape of the 3,000-user sample .018, .042, .041, where the sample itself has .024,
# .075, .063. What would make the whole catalogue as learnable as the real one makes the small ones trivial.

MAINSTREAM = 0.7
"""A user takes between none and this share of choices from the whole catalogue, whatever the taste."""

LEVELS = np.array([0.10, 0.32])
"""The other choices: up to the first share from a favourite genre, to the second a scene, then an artist."""

FAVOURITES = ((2, 1_000_000), (2, 50), (2, 10))
"""How many favourite genres, scenes and artists: so many, and one more for each so many songs heard."""


class Taste:
    """Tiers and favourites of a block of users.

    Parameters
    ----------
    tree : Tree
        The catalogue.
    wanted : int array (n,)
        How many songs each hears.
    light : float array (n,)
        `CountTable.share_above` of that.
    rng : Generator
        Of all draws.
    """

    def __init__(self, tree: Tree, wanted: np.ndarray, light: np.ndarray, rng: np.random.Generator):
        n = len(wanted)
        self.tree = tree
        self.mainstream = MAINSTREAM * rng.random(n)
        quantile = np.where(rng.random(n) < LIGHT_HEARS_HITS, light, rng.random(n))
        tier = tree.draw(0, -1, quantile) // tree.songs * tree.songs
        nodes = _Favourites(np.ones(n, np.int64), tier, tier + tree.songs)
        self.favourites = []
        for (least, songs_each), (node, starts) in zip(FAVOURITES, tree.levels, strict=True):
            count = least + wanted // songs_each
            user = np.repeat(np.arange(n), count)
            chosen = node[tree.draw(*nodes.one(user, rng), rng.random(len(user))) % tree.songs]
            nodes = _Favourites(count, tier[user] + starts[chosen], tier[user] + starts[chosen + 1])
            self.favourites.append(nodes)

    def choose(self, user: np.ndarray, rng: np.random.Generator, exhausted: bool):
        """For each user given a place in the tree, and whether it came from a favourite artist.

        Where the favourites are exhausted, every choice is from the whole catalogue.
        """
        level = np.searchsorted(LEVELS, rng.random(len(user)), side="right")
        level[(rng.random(len(user)) < self.mainstream[user]) | exhausted] = -1
        start, stop = np.zeros(len(user), np.int64), np.full(len(user), len(self.tree.cumulative) - 1)
        for number, nodes in enumerate(self.favourites):
            here = np.flatnonzero(level == number)
            start[here], stop[here] = nodes.one(user[here], rng)
        return self.tree.draw(start, stop, rng.random(len(user))) % self.tree.songs, level == 2

    def chances(self, user: int) -> np.ndarray:
        """How likely one choice of a user's, made by `choose` before anything is exhausted, is each song.

        Returns
        -------
        float64 array (songs,)
            By song code; they sum to 1.
        """
        tree, songs = self.tree, self.tree.songs
        weights = np.diff(tree.cumulative)
        whole = weights.reshape(-1, songs).sum(axis=0)
        chances = self.mainstream[user] * whole / whole.sum()
        share = (1 - self.mainstream[user]) * np.diff(LEVELS, prepend=0, append=1)
        for level, nodes in enumerate(self.favourites):
            for start, stop, chance in nodes.of(user):
                total = tree.cumulative[stop] - tree.cumulative[start]
                if total:
                    stands, parts = np.arange(start, stop), weights[start:stop] / total
                else:  # nothing of this node is in the tier: what `Tree.draw` gives then
                    stands, parts = np.array([tree.draw(start, stop, 0.0)]), 1.0
                chances[stands % songs] += share[level] * chance * parts
        by_code = np.empty(songs)
        by_code[tree.code] = chances
        return by_code


class _Favourites:
    """Nodes of one level, `count` for each user of a block, user after user, by start and stop."""

    def __init__(self, count: np.ndarray, start: np.ndarray, stop: np.ndarray):
        self.count, self.start, self.stop = count, start, stop
        self.first = np.cumsum(count) - count

    def one(self, user: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Start and stop of one node for each user given, the first ones far more often than the last."""
        node = self.first[user] + (cube(rng.random(len(user))) * self.count[user]).astype(np.int64)
        return self.start[node], self.stop[node]

    def of(self, user: int) -> Iterator[tuple[int, int, float]]:
        """Start, stop and chance of each node of one user."""
        count, first = self.count[user], self.first[user]
        chances = np.diff(np.cbrt(np.arange(count + 1) / count))
        yield from zip(
            self.start[first : first + count], self.stop[first : first + count], chances, strict=True
        )
