"""`/api/v1/ledger/stream`: requests as they come into the ledger, a second or two after they have ended.

Rows are taken as they come in (`jobs/recent_rows.py`), once for all who follow; each reader is told those that the
list would show them with the same filters. Nothing is queued: who reads slowly finds the newest of what they missed.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from dataclasses import replace
from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Request
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

from tokenrouter.admin.callers import Credentials, Grant, Needs, needs, within
from tokenrouter.admin.events import ASKED_AGAIN_S, KEEP_ALIVE_S, LONGEST_S, event, live_answer
from tokenrouter.admin.ledger_bodies import shown_row
from tokenrouter.admin.ledger_question import Question, WantedRows
from tokenrouter.admin.live_marks import LiveMarks, running
from tokenrouter.admin.problems import Problem
from tokenrouter.admin.state import ControlState, State
from tokenrouter.domain.errors import GatewayError
from tokenrouter.jobs.recent_rows import RecentRow
from tokenrouter.store.ledger import LedgerFilter
from tokenrouter.store.ledger_match import has_word, is_wanted
from tokenrouter.store.within import Within

router: Final = APIRouter(prefix="/api/v1/ledger", tags=["ledger"])

ACTION: Final = "ledger.read"
MAX_TAILS: Final = 100
MOST_TOLD: Final = 50
"""Rows that are told at once: more than anybody reads in a second."""
_STREAM: Final[dict[int | str, dict[str, Any]]] = {200: {"content": {"text/event-stream": {}}}, 429: {}}

Whose = Callable[[], tuple[bool, Within | None]]
"""Returns whether the reader may still read, and whose rows at most; None is everybody's. Blocks."""


@router.get("/stream", response_class=StreamingResponse, responses=_STREAM)
async def stream_rows(
    request: Request,
    state: State,
    grant: Annotated[Grant, needs(ACTION)],
    credentials: Credentials,
    asked: WantedRows,
    last_event_id: Annotated[str, Header(max_length=100)] = "",
) -> StreamingResponse:
    """Tell of requests as they come into the ledger, with the filters of the list.

    `begin` comes first; `missed` says that rows came in since `Last-Event-ID` that are not told any more, so that the
    list is to be asked. Then `request` with a row as the list has it, `skipped` with how many `requests` were left out
    because there were too many at once, and, for who sees everybody's, `running` with the number of `requests` that are
    being answered.
    """
    if state.tails >= MAX_TAILS:
        raise Problem(429, "too_many_streams", f"At most {MAX_TAILS} readers follow the requests at a time.")
    told = tail(state, asked, _whose(state, request, credentials), last_event_id)
    return live_answer(state.readers.counted(grant.caller.actor.id, told))


async def tail(
    state: ControlState, asked: Question, whose: Whose, last_event_id: str = ""
) -> AsyncGenerator[bytes, None]:
    """Yield events, until the reader may not see rows any more."""
    loop = asyncio.get_running_loop()
    begun_s = loop.time()
    asked_s = spoken_s = -LONGEST_S
    wanted = LedgerFilter()
    place, missed = _place(state, last_event_id)
    has_begun, ran = False, -1
    state.tails += 1
    try:
        async with state.live.listening(LiveMarks(state).look):
            yield b": connected\n\n"
            while await state.live.next_look() and loop.time() - begun_s < LONGEST_S:
                now_s = loop.time()
                if now_s - asked_s >= ASKED_AGAIN_S:
                    may_read, reach = await run_in_threadpool(whose)
                    if not may_read:
                        return
                    asked_s, wanted = now_s, replace(asked.wanted, within=reach)
                told = b"" if has_begun else event("begin", {"missed": missed})
                has_begun = True
                came = state.recent_rows.after(place)
                if came:
                    place = came[-1].number
                    told += await run_in_threadpool(_told, state.instance_id, came, asked, wanted)
                if wanted.within is None and (runs := running(state)) != ran:
                    ran = runs
                    told += event("running", {"requests": runs})
                if told:
                    spoken_s = now_s
                    yield told
                elif now_s - spoken_s >= KEEP_ALIVE_S:
                    spoken_s = now_s
                    yield b": keep-alive\n\n"
    finally:
        state.tails -= 1


def _whose(state: ControlState, request: Request, credentials: Credentials) -> Whose:
    asking = Needs(ACTION)

    def ask() -> tuple[bool, Within | None]:
        try:
            return True, within(state, asking(request, state, credentials))
        except (GatewayError, Problem, SQLAlchemyError):  # where the database is away, the client comes back
            return False, None

    return ask


def _place(state: ControlState, last_event_id: str) -> tuple[int, bool]:
    """Return after which row to begin, and whether rows are missing before that."""
    process, _, number = last_event_id.rpartition("-")
    if not last_event_id:
        return state.recent_rows.last, False
    is_ours = process == state.instance_id and number.isascii() and number.isdigit() and len(number) < 19
    if is_ours and state.recent_rows.reaches(int(number)):
        return int(number), False
    return state.recent_rows.last, True


def _told(process: str, came: list[RecentRow], asked: Question, wanted: LedgerFilter) -> bytes:
    found = [
        one
        for one in came
        if is_wanted(wanted, one.entry) and (not asked.word or has_word(one.entry, asked.word, asked.word_key_ids))
    ]
    shown = found[-MOST_TOLD:]
    left_out = len(found) - len(shown)
    skipped = event("skipped", {"requests": left_out}) if left_out else b""
    return skipped + b"".join(b"id: %b-%d\n%b" % (process.encode(), one.number, _row(one)) for one in shown)


def _row(one: RecentRow) -> bytes:
    if not one.told:
        one.told = b"event: request\ndata: %b\n\n" % shown_row(one.entry).model_dump_json().encode()
    return one.told
