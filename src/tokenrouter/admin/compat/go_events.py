"""`/admin/api/events`: that something has changed, as server-sent events with TokenRouter-Go's messages.

There, pages heard of it over a WebSocket (`/admin/ws`); what passes requests on to this process passes answers on as
they come, and no upgrades. A stream holds nothing: it looks once a second whether what it tells of is another than
before, and whether its reader still may.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Annotated, Any, Final

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

from tokenrouter.admin.callers import Credentials, Grant, Needs, needs
from tokenrouter.admin.problems import Problem
from tokenrouter.admin.state import ControlState, State
from tokenrouter.domain.errors import GatewayError

router: Final = APIRouter(prefix="/admin/api/events", include_in_schema=False)

ACTION: Final = "stats.read"
LOOK_S: Final = 1.0
KEEP_ALIVE_S: Final = 25.0
"""As often as TokenRouter-Go pinged."""
MAX_STREAMS: Final = 32
_SPEEDS: Final = {"2s": 2, "10s": 10, "30s": 30, "1m": 60, "5m": 300, "15m": 900, "disabled": 0}
_REALTIME_S: Final = 300
"""How often pages are refreshed that want every change at once."""
_OF_CATALOG: Final = ("access", "providers", "models", "model_aliases")

Sleep = Callable[[float], Awaitable[None]]


@router.get("")
async def stream_events(
    request: Request,
    state: State,
    _grant: Annotated[Grant, needs(ACTION)],
    credentials: Credentials,
    update_speed: str = "realtime",
) -> StreamingResponse:
    """Tell of changes (`realtime`), or to look again every so often."""
    if state.event_streams >= MAX_STREAMS:
        raise Problem(429, "too_many_streams", f"At most {MAX_STREAMS} streams of events are open at a time.")
    still_may = lambda: run_in_threadpool(_may_still, request, state, credentials)  # noqa: E731 (one line, asked again)
    stream = _counted(state, events(state, still_may, update_speed))
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return StreamingResponse(stream, media_type="text/event-stream", headers=headers)


async def events(
    state: ControlState, still_may: Callable[[], Awaitable[bool]], update_speed: str, *, sleep: Sleep = asyncio.sleep
) -> AsyncIterator[bytes]:
    """Yield a refresh at once, and what follows from `update_speed`, until the reader may not any more."""
    is_realtime = update_speed not in _SPEEDS
    every_s = _SPEEDS.get(update_speed, _REALTIME_S)
    seen = _look(state)
    since_refresh_s = since_word_s = 0.0
    yield _event({"type": "refresh"})
    while await still_may():
        await sleep(LOOK_S)
        since_refresh_s, since_word_s = since_refresh_s + LOOK_S, since_word_s + LOOK_S
        now = _look(state)
        told = (
            [{"type": "changed", "scope": scope} for scope in now if now[scope] != seen[scope]] if is_realtime else []
        )
        seen = now
        if every_s and since_refresh_s >= every_s:
            since_refresh_s = 0.0
            told.append({"type": "refresh"})
        for message in told:
            since_word_s = 0.0
            yield _event(message)
        if since_word_s >= KEEP_ALIVE_S:
            since_word_s = 0.0
            yield b": still here\n\n"


def _look(state: ControlState) -> dict[str, object]:
    """Return by scope what is another when something there has changed."""
    version = state.catalog().version
    run = state.benchmark.run
    progress = None if run is None else (run.id, run.status, [one.messages_done for one in run.models])
    requests = sum(series["requests"] for snapshot in state.figures().values() for series in snapshot.get("series", ()))
    return {**dict.fromkeys(_OF_CATALOG, version), "stats": requests, "benchmark": progress}


def _may_still(request: Request, state: ControlState, credentials: Credentials) -> bool:
    try:
        Needs(ACTION)(request, state, credentials)
    except (GatewayError, Problem):
        return False
    return True


async def _counted(state: ControlState, stream: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    state.event_streams += 1
    try:
        async for event in stream:
            yield event
    finally:
        state.event_streams -= 1


def _event(message: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(message).encode() + b"\n\n"
