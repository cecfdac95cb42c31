"""Models that are loaded, and which of them answers whom."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np

from songrec.arrays import seal_of
from songrec.errors import DataError, SongrecError
from songrec.lists import NOTHING
from songrec.models import Recommender, load_model
from songrec.serve.alias import SCHEME, Registered
from songrec.serve.metrics import Metrics
from songrec.serve.recommender import Listener, SongRecommender, Wish
from songrec.serve.run import ServedRun, plain

SPLIT, INTERLEAVE, SHADOW = "split", "interleave", "shadow"
"""What a candidate does for a share of the users: answer them, answer together with the live version (by team
draft), or be asked beside it and not be shown."""

ROLES = "roles"
"""Under which name the roles are shared."""


@dataclass(frozen=True, eq=False)
class Version:
    """A loaded model.

    Attributes
    ----------
    name : str
        Its label and the beginning of its manifest's hash: another training has another name.
    source : str
        The label in the run, the folder, or the address in the registry, that it is from.
    run : ServedRun
        The log that it is served with.
    recommender : SongRecommender
        It, with that log.
    seconds : float
        What loading and checking took.
    """

    name: str
    source: str
    run: ServedRun = field(repr=False)
    recommender: SongRecommender = field(repr=False)
    seconds: float = 0.0


@dataclass(frozen=True)
class Roles:
    """Which version does what. A request takes the roles once: what changes later does not touch it."""

    live: Version
    previous: Version | None = None
    candidate: Version | None = None
    mode: str = SHADOW
    share: float = 0.0

    def versions_for(self, user: str) -> list[Version]:
        """Always the same for a user while the share stays, by the hash of the id; who has none gets live."""
        if user and self.candidate and self.mode != SHADOW and _place(user) < self.share:
            return [self.candidate] if self.mode == SPLIT else [self.live, self.candidate]
        return [self.live]

    def shadow_for(self, whom: str) -> Version | None:
        """Who is asked beside the version that answers a user, or a history."""
        wanted = self.candidate and self.mode == SHADOW and _place(whom) < self.share
        return self.candidate if wanted else None

    def told(self) -> dict[str, Any]:
        """As values that are shared and shown."""
        names = ("live", "previous", "candidate")
        return {
            **{
                name: (one := getattr(self, name)) and {"name": one.name, "source": one.source}
                for name in names
            },
            "mode": self.mode,
            "share": self.share,
        }


def _folder(source: str) -> Path:
    """A folder that may not be one, nor be called as one can be."""
    try:
        if Path(source).is_dir():
            return Path(source)
    except (OSError, ValueError):
        pass
    raise DataError(f"{source[:200]!r} is no model of the run, and a folder of that name does not exist")


def _place(user: str) -> float:
    """Where a user stands between 0 and 1, by the hash of the id."""
    return int.from_bytes(blake2b(user.encode("utf-8", "replace"), digest_size=7).digest()) / 2**56


class Versions:
    """The roles, and what changes them.

    Parameters
    ----------
    run : ServedRun or None
        Whose models, and the log they are served with; None where the registry has them.
    source : str
        What is live, unless the store says otherwise.
    store : Redis or OneFile
        Where the roles are shared.
    metrics : Metrics
        Told who is in which role.
    index : str
        Where indexes of vectors are (`songrec.serve.index.indexed`); empty: none.
    registered : Registered, optional
        The registry: it has versions with logs of their own.
    """

    def __init__(
        self,
        run: ServedRun | None,
        source: str,
        store: Any,
        metrics: Metrics,
        index: str = "",
        registered: Registered | None = None,
    ):
        self._run, self._store, self._metrics, self._index = run, store, metrics, index
        self._registered = registered
        self._lock = threading.Lock()
        self._loaded: dict[str, Version] = {}
        self.problem = ""
        self._set(Roles(self.load(source)))
        self.follow()
        self._tell()

    def load(self, source: str) -> Version:
        """A model of the run by its label, of a folder or of the registry, checked whole and asked once.

        Raises
        ------
        DataError
            When it is damaged, of a newer format, of another log, or needs a package that is not here.
        """
        try:
            return self._load(source)
        except ModuleNotFoundError as error:  # an image may have been built without a compiler
            raise DataError(
                f"{source} needs the package {error.name}, which is not installed here"
            ) from error

    def _load(self, source: str) -> Version:
        began = time.perf_counter()
        run, label, called = self._run, source, ""
        if source.startswith(SCHEME):
            if not self._registered:
                raise DataError(f"{source}: this service was started on a run, not on a registry's model")
            known = next((one for one in list(self._loaded.values()) if one.source == source), None)
            if known:
                return known
            run, label, called = self._registered.open(source)
        of_run = label in run.models
        folder = run.folder(label) if of_run else _folder(label)
        name = f"{called or (label if of_run else folder.name)}-{seal_of(folder)[:8]}"
        if name in self._loaded:
            return self._loaded[name]
        model = run.load(label, whole=True) if of_run else self._foreign(folder)
        alike = None if model.compares_songs() else run.alike
        recommender = SongRecommender(
            self._indexed(model, name), run.user_ids, run.song_ids, run.log, run.songs.artist_codes, alike
        )
        some = Listener.of(recommender.in_log[recommender.in_log != NOTHING][:3], np.ones(3, int))
        recommender.recommend(some, Wish(10, np.empty(0, np.int32)))
        if called:  # requests are answered meanwhile, by another log
            run.songs.search("a", 1)
        self._loaded[name] = Version(name, source, run, recommender, time.perf_counter() - began)
        return self._loaded[name]

    def try_out(self, source: str, mode: str, share: float) -> Roles:
        """Load a candidate that answers, or is shadowed for, a share of the users."""
        candidate = self.load(source)
        return self._change(lambda roles: replace(roles, candidate=candidate, mode=mode, share=share))

    def withdraw(self) -> Roles:
        """No candidate any longer."""
        return self._change(lambda roles: replace(roles, candidate=None, share=0.0))

    def promote(self, source: str = "") -> Roles:
        """The candidate, or a model that is loaded first, goes live; what was live is kept to go back to."""
        wanted = self.load(source) if source else None

        def promoted(roles: Roles) -> Roles:
            new = wanted or roles.candidate
            if not new:
                raise DataError("there is no candidate to promote: name a model, or try one out first")
            return roles if new.name == roles.live.name else Roles(new, previous=roles.live)

        return self._change(promoted)

    def roll_back(self) -> Roles:
        """What was live before is so again."""

        def back(roles: Roles) -> Roles:
            if not roles.previous:
                raise DataError("there is nothing to go back to: no version was promoted")
            return Roles(roles.previous, previous=roles.live)

        return self._change(back)

    def follow(self) -> None:
        """Take the roles that another worker has shared, if they changed; what cannot be loaded is told."""
        try:
            told = self._store.read(ROLES)
            if told and told != self.roles.told():
                with self._lock:
                    self._take(told)
                self._tell()
            elif not told and self.roles != Roles(self.roles.live):
                self._store.restore(ROLES, self.roles.told())
            self.problem = ""
        except SongrecError as error:
            self.problem = str(error)

    def _take(self, told: dict[str, Any]) -> None:
        found = {
            name: told.get(name) and self._loaded_as(**told[name])
            for name in ("live", "previous", "candidate")
        }
        self._set(Roles(**found, mode=told["mode"], share=told["share"]))

    def _loaded_as(self, name: str, source: str) -> Version:
        found = self._loaded.get(name) or self.load(source)
        if found.name != name:
            raise DataError(f"{source} was trained anew: {name} is shared, and {found.name} is on disk")
        return found

    def _change(self, change: Callable[[Roles], Roles]) -> Roles:
        """New roles, shared first and then taken: what is under way keeps those that it began with."""
        with self._lock:
            roles = change(self.roles)
            self._store.write(ROLES, roles.told())
            self._set(roles)
            if self._registered:
                self._registered.keep({one.source for one in self._loaded.values()})
        self._tell()
        return roles

    def _set(self, roles: Roles) -> None:
        self.roles, self._run = roles, roles.live.run
        in_use = [one for one in (roles.live, roles.previous, roles.candidate) if one]
        self._loaded = {one.name: one for one in in_use}

    def _tell(self) -> None:
        self._metrics.version.clear()
        for role in ("live", "previous", "candidate"):
            if one := getattr(self.roles, role):
                self._metrics.version.labels(role, one.name).set(1)

    def _indexed(self, model: Recommender, name: str) -> Recommender:
        if not self._index:
            return model
        from songrec.serve.index import indexed

        return indexed(model, self._index, name)

    def _foreign(self, folder: Path) -> Recommender:
        """A model of a folder that is none of the run's."""
        model = load_model(folder, self._run.song_ids, whole=True)
        if model.n_songs_ != len(self._run.song_ids):
            raise DataError(
                f"{folder} holds a model of another log: of {model.n_songs_} songs, "
                f"and this one has {len(self._run.song_ids)}"
            )
        return plain(model)
