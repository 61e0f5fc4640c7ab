"""`/admin/api/events`: that something has changed, as server-sent events with TokenRouter-Go's messages.

There, pages heard of it over a WebSocket (`/admin/ws`); what passes requests on to this process passes answers on as
they come, and no upgrades. A stream holds nothing: it compares once a second what it tells of with what it has told,
and asks whether its reader still may. Who looks, looks for all of them (`admin/live.py`).
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Annotated, Any, Final

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

from tokenrouter.admin.callers import Credentials, Grant, Needs, needs
from tokenrouter.admin.live_marks import LiveMarks
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
    stream = _counted(state, _listening(state, events(state, still_may, update_speed, sleep=_until_looked(state))))
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


def _look(state: ControlState) -> dict[str, int]:
    """Return by scope how often something there has changed."""
    counts = state.live.counts
    of_catalog = dict.fromkeys(_OF_CATALOG, counts.get("catalog", 0))
    return {**of_catalog, "stats": counts.get("requests", 0), "benchmark": counts.get("benchmark", 0)}


def _until_looked(state: ControlState) -> Sleep:
    """Return what waits a second, which ends with the look that all listeners share."""

    async def wait(seconds: float) -> None:
        if not await state.live.next_look():
            await asyncio.sleep(seconds)

    return wait


async def _listening(state: ControlState, stream: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    async with state.live.listening(LiveMarks(state).look):
        async for event in stream:
            yield event


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
