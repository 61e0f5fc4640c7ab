"""`/api/v1/logs`: what the processes of this node have said, in pages, live, and gone.

The live stream holds nothing: what a reader does not take stays in the files. It asks again and again whether whoever
reads it still may, so it ends with a session or a key.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import msgspec
import structlog
from fastapi import APIRouter, Header, Query, Request
from pydantic import BaseModel
from starlette.responses import StreamingResponse

from tokenrouter.admin.callers import Credentials, Grant, Needs, caller_of, needs
from tokenrouter.admin.ledger_export import From, To, period_of
from tokenrouter.admin.paging import CSV, Page, Place, WantedPage, checked, listing
from tokenrouter.admin.problems import Problem
from tokenrouter.admin.state import ControlState, State
from tokenrouter.domain.errors import GatewayError
from tokenrouter.observe.log_files import FOLDER
from tokenrouter.observe.log_reader import LogFilter, LogFollower, LogLine, clear_logs, newest_lines
from tokenrouter.store.audit import note

router: Final = APIRouter(prefix="/api/v1/logs", tags=["logs"])

LOOK_S: Final = 0.25
"""How often a stream looks for new lines."""
KEEP_ALIVE_S: Final = 15.0
"""Silence after which a stream says that it is there: proxies cut what is silent for a minute."""
MAX_STREAMS: Final = 16
_STREAM: Final[dict[int | str, dict[str, Any]]] = {200: {"content": {"text/event-stream": {}}}, 429: {}}
_ID_CHARS: Final = 40

log = structlog.get_logger(__name__)

Reading = Annotated[Grant, needs("logs.read")]
Level = Annotated[
    Literal["debug", "info", "warning", "error"], Query(description="This level and what is more serious.")
]
Q = Annotated[str, Query(max_length=200, description="A part of the message or of a field, in capitals or not.")]
Process = Annotated[str, Query(max_length=40, description="`supervisor`, `control` or `data`.")]


class ShownLine(BaseModel):
    """One line; `fields` is whatever else was said."""

    id: str
    timestamp: str
    level: str
    process: str
    message: str
    fields: dict[str, Any]


class Cleared(BaseModel):
    """How many files were deleted."""

    files: int


@router.get("", responses=CSV, response_model=Page[ShownLine])
def read_logs(
    state: State,
    _grant: Reading,
    page: WantedPage,
    level: Level = "debug",
    q: Q = "",
    process: Process = "",
    since: From = "",
    until: To = "",
) -> Page[ShownLine] | StreamingResponse:
    """Return what the processes of this node have said, newest first; empty filters do not restrict."""
    period = period_of(since, until)
    wanted = LogFilter(level, q, process, period.since_us, period.until_us)

    def read(after: Place, rows: int) -> list[tuple[Place, LogLine]]:
        (before_id,) = checked(after, str) if after else ("",)
        lines = newest_lines(log_folder(state), wanted, limit=rows, before_id=before_id)
        return [((line.id,), line) for line in lines]

    return listing("logs", page, ShownLine, read, shown_line)


@router.delete("")
def delete_logs(state: State, grant: Annotated[Grant, needs("logs.delete")]) -> Cleared:
    """Delete all lines that are kept. That it was done, and by whom, is in the audit log, and the next line here."""
    with grant.store.write() as connection:
        note(grant.store, connection, "logs.delete", ("logs", "", ""))
    files = clear_logs(log_folder(state))
    log.warning("the kept log was deleted", files=files, by=grant.caller.actor.name)
    return Cleared(files=files)


@router.get("/stream", response_class=StreamingResponse, responses=_STREAM)
async def stream_logs(
    request: Request,
    state: State,
    _grant: Reading,
    credentials: Credentials,
    level: Level = "debug",
    q: Q = "",
    process: Process = "",
    last_event_id: Annotated[str, Header(max_length=_ID_CHARS)] = "",
) -> StreamingResponse:
    """Return new lines as server-sent events, half a second after they were said.

    Each event's id is its line's; with `Last-Event-ID` the stream goes on after that line, as far as it is kept.
    """
    if state.log_streams >= MAX_STREAMS:
        raise Problem(429, "too_many_streams", f"At most {MAX_STREAMS} streams of the log are open at a time.")
    follower = LogFollower(log_folder(state), LogFilter(level, q, process), after_id=last_event_id)
    events = _events(state, follower, lambda: may_read(state, request, credentials))
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return StreamingResponse(events, media_type="text/event-stream", headers=headers)


def log_folder(state: ControlState) -> Path:
    """Return where the processes of this node keep what they say."""
    return state.settings.paths.state_dir / FOLDER


def shown_line(line: LogLine) -> ShownLine:
    """Return a line as JSON has it."""
    moment = datetime.fromtimestamp(line.time_us / 1e6, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return ShownLine(
        id=line.id,
        timestamp=moment,
        level=line.level,
        process=line.process,
        message=line.message,
        fields=line.fields,
    )


def may_read(state: ControlState, request: Request, credentials: Credentials) -> bool:
    """Whether whoever reads a stream still may."""
    try:
        Needs("logs.read").grant(state, caller_of(state, request, credentials))
    except (GatewayError, Problem):
        return False
    return True


async def _events(state: ControlState, follower: LogFollower, still_may: Callable[[], bool]) -> AsyncIterator[bytes]:
    loop = asyncio.get_running_loop()
    state.log_streams += 1
    try:
        yield b": the log from here on\n\n"
        spoken_s = loop.time()
        while still_may():
            lines = await asyncio.to_thread(follower.new, int(state.clock() * 1e6))
            for line in lines:
                yield b"id: %b\ndata: %b\n\n" % (line.id.encode(), _json(line))
            if lines:
                spoken_s = loop.time()
            elif loop.time() - spoken_s > KEEP_ALIVE_S:
                spoken_s = loop.time()
                yield b": still here\n\n"
            await asyncio.sleep(LOOK_S)
        yield b'event: end\ndata: {"reason":"signed out"}\n\n'
    finally:
        state.log_streams -= 1


def _json(line: LogLine) -> bytes:
    return msgspec.json.encode(shown_line(line).model_dump())
