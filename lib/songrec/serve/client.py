"""The service from Python, in three lines::

    from songrec.serve.client import Client

    found = Client("http://localhost:8000").recommend(history=["SOAAA", "SOBBB"], n=5)
    print(*[(song.title, song.score, [one.title for one in song.why]) for song in found.items], sep="\\n")

This file needs nothing but Python's standard library: it may be copied to where songrec is not installed.
"""

import json
import types
import typing
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, Literal
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlencode
from urllib.request import Request, urlopen

Rung = Literal["known_user", "fold_in", "similar", "popular", ""]
"""What answered: the model for a user of the log, the model for posted songs, songs like theirs, what most
people play; empty for an empty list."""


class ServiceError(RuntimeError):
    """The service refused, failed or was not there.

    Attributes
    ----------
    status : int
        Of HTTP; 0 where there was no answer.
    """

    status: int

    def __init__(self, message: str, status: int = 0):
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Song:
    """A song; title and artist are None where nobody knows them."""

    id: str
    title: str | None
    artist: str | None


@dataclass(frozen=True)
class ScoredSong(Song):
    """A song with its score."""

    score: float


@dataclass(frozen=True)
class Reason(Song):
    """A song of the listener that led to another, and its share of the score."""

    share: float


@dataclass(frozen=True)
class Item(ScoredSong):
    """A song of a list: its rung, the version that put it there, and what led to it, the strongest first."""

    rung: Rung
    version: str
    why: list[Reason]


@dataclass(frozen=True)
class Recommendations:
    """A list, best first.

    Attributes
    ----------
    list : str
        Its id, for the events that it leads to.
    version : str
        Of the model that answered.
    rung : str
        What answered (`Rung`).
    complete : bool
        False where fewer songs than were wanted are admissible.
    why_exact : bool
        Whether shares are terms of the model's own sum.
    unknown_songs : list of str
        Songs of the request that the service does not know.
    items : list of Item
        The songs.
    """

    list: str
    version: str
    rung: Rung
    complete: bool
    why_exact: bool
    unknown_songs: list[str]
    items: list[Item]


@dataclass(frozen=True)
class Similar:
    """Songs like a song, the most similar first."""

    song: Song
    version: str
    complete: bool
    items: list[ScoredSong]


@dataclass(frozen=True)
class Counted:
    """What became of posted events: new ones, and ones that were there already."""

    taken: int
    repeated: int


class Client:
    """One service.

    Parameters
    ----------
    url : str
        Where it is: http://host:port.
    key : str
        What it asks for as X-API-Key, if anything.
    timeout : float
        Seconds until a question is given up.
    """

    def __init__(self, url: str, key: str = "", timeout: float = 10.0):
        self.url, self.key, self.timeout = url.rstrip("/"), key, timeout

    def recommend(
        self,
        user: str | None = None,
        history: Iterable[str] | Mapping[str, int] = (),
        n: int = 20,
        **wanted: Any,
    ) -> Recommendations:
        """What a user, or somebody who has played these songs, might play next.

        Parameters
        ----------
        user : str, optional
            A user of the log.
        history : iterable of str, or mapping of str to int
            Ids of songs, or how often each was played; it is added to what is known of the user.
        n : int
            Length of the list.
        **wanted
            `exclude`, `include_heard`, `skip_shown`, `per_artist`, `diversity`, `why`: as the API has them.

        Raises
        ------
        ServiceError
            When there is no answer, or one that says what was wrong.
        """
        return _made(
            Recommendations, self._ask("POST", "/v1/recommendations", asked(user, history, n, **wanted))
        )

    def batch(self, requests: Sequence[Mapping[str, Any]]) -> list[Recommendations]:
        """Several lists at once, from the arguments of `recommend` for each."""
        told = self._ask("POST", "/v1/batch", {"requests": [asked(**one) for one in requests]})
        return _made(list[Recommendations], told["answers"])

    def similar(self, song: str, n: int = 20, exclude: Sequence[str] = ()) -> Similar:
        """Songs like a song."""
        query = [("n", n), *(("exclude", one) for one in exclude)]
        return _made(Similar, self._ask("GET", f"/v1/songs/{quote(song, '')}/similar", query=query))

    def search(self, text: str, n: int = 20) -> list[ScoredSong]:
        """Songs by title and artist, the likest first."""
        told = self._ask("GET", "/v1/songs", query=[("q", text), ("n", n)])
        return _made(list[ScoredSong], told["items"])

    def popular(self, n: int = 20) -> list[ScoredSong]:
        """What most people play."""
        return _made(list[ScoredSong], self._ask("GET", "/v1/popular", query=[("n", n)])["items"])

    def send(self, events: Sequence[Mapping[str, Any]]) -> Counted:
        """Tell of lists that were shown and songs that were played; each event counts once by its id."""
        return _made(Counted, self._ask("POST", "/v1/events", {"events": list(events)}))

    def forget(self, user: str) -> int:
        """Delete the events of a user; how many are gone."""
        return self._ask("DELETE", f"/v1/users/{quote(user, '')}")["events"]

    def _ask(self, method: str, path: str, body: Any = None, query: Sequence[tuple[str, Any]] = ()) -> Any:
        headers = {"Accept": "application/json"} | ({"X-API-Key": self.key} if self.key else {})
        data = None if body is None else json.dumps(body).encode()
        if data is not None:
            headers["Content-Type"] = "application/json"
        url = f"{self.url}{path}" + (f"?{urlencode(query)}" if query else "")
        try:
            with urlopen(Request(url, data, headers, method=method), timeout=self.timeout) as answer:
                return json.load(answer)
        except HTTPError as error:
            raise ServiceError(_detail(error), error.code) from error
        except (URLError, OSError) as error:
            raise ServiceError(f"{self.url} does not answer: {getattr(error, 'reason', error)}") from error
        except ValueError as error:
            raise ServiceError(f"{url} answers with what is no JSON: is it the service?") from error


def asked(
    user: str | None = None, history: Iterable[str] | Mapping[str, int] = (), n: int = 20, **wanted: Any
) -> dict[str, Any]:
    """The body of a request for a list.

    >>> asked(history={"SOAAA": 2}, n=5)
    {'n': 5, 'history': [{'song': 'SOAAA', 'plays': 2}]}
    """
    plays = history if isinstance(history, Mapping) else dict.fromkeys(history, 1)
    songs = [{"song": song, "plays": times} for song, times in plays.items()]
    return {"n": n, "history": songs, **({} if user is None else {"user": user}), **wanted}


def _detail(error: HTTPError) -> str:
    """What a problem document says, or at least its status."""
    try:
        return str(json.load(error)["detail"])
    except (ValueError, KeyError, TypeError, OSError):
        return f"HTTP status {error.code}"


def _made(kind: Any, told: Any) -> Any:
    """A value of this type from plain JSON; fields that a newer service adds are left out."""
    if is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        try:
            return kind(**{one.name: _made(hints[one.name], told[one.name]) for one in fields(kind)})
        except (KeyError, TypeError) as error:
            raise ServiceError(
                f"the service gave no {kind.__name__}: {error!r}. Is it another version?"
            ) from error
    if isinstance(kind, types.GenericAlias):
        return [_made(kind.__args__[0], one) for one in told]
    return told
