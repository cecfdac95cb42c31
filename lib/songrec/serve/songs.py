"""The songs of a log as people know them: their ids, titles and artists."""

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from songrec.data import Catalogue, Interactions
from songrec.lists import NOTHING
from songrec.ranking import best
from songrec.serve.recommender import find

if TYPE_CHECKING:
    from songrec.serve.titles import Titles

NONE = np.empty(0, np.int32)


class Songs:
    """Codes of a log, and what stands for them in an answer.

    Parameters
    ----------
    log : Interactions
        Whose songs they are.
    catalogue : Catalogue
        What is known of them.

    Attributes
    ----------
    ids : array of str (log.n_songs,)
        Sorted.
    names : list of str
        The ids as plain text.
    titles : list of str or None
        By code; None where it is not known.
    artists : list of str or None
        Likewise.
    artist_codes : int32 array (log.n_songs,)
        A code for each song's artist, -1 where it is not known.
    """

    ids: np.ndarray
    names: list[str]
    titles: list[str | None]
    artists: list[str | None]
    artist_codes: np.ndarray

    def __init__(self, log: Interactions, catalogue: Catalogue):
        self._log, self.ids = log, log.song_ids
        self.names = self.ids.tolist()
        place = find(catalogue.song_ids, self.names)
        self.titles, self.artists = (
            np.append(of, None)[place].tolist() for of in (catalogue.title, catalogue.artist)
        )
        self.artist_codes = _codes_by_name(self.artists)
        self._blocked: tuple[Any, np.ndarray] = None, NONE

    def song(self, code: int, **more: Any) -> dict[str, Any]:
        """What a song is called, and `more` of it."""
        return {"id": self.names[code], "title": self.titles[code], "artist": self.artists[code], **more}

    def unknown(self, songs: list[str]) -> list[str]:
        """Those ids that are none of the log's."""
        if not songs:
            return []
        return [songs[place] for place in np.flatnonzero(find(self.ids, songs) == NOTHING)]

    def search(self, typed: str, n: int) -> list[tuple[int, float]]:
        """Codes and scores of songs whose title and artist are like what was typed."""
        return self._index.search(typed, n)

    def blocked(self, told: dict[str, list[str]]) -> np.ndarray:
        """What a block list of songs and artists keeps out: distinct codes, ascending.

        It is looked up once: a list that has changed is another object.
        """
        known, codes = self._blocked
        if known is not told:
            songs, names = find(self.ids, told["songs"]), set(told["artists"])
            theirs = np.flatnonzero([artist in names for artist in self.artists]) if names else NONE
            codes = np.union1d(songs[songs != NOTHING], theirs).astype(np.int32)
            self._blocked = told, codes
        return codes

    @cached_property
    def _index(self) -> "Titles":
        from songrec.serve.titles import Titles  # of the extra: the command line does without

        listeners = np.bincount(self._log.plays.indices, minlength=self._log.n_songs)
        songs, _ = best(
            np.arange(self._log.n_songs, dtype=np.int32), listeners.astype(np.float64), len(listeners)
        )
        rank = np.empty(len(self.ids), np.int64)
        rank[songs] = np.arange(len(songs))
        texts = [
            f"{title} {artist or ''}" if title else song
            for song, title, artist in zip(self.names, self.titles, self.artists, strict=True)
        ]
        return Titles(texts, rank)


def _codes_by_name(names: list[str | None]) -> np.ndarray:
    """A code for each name, by its first place; -1 for None: int32 (n,)."""
    codes: dict[str, int] = {}
    found = [NOTHING if name is None else codes.setdefault(name, len(codes)) for name in names]
    return np.array(found, np.int32)
