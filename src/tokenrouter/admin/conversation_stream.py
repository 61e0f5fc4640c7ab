"""`/api/v1/conversations/stream`: tells, as it happens, that a conversation has grown; what was said is then asked for.

Only of conversations that the caller may read, and only as long as they may.
"""

from typing import Annotated, Final

from fastapi import APIRouter, Header, Request
from starlette.responses import StreamingResponse

from tokenrouter.admin.callers import Credentials, Grant, Needs, needs, within
from tokenrouter.admin.conversation_bodies import moment
from tokenrouter.admin.event_stream import News, event_stream, place_after
from tokenrouter.admin.problems import Problem
from tokenrouter.admin.state import State
from tokenrouter.domain.errors import GatewayError
from tokenrouter.store.conversation_pages import NewsOfRecord, last_record_number, records_after

router: Final = APIRouter(prefix="/api/v1/conversations", tags=["conversations"])

ACTION: Final = "conversations.read"
MAX_NEWS: Final = 500
"""Told at once; what is more comes a second later."""


@router.get("/stream", response_class=StreamingResponse, responses={200: {"content": {"text/event-stream": {}}}})
def stream(
    request: Request,
    state: State,
    credentials: Credentials,
    _grant: Annotated[Grant, needs(ACTION)],
    last_event_id: Annotated[str, Header(max_length=100)] = "",
) -> StreamingResponse:
    """Tell of each request that comes into a conversation, as an event `append` with its ids and its time."""
    asking = Needs(ACTION)

    def is_allowed() -> bool:
        try:
            asking(request, state, credentials)
        except (GatewayError, Problem):
            return False
        return True

    def look(after: int) -> list[News]:
        grant = asking(request, state, credentials)
        return [_told(one) for one in records_after(state.store, after, within(state, grant), limit=MAX_NEWS)]

    place = place_after(last_event_id)
    return event_stream(look, is_allowed, last_record_number(state.store) if place is None else place)


def _told(one: NewsOfRecord) -> News:
    said = {"id": one.id, "conversation": one.conversation_id, "kind": one.kind, "at": moment(one.ended_us)}
    return News(one.number, "append", said)
