"""Constants of the synthetic world, each measured on the real samples, and the exact draws from them.

Every table is rounded to integers before a draw looks at it, and draws use only `Generator.random`,
comparisons and products: a last bit that differs between processors (in `exp`, in a sum) changes no draw,
so the same seed gives the same bytes everywhere.
"""

import numpy as np

FULL_SONGS = 384_546
"""Songs of the whole Taste Profile; the popularity law below is that catalogue's."""

SCALE = 2**36
"""Integer that stands for a probability of 1 in the tables."""

# Songs per user, as (songs, share of users with at most that many): taste-profile-3k-users, a faithful sample
# with full histories. The last knots lie past its largest user (581): more users have a longer tail. The mean
# is 48.8; the sample's is 48.5, the whole Taste Profile's 47.5.
ACTIVITY = (
    (9, 0.0), (10, 0.0500), (11, 0.0957), (12, 0.1373), (13, 0.1783), (14, 0.2133), (15, 0.2427),
    (17, 0.3050), (20, 0.3733), (23, 0.4400), (27, 0.5017), (32, 0.5677), (36, 0.6063), (40, 0.6463),
    (45, 0.6823), (50, 0.7170), (57, 0.7540), (63, 0.7780), (70, 0.8023), (80, 0.8310), (90, 0.8587),
    (100, 0.8793), (112, 0.9000), (130, 0.9223), (156, 0.9503), (175, 0.9643), (200, 0.9737), (235, 0.9823),
    (281, 0.9900), (340, 0.9953), (400, 0.9963), (519, 0.9990), (700, 0.9998), (1000, 1.0),
)  # fmt: skip

# Plays per (user, song), as (plays, share of triplets with at most that many): the same sample.
PLAYS = (
    (0, 0.0), (1, 0.58728), (2, 0.74013), (3, 0.80948), (4, 0.84650), (5, 0.89435), (6, 0.91596),
    (7, 0.93027), (8, 0.94061), (10, 0.95808), (12, 0.96854), (15, 0.97825), (19, 0.98548), (23, 0.99035),
    (30, 0.99453), (45, 0.99787), (63, 0.99903), (100, 0.99972), (150, 0.99991), (400, 1.0),
)  # fmt: skip

# How often a song is chosen, as (rank in the whole catalogue, log of its weight over the least song's).
# Fitted so that 1,450,933 independent choices reproduce the challenge's listeners per song (within 2 % at
# every count from 1 to 1,000; 163,060 songs heard against 163,206). It then foretells what it has not seen:
# 37,700 songs with 200 listeners or more in the whole Taste Profile (published: 41,140), and 52,200 songs
# heard in the 3,000-user sample (real: 55,423). Worlds of these shapes have 42,379 and 57,270: nobody hears
# a hit twice, so some choices go further down.
POPULARITY = (
    (1, 11.46), (3, 11.27), (10, 10.81), (30, 10.13), (100, 9.53), (300, 8.62), (1_000, 7.90),
    (3_000, 7.20), (10_000, 6.22), (30_000, 5.04), (60_000, 4.07), (100_000, 3.22), (160_000, 2.32),
    (240_000, 1.26), (FULL_SONGS, 0.0),
)  # fmt: skip

# A small catalogue, where users hear as many songs among far fewer, has its law flattened until its first
# song is chosen no more often than this, per user. (About half as many hear it: who would choose it twice
# takes another song.) The whole catalogue stays below it by itself. With the real law a thousand songs would
# give a few hits that everybody has heard; so, popularity finds about as much as on the real sets (see
# `synthetic_taste`), and 6,000 users of 5,000 songs give a Gini index of .49 where taste-profile-10k-songs,
# about as dense, has .45.
TOP_SONG_SHARE = 0.30

# Tiers of users by how popular the songs are that they choose by taste, in standard deviations of the log
# weight of a choice, and how wide each tier is. Real users differ in this: in the 3,000-user sample, .67 of
# the variance 1.91 in the log listeners of a choice lies between users. It is .34 of 1.87 here; narrower
# tiers come closer, but leave popularity nothing to find.
TIER_CENTRES = np.array([-1.6, -0.8, 0.0, 0.8, 1.6])
TIER_WIDTH = 0.65

# Share of the users whose tier follows from how much they hear. Those who hear little hear hits: the ten
# first songs make up 4.2 % of the choices of the sample's users with at most 15 songs, 2.5 % with at most 75
# and .7 % with more than 150 (here 3.3, 2.0 and 1.1 %). The challenge's users hear little, and so its curve
# is steeper than the sample's: with this share the world agrees with both.
LIGHT_HEARS_HITS = 0.5


class CountTable:
    """Draws counts from (count, share of draws at most that large) knots, linear between knots.

    Counts beyond `largest` become `largest`, where one is given.
    """

    def __init__(self, knots, largest: int | None = None):
        counts, shares = np.array(knots, dtype=float).T
        last = int(counts[-1]) if largest is None else min(int(counts[-1]), largest)
        self.counts = np.arange(int(counts[0]) + 1, last + 1)
        self.cumulative = np.rint(np.interp(self.counts, counts, shares) * SCALE).astype(np.int64)
        self.cumulative[-1] = SCALE
        self.totals = np.cumsum(self.counts * np.diff(self.cumulative, prepend=0))

    def __call__(self, uniform: np.ndarray) -> np.ndarray:
        """Counts (int64) at the given quantiles in [0, 1)."""
        return self.counts[np.searchsorted(self.cumulative, (uniform * SCALE).astype(np.int64), side="right")]

    def mean(self) -> float:
        """Expected count."""
        return int(self.totals[-1]) / SCALE

    def share_above(self, drawn: np.ndarray, uniform: np.ndarray) -> np.ndarray:
        """The share of the sum of all draws that larger ones than these make up; equal ones in random order.

        Each draw weighted by its count, this is uniform in [0, 1): near 1 for the smallest counts.
        """
        place = drawn - self.counts[0]
        below = np.where(place > 0, self.totals[place - 1], 0)
        return (self.totals[-1] - self.totals[place] + (self.totals[place] - below) * uniform) / self.totals[
            -1
        ]


def popularity_weights(songs: int, mean_songs: float) -> np.ndarray:
    """Integer weights (int64, most chosen first) of a catalogue of that many songs.

    The real law is read at as many evenly spaced ranks, then raised to the largest power (at most 1, in
    steps of .001) that keeps the first song within `TOP_SONG_SHARE`, when a user hears `mean_songs` songs.
    """
    ranks, logs = np.array(POPULARITY).T
    rank = (np.arange(songs) + 0.5) * (FULL_SONGS / songs) + 0.5
    law = np.interp(np.log(rank), np.log(ranks), logs)
    low, high = 0, 1000
    while low < high:  # the first song's share grows with the power
        power = (low + high + 1) // 2
        weights = np.exp(law * (power / 1000))
        fits = mean_songs * weights[0] / weights.sum() <= TOP_SONG_SHARE
        low, high = (power, high) if fits else (low, power - 1)
    weights = np.exp(law * (low / 1000))
    return np.maximum(np.rint(weights / weights.sum() * SCALE), 1).astype(np.int64)


def split_by_tier(weights: np.ndarray) -> np.ndarray:
    """Integer weights of each tier, (tiers, songs); over the tiers they sum to the songs' own, rounded."""
    logs, share = np.log(weights), weights / weights.sum()
    mean = (share * logs).sum()
    deviation = (logs - mean) / np.sqrt((share * (logs - mean) ** 2).sum())
    part = np.exp(-0.5 * ((deviation - TIER_CENTRES[:, None]) / TIER_WIDTH) ** 2)
    return np.rint(weights * part / part.sum(axis=0)).astype(np.int64)
