"""The registry of models over HTTP: which version an alias names, and its files. MLflow is not imported.

Importing MLflow takes seconds and brings some eighty packages; a service asks two questions that its REST API
answers (MLflow 3.17, "REST API": registered-models/alias, model-versions/get, mlflow-artifacts/artifacts).
"""

import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.error import HTTPError, URLError
from urllib.parse import quote, unquote, urlencode, urlsplit
from urllib.request import Request, urlopen

from songrec.errors import ConfigError, DataError
from songrec.files import replacing

TOKEN = "MLFLOW_TRACKING_TOKEN"
"""The variable with what a server that wants one is shown; MLflow's own name for it."""

VERSION = "version.json"
"""The file of a version's folder that says of which profile and model it is."""

_SECONDS = 30
_ADDRESS = re.compile(r"models:/(?P<name>[^/@:]+)(@(?P<alias>[^/@:]+)|/(?P<version>\d+))")


class Version(NamedTuple):
    """One registered version of a model.

    Attributes
    ----------
    name : str
        The registered model's.
    number : int
        The version's.
    source : str
        Where its files are: a folder, or a place that the server hands out.
    tags : dict
        What is noted of it: profile, model, fingerprint, commit and the decision about it.
    """

    name: str
    number: int
    source: str
    tags: dict[str, str]


def resolve(address: str, server: str) -> Version:
    """The version that an address names now: an alias may name another tomorrow.

    Parameters
    ----------
    address : str
        `models:/NAME@ALIAS` or `models:/NAME/NUMBER`.
    server : str
        The MLflow server's URL.

    Raises
    ------
    ConfigError
        For an address or URL of another form.
    DataError
        When the server does not answer, or knows no such version.
    """
    if not (parts := _ADDRESS.fullmatch(address)):
        raise ConfigError(f"{address!r} names no version: models:/NAME@ALIAS or models:/NAME/NUMBER")
    name = parts["name"]
    if alias := parts["alias"]:
        answer = _ask(server, "mlflow/registered-models/alias", {"name": name, "alias": alias}, address)
    else:
        answer = _ask(
            server, "mlflow/model-versions/get", {"name": name, "version": parts["version"]}, address
        )
    try:
        found = answer["model_version"]
        tags = {tag["key"]: tag["value"] for tag in found.get("tags", [])}
        return Version(name, int(found["version"]), found["source"], tags)
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"{server} does not answer as an MLflow server does: {error!r}") from error


def fetch(version: Version, server: str, folder: Path) -> Path:
    """The folder with the version's files: the one that is its source, or `folder`, which is filled.

    Parameters
    ----------
    version : Version
        As `resolve` found it.
    server : str
        The MLflow server's URL.
    folder : Path
        Made whole or not at all. One that exists is believed to hold the version: a version never changes.

    Raises
    ------
    DataError
        When the files are not to be had.
    """
    parts = urlsplit(version.source)
    if parts.scheme in ("", "file"):
        place = Path(unquote(parts.path))
        if not place.is_dir():
            raise DataError(f"{version.name} {version.number} lies in {place}, which is not on this machine")
        return place
    if parts.scheme != "mlflow-artifacts":
        raise DataError(f"{version.source}: only a folder, or what the server hands out, can be read")
    if not folder.exists():
        root = parts.path.strip("/")
        with replacing(folder) as temporary:
            temporary.mkdir()
            for name in _files(server, root, ""):
                target = temporary / name
                target.parent.mkdir(parents=True, exist_ok=True)
                place = f"mlflow-artifacts/artifacts/{quote(f'{root}/{name}')}"
                with _open(server, place, version.source) as answer, target.open("wb") as file:
                    shutil.copyfileobj(answer, file, 1 << 20)
    return folder


def _files(server: str, root: str, below: str) -> Iterator[str]:
    """Names of the files below a place of the server's, relative to its root."""
    place = f"{root}/{below}".rstrip("/")
    for entry in _ask(server, "mlflow-artifacts/artifacts", {"path": place}, place).get("files", []):
        name = entry["path"].rsplit("/", 1)[-1]
        if name in ("", "..") or "\\" in name:  # it becomes a path here
            raise DataError(f"{server}: {place} holds a file of the name {entry['path']!r}")
        name = f"{below}/{name}".lstrip("/")
        if entry["is_dir"]:
            yield from _files(server, root, name)
        else:
            yield name


def _ask(server: str, place: str, query: dict[str, str], what: str) -> dict[str, Any]:
    with _open(server, f"{place}?{urlencode(query)}", what) as answer:
        try:
            return json.load(answer)
        except ValueError as error:
            raise DataError(f"{server} does not answer as an MLflow server does: {error}") from error


def _open(server: str, place: str, what: str) -> Any:
    if urlsplit(server).scheme not in ("http", "https"):
        raise ConfigError(f"{server!r} is no server's URL, http://... : a version is asked for by HTTP")
    token = os.environ.get(TOKEN)
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        return urlopen(Request(f"{server.rstrip('/')}/api/2.0/{place}", headers=headers), timeout=_SECONDS)
    except HTTPError as error:
        try:
            said = json.load(error)["message"]
        except (ValueError, KeyError, TypeError):
            said = error.reason
        raise DataError(f"{server} has no {what}: {said}") from error
    except (URLError, OSError) as error:
        reason = getattr(error, "reason", error)
        raise DataError(f"the registry at {server} does not answer: {reason}") from error
