"""`/api/v1/events`: that something has changed, told to pages as it happens; they then ask for what they show.

A page hears of the scopes that its reader may ask for, and nothing of what has changed in them: whose it was is for the
question that follows, which looks at the reader's rights.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Mapping
from typing import Annotated, Any, Final

from fastapi import APIRouter, Request
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

from tokenrouter.admin.callers import Caller, Credentials, Grant, Needs, needs
from tokenrouter.admin.live_marks import LiveMarks, running
from tokenrouter.admin.permissions import reach_of
from tokenrouter.admin.problems import Problem
from tokenrouter.admin.state import ControlState, State
from tokenrouter.domain.errors import GatewayError

router: Final = APIRouter(prefix="/api/v1/events", tags=["overview"])

ACTION: Final = "me.read"
ACTIONS: Final[Mapping[str, str]] = {
    "usage": "usage.read",
    "keys": "keys.read",
    "limits": "limits.read",
    "providers": "providers.read",
    "models": "models.read",
    "aliases": "aliases.read",
    "teams": "teams.read",
    "users": "users.read",
    "access_codes": "access_codes.read",
    "settings": "settings.read",
    "prices": "prices.read",
    "conversations": "conversations.read",
    "quota": "quota.read",
    "benchmark": "benchmark.run",
    "network": "settings.read",
    "alerts": "stats.read",
    "audit": "audit.read",
    "running": "stats.read",
}
"""The scopes, and what whoever is told of each must be granted."""
MAX_STREAMS: Final = 500
LONGEST_S: Final = 3600.0
"""After so long a stream ends, so that one that nobody reads does not last; clients come back by themselves."""
KEEP_ALIVE_S: Final = 15.0
ASKED_AGAIN_S: Final = 2.0
"""How often it is asked whether a reader still may be told."""
USAGE_S: Final = 2.0
"""How often a page hears of usage at most, for it then asks for its sums; while more than twenty pages are open less
often, so that all of them together ask ten times a second."""
_STREAM: Final[dict[int | str, dict[str, Any]]] = {200: {"content": {"text/event-stream": {}}}, 429: {}}

MaySee = Callable[[], Caller | None]
"""Returns who is told, as they are now; None when they may not be told any more. Blocks."""


@router.get("", response_class=StreamingResponse, responses=_STREAM)
async def stream_changes(
    request: Request, state: State, grant: Annotated[Grant, needs(ACTION)], credentials: Credentials
) -> StreamingResponse:
    """Tell of changes as server-sent events.

    `begin` comes first, with the `scopes` that will be told of; after a pause a client asks for all that it shows. Then
    `changed` with the `scopes` that have, and `running` with the number of `requests` that are being answered.
    """
    if state.live.listeners >= MAX_STREAMS:
        raise Problem(429, "too_many_streams", f"At most {MAX_STREAMS} streams of events are open at a time.")
    told = changes(state, still_allowed(state, request, credentials, ACTION))
    return live_answer(state.readers.counted(grant.caller.actor.id, told))


def live_answer(events: AsyncGenerator[bytes, None]) -> StreamingResponse:
    """Return the answer that hands on `events` as they come."""
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return StreamingResponse(events, media_type="text/event-stream", headers=headers)


def still_allowed(state: ControlState, request: Request, credentials: Credentials, action: str) -> MaySee:
    """Return what asks whether whoever sent `request` is still granted `action`."""
    asking = Needs(action)

    def ask() -> Caller | None:
        try:
            return asking(request, state, credentials).caller
        except (GatewayError, Problem, SQLAlchemyError):  # where the database is away, the client comes back
            return None

    return ask


async def changes(state: ControlState, may_see: MaySee) -> AsyncGenerator[bytes, None]:
    """Yield events, until the reader may not see them any more."""
    loop = asyncio.get_running_loop()
    begun_s = loop.time()
    asked_s = usage_s = spoken_s = -LONGEST_S
    scopes: frozenset[str] = frozenset()
    has_begun = False
    async with state.live.listening(LiveMarks(state).look):
        # What the reader asks for from now on is as new as the last look; whatever the next one finds may be newer.
        told = dict(state.live.counts)
        yield b": connected\n\n"
        while await state.live.next_look() and loop.time() - begun_s < LONGEST_S:
            now_s, counts = loop.time(), dict(state.live.counts)
            if now_s - asked_s >= ASKED_AGAIN_S:
                caller = await run_in_threadpool(may_see)
                if caller is None:
                    return
                asked_s, scopes = now_s, scopes_of(caller)
            if not has_begun:
                has_begun, spoken_s = True, now_s
                yield event("begin", {"scopes": sorted(scopes)}) + _running(state, scopes)
            changed = {scope for scope in scopes if counts.get(scope) != told.get(scope)}
            if now_s - usage_s < max(USAGE_S, state.live.listeners / 10):
                changed.discard("usage")
            if "usage" in changed:
                usage_s = now_s
            told |= {scope: counts[scope] for scope in changed}
            if changed:
                spoken_s = now_s
                yield _told(state, changed)
            elif now_s - spoken_s >= KEEP_ALIVE_S:
                spoken_s = now_s
                yield b": keep-alive\n\n"


def scopes_of(caller: Caller) -> frozenset[str]:
    """Return the scopes that `caller` may be told of."""
    return frozenset(scope for scope, action in ACTIONS.items() if reach_of(action, caller.role) != "-")


def event(name: str, data: Mapping[str, object]) -> bytes:
    """Return one event on the wire."""
    return f"event: {name}\ndata: {json.dumps(dict(data))}\n\n".encode()


def _told(state: ControlState, changed: set[str]) -> bytes:
    others = sorted(changed - {"running"})
    return (event("changed", {"scopes": others}) if others else b"") + _running(state, changed)


def _running(state: ControlState, scopes: set[str] | frozenset[str]) -> bytes:
    return event("running", {"requests": running(state)}) if "running" in scopes else b""
