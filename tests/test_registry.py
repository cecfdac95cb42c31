"""The registry over HTTP, against a server that says what it is told to."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from songrec.errors import ConfigError, DataError
from songrec.registry import Version, fetch, resolve

ALIAS = "/api/2.0/mlflow/registered-models/alias"
ARTIFACTS = "/api/2.0/mlflow-artifacts/artifacts"


@pytest.fixture
def server():
    """`server.answers`: path, or path and query's `path`, to bytes or JSON; anything else is not found."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            parts = urlsplit(self.path)
            asked = parse_qs(parts.query).get("path", [""])[0]
            self.server.asked.append((self.path, self.headers.get("Authorization")))
            found = self.server.answers.get((parts.path, asked))
            missing = {"message": "no such thing"}
            body = (
                found
                if isinstance(found, bytes)
                else json.dumps(missing if found is None else found).encode()
            )
            self.send_response(404 if found is None else 200)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.answers, server.asked = {}, []
    server.url = f"http://127.0.0.1:{server.server_port}/"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def version(source: str) -> dict:
    return {"model_version": {"version": "3", "source": source, "tags": [{"key": "model", "value": "ease"}]}}


def test_an_alias_and_a_number_lead_to_a_version(server, monkeypatch):
    server.answers = {
        (ALIAS, ""): version("there"),
        ("/api/2.0/mlflow/model-versions/get", ""): version("here"),
    }
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "secret")
    assert resolve("models:/songbook@champion", server.url) == Version(
        "songbook", 3, "there", {"model": "ease"}
    )
    assert resolve("models:/songbook/3", server.url).source == "here"
    assert server.asked[0] == (f"{ALIAS}?name=songbook&alias=champion", "Bearer secret")


def test_files_that_the_server_hands_out_are_fetched_once(server, tmp_path):
    root = "0/abc/artifacts/versions/ease"
    server.answers = {
        (ARTIFACTS, root): {
            "files": [{"path": "version.json", "is_dir": False}, {"path": "processed", "is_dir": True}]
        },
        (ARTIFACTS, f"{root}/processed"): {"files": [{"path": "a b.npy", "is_dir": False}]},
        (f"{ARTIFACTS}/{root}/version.json", ""): b"{}",
        (f"{ARTIFACTS}/{root}/processed/a%20b.npy", ""): b"\0" * 2_000_000,
    }
    found = Version("songbook", 3, f"mlflow-artifacts:/{root}", {})
    folder = fetch(found, server.url, tmp_path / "3")
    assert (folder / "version.json").read_bytes() == b"{}"
    assert (folder / "processed" / "a b.npy").stat().st_size == 2_000_000
    asked = len(server.asked)
    assert fetch(found, server.url, tmp_path / "3") == folder
    assert len(server.asked) == asked


def test_a_folder_is_where_it_is(server, tmp_path):
    for source in (str(tmp_path), tmp_path.as_uri()):
        assert fetch(Version("songbook", 1, source, {}), server.url, tmp_path / "unused") == tmp_path
    with pytest.raises(DataError, match="not on this machine"):
        fetch(Version("songbook", 1, str(tmp_path / "gone"), {}), server.url, tmp_path / "unused")
    with pytest.raises(DataError, match="only a folder"):
        fetch(Version("songbook", 1, "s3://bucket/x", {}), server.url, tmp_path / "unused")
    assert not (tmp_path / "unused").exists()


@pytest.mark.parametrize("name", ["..", "../..", "a\\b", ""])
def test_a_name_that_leads_elsewhere_is_refused(server, tmp_path, name):
    server.answers = {(ARTIFACTS, "x"): {"files": [{"path": name, "is_dir": False}]}}
    with pytest.raises(DataError, match="a file of the name"):
        fetch(Version("songbook", 1, "mlflow-artifacts:/x", {}), server.url, tmp_path / "in" / "it")
    assert list(tmp_path.rglob("*")) == [tmp_path / "in"]


@pytest.mark.parametrize(
    "address", ["songbook", "models:/songbook", "models:/a/b@c", "models:/songbook/latest"]
)
def test_what_is_no_address_is_said_to_be_none(address):
    with pytest.raises(ConfigError, match="names no version"):
        resolve(address, "http://127.0.0.1:1")


def test_a_server_that_says_nothing_of_use_is_named(server):
    with pytest.raises(DataError, match=r"has no models:/songbook@champion: no such thing"):
        resolve("models:/songbook@champion", server.url)
    server.answers = {(ALIAS, ""): b"<html>"}
    with pytest.raises(DataError, match="as an MLflow server does"):
        resolve("models:/songbook@champion", server.url)
    server.answers = {(ALIAS, ""): {"model_version": {}}}
    with pytest.raises(DataError, match="as an MLflow server does"):
        resolve("models:/songbook@champion", server.url)
    with pytest.raises(DataError, match="does not answer"):
        resolve("models:/songbook@champion", "http://127.0.0.1:1")
    with pytest.raises(ConfigError, match="no server's URL"):
        resolve("models:/songbook@champion", "sqlite:///mlflow.db")
