"""What stands before every route: limits, keys, times, and errors as `application/problem+json`."""

import hmac
import logging
import re
import secrets
import sys
import time
from collections import OrderedDict
from collections.abc import Mapping
from hashlib import sha256
from http import HTTPStatus
from typing import Any

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from songrec.errors import SongrecError
from songrec.serve.metrics import Metrics
from songrec.serve.settings import ServiceSettings

PROBLEM = "application/problem+json"
GUARDED, ADMIN = "/v1/", "/v1/admin/"

PATIENCE = 8
"""So many times the largest body are read, and dropped, before a client is told that its own is too large."""

CLIENTS = 10_000
"""Clients whose rate is watched at a time."""

log = logging.getLogger("songrec.serve")


class Problem(HTTPException):
    """An answer that is an error: what was wrong and what to do (RFC 9457)."""

    def __init__(self, status: int, detail: str, headers: Mapping[str, str] | None = None, **more: Any):
        super().__init__(status, detail, headers=dict(headers or {}))
        self.more = more

    @property
    def response(self) -> Response:
        return problem(self.status_code, self.detail, self.headers, **self.more)


def problem(status: int, detail: str, headers: Mapping[str, str] | None = None, **more: Any) -> Response:
    told = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    told["detail"] = detail.encode("utf-8", "replace").decode()
    return Response(orjson.dumps(told | more), status, headers, PROBLEM)


def install(app: FastAPI, settings: ServiceSettings, metrics: Metrics) -> None:
    """Put all of it before an application's routes."""
    app.add_middleware(Guard, settings=settings, metrics=metrics)

    @app.exception_handler(HTTPException)
    async def of_http(request: Request, error: HTTPException) -> Response:
        headers = dict(error.headers or {})
        if error.status_code == 405:  # the router names the methods of one route, and a path may have several
            headers["Allow"] = ", ".join(sorted(_methods(app, request.scope))) or headers.get("Allow", "GET")
        return problem(error.status_code, str(error.detail), headers, **getattr(error, "more", {}))

    @app.exception_handler(RequestValidationError)
    async def of_values(request: Request, error: RequestValidationError) -> Response:
        wrong = [
            {"where": ".".join(map(str, one["loc"]))[:200], "what": one["msg"][:200]}
            for one in error.errors()[:20]
        ]
        said = "; ".join(f"{one['where']}: {one['what']}" for one in wrong[:3])
        plain = orjson.loads(_text(wrong))
        return problem(422, said, errors=plain)

    @app.exception_handler(SongrecError)
    async def of_data(request: Request, error: SongrecError) -> Response:
        log.error("refused", extra={"told": {"error": str(error)}})
        return problem(503, "this cannot be answered now: see the service's log")


def _text(wrong: list[dict[str, str]]) -> bytes:
    """JSON of what clients sent, whatever characters it holds."""
    clean = [{key: value.encode("utf-8", "replace").decode() for key, value in one.items()} for one in wrong]
    return orjson.dumps(clean)


class Guard:
    """ASGI middleware: refuses what is over the limits, and tells log and metrics of every request."""

    def __init__(self, app: Any, settings: ServiceSettings, metrics: Metrics):
        self.app, self.settings, self.metrics = app, settings, metrics
        self.keys = [_digest(key) for key in (settings.api_key, settings.admin_key) if key]
        self.buckets: OrderedDict[bytes, tuple[float, float]] = OrderedDict()

    async def __call__(self, scope: dict, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        began, status, number = time.perf_counter(), 0, secrets.token_hex(8)

        async def sending(message: dict) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (b"x-request-id", number.encode())]
            await send(message)

        try:
            self._check(scope)
            await self.app(scope, await self._limited(scope, receive), sending)
        except Problem as refused:
            await refused.response(scope, receive, sending)
        except Exception:
            log.exception("failed", extra={"told": {"id": number, "route": _route(scope)}})
            if not status:
                told = problem(
                    500, "something went wrong here; the request's id finds it in the log", id=number
                )
                await told(scope, receive, sending)
        finally:
            self._tell(scope, status, number, time.perf_counter() - began)

    def _check(self, scope: dict) -> None:
        """Key, administration, rate."""
        if not scope["path"].startswith(GUARDED):
            return
        sent = dict(scope["headers"]).get(b"x-api-key", b"")
        settings, digest = self.settings, _digest(sent)
        if scope["path"].startswith(ADMIN):
            if not settings.admin_key:
                raise Problem(403, "there is no administration: the service was started without an admin key")
            if not hmac.compare_digest(digest, _digest(settings.admin_key)):
                raise Problem(401, "send the admin key as X-API-Key", {"WWW-Authenticate": "X-API-Key"})
        elif settings.api_key and not any(hmac.compare_digest(digest, key) for key in self.keys):
            raise Problem(401, "send the API key as X-API-Key", {"WWW-Authenticate": "X-API-Key"})
        if settings.rate and not self._token(sent or str((scope["client"] or "?")[0]).encode()):
            detail = f"more than {settings.rate:g} requests a second: wait, and ask again"
            raise Problem(429, detail, {"Retry-After": "1"})

    def _token(self, client: bytes) -> bool:
        """Take one from the client's bucket, which a second fills (token bucket)."""
        now, full = time.monotonic(), max(1.0, self.settings.rate)
        left, then = self.buckets.pop(client, (full, now))
        left = min(full, left + (now - then) * self.settings.rate)
        self.buckets[client] = (left - 1 if left >= 1 else left, now)
        if len(self.buckets) > CLIENTS:
            self.buckets.popitem(last=False)
        return left >= 1

    async def _limited(self, scope: dict, receive: Any) -> Any:
        """The body, read whole unless it is too large."""
        headers = dict(scope["headers"])
        if b"content-length" not in headers and b"transfer-encoding" not in headers:
            return receive
        limit, parts, size = self.settings.body, [], 0
        while size <= PATIENCE * limit:  # who sends too much listens for the answer when it is sent
            message = await receive()
            if message["type"] != "http.request":
                return receive  # the client has gone
            size += len(message.get("body", b""))
            parts += [message.get("body", b"")] if size <= limit else []
            if not message.get("more_body"):
                break
        if size > limit:
            detail = f"the body is larger than {limit:,} bytes: send less at a time"
            raise Problem(413, detail, {"Connection": "close"})
        read = iter([{"type": "http.request", "body": b"".join(parts), "more_body": False}])

        async def again() -> dict:
            return next(read, None) or await receive()

        return again

    def _tell(self, scope: dict, status: int, number: str, seconds: float) -> None:
        route = _route(scope)
        self.metrics.requests.labels(route, str(status)).inc()
        self.metrics.seconds.labels(route).observe(seconds)
        if log.isEnabledFor(logging.INFO):
            told = {"id": number, "method": scope["method"], "route": route, "status": status}
            log.info("request", extra={"told": told | {"ms": round(1000 * seconds, 2)}})


def _route(scope: dict) -> str:
    """The route's template, never what stands in its place: an id is personal, and there are too many."""
    return getattr(scope.get("route"), "path", "none")


def _methods(app: FastAPI, scope: dict) -> list[str]:
    """Those that the document has for the path of a request."""
    return [name.upper() for name in app.openapi()["paths"].get(_document_path(_route(scope)), ())]


def _document_path(route: str) -> str:
    return re.sub(r":\w+}", "}", route)


def _digest(key: str | bytes) -> bytes:
    return sha256(key if isinstance(key, bytes) else key.encode()).digest()


class JsonLines(logging.Formatter):
    """A log as JSON, a line an event: time, level, what, and what is told of it."""

    def format(self, record: logging.LogRecord) -> str:
        told = {
            "time": round(record.created, 3),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
        }
        told |= getattr(record, "told", {})
        if record.exc_info:
            told["trace"] = self.formatException(record.exc_info)
        return orjson.dumps(told, default=str).decode()


def log_to_stderr(level: int = logging.INFO) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    log.handlers, log.propagate = [handler], False
    log.setLevel(level)
