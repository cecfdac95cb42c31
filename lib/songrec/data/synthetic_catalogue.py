"""The synthetic catalogue: genres hold scenes, scenes hold artists, artists hold songs. All invented."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from songrec.data.synthetic_tables import popularity_weights, split_by_tier

GENRES = (
    "glass pop", "harbour folk", "tin jazz", "slow metal", "paper rock", "cellar house", "amber soul",
    "field punk", "night choral", "copper blues", "cloud hop", "salt country", "lamp techno", "moss ambient",
)  # fmt: skip

ID_LETTERS = np.frombuffer(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", dtype="S1")
ONSETS = "b br c d dr f fl g gl h j k l m n p pr r s sk st t tr v z"
VOWELS = "a e i o u ai ea io ou"
ENDS = "l m n r s th x ne la ra va lin dor vel mar tan"
TITLES = (
    "{0}", "{0} {1}", "Waltz for {0}", "Letters from {0}", "The {0} Hour", "{0} in the Rain", "Ode to {0}",
    "Back to {0}", "{0} (Part Two)", "Lights over {0}", "Goodbye, {0}", "{0} and {1}", "Somewhere near {0}",
)  # fmt: skip
ARTISTS = (
    "{0} {1}", "The {0}s", "{0}", "{0} & the {1}s", "{0} Orchestra", "DJ {0}", "{0} {1} Trio", "Young {0}",
)  # fmt: skip


@dataclass(frozen=True)
class Tree:
    """Songs laid out by place, so that every artist, scene and genre is one contiguous run of places.

    Attributes
    ----------
    cumulative : int64 array (tiers * songs + 1,)
        The songs' weights summed up, one tier of users after the other. The place p of tier t stands at
        t * songs + p: drawing a song from any node for any user is one search between two ends in this array.
    code : int32 array (songs,)
        The song's code in the sorted ids, place by place.
    levels : tuple of (int32 array, int array)
        For genre, scene and artist: each place's node, and the places where nodes begin and, last, where the
        last one ends.
    """

    cumulative: np.ndarray
    code: np.ndarray
    levels: tuple[tuple[np.ndarray, np.ndarray], ...]

    @property
    def songs(self) -> int:
        return len(self.code)

    def draw(self, start, stop, uniform: np.ndarray) -> np.ndarray:
        """One stand between each start and stop, by weight, at the given quantiles in [0, 1)."""
        low = self.cumulative[start]
        target = low + (uniform * (self.cumulative[stop] - low)).astype(np.int64)
        return np.searchsorted(self.cumulative, target, side="right") - 1


def grow_tree(songs: int, mean_songs: float, rng: np.random.Generator) -> Tree:
    """A catalogue's tree: how many nodes there are, what belongs where, how popular each song is.

    Artists grow as songs**.82 (5 songs each in a catalogue of 1,500, 14 in the whole one), scenes as
    songs**.65 (26 songs each, and 180). Sizes are uneven at every level; the number of genres is fixed.
    """
    n_artists, n_scenes = round(0.75 * songs**0.82), round(0.5 * songs**0.65)
    genre_of_scene = np.sort(_assign(n_scenes, len(GENRES), rng))
    scene_of_artist = np.sort(_assign(n_artists, n_scenes, rng))
    artist = np.sort(_assign(songs, n_artists, rng))
    scene = scene_of_artist[artist]
    nodes = ((genre_of_scene[scene], len(GENRES)), (scene, n_scenes), (artist, n_artists))
    # A popular artist's songs are popular: half of a song's standing is its artist's.
    standing = rng.random(n_artists)[artist] + rng.random(songs)
    weights = np.empty(songs, np.int64)
    weights[np.argsort(-standing, kind="stable")] = popularity_weights(songs, mean_songs)
    return Tree(
        np.concatenate([[0], np.cumsum(split_by_tier(weights))]),
        rng.permutation(songs).astype(np.int32),
        tuple((node.astype(np.int32), np.searchsorted(node, np.arange(n + 1))) for node, n in nodes),
    )


def _assign(things: int, boxes: int, rng: np.random.Generator) -> np.ndarray:
    """A box for each thing; the k-th largest is drawn about as 1 / (k + boxes / 5): sizes differ sixfold."""
    size = (2**32 / (1 + rng.permutation(boxes) + boxes / 5)).astype(np.int64)
    cumulative = np.cumsum(size)
    return np.searchsorted(cumulative, (rng.random(things) * cumulative[-1]).astype(np.int64), side="right")


def song_ids(songs: int, rng: np.random.Generator) -> np.ndarray:
    """Sorted, distinct ids in the real form, 'SO' and 16 letters or digits: here always 'SOSYN' and 13.

    >>> str(song_ids(2, np.random.default_rng(0))[0])[:5]
    'SOSYN'
    """
    step = 36**6 // songs  # six digits ascend with the code, seven are noise
    ascending = np.arange(songs) * step + (rng.random(songs) * step).astype(np.int64)
    digits = np.concatenate(
        [ascending[:, None] // 36 ** np.arange(5, -1, -1) % 36, rng.integers(36, size=(songs, 7))], axis=1
    )
    letters = ID_LETTERS[digits].view("S13")[:, 0]
    return np.char.add("SOSYN", letters.astype(str))


def describe(tree: Tree, ids: np.ndarray, rng: np.random.Generator) -> pd.DataFrame:
    """The catalogue as a table sorted by id: song_id, title, artist, year (one in ten unknown), genre."""
    genre, artist = tree.levels[0][0], tree.levels[2][0]
    n_artists, songs = artist[-1] + 1, len(tree.code)
    words = _words(3000, rng)
    names = _fill(ARTISTS, words, n_artists, rng)
    once = rng.random(n_artists)
    debut = 2009 - (46 * once * once).astype(np.int64)  # quantiles of song years as in the real metadata
    year = debut[artist] + (rng.random(songs) * (2011 - debut[artist])).astype(np.int64)
    table = pd.DataFrame(
        {
            "title": _fill(TITLES, words, songs, rng),
            "artist": names[artist],
            "year": pd.array(year, dtype="Int64"),
            "genre": np.array(GENRES)[genre],
        }
    )
    table.loc[rng.random(songs) < 0.1, "year"] = pd.NA
    table = table.iloc[np.argsort(tree.code)].reset_index(drop=True)
    table.insert(0, "song_id", ids)
    return table


def cube(uniform: np.ndarray) -> np.ndarray:
    """The third power by products, which round alike everywhere (`**` need not)."""
    return uniform * uniform * uniform


def _words(n: int, rng: np.random.Generator) -> np.ndarray:
    """Up to n pronounceable words that no dictionary has: onset, vowel, onset, vowel, end."""
    syllables = [np.array(part.split()) for part in (ONSETS, VOWELS, ONSETS, VOWELS, ENDS)]
    parts = [choices[rng.integers(len(choices), size=n)] for choices in syllables]
    return np.array(sorted({"".join(word).capitalize() for word in zip(*parts, strict=True)}))


def _fill(patterns, words: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    """n phrases: a pattern each, filled with two words."""
    chosen = (cube(rng.random(n)) * len(patterns)).astype(np.int64)  # the plain patterns come first and most
    first, second = words[rng.integers(len(words), size=(2, n))].tolist()
    return np.array(
        [patterns[c].format(a, b) for c, a, b in zip(chosen, first, second, strict=True)], dtype=object
    )
