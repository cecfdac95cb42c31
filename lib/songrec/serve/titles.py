"""Songs by what a person types: titles and artists, with typing errors."""

import re
import unicodedata
from collections.abc import Sequence
from functools import cached_property

import numpy as np
from rapidfuzz import fuzz, process
from scipy.sparse import csr_array

BUCKETS = 1 << 18
"""Numbers that three letters are hashed to."""

CANDIDATES = 200
"""Songs with the most letters in common that are compared whole."""

CLOSE = 60.0
"""Of 100: a song that is less like what was typed is not found."""


class Titles:
    """A search over songs.

    Parameters
    ----------
    texts : sequence of str
        What each song, by its code, is known by: title and artist, or else its id.
    rank : int array
        Of each song its place by popularity: it decides between songs that are as like what was typed.
    """

    def __init__(self, texts: Sequence[str], rank: np.ndarray):
        self.texts, self.rank = texts, rank

    @cached_property
    def folded(self) -> list[str]:
        return [folded(text) for text in self.texts]

    @cached_property
    def index(self) -> csr_array:
        """Three letters (buckets) x songs."""
        parts = [_trigrams(text) for text in self.folded]
        songs = np.repeat(np.arange(len(parts), dtype=np.int32), [len(part) for part in parts])
        rows = np.concatenate([np.empty(0, np.int64), *parts])
        index = csr_array((np.ones(len(rows), np.int32), (rows, songs)), shape=(BUCKETS, len(parts)))
        index.data[:] = 1  # how often a song has them counts no more
        return index

    def search(self, typed: str, n: int) -> list[tuple[int, float]]:
        """Up to `n` songs that are like what was typed: code and likeness (0 to 100), the likest first."""
        wanted = folded(typed)
        rows = np.unique(_trigrams(wanted))
        if not len(rows) or not self.folded:
            return []
        common = np.bincount(self.index[rows].indices, minlength=len(self.folded))
        some = (
            np.lexsort((self.rank, -common))[:CANDIDATES] if len(common) <= CANDIDATES else self._most(common)
        )
        some = some[common[some] > 0]
        found = process.extract(
            wanted,
            {int(song): self.folded[song] for song in some},
            scorer=_alike,
            limit=None,
            score_cutoff=CLOSE,
        )
        ordered = sorted((-round(score, 1), self.rank[song], song) for _, score, song in found)
        return [(song, -score) for score, _, song in ordered[:n]]

    def _most(self, common: np.ndarray) -> np.ndarray:
        """The songs with the most in common, the popular ones of those with as much."""
        key = common.astype(np.int64) * (len(common) + 1) - self.rank
        return np.argpartition(-key, CANDIDATES)[:CANDIDATES]


def folded(text: str) -> str:
    """Letters without case and accents, words with one space between.

    >>> folded("  Björk:  Jóga")
    'bjork joga'
    """
    plain = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return " ".join(re.findall(r"\w+", plain)) or plain.strip()


def _alike(one: str, other: str, score_cutoff: float = 0.0, **_) -> float:
    """The whole text counts, and what was typed as a part of it."""
    whole = fuzz.token_sort_ratio(one, other)
    part = fuzz.partial_token_set_ratio(one, other) if len(one) < 4 else fuzz.partial_ratio(one, other)
    return max(whole, 0.7 * part + 0.3 * fuzz.token_set_ratio(one, other))


def _trigrams(text: str) -> np.ndarray:
    """Hashes of all three letters that follow each other, words set apart by two spaces."""
    letters = np.frombuffer(f"  {text.replace(' ', '  ')} ".encode("utf-32-le", "surrogatepass"), np.uint32)
    a, b, c = (letters[place : len(letters) - 2 + place].astype(np.int64) for place in range(3))
    return (a * 961 + b * 31 + c) % BUCKETS
