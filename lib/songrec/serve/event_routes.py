"""HTTP routes over the event log."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, Field

from songrec.serve.events import Event, EventLog, Name

if TYPE_CHECKING:
    from fastapi import APIRouter

MOST = 1_000
"""Events of one request."""

EXAMPLE = {
    "events": [
        {
            "kind": "impression",
            "id": "shown-1",
            "user": "ann",
            "list": "list-1",
            "items": [{"song": "SOAAA", "position": 1, "version": "ease-1"}],
        },
        {"kind": "play", "id": "played-1", "user": "ann", "song": "SOAAA", "list": "list-1"},
    ]
}


class Posted(BaseModel):
    """What happened."""

    events: Annotated[list[Event], Field(min_length=1, max_length=MOST)]


class Counted(BaseModel):
    """What became of the events."""

    taken: Annotated[int, Field(description="events that were new")]
    repeated: Annotated[int, Field(description="events whose id was there already: they count once")]


class Forgotten(BaseModel):
    """What was deleted."""

    events: Annotated[int, Field(description="events that are gone")]


def event_router(log: EventLog, changed: Callable[[str], None] = lambda user: None) -> "APIRouter":
    """The routes for events.

    Parameters
    ----------
    log : EventLog
        Where they are kept.
    changed : callable
        Called with each user of whom there is more, or nothing any longer: to drop what is cached of them.

    Returns
    -------
    APIRouter
        POST /v1/events, DELETE /v1/users/{user_id}. Both run in the thread pool: they wait for the disk.
    """
    from fastapi import APIRouter, Body

    router = APIRouter(prefix="/v1", tags=["events"])

    @router.post("/events")
    def post_events(
        posted: Annotated[Posted, Body(openapi_examples={"both": {"value": EXAMPLE}})],
    ) -> Counted:
        """Keep impressions and plays: all of a request or none, on the disk before the answer.

        Events count once by their id: after an answer that was lost, post the same again.
        """
        counts = log.append(posted.events)
        for user in dict.fromkeys(event.user for event in posted.events):
            changed(user)
        return Counted(**counts._asdict())

    @router.delete("/users/{user_id:path}")
    def delete_user(user_id: Name) -> Forgotten:
        """Delete what was posted of a user, from the log and from caches.

        The model's own log is not touched: it changes with the next run, which reads what is left.
        """
        gone = log.forget(user_id)
        changed(user_id)
        return Forgotten(events=gone)

    return router
