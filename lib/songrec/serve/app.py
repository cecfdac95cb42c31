"""The HTTP API. Routes only: what they answer is made in `songrec.serve.serving`."""

import asyncio
import gc
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Body, FastAPI, Query, Request
from fastapi import Path as InPath
from fastapi.responses import FileResponse, PlainTextResponse, Response

from songrec import __version__
from songrec.errors import SongrecError
from songrec.serve import schemas
from songrec.serve.event_routes import event_router
from songrec.serve.guard import PROBLEM, Problem, install, log
from songrec.serve.reading import from_body, from_query, told_of_body, told_of_query
from songrec.serve.schemas import IN_QUERY, Ask, Id, N, Wanted
from songrec.serve.serving import Serving, UnknownSongError
from songrec.serve.settings import ServiceSettings
from songrec.serve.shared import UnreachableError

EVERY = 1.0
"""Seconds after which a worker asks what others have changed."""

WEB = Path(__file__).with_name("web")
"""The page at `/`."""

WHAT = """Songs for the users of a listening log, for new listeners, and like a song.

A list has exactly `n` songs wherever so many are admissible. `rung` says what answered: the model for a user
of the log (`known_user`), the model for posted songs (`fold_in`), songs like theirs (`similar`), or what most
people play (`popular`). Errors are `application/problem+json`."""


class Scorer:
    """Runs what takes time in a bounded pool of threads, so that the event loop never does."""

    def __init__(self, serving: Serving, settings: ServiceSettings):
        self.serving, self.most = serving, settings.threads + settings.queue
        self.pool = ThreadPoolExecutor(settings.threads, "score")
        self.waiting = 0

    async def __call__(self, make: Callable[..., Any], *arguments: Any) -> Response:
        """What `make(*arguments)` gives, as JSON."""
        if self.waiting >= self.most:
            raise Problem(503, "too many requests wait: ask again in a second", {"Retry-After": "1"})
        self.waiting += 1
        try:
            loop = asyncio.get_running_loop()
            text = await loop.run_in_executor(self.pool, _as_json, make, arguments)
        except UnknownSongError as error:
            raise Problem(404, str(error)) from error
        except UnreachableError as error:
            raise Problem(503, str(error), {"Retry-After": "1"}) from error
        finally:
            self.waiting -= 1
        return Response(text, media_type="application/json")


def _as_json(make: Callable[..., Any], arguments: tuple) -> bytes:
    return orjson.dumps(make(*arguments))


def create_app(settings: ServiceSettings, serving: Serving | None = None) -> FastAPI:
    """The application over a run.

    Parameters
    ----------
    settings : ServiceSettings
        What to serve, and how.
    serving : Serving, optional
        What was opened already.

    Raises
    ------
    ConfigError, DataError
        When the run cannot be served.
    """
    serving = serving or Serving(settings)
    score = Scorer(serving, settings)
    manage = Scorer(serving, replace(settings, threads=1, queue=8))  # loading a model holds no list up

    @asynccontextmanager
    async def life(app: FastAPI):
        gc.collect()
        gc.freeze()  # what is loaded stays: no collection looks at it again
        gc.set_threshold(20_000, 50, 50)  # and answers are no circles: they go by themselves
        works = [(serving.follow, EVERY, serving.prepare)]
        works += [(serving.follow_registry, settings.poll, None)] if serving.registered else []
        following = [asyncio.create_task(_again_and_again(*work)) for work in works]
        yield
        for task in following:
            task.cancel()
        for pool in (score.pool, manage.pool):
            pool.shutdown()
        serving.close()

    app = FastAPI(
        title="Songbook",
        version=__version__,
        description=WHAT,
        lifespan=life,
        docs_url=None,  # FastAPI's pages of the document load their scripts from elsewhere
        redoc_url=None,
    )
    install(app, settings, serving.metrics)
    guarded = {"responses": _problems(400, 401, 413, 422, 429, 500, 503)}
    app.include_router(_lists(serving, score), **guarded)
    app.include_router(_administration(serving, manage), **guarded, tags=["administration"])
    app.include_router(_states(serving, score, settings), responses=_problems(503))

    @app.delete("/v1/users/{user_id:path}/recommendations", include_in_schema=False)
    async def nothing_to_delete() -> None:
        """Not the deletion of a user whose id ends like this."""
        raise Problem(405, "Method Not Allowed")

    events = event_router(serving.events, serving.lists.forget)
    app.include_router(events, responses=guarded["responses"] | _problems(404))
    for file in WEB.iterdir():  # by name: a folder that is mounted here answers for all other paths
        app.get("/" if file.name == "index.html" else f"/{file.name}", include_in_schema=False)(_page(file))
    return app


def _page(file: Path) -> Callable[[], Any]:
    async def page() -> FileResponse:
        return FileResponse(file)

    return page


async def _again_and_again(
    work: Callable[[], None], seconds: float, before: Callable[[], None] | None = None
) -> None:
    """Do something in a thread of its own, first something else, then it every some seconds."""
    loop, now = asyncio.get_running_loop(), before or work
    with ThreadPoolExecutor(1, "follow") as pool:
        while True:
            try:
                await loop.run_in_executor(pool, now)
            except Exception:  # the next time may do
                log.exception("follow")
            now = work
            await asyncio.sleep(seconds)


def _problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For the OpenAPI document."""
    schema = {"$ref": "#/components/schemas/Wrong"}
    told = {"description": "what was wrong", "content": {PROBLEM: {"schema": schema}}}
    return {status: {**told, "model": schemas.Wrong} for status in statuses}


def _example(value: Any) -> dict[str, Any]:
    return {"openapi_examples": {"one of this log": {"value": value}}}


def _lists(serving: Serving, score: Scorer) -> APIRouter:
    """What people are answered. Examples are ids of the log that is served, so that they run."""
    router = APIRouter(prefix="/v1", tags=["songs"])
    user, song = str(serving.run.log.user_ids[0]), serving.songs.names[0]
    some = {"history": [{"song": one, "plays": 2} for one in serving.songs.names[:2]], "n": 5}

    @router.get(
        "/users/{user_id:path}/recommendations",
        response_model=schemas.Recommendations,
        responses=_problems(404),  # an id of several lines is no path
        openapi_extra=told_of_query(Wanted),
    )
    async def recommend_to_user(
        user_id: Annotated[Id, InPath(**_example(user))], request: Request
    ) -> Response:
        """What a user might play next; for one whom nobody knows, what most people play."""
        wanted = from_query(Wanted, request)
        return await score(serving.recommend, Ask.model_construct(user=user_id, history=[], **dict(wanted)))

    @router.post(
        "/recommendations", response_model=schemas.Recommendations, openapi_extra=told_of_body(Ask, some)
    )
    async def recommend(request: Request) -> Response:
        """What somebody who has played these songs might play next: a new listener, or a user since."""
        return await score(serving.recommend, await from_body(Ask, request))

    @router.post("/batch", response_model=schemas.Lists)
    async def batch(
        asked: Annotated[schemas.Batch, Body(**_example({"requests": [{"user": user, "n": 5}, some]}))],
    ) -> Response:
        """Several lists at once, each as it would be alone."""
        return await score(serving.batch, asked.requests)

    @router.get("/songs/{song_id:path}/similar", response_model=schemas.Similar, responses=_problems(404))
    async def similar(
        song_id: Annotated[Id, InPath(**_example(song))],
        n: Annotated[N, Query()] = 20,
        exclude: Annotated[list[Id], Query(max_length=IN_QUERY)] = [],  # noqa: B006
    ) -> Response:
        """Songs like a song."""
        return await score(serving.similar, song_id, n, exclude)

    @router.get("/songs", response_model=schemas.Found)
    async def search(
        q: Annotated[
            str, Query(min_length=1, max_length=200, description="title, artist or both", **_example("love"))
        ],
        n: Annotated[N, Query()] = 20,
    ) -> Response:
        """Songs by what a person types, with typing errors."""
        return await score(serving.search, q, n)

    @router.get("/popular", response_model=schemas.Popular)
    async def popular(n: Annotated[N, Query()] = 20) -> Response:
        """What most people play."""
        return await score(serving.popular, n)

    return router


def _administration(serving: Serving, manage: Scorer) -> APIRouter:
    """Block list and versions: with the admin key, and without a restart."""
    router = APIRouter(prefix="/v1/admin", responses=_problems(403))
    refusals = {"responses": _problems(409)}
    versions = serving.versions

    def changed(change: Callable[..., Any], *arguments: Any) -> dict[str, Any]:
        """The roles after a change; what cannot be served is a conflict, and the old version serves on."""
        try:
            return change(*arguments).told()
        except UnreachableError:
            raise
        except SongrecError as error:
            raise Problem(409, str(error)) from error

    @router.get("/block", response_model=schemas.Blocked)
    async def block_list() -> Response:
        """What is in no list."""
        return await manage(serving.block_list)

    @router.put("/block", response_model=schemas.Blocked)
    async def set_block_list(
        blocked: Annotated[schemas.BlockList, Body(**_example({"songs": [], "artists": ["Nobody"]}))],
    ) -> Response:
        """Keep these songs and artists out of all lists, and let all others in again."""
        return await manage(serving.set_block, blocked.songs, blocked.artists)

    @router.get("/versions", response_model=schemas.Roles)
    async def roles() -> Response:
        """Which version does what."""
        return await manage(lambda: versions.roles.told())

    trial = {"model": versions.roles.live.source, "mode": "shadow", "share": 0.1}

    @router.put("/versions/candidate", response_model=schemas.Roles, **refusals)
    async def try_out(asked: Annotated[schemas.Trial, Body(**_example(trial))]) -> Response:
        """Load a second version, to answer a share of the users or to be shadowed for them."""
        return await manage(changed, versions.try_out, asked.model, asked.mode, asked.share)

    @router.delete("/versions/candidate", response_model=schemas.Roles)
    async def withdraw() -> Response:
        """Let the candidate go."""
        return await manage(changed, versions.withdraw)

    live = {"model": versions.roles.live.source}

    @router.post("/versions/promote", response_model=schemas.Roles, **refusals)
    async def promote(asked: Annotated[schemas.Promotion, Body(**_example(live))]) -> Response:
        """The candidate, or a model that is loaded first, goes live. No request is dropped."""
        return await manage(changed, versions.promote, asked.model)

    @router.post("/versions/rollback", response_model=schemas.Roles, **refusals)
    async def roll_back() -> Response:
        """The version that was live before goes live again."""
        return await manage(changed, versions.roll_back)

    return router


def _states(serving: Serving, score: Scorer, settings: ServiceSettings) -> APIRouter:
    """For whom runs the service."""
    router = APIRouter(tags=["service"])

    def health(status: str) -> dict[str, Any]:
        up = serving.redis and serving.redis.up
        told = {"status": status, "version": serving.versions.roles.live.name, "workers": settings.workers}
        return told | {"redis": up if serving.redis else None, "problem": serving.problem}

    @router.get("/health", response_model=schemas.Health)
    async def alive() -> Response:
        """The process answers."""
        return Response(orjson.dumps(health("ok")), media_type="application/json")

    @router.get("/ready", response_model=schemas.Health)
    async def ready() -> Response:
        """It would answer a request now; 503 while too many wait."""
        if score.waiting >= score.most:
            raise Problem(503, "too many requests wait")
        return Response(orjson.dumps(health("ok")), media_type="application/json")

    @router.get("/metrics", response_class=PlainTextResponse)
    async def metrics() -> Response:
        """For Prometheus."""
        serving.metrics.waiting.set(score.waiting)
        return Response(serving.metrics.text(), media_type="text/plain; version=0.0.4")

    return router
