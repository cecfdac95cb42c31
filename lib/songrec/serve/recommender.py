"""Ids in; ids, scores and the reason of each out: what every answer to people is made from."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b

import numpy as np
from scipy.sparse import csr_array

from songrec.data import Interactions, codes_of
from songrec.lists import NOTHING, Cap, TopN
from songrec.models import Recommender
from songrec.ranking import best

KNOWN_USER, FOLD_IN, SIMILAR, POPULAR = RUNGS = "known_user", "fold_in", "similar", "popular"
"""The ladder: a list of the model for a user of the log, or for posted songs; songs like theirs; what most
people play. Where one has no (more) songs, the next one fills the list."""

DEPTH = 200
"""Places that the model ranks at least: what is left when some are excluded, capped or ranked anew."""

SPEAKING = 32
"""Songs of a listener, the most played, that say which songs are like theirs."""

Ranked = tuple[np.ndarray, np.ndarray]
"""Songs (codes in the log) and their scores, best first."""

_NONE = np.empty(0, np.int32), np.empty(0)


def find(ids: np.ndarray, wanted: Sequence[str]) -> np.ndarray:
    """`codes_of` for what a stranger sends: a text longer than all ids makes no copy of them as long as it.

    >>> find(np.array(["a", "c"]), ["c", "b", "a" * 99, "c\\0"])
    array([ 1, -1, -1, -1], dtype=int32)
    """
    if not len(ids) or not len(wanted):
        return np.full(len(wanted), NOTHING, np.int32)
    place = np.searchsorted(ids, np.array(wanted, dtype=ids.dtype)).clip(max=len(ids) - 1)
    there = ids[place].tolist()
    return np.array(
        [at if one == it else NOTHING for at, one, it in zip(place, there, wanted, strict=True)], np.int32
    )


@dataclass(frozen=True)
class Listener:
    """Whom a list is for.

    Attributes
    ----------
    songs : int32 array (n,)
        What they have heard: distinct codes in the log, ascending.
    plays : int32 array (n,)
        How often; 1 where nobody knows.
    user : int
        Row in the matrix that the model was fitted on, -1 for a new one.
    known : bool
        Whether the log knows them.
    """

    songs: np.ndarray
    plays: np.ndarray
    user: int = NOTHING
    known: bool = False

    @classmethod
    def of(cls, songs: np.ndarray, plays: np.ndarray, user: int = NOTHING, known: bool = False) -> "Listener":
        """From codes in any order, where a song may stand more than once: its plays are added up."""
        distinct, place = np.unique(np.asarray(songs, np.int32), return_inverse=True)
        total = np.bincount(place, np.asarray(plays, np.float64), minlength=len(distinct))
        return cls(distinct, total.clip(max=2**31 - 1).astype(np.int32), user, known)

    @property
    def key(self) -> str:
        """What is the same for two listeners only if a model gives them the same list."""
        told = blake2b(self.songs.tobytes() + self.plays.tobytes(), digest_size=12)
        return f"{self.user}.{told.hexdigest()}"


@dataclass(frozen=True)
class Wish:
    """What a list should be like.

    Attributes
    ----------
    n : int
        Its length, where so many songs are admissible.
    exclude : int array
        Codes that must not be in it: distinct, ascending.
    heard : bool
        Whether songs that the listener has heard may be in it.
    per_artist : int
        How many songs of one artist at most; 0: as many as there are. Songs whose artist is not known do not
        count.
    diversity : float
        The lambda of `songrec.studies.rerank.mmr`: 0 leaves the model's order.
    """

    n: int
    exclude: np.ndarray
    heard: bool = False
    per_artist: int = 0
    diversity: float = 0.0


@dataclass(frozen=True)
class Ranking:
    """A list: distinct codes in the log, their scores (each on the scale of its rung), and their rungs."""

    songs: np.ndarray
    scores: np.ndarray
    rungs: list[str]

    @property
    def rung(self) -> str:
        """The rung that answered: that of the first song; empty for an empty list."""
        return self.rungs[0] if self.rungs else ""

    @classmethod
    def made_of(cls, parts: Sequence[tuple[str, np.ndarray, np.ndarray]]) -> "Ranking":
        """From parts (rung, songs, scores), one after the other."""
        songs = np.concatenate([np.empty(0, np.int32), *(part[1] for part in parts)]).astype(np.int32)
        scores = np.concatenate([np.empty(0), *(part[2] for part in parts)])
        return cls(songs, scores, [rung for rung, found, _ in parts for _ in found])


@dataclass(frozen=True, eq=False)
class SongRecommender:
    """Lists from a fitted model and the log that it is served with.

    Attributes
    ----------
    model : Recommender
        Fitted on songs coded by `song_ids` and users coded by `user_ids`.
    user_ids : array of str
        Sorted.
    song_ids : array of str
        Sorted.
    log : Interactions
        All that is known of every user. Songs and users go by their codes here.
    artists : int array (log.n_songs,), optional
        A code for each song's artist, -1 where it is not known.
    alike : Recommender, optional
        A model of the same songs that compares them, where `model` does not.
    """

    model: Recommender
    user_ids: np.ndarray
    song_ids: np.ndarray
    log: Interactions
    artists: np.ndarray | None = None
    alike: Recommender | None = None

    @cached_property
    def in_log(self) -> np.ndarray:
        """The code in the log of each song of the model."""
        return codes_of(self.log.song_ids, self.song_ids)

    @cached_property
    def in_model(self) -> np.ndarray:
        """The model's code of each song of the log, -1 where it does not know it."""
        codes = np.full(self.log.n_songs, NOTHING, np.int32)
        there = self.in_log != NOTHING
        codes[self.in_log[there]] = np.flatnonzero(there)
        return codes

    @cached_property
    def same_users(self) -> bool:
        """Whether the model was fitted on the log's users."""
        return np.array_equal(self.user_ids, self.log.user_ids)

    @cached_property
    def popular(self) -> Ranked:
        """All songs of the log by listeners, ties to the lower code."""
        listeners = np.bincount(self.log.plays.indices, minlength=self.log.n_songs)
        return best(np.arange(self.log.n_songs, dtype=np.int32), listeners.astype(np.float64), len(listeners))

    @cached_property
    def comparing(self) -> Recommender | None:
        """The model that says which songs are alike, if there is one."""
        return self.model if self.model.compares_songs() else self.alike

    def user(self, user_id: str, more: dict[str, int] | None = None) -> Listener:
        """A user with all their plays: those of the log, and `more` by song id; unknown songs are dropped."""
        code = find(self.log.user_ids, [user_id])[0]
        known = code != NOTHING
        ends = self.log.plays.indptr[code : code + 2] if known else (0, 0)
        songs, plays = (part[slice(*ends)] for part in (self.log.plays.indices, self.log.plays.data))
        row = int(code if self.same_users else find(self.user_ids, [user_id])[0])
        if not more:  # as they stand in the log, so they stand here
            return Listener(songs, plays, row, bool(known))
        added, times = self._codes(more)
        return Listener.of(np.concatenate([songs, added]), np.concatenate([plays, times]), row, bool(known))

    def new(self, plays: dict[str, int]) -> Listener:
        """Somebody of whom nothing else is known; songs that nobody has heard of are dropped."""
        return Listener.of(*self._codes(plays))

    def _codes(self, plays: dict[str, int]) -> tuple[np.ndarray, np.ndarray]:
        codes = find(self.log.song_ids, list(plays))
        there = codes != NOTHING
        return codes[there], np.array(list(plays.values()), np.int64)[there]

    def recommend(
        self,
        listener: Listener,
        wish: Wish,
        remembered: Callable[[str, Callable[[], Ranked]], Ranked] | None = None,
    ) -> Ranking:
        """Exactly `wish.n` songs, wherever so many are admissible; the ladder fills what the model lacks.

        Parameters
        ----------
        listener, wish
            For whom, and what.
        remembered : callable, optional
            Gives what it knows by a key, or what the function gives that it is handed: a cache.
        """
        if wish.diversity:
            return self._diverse(listener, wish, remembered)
        taken = wish.exclude
        if not wish.heard:
            taken = np.union1d(taken, listener.songs) if len(taken) else listener.songs
        n, parts, left = wish.n, [], Cap(self.artists, wish.per_artist)
        for rung, ranked in self._rungs(listener, wish, remembered):
            songs, scores = self._admitted(ranked, n, taken, left)
            parts.append((rung, songs, scores))
            n -= len(songs)
            if not n:
                break
            taken = np.union1d(taken, songs)
        return Ranking.made_of(parts)

    def from_model(self, listener: Listener, k: int, excluded: np.ndarray) -> Ranked:
        """The model's `k` best, less what is excluded: fewer where it has no evidence for more."""
        out = self.in_model[excluded]
        songs, scores = self.model.recommend_to(
            *self.modelled(listener), k, user=listener.user, excluded=out[out != NOTHING]
        )
        return self.in_log[songs], scores

    def most_popular(self, k: int, excluded: np.ndarray) -> Ranked:
        """What most people play, less what is excluded (distinct codes)."""
        songs, listeners = (part[: k + len(excluded)] for part in self.popular)
        keep = ~np.isin(songs, excluded)
        return songs[keep][:k], listeners[keep][:k]

    def similar(self, song: int, n: int, exclude: np.ndarray | tuple = ()) -> Ranked:
        """The songs most like one, less what is excluded; empty where nothing says which are alike."""
        code = self.in_model[song]
        if code == NOTHING or not self.comparing:
            return _NONE
        k = min(n + len(exclude), len(self.song_ids))
        songs, scores = self._real(*(one[0] for one in self.comparing.similar_songs(np.array([code]), k)))
        keep = ~np.isin(songs, exclude)
        return songs[keep][:n], scores[keep][:n]

    def modelled(self, listener: Listener) -> tuple[np.ndarray, np.ndarray]:
        """The listener's songs that the model knows, by its codes, ascending, and their plays."""
        codes = self.in_model[listener.songs]  # in the log's order, which is that of the model: of the ids
        known = codes != NOTHING
        return codes[known], listener.plays[known]

    def _rungs(self, listener, wish, remembered) -> Iterator[tuple[str, Callable[[int, np.ndarray], Ranked]]]:
        """Of each rung its name, and the function from (k, excluded) to its best k songs."""

        def of_model(k: int, excluded: np.ndarray) -> Ranked:
            # What was heard is mostly excluded, and what else is mostly little: that is worth remembering.
            if remembered and k <= DEPTH and not wish.heard:
                found = remembered(listener.key, lambda: self.from_model(listener, DEPTH, listener.songs))
                if not len(wish.exclude):
                    return found[0][:k], found[1][:k]
                keep = ~np.isin(found[0], wish.exclude)
                if keep.sum() >= k or len(found[0]) < DEPTH:
                    return found[0][keep][:k], found[1][keep][:k]
            return self.from_model(listener, k, excluded)

        def of_songs(k: int, excluded: np.ndarray) -> Ranked:
            return self.alike_to(listener, k, excluded)[:2]

        yield (KNOWN_USER if listener.known else FOLD_IN), of_model
        yield SIMILAR, of_songs
        yield POPULAR, self.most_popular

    def alike_to(self, listener: Listener, k: int, excluded: np.ndarray) -> tuple[np.ndarray, ...]:
        """Songs most like any of the listener's: codes, likeness, and the song heard that each is like."""
        codes = self.in_model[listener.songs]
        known = np.flatnonzero(codes != NOTHING)
        known = np.sort(known[np.argsort(-listener.plays[known], kind="stable")[:SPEAKING]])
        if not len(known) or not self.comparing:
            return *_NONE, _NONE[0]
        depth = min(k + len(excluded), len(self.song_ids))
        found, scores = self.comparing.similar_songs(codes[known], depth)
        rows, places = np.nonzero(found != NOTHING)
        songs, scores = self.in_log[found[rows, places]], scores[rows, places].astype(np.float64)
        order = np.lexsort((songs, -scores))
        order = order[~np.isin(songs[order], excluded)]
        _, first = np.unique(songs[order], return_index=True)
        order = order[np.sort(first)][:k]
        return songs[order], scores[order], listener.songs[known[rows[order]]]

    def _admitted(self, ranked, n: int, taken: np.ndarray, left: Cap) -> Ranked:
        """The first n songs of a rung that the cap lets pass: ever deeper, until they suffice or it ends."""
        k = max(n, DEPTH) if left.cap else n
        while True:
            songs, scores = ranked(k, taken)
            keep = left.passing(songs, n)
            if len(keep) == n or len(songs) < k:
                left.count(songs[keep])
                return songs[keep], scores[keep]
            k *= 4

    def _diverse(self, listener: Listener, wish: Wish, remembered) -> Ranking:
        """The rung that answers gives its candidates, MMR their order; the rest of the list is filled."""
        wide = Wish(max(DEPTH, wish.n), wish.exclude, wish.heard, wish.per_artist)
        found = self.recommend(listener, wide, remembered)
        first = [place for place, rung in enumerate(found.rungs) if rung == found.rung]
        if not first:
            return found
        from songrec.studies.rerank import mmr_from

        lists = TopN(np.zeros(1, np.int32), found.songs[first][None], found.scores[first][None])
        songs = mmr_from(lists, self._listeners, [wish.diversity], wish.n)[wish.diversity][0]
        songs = songs[songs != NOTHING]
        place = {int(song): at for at, song in enumerate(found.songs)}
        order = [place[int(song)] for song in songs]
        order = (order + [at for at in range(len(found.songs)) if found.rungs[at] != found.rung])[: wish.n]
        return Ranking(found.songs[order], found.scores[order], [found.rungs[at] for at in order])

    @cached_property
    def _listeners(self) -> csr_array:
        from songrec.studies.rerank import listener_vectors

        return listener_vectors(self.log.plays)

    def _real(self, found: np.ndarray, scores: np.ndarray) -> Ranked:
        there = found != NOTHING
        return self.in_log[found[there]], scores[there]
