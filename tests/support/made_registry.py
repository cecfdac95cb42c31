"""A registry that answers as MLflow's server does, over versions made from a log and a fitted model."""

import json
import shutil
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from made_run import make_run

from songrec.data import Catalogue, Interactions
from songrec.files import write_json
from songrec.models import Recommender
from songrec.paths import PROFILES

API = "/api/2.0/"
FILES = "mlflow-artifacts/artifacts"


class Registry:
    """Versions of the model `songbook`, handed out over HTTP; `live` is the one that `champion` names."""

    def __init__(self, folder: Path):
        self.folder, self.live, self.port = folder, 0, 0
        self.tags: dict[int, dict[str, str]] = {}
        self.fetched: list[str] = []
        self._server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def register(self, log: Interactions, catalogue: Catalogue, label: str, model: Recommender) -> Path:
        """The folder of a new version, of the profile `tiny`."""
        number = len(self.tags) + 1
        folder = self.folder / str(number)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("SONGREC_DATA", str(folder))
            make_run("tiny", log, catalogue, {label: model})
        (folder / "profiles").mkdir()
        shutil.copy(PROFILES / "tiny.yml", folder / "profiles")
        self.tags[number] = {"profile": "tiny", "model": label, "fingerprint": log.fingerprint()}
        write_json(folder / "version.json", self.tags[number])
        return folder

    def start(self) -> None:
        registry = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                found = registry.answer(self.path)
                self.send_response(404 if found is None else 200)
                self.end_headers()
                self.wfile.write(b'{"message": "no such thing"}' if found is None else found)

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}).start()

    def stop(self) -> None:
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def answer(self, path: str) -> bytes | None:
        parts = urlsplit(path)
        place, query = parts.path.removeprefix(API), {k: v[0] for k, v in parse_qs(parts.query).items()}
        if place.startswith("mlflow/"):
            number = self.live if place.endswith("alias") else int(query["version"])
            if number not in self.tags:
                return None
            tags = [{"key": key, "value": value} for key, value in self.tags[number].items()]
            told = {"version": str(number), "source": f"mlflow-artifacts:/{number}", "tags": tags}
            return json.dumps({"model_version": told}).encode()
        if place == FILES:
            files = sorted((self.folder / query["path"]).iterdir())
            return json.dumps({"files": [{"path": p.name, "is_dir": p.is_dir()} for p in files]}).encode()
        self.fetched.append(unquote(place.removeprefix(f"{FILES}/")))
        return (self.folder / self.fetched[-1]).read_bytes()
