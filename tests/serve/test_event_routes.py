"""Events over HTTP."""

import pytest

from songrec.serve.event_routes import EXAMPLE, MOST, event_router
from songrec.serve.events import EventLog

fastapi = pytest.importorskip("fastapi", reason="needs FastAPI: make serve")
testclient = pytest.importorskip("fastapi.testclient", reason="needs httpx: make serve")


@pytest.fixture
def service(tmp_path):
    changed: list[str] = []
    with EventLog(tmp_path) as log:
        app = fastapi.FastAPI()
        app.include_router(event_router(log, changed.append))
        yield testclient.TestClient(app), log, changed


def play(number, user="ann"):
    return {"kind": "play", "id": f"p{number}", "user": user, "song": "s"}


def test_the_example_runs_and_counts_once(service):
    client, _, changed = service
    for expected in ({"taken": 2, "repeated": 0}, {"taken": 0, "repeated": 2}):
        answer = client.post("/v1/events", json=EXAMPLE)
        assert (answer.status_code, answer.json()) == (200, expected)
    assert changed == ["ann", "ann"]
    document = client.get("/openapi.json").json()
    shown = document["paths"]["/v1/events"]["post"]["requestBody"]["content"]["application/json"]["examples"]
    assert shown["both"]["value"] == EXAMPLE


def test_a_user_is_deleted_whatever_the_id(service):
    client, log, changed = service
    odd = "a/b c?d#é🎵<b>"
    client.post("/v1/events", json={"events": [play(1, odd), play(2)]})
    from urllib.parse import quote

    answer = client.delete(f"/v1/users/{quote(odd, '')}")
    assert answer.json() == {"events": 1}
    assert changed[-1] == odd
    assert log.plays_of(odd) == {}
    assert log.plays_of("ann") == {"s": 1}
    assert client.delete("/v1/users/nobody").json() == {"events": 0}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"events": []},
        {"events": [play(1), {"kind": "play"}]},
        {"events": [play(n) for n in range(MOST + 1)]},
        {"events": [play(1) | {"user": "x" * 257}]},
    ],
)
def test_a_wrong_request_keeps_nothing(service, body):
    client, log, changed = service
    assert client.post("/v1/events", json=body).status_code == 422
    assert (log.count(), changed) == (0, [])
