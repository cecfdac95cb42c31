"""Answers worded for HTTP, and the parts that they are made with. It knows no web framework."""

import logging
import threading
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import Any, NamedTuple
from uuid import uuid4

import numpy as np

from songrec.errors import SongrecError
from songrec.lists import NOTHING, Cap
from songrec.serve.events import EventLog
from songrec.serve.metrics import Metrics
from songrec.serve.near import near_ids
from songrec.serve.recommender import FOLD_IN, KNOWN_USER, SIMILAR, Listener, Ranking, Wish, find
from songrec.serve.run import ServedRun, open_run
from songrec.serve.schemas import Ask, Wanted
from songrec.serve.settings import ServiceSettings
from songrec.serve.shared import Lists, OneFile, Redis
from songrec.serve.titles import Titles
from songrec.serve.versions import Version, Versions
from songrec.serve.why import contributions

BLOCK = "block"
"""Under which name the block list is shared."""

REASONS = 3
"""Songs that are named as having led to another."""

SHADOWS = 8
"""Lists that may wait for being shadowed."""

NONE = np.empty(0, np.int32)

log = logging.getLogger("songrec.serve")


class UnknownSongError(SongrecError):
    """A song that is not in the catalogue."""


class _Made(NamedTuple):
    """A version's list for somebody."""

    version: Version
    listener: Listener
    ranking: Ranking


class Serving:
    """A run, ready to answer.

    Parameters
    ----------
    settings : ServiceSettings
        What to serve, and with what.
    run : ServedRun, optional
        What was opened already; else the last run of the profile.
    """

    def __init__(self, settings: ServiceSettings, run: ServedRun | None = None):
        self.run = run or open_run(settings.profile)
        self.metrics = Metrics()
        folder = self.run.paths.processed / "serve"
        self.redis = settings.redis and Redis(settings.redis, f"songrec:{settings.profile}", self.metrics)
        self.store = self.redis or OneFile(folder)
        self.lists = Lists(self.metrics, self.redis or None)
        self.ids, catalogue = self.run.log.song_ids, self.run.catalogue
        self.names = self.ids.tolist()
        place = find(catalogue.song_ids, self.names)
        self.titles, self.artists = (
            np.append(of, None)[place].tolist() for of in (catalogue.title, catalogue.artist)
        )
        self.artist_codes = _codes_by_name(self.artists)
        label, self.why = self.run.named(settings.model or None)
        self.versions = Versions(self.run, label, self.artist_codes, self.store, self.metrics, settings.index)
        self.block: dict[str, list[str]] = {"songs": [], "artists": []}
        self.blocked = NONE
        self.events = EventLog(folder / "events")
        self._shadows = ThreadPoolExecutor(1, "shadow")
        self._shadowing = threading.Semaphore(SHADOWS)
        self.follow()

    def follow(self) -> None:
        """Take what other workers have changed. To be called every second or so."""
        self.store.ping()
        self.versions.follow()
        try:
            told = self.store.read(BLOCK)
        except SongrecError as error:
            log.warning("block list", extra={"told": {"error": str(error)}})
            return
        if told and told != self.block:
            self._take_block(told)
        elif not told and (self.block["songs"] or self.block["artists"]):
            self.store.restore(BLOCK, self.block)

    def prepare(self) -> None:
        """What is made at the first question, made before it."""
        self.search("a", 1)

    def close(self) -> None:
        self._shadows.shutdown(cancel_futures=True)
        self.events.close()

    # Lists

    def recommend(self, ask: Ask) -> dict[str, Any]:
        """A list for a user, a history or both."""
        user, number, roles = ask.user or "", uuid4().hex, self.versions.roles
        plays, unknown = self._plays(ask)
        wish, more = self._wish(ask, user)
        made = [self._made(version, user, plays, wish) for version in roles.versions_for(user)]
        if roles.shadow_for(user or number):
            self._shadow(roles.candidate, user, plays, wish, made[0].ranking)
        items, exact = self._items(made, ask, number)
        for one, count in Counter((item["version"], item["rung"]) for item in items).items():
            self.metrics.items.labels(*one).inc(count)
        rung = items[0]["rung"] if items else ""
        self.metrics.lists.labels(rung, made[0].version.name).inc()
        if len(items) < ask.n:
            self.metrics.short.inc()
        return {
            "list": number,
            "version": "+".join(one.version.name for one in made),
            "rung": rung,
            "complete": len(items) == ask.n,
            "why_exact": exact,
            "unknown_songs": unknown + more,
            "items": items,
        }

    def batch(self, asked: Sequence[Ask]) -> dict[str, Any]:
        """Several lists, in their order."""
        return {"answers": [self.recommend(ask) for ask in asked]}

    def similar(self, song_id: str, n: int, exclude: Sequence[str] = ()) -> dict[str, Any]:
        """Songs like a song; `UnknownSongError` for one that is not in the catalogue."""
        code = find(self.ids, [song_id])[0]
        if code == NOTHING:
            near = near_ids(self.ids, song_id) if len(song_id) < 200 else []
            hint = f" Did you mean {' or '.join(near)}?" if near else ""
            raise UnknownSongError(f"the song {song_id[:200]!r} is not known.{hint}")
        version = self.versions.roles.live
        codes = find(self.ids, exclude)
        gone = np.union1d(codes[codes != NOTHING], self.blocked)
        songs, scores = version.recommender.similar(code, n, gone)
        return {
            "song": self.song(code),
            "version": version.name,
            "complete": len(songs) == n,
            "items": self._scored(Ranking(songs, scores, [])),
        }

    def search(self, typed: str, n: int) -> dict[str, Any]:
        """Songs whose title and artist are like what was typed."""
        found = self._titles.search(typed, n)
        return {"items": [self.song(song, score=score) for song, score in found]}

    def popular(self, n: int) -> dict[str, Any]:
        """What most people play."""
        songs, listeners = self.versions.roles.live.recommender.most_popular(n, self.blocked)
        return {"items": self._scored(Ranking(songs, listeners, []))}

    def song(self, code: int, **more: Any) -> dict[str, Any]:
        """What a song is called, and `more` of it."""
        return {"id": self.names[code], "title": self.titles[code], "artist": self.artists[code], **more}

    # The block list

    def set_block(self, songs: list[str], artists: list[str]) -> dict[str, Any]:
        """Block these, and no others any longer."""
        told = {"songs": sorted(set(songs)), "artists": sorted(set(artists))}
        self.store.write(BLOCK, told)
        self._take_block(told)
        return self.block_list()

    def block_list(self) -> dict[str, Any]:
        known = set(self.artists)
        unknown = self._unknown(self.block["songs"])
        return {**self.block, "unknown": unknown + [one for one in self.block["artists"] if one not in known]}

    def _take_block(self, told: dict[str, list[str]]) -> None:
        songs, names = find(self.ids, told["songs"]), set(told["artists"])
        theirs = np.flatnonzero([artist in names for artist in self.artists]) if names else NONE
        self.blocked = np.union1d(songs[songs != NOTHING], theirs).astype(np.int32)
        self.block = told
        self.metrics.blocked.set(len(self.blocked))

    # Parts of a list

    def _plays(self, ask: Ask) -> tuple[dict[str, int], list[str]]:
        """What was posted, with the request or as events, and the songs of the request that are not known."""
        plays: dict[str, int] = {}
        for heard in ask.history:
            plays[heard.song] = plays.get(heard.song, 0) + heard.plays
        unknown = self._unknown(list(plays))
        if ask.user:
            for song, times in self.events.plays_of(ask.user).items():
                plays[song] = plays.get(song, 0) + times
        return plays, unknown

    def _unknown(self, songs: list[str]) -> list[str]:
        if not songs:
            return []
        codes = find(self.ids, songs).tolist()
        return [song for song, code in zip(songs, codes, strict=True) if code == NOTHING]

    def _wish(self, ask: Wanted, user: str) -> tuple[Wish, list[str]]:
        """What a list should be like, in codes, and the excluded songs that are not known."""
        parts, unknown = [self.blocked], []
        if ask.exclude:
            parts.append(find(self.ids, ask.exclude))
            unknown = self._unknown(ask.exclude) if NOTHING in parts[-1] else []
        if ask.skip_shown and user:
            parts.append(find(self.ids, list(self.events.shown_to(user))))
        gone = np.unique(np.concatenate(parts)) if len(parts) > 1 else self.blocked
        gone = gone[gone != NOTHING]
        return Wish(ask.n, gone, ask.include_heard, ask.per_artist, ask.diversity), unknown

    def _made(self, version: Version, user: str, plays: dict[str, int], wish: Wish) -> "_Made":
        """A version's list."""
        of = version.recommender
        listener = of.user(user, plays) if user else of.new(plays)
        ranking = of.recommend(listener, wish, self.lists.remembered(version.name, user))
        return _Made(version, listener, ranking)

    def _items(self, made: list["_Made"], ask: Ask, number: str) -> tuple[list[dict[str, Any]], bool]:
        """The songs of a list, by one version or drafted in turns by two, and whether why is exact."""
        told, exact = zip(*(self._told(one, ask.why) for one in made), strict=True)
        if len(made) == 1:
            return told[0], exact[0]
        from songrec.evaluation.interleaving import team_draft

        each = [{item["id"]: item for item in items} for items in told]
        songs, teams = team_draft(*map(list, each), sum(map(len, each)), number)
        if ask.per_artist:
            codes = find(self.ids, songs)
            keep = Cap(self.artist_codes, ask.per_artist).passing(codes, ask.n)
            songs, teams = [songs[place] for place in keep], [teams[place] for place in keep]
        return [each[team][song] for song, team in zip(songs[: ask.n], teams, strict=False)], all(exact)

    def _told(self, made: "_Made", why: bool) -> tuple[list[dict[str, Any]], bool]:
        """A version's songs with their reasons, and whether these are exact."""
        found, name = made.ranking, made.version.name
        reasons, exact = self._reasons(made) if why else ([[]] * len(found.songs), True)
        columns = found.songs.tolist(), found.scores.tolist(), found.rungs, reasons
        return [
            self.song(song, score=score, rung=rung, version=name, why=because)
            for song, score, rung, because in zip(*columns, strict=True)
        ], exact

    def _scored(self, found: Ranking) -> list[dict[str, Any]]:
        pairs = zip(found.songs.tolist(), found.scores.tolist(), strict=True)
        return [self.song(song, score=score) for song, score in pairs]

    def _reasons(self, made: "_Made") -> tuple[list[list[dict[str, Any]]], bool]:
        """Of each song of a list the listener's songs that led to it."""
        of, listener, found = made.version.recommender, made.listener, made.ranking
        reasons, exact = [[] for _ in found.songs], True
        modelled = [place for place, rung in enumerate(found.rungs) if rung in (KNOWN_USER, FOLD_IN)]
        if modelled:
            fold_in = of.model.row_of(*of.modelled(listener))
            parts, exact = contributions(of.model, fold_in, listener.user, of.in_model[found.songs[modelled]])
            scores = np.where(found.scores == 0, np.inf, found.scores)[modelled, None]
            strongest = np.argsort(-parts.T, axis=1, kind="stable")[:, :REASONS]
            shares = parts[strongest, np.arange(len(scores))[:, None]] / scores
            heard = of.in_log[fold_in.indices][strongest]
            for place, songs, each in zip(modelled, heard.tolist(), shares.round(4).tolist(), strict=True):
                reasons[place] = [
                    self.song(song, share=share) for song, share in zip(songs, each, strict=True) if share > 0
                ]
        if SIMILAR in found.rungs:
            songs, _, to = of.alike_to(listener, 2 * len(found.songs) + len(listener.songs), listener.songs)
            like = dict(zip(songs.tolist(), to.tolist(), strict=True))
            for place, rung in enumerate(found.rungs):
                if rung == SIMILAR and (song := like.get(int(found.songs[place]))) is not None:
                    reasons[place] = [self.song(song, share=1.0)]
        return reasons, exact

    def _shadow(self, version: Version, user: str, plays: dict, wish: Wish, answered: Ranking) -> None:
        """Ask another version for the same list, later and elsewhere, and tell the metrics what it gave."""
        if not self._shadowing.acquire(blocking=False):
            self.metrics.shadow_dropped.inc()
            return

        def score() -> None:
            try:
                began = time.perf_counter()
                found = self._made(version, user, plays, wish).ranking
                self.metrics.shadow_seconds.observe(time.perf_counter() - began)
                if first := set(answered.songs[:10].tolist()):
                    self.metrics.overlap.observe(len(first & set(found.songs[:10].tolist())) / len(first))
            except Exception:
                log.exception("shadow", extra={"told": {"version": version.name}})
            finally:
                self._shadowing.release()

        try:
            self._shadows.submit(score)
        except RuntimeError:  # the service is being stopped
            self._shadowing.release()

    @cached_property
    def _titles(self) -> Titles:
        songs, _ = self.versions.roles.live.recommender.popular
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
