"""Server-sent events of the control plane: a question asked again and again, its news told as they come.

The database is asked, so that what other nodes have taken in is told too, and a client that comes back tells by
`Last-Event-ID` (WHATWG HTML, 9.2.3) where it was. Nothing is queued: a client that reads slowly is told later.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import StreamingResponse

LOOK_S: Final = 1.0
"""How often it is looked for news."""
KEEP_ALIVE_S: Final = 15.0
LONGEST_S: Final = 3600.0
"""After so long a stream ends, so that one that nobody reads does not last; clients come back by themselves."""


@dataclass(frozen=True, slots=True)
class News:
    """One event; `id` is where a client goes on from that comes back."""

    id: int
    name: str
    data: Mapping[str, Any]


Look = Callable[[int], Sequence[News]]
"""Returns the news behind an id, oldest first; blocks."""
Allowed = Callable[[], bool]
"""Whether the client may still be told; blocks."""


def event_stream(look: Look, is_allowed: Allowed, after: int) -> StreamingResponse:
    """Return the answer that tells what `look` finds behind `after`, until the client may not be told any more."""
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return StreamingResponse(_events(look, is_allowed, after), media_type="text/event-stream", headers=headers)


async def _events(
    look: Look,
    is_allowed: Allowed,
    after: int,
    *,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> AsyncIterator[bytes]:
    yield b": connected\n\n"
    quiet_s = 0.0
    for _ in range(int(LONGEST_S / LOOK_S)):
        try:
            if not await asyncio.to_thread(is_allowed):
                return
            news = await asyncio.to_thread(look, after)
        except SQLAlchemyError:  # the database is away; the client comes back, and tells where it was
            return
        if news:
            after, quiet_s = news[-1].id, 0.0
            yield b"".join(map(framed, news))
        elif quiet_s >= KEEP_ALIVE_S:
            quiet_s = 0.0
            yield b": keep-alive\n\n"
        await sleep(LOOK_S)
        quiet_s += LOOK_S


def framed(news: News) -> bytes:
    """Return `news` on the wire."""
    return f"id: {news.id}\nevent: {news.name}\ndata: {json.dumps(dict(news.data))}\n\n".encode()


def place_after(last_event_id: str) -> int | None:
    """Return where a client goes on from that comes back; None for one that is new."""
    return (
        int(last_event_id) if last_event_id.isascii() and last_event_id.isdigit() and len(last_event_id) < 19 else None
    )
