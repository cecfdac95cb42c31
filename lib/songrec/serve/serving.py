"""Answers worded for HTTP, and the parts that they are made with. It knows no web framework."""

import logging
import threading
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple
from uuid import uuid4

import numpy as np

from songrec.errors import SongrecError
from songrec.lists import NOTHING, Cap
from songrec.serve.alias import SCHEME, Registered
from songrec.serve.events import EventLog
from songrec.serve.metrics import Metrics
from songrec.serve.near import near_ids
from songrec.serve.recommender import FOLD_IN, KNOWN_USER, SIMILAR, Listener, Ranking, Wish, find
from songrec.serve.run import ServedRun, open_run
from songrec.serve.schemas import Ask, Wanted
from songrec.serve.settings import ServiceSettings
from songrec.serve.shared import Lists, OneFile, Redis
from songrec.serve.songs import Songs
from songrec.serve.versions import Version, Versions
from songrec.serve.why import contributions

BLOCK = "block"
"""Under which name the block list is shared."""

REASONS = 3
"""Songs that are named as having led to another."""

SHADOWS = 8
"""Lists that may wait for being shadowed."""

log = logging.getLogger("songrec.serve")


class UnknownSongError(SongrecError):
    """A song that is not in the catalogue."""


class _Made(NamedTuple):
    """A version's list for somebody."""

    version: Version
    listener: Listener
    ranking: Ranking


class Serving:
    """A run, or a registered model, ready to answer.

    Parameters
    ----------
    settings : ServiceSettings
        What to serve, and with what.
    run : ServedRun, optional
        What was opened already; else the last run of the profile.
    """

    def __init__(self, settings: ServiceSettings, run: ServedRun | None = None):
        self.metrics, self.registered = Metrics(), None
        if settings.model.startswith(SCHEME):
            self.registered = Registered(settings.model, settings.tracking, self.metrics)
            folder, known_as = self.registered.folder, self.registered.name
            source, self.why = self.registered.first, f"{settings.model} names it"
        else:
            run = run or open_run(settings.profile)
            folder, known_as = run.paths.processed, settings.profile
            source, self.why = run.named(settings.model or None)
        folder = folder / "serve"
        self.redis = settings.redis and Redis(settings.redis, f"songrec:{known_as}", self.metrics)
        self.store = self.redis or OneFile(folder)
        self.lists = Lists(self.metrics, self.redis or None)
        self.versions = Versions(run, source, self.store, self.metrics, settings.index, self.registered)
        self.block: dict[str, list[str]] = {"songs": [], "artists": []}
        self.events = EventLog(folder / "events")
        self._shadows = ThreadPoolExecutor(1, "shadow")
        self._shadowing = threading.Semaphore(SHADOWS)
        self.follow()

    @property
    def run(self) -> ServedRun:
        """What is live, with its log."""
        return self.versions.roles.live.run

    @property
    def songs(self) -> Songs:
        """Those of what is live."""
        return self.run.songs

    @property
    def problem(self) -> str:
        """Why this process does not follow the others, or the registry; empty: it does."""
        return self.versions.problem or (self.registered.problem if self.registered else "")

    def follow_registry(self) -> None:
        """Put live what the registry says is live. To be called every some seconds: it may take some."""
        self.registered.follow(self.versions.promote)

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
            self.block = told
        elif not told and (self.block["songs"] or self.block["artists"]):
            self.store.restore(BLOCK, self.block)
        self.metrics.blocked.set(len(self.songs.blocked(self.block)))

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
        plays, versions = self._plays(ask), roles.versions_for(user)
        made = [self._made(version, user, plays, ask) for version in versions]
        if roles.shadow_for(user or number):
            self._shadow(roles.candidate, user, plays, ask, made[0])
        songs = versions[0].run.songs
        unknown = songs.unknown(list(dict.fromkeys(one.song for one in ask.history)))
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
            "unknown_songs": unknown + songs.unknown(ask.exclude),
            "items": items,
        }

    def batch(self, asked: Sequence[Ask]) -> dict[str, Any]:
        """Several lists, in their order."""
        return {"answers": [self.recommend(ask) for ask in asked]}

    def similar(self, song_id: str, n: int, exclude: Sequence[str] = ()) -> dict[str, Any]:
        """Songs like a song; `UnknownSongError` for one that is not in the catalogue."""
        version = self.versions.roles.live
        songs = version.run.songs
        code = find(songs.ids, [song_id])[0]
        if code == NOTHING:
            near = near_ids(songs.ids, song_id) if len(song_id) < 200 else []
            hint = f" Did you mean {' or '.join(near)}?" if near else ""
            raise UnknownSongError(f"the song {song_id[:200]!r} is not known.{hint}")
        codes = find(songs.ids, exclude)
        gone = np.union1d(codes[codes != NOTHING], songs.blocked(self.block))
        found = version.recommender.similar(code, n, gone)
        return {
            "song": songs.song(code),
            "version": version.name,
            "complete": len(found[0]) == n,
            "items": _scored(songs, *found),
        }

    def search(self, typed: str, n: int) -> dict[str, Any]:
        """Songs whose title and artist are like what was typed."""
        songs = self.songs
        return {"items": [songs.song(song, score=score) for song, score in songs.search(typed, n)]}

    def popular(self, n: int) -> dict[str, Any]:
        """What most people play."""
        version = self.versions.roles.live
        songs = version.run.songs
        return {"items": _scored(songs, *version.recommender.most_popular(n, songs.blocked(self.block)))}

    # The block list

    def set_block(self, songs: list[str], artists: list[str]) -> dict[str, Any]:
        """Block these, and no others any longer."""
        told = {"songs": sorted(set(songs)), "artists": sorted(set(artists))}
        self.store.write(BLOCK, told)
        self.block = told
        return self.block_list()

    def block_list(self) -> dict[str, Any]:
        songs, block = self.songs, self.block
        self.metrics.blocked.set(len(songs.blocked(block)))
        known = set(songs.artists)
        unknown = songs.unknown(block["songs"]) + [one for one in block["artists"] if one not in known]
        return {**block, "unknown": unknown}

    # Parts of a list

    def _plays(self, ask: Ask) -> dict[str, int]:
        """What was posted, with the request or as events."""
        plays: dict[str, int] = {}
        for heard in ask.history:
            plays[heard.song] = plays.get(heard.song, 0) + heard.plays
        if ask.user:
            for song, times in self.events.plays_of(ask.user).items():
                plays[song] = plays.get(song, 0) + times
        return plays

    def _wish(self, ask: Wanted, user: str, songs: Songs) -> Wish:
        """What a list should be like, in codes."""
        parts = [songs.blocked(self.block)]
        if ask.exclude:
            parts.append(find(songs.ids, ask.exclude))
        if ask.skip_shown and user:
            parts.append(find(songs.ids, list(self.events.shown_to(user))))
        gone = np.unique(np.concatenate(parts)) if len(parts) > 1 else parts[0]
        return Wish(ask.n, gone[gone != NOTHING], ask.include_heard, ask.per_artist, ask.diversity)

    def _made(self, version: Version, user: str, plays: dict[str, int], ask: Wanted) -> "_Made":
        """A version's list."""
        of, wish = version.recommender, self._wish(ask, user, version.run.songs)
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
            of = made[0].version.run.songs
            artists = np.append(
                of.artist_codes, NOTHING
            )  # the last: of a song that only the other version knows
            keep = Cap(artists, ask.per_artist).passing(find(of.ids, songs), ask.n)
            songs, teams = [songs[place] for place in keep], [teams[place] for place in keep]
        return [each[team][song] for song, team in zip(songs[: ask.n], teams, strict=False)], all(exact)

    def _told(self, made: "_Made", why: bool) -> tuple[list[dict[str, Any]], bool]:
        """A version's songs with their reasons, and whether these are exact."""
        found, name, of = made.ranking, made.version.name, made.version.run.songs
        reasons, exact = self._reasons(made) if why else ([[]] * len(found.songs), True)
        columns = found.songs.tolist(), found.scores.tolist(), found.rungs, reasons
        return [
            of.song(song, score=score, rung=rung, version=name, why=because)
            for song, score, rung, because in zip(*columns, strict=True)
        ], exact

    def _reasons(self, made: "_Made") -> tuple[list[list[dict[str, Any]]], bool]:
        """Of each song of a list the listener's songs that led to it."""
        of, listener, found = made.version.recommender, made.listener, made.ranking
        called = made.version.run.songs
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
                    called.song(song, share=share)
                    for song, share in zip(songs, each, strict=True)
                    if share > 0
                ]
        if SIMILAR in found.rungs:
            songs, _, to = of.alike_to(listener, 2 * len(found.songs) + len(listener.songs), listener.songs)
            like = dict(zip(songs.tolist(), to.tolist(), strict=True))
            for place, rung in enumerate(found.rungs):
                if rung == SIMILAR and (song := like.get(int(found.songs[place]))) is not None:
                    reasons[place] = [called.song(song, share=1.0)]
        return reasons, exact

    def _shadow(self, version: Version, user: str, plays: dict, ask: Wanted, answered: "_Made") -> None:
        """Ask another version for the same list, later and elsewhere, and tell the metrics what it gave."""
        if not self._shadowing.acquire(blocking=False):
            self.metrics.shadow_dropped.inc()
            return

        def score() -> None:
            try:
                began = time.perf_counter()
                found = _first_ten(self._made(version, user, plays, ask))
                self.metrics.shadow_seconds.observe(time.perf_counter() - began)
                if first := _first_ten(answered):
                    self.metrics.overlap.observe(len(first & found) / len(first))
            except Exception:
                log.exception("shadow", extra={"told": {"version": version.name}})
            finally:
                self._shadowing.release()

        try:
            self._shadows.submit(score)
        except RuntimeError:  # the service is being stopped
            self._shadowing.release()


def _scored(songs: Songs, codes: np.ndarray, scores: np.ndarray) -> list[dict[str, Any]]:
    pairs = zip(codes.tolist(), scores.tolist(), strict=True)
    return [songs.song(code, score=score) for code, score in pairs]


def _first_ten(made: _Made) -> set[str]:
    return {made.version.run.songs.names[code] for code in made.ranking.songs[:10].tolist()}
