"""The client against the service's OpenAPI document and its answers."""

import http.server
import json
import threading
import types
import typing
from dataclasses import fields, is_dataclass

import pytest

from songrec.serve import client as module
from songrec.serve.client import Client, ServiceError, asked


class Stub(http.server.BaseHTTPRequestHandler):
    """Answers with what the test says, and keeps what was asked."""

    def _answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.seen.append((self.command, self.path, dict(self.headers), body and json.loads(body)))
        status, told = self.server.next
        content = told if isinstance(told, bytes) else json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_DELETE = _answer  # noqa: N815

    def log_message(self, *arguments):
        pass


@pytest.fixture
def server():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Stub)
    server.seen, server.next = [], (200, {})
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def songs(server):
    return Client(f"http://127.0.0.1:{server.server_port}/", key="k", timeout=5)


SONG = {"id": "a", "title": "Alpha", "artist": None}
WHY = [SONG | {"share": 0.75}]
ITEM = SONG | {"score": 1.5, "rung": "fold_in", "version": "ease-1", "why": WHY, "newer": 1}
LIST = {
    "list": "l1",
    "version": "v",
    "rung": "fold_in",
    "complete": True,
    "why_exact": True,
    "unknown_songs": ["zz"],
    "items": [ITEM],
}


def test_a_list_is_typed(server, songs):
    server.next = 200, LIST
    found = songs.recommend("ann", ["a", "b"], n=1, per_artist=1)
    assert found.items[0].why[0] == module.Reason("a", "Alpha", None, 0.75)
    assert (found.version, found.items[0].score, found.unknown_songs) == ("v", 1.5, ["zz"])
    method, path, headers, body = server.seen[0]
    assert (method, path, headers["X-Api-Key"]) == ("POST", "/v1/recommendations", "k")
    history = [{"song": "a", "plays": 1}, {"song": "b", "plays": 1}]
    assert body == {"user": "ann", "history": history, "n": 1, "per_artist": 1}


def test_every_call_asks_for_what_it_says(server, songs):
    for told, call, expected in (
        ({"answers": [LIST]}, lambda: songs.batch([{"user": "u"}]), ("POST", "/v1/batch")),
        (
            {"song": SONG, "version": "v", "complete": False, "items": [SONG | {"score": 1}]},
            lambda: songs.similar("a/b é", 3, ["x", "y"]),
            ("GET", "/v1/songs/a%2Fb%20%C3%A9/similar?n=3&exclude=x&exclude=y"),
        ),
        ({"items": []}, lambda: songs.search("one two"), ("GET", "/v1/songs?q=one+two&n=20")),
        ({"items": []}, songs.popular, ("GET", "/v1/popular?n=20")),
        ({"taken": 1, "repeated": 0}, lambda: songs.send([{"id": "1"}]), ("POST", "/v1/events")),
        ({"events": 2}, lambda: songs.forget("a b"), ("DELETE", "/v1/users/a%20b")),
    ):
        server.next = 200, told
        call()
        assert server.seen[-1][:2] == expected


@pytest.mark.parametrize(
    ("status", "told", "said"),
    [
        (422, {"detail": "n must be at least 1"}, "n must be at least 1"),
        (500, b"<html>", "HTTP status 500"),
        (200, b"<html>", "no JSON"),
        (200, {"items": []}, "no Recommendations"),
    ],
)
def test_what_went_wrong_is_said(server, songs, status, told, said):
    server.next = status, told
    with pytest.raises(ServiceError, match=said) as caught:
        songs.recommend()
    assert caught.value.status == (status if status != 200 else 0)


def test_nobody_there():
    with pytest.raises(ServiceError, match="does not answer"):
        Client("http://127.0.0.1:1").popular()


def test_it_stands_alone():
    """Copied to where songrec is not installed it works."""
    import subprocess
    import sys

    script = f"import runpy; made = runpy.run_path({module.__file__!r}); made['Client']('http://x')"
    subprocess.run([sys.executable, "-I", "-S", "-c", script], check=True, timeout=60)


# Against the service's own description


@pytest.fixture(scope="module")
def document(asking):
    return asking("GET", "/openapi.json")[1]


def schema_of(document, told):
    if "$ref" in told:
        return document["components"]["schemas"][told["$ref"].rsplit("/", 1)[1]]
    return told


def agree(document, kind, told, place):
    """A type of the client with a schema: the same names, kind for kind."""
    told = schema_of(document, told)
    if is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        assert set(told["properties"]) == {one.name for one in fields(kind)}, place
        assert set(told.get("required", ())) == set(told["properties"]), place
        for name, part in told["properties"].items():
            agree(document, hints[name], part, f"{place}.{name}")
    elif isinstance(kind, types.GenericAlias):
        assert told["type"] == "array", place
        agree(document, kind.__args__[0], told["items"], f"{place}[]")
    elif typing.get_origin(kind) is typing.Literal:
        assert set(told["enum"]) <= set(typing.get_args(kind)), place
    elif isinstance(kind, types.UnionType):
        assert {one["type"] for one in told["anyOf"]} == {"string", "null"}, place
    else:
        names = {str: "string", float: "number", bool: "boolean", int: "integer"}
        assert told["type"] == names[kind], place


def test_answers_are_those_of_the_document(document):
    for path, method, kind in (
        ("/v1/recommendations", "post", module.Recommendations),
        ("/v1/songs/{song_id}/similar", "get", module.Similar),
        ("/v1/events", "post", module.Counted),
    ):
        answer = document["paths"][path][method]["responses"]["200"]["content"]["application/json"]["schema"]
        agree(document, kind, answer, path)
    for path in ("/v1/songs", "/v1/popular"):
        answer = document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        agree(document, list[module.ScoredSong], schema_of(document, answer)["properties"]["items"], path)


def test_requests_are_those_of_the_document(document):
    body = document["paths"]["/v1/recommendations"]["post"]["requestBody"]["content"]["application/json"]
    known = schema_of(document, body["schema"])["properties"]
    assert set(asked("u", ["a"], 3)) <= set(known)
    told = Client.recommend.__doc__
    assert all(f"`{name}`" in told for name in set(known) - {"user", "history", "n"})
    for path, method, names in (
        ("/v1/songs/{song_id}/similar", "get", {"n", "exclude"}),
        ("/v1/songs", "get", {"q", "n"}),
        ("/v1/popular", "get", {"n"}),
    ):
        queries = {
            one["name"] for one in document["paths"][path][method]["parameters"] if one["in"] == "query"
        }
        assert queries == names
    assert {"/v1/batch", "/v1/users/{user_id}"} <= set(document["paths"])


def test_the_service_answers(asking):
    songs = Client(f"http://127.0.0.1:{asking.port}")
    best = songs.popular(3)
    assert [one.score for one in best] == sorted((one.score for one in best), reverse=True)
    found = songs.recommend(history=[one.id for one in best], n=4, exclude=["zz"])
    assert (len(found.items), found.unknown_songs, found.rung) == (4, ["zz"], "fold_in")
    assert songs.batch([{"history": {best[0].id: 2}, "n": 2}])[0].complete
    assert len(songs.similar(best[0].id, 2).items) == 2
    assert songs.search(best[0].title or best[0].id)
    assert songs.send([{"kind": "play", "id": "c1", "user": "client", "song": best[0].id}]).taken == 1
    assert best[0].id not in [one.id for one in songs.recommend("client", n=60).items]
    assert songs.forget("client") == 1
    odd = "a/b 100%2F?#é🎵<b>"
    songs.send([{"kind": "play", "id": "c2", "user": odd, "song": best[0].id}])
    assert songs.forget(odd) == 1
    with pytest.raises(ServiceError, match="not known") as caught:
        songs.similar("nobody knows it")
    assert caught.value.status == 404
