"""A registered model that is served: its versions, fetched and opened, and the alias that one of them has."""

import fcntl
import logging
import re
import shutil
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path

from songrec.errors import DataError, SongrecError
from songrec.files import read_json, write_json
from songrec.paths import data_root
from songrec.registry import VERSION, Version, fetch, resolve
from songrec.serve.metrics import Metrics
from songrec.serve.run import ServedRun, open_run
from songrec.serve.shared import UnreachableError

SCHEME = "models:/"
"""How the address of a registered model begins."""

LAST = "last.json"
"""The file with what the registry said of the versions that are kept: a service starts without it, too."""

log = logging.getLogger("songrec.serve")


class Registered:
    """The versions of a registered model, kept on disk while they are used.

    Parameters
    ----------
    address : str
        `models:/NAME@ALIAS`, which is followed, or `models:/NAME/NUMBER`, which stays.
    server : str
        The MLflow server's URL.
    metrics : Metrics
        Told whether the registry answers, and what was refused.
    """

    def __init__(self, address: str, server: str, metrics: Metrics):
        self.address, self._server, self._metrics = address, server, metrics
        self.name = re.split("[@/]", address.removeprefix(SCHEME))[0]
        self._known: dict[str, Version] = {}
        self._kept: set[str] = set()
        self._named = self._refusal = self.problem = ""
        self.first = self._live = self._at_the_start()

    @property
    def folder(self) -> Path:
        """Where the model's versions are, and what a service that serves them keeps."""
        return data_root() / "registry" / self.name

    def open(self, source: str) -> tuple[ServedRun, str, str]:
        """A version's run, the label of its model there, and what it is called.

        Raises
        ------
        UnreachableError
            When its files are not to be had now.
        DataError
            When there is no such version, or its files are not those that were registered.
        """
        version = self._known.get(source) or resolve(source, self._server)
        if self._knowing(version) != source or version.name != self.name:
            raise DataError(f"{source} is no version of this service's model: {SCHEME}{self.name}/NUMBER is")
        place = self._place(version)
        place.parent.mkdir(parents=True, exist_ok=True)
        with (self.folder / "lock").open("w") as lock:  # workers share the folder
            fcntl.flock(lock, fcntl.LOCK_EX)
            try:
                folder = fetch(version, self._server, place)
            except DataError as error:
                raise UnreachableError(str(error)) from error
        told = read_json(folder / VERSION, dict)
        for key in ("profile", "model", "fingerprint"):
            if told.get(key) != version.tags.get(key):
                raise DataError(
                    f"{source} is registered with the {key} {version.tags.get(key)!r}, "
                    f"and its files say {told.get(key)!r}"
                )
        run = open_run(told["profile"], folder)
        if run.log.fingerprint() != told["fingerprint"]:
            raise DataError(f"{source}: its log is not the one that it was registered with")
        return run, told["model"], f"{version.name}-{version.number}"

    def keep(self, sources: set[str]) -> None:
        """Remove the files of all other versions that were fetched."""
        self._kept = sources & set(self._known)
        self._note()
        places = {self._place(self._known[source]) for source in self._kept}
        for folder in self.folder.glob("[0-9]*-*"):
            if folder not in places:
                shutil.rmtree(folder, ignore_errors=True)

    def _note(self) -> None:
        known = {source: self._known[source]._asdict() for source in sorted(self._kept)}
        write_json(self.folder / LAST, {"address": self.address, "live": self._live, "known": known})

    def follow(self, promote: Callable[[str], object]) -> None:
        """Make the version live that the alias names, once whenever it names another one.

        What cannot be asked for or fetched is tried again the next time. A version that is refused is not
        tried again while the alias names it, and what was live stays so.
        """
        try:
            source = self._now()
            if source != self._named:
                self._try(source, promote)
                self._named = source
            self._say(self._refusal)
        except UnreachableError as error:
            self._say(str(error))

    def _try(self, source: str, promote: Callable[[str], object]) -> None:
        try:
            promote(source)
        except UnreachableError:
            raise
        except SongrecError as error:
            self._metrics.registry_refused.inc()
            self._refusal = f"{source} is refused: {error}"
            shutil.rmtree(self._place(self._known[source]), ignore_errors=True)  # what is fetched anew may do
        else:
            self._live, self._refusal = source, ""
            self._note()
            log.info("registry", extra={"told": {"address": self.address, "live": source}})

    def _say(self, problem: str) -> None:
        """In the log once, and for who asks how the service is as long as it lasts."""
        if problem and problem != self.problem:
            log.warning("registry", extra={"told": {"address": self.address, "problem": problem}})
        self.problem = problem

    def _now(self) -> str:
        """The version that the address names now; `UnreachableError` where the registry does not say."""
        try:
            version = resolve(self.address, self._server)
        except DataError as error:
            self._metrics.registry_up.set(0)
            raise UnreachableError(str(error)) from error
        self._metrics.registry_up.set(1)
        return self._knowing(version)

    def _at_the_start(self) -> str:
        """The same, or what was live when the registry last answered."""
        try:
            last = read_json(self.folder / LAST, dict)
            self._known = {source: Version(**version) for source, version in last["known"].items()}
        except (DataError, KeyError, TypeError, AttributeError):
            last = {}  # it is the first time, say
        try:
            return self._now()
        except UnreachableError as error:
            if last.get("address") != self.address or last.get("live") not in self._known:
                raise
            self._say(str(error))
            return last["live"]

    def _knowing(self, version: Version) -> str:
        source = f"{SCHEME}{version.name}/{version.number}"
        self._known[source] = version
        return source

    def _place(self, version: Version) -> Path:
        """Where a version's files are kept. A number may come again where a registry was made anew."""
        digest = blake2b(version.source.encode(), digest_size=4).hexdigest()
        return self.folder / f"{version.number}-{digest}"
