"""`/api/v1/conversations`: what people and models said to each other, of those whose conversations are kept.

Who may read is said by the table of permissions: owners and admins everything, who administers a team that team's, a
person their own. Keys read nothing: what one application sends with its key may be the words of many people. Who reads
what others have said is in the audit log.
"""

from dataclasses import replace
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime, BaseModel

from tokenrouter.admin.callers import Grant, needs, within
from tokenrouter.admin.conversation_bodies import (
    ShownConversation,
    ShownRecord,
    conversation_of,
    moment,
    record_of,
)
from tokenrouter.admin.paging import MAX_CURSOR_CHARS, checked, cursor, place_of
from tokenrouter.admin.problems import Problem
from tokenrouter.admin.state import ControlState, State
from tokenrouter.jobs.conversation_view import viewed
from tokenrouter.store.conversation_pages import (
    MAX_PAGE_ROWS,
    ConversationFilter,
    ConversationRow,
    Cursor,
    conversation_page,
    conversation_sums,
    find_conversation,
    records_of,
)
from tokenrouter.store.conversations import delete_conversations, note_reading
from tokenrouter.store.errors import ConversationUnknown

router: Final = APIRouter(prefix="/api/v1/conversations", tags=["conversations"])

DEFAULT_PAGE_ROWS: Final = 50
DEFAULT_RECORDS: Final = 100
MAX_RECORDS: Final = 500
MAX_TEXT_CHARS: Final = 200

Reading = Annotated[Grant, needs("conversations.read")]
Deleting = Annotated[Grant, needs("conversations.delete")]
Text = Annotated[str, Query(max_length=MAX_TEXT_CHARS)]


class ConversationList(BaseModel):
    """Conversations, the one that grew last first.

    `next` is the `after` of the next page, null at the end. A search by `q` may stop before a page is full; then there
    is a `next` to go on with.
    """

    data: list[ShownConversation]
    next: str | None


class ShownSums(BaseModel):
    """How much is kept; the times are null where there is nothing."""

    conversations: int
    requests: int
    bytes: int
    oldest_at: str | None
    newest_at: str | None


class WholeConversation(ShownConversation):
    """A conversation with its requests in their order; `next` is the `after` of those that follow, null at the end."""

    records: list[ShownRecord]
    next: int | None


class Removed(BaseModel):
    """How many conversations were deleted."""

    removed: int


def wanted_conversations(
    q: Annotated[Text, Query(description="A part of a title, a question or an answer.")] = "",
    key: Annotated[Text, Query(description="Name or id of a key.")] = "",
    user: Text = "",
    team: Text = "",
    provider: Text = "",
    model: Annotated[Text, Query(description="As it was asked for.")] = "",
    ip: Text = "",
    since: Annotated[AwareDatetime | None, Query(alias="from")] = None,
    until: Annotated[AwareDatetime | None, Query(alias="to", description="Not included.")] = None,
    include_internal: Annotated[bool, Query(description="Also what clients asked for themselves only.")] = False,
) -> ConversationFilter:
    """Return which conversations are meant; empty filters do not restrict."""
    return ConversationFilter(
        text=q,
        key=key,
        user=user,
        team=team,
        provider=provider,
        model=model,
        client_ip=ip,
        since_us=int(since.timestamp() * 1e6) if since else 0,
        until_us=int(until.timestamp() * 1e6) if until else None,
        with_internal=include_internal,
    )


Wanted = Annotated[ConversationFilter, Depends(wanted_conversations)]


@router.get("")
def read_page(
    state: State,
    grant: Reading,
    wanted: Wanted,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE_ROWS)] = DEFAULT_PAGE_ROWS,
    after: Annotated[str, Query(max_length=MAX_CURSOR_CHARS, description="`next` of the page before.")] = "",
) -> ConversationList:
    """Return one page of conversations."""
    meant = _within_reach(state, grant, wanted)
    page = conversation_page(state.store, state.sealing, meant, limit=limit, after=_cursor(after))
    return ConversationList(
        data=[conversation_of(row) for row in page.rows], next=None if page.next is None else cursor(page.next)
    )


@router.get("/sums")
def read_sums(state: State, grant: Reading) -> ShownSums:
    """Return how much is kept of what the caller may read."""
    sums = conversation_sums(state.store, within(state, grant))
    return ShownSums(
        conversations=sums.conversations,
        requests=sums.requests,
        bytes=sums.bytes,
        oldest_at=None if sums.oldest_us is None else moment(sums.oldest_us),
        newest_at=None if sums.newest_us is None else moment(sums.newest_us),
    )


@router.get("/{conversation_id}")
def read_one(
    state: State,
    grant: Reading,
    conversation_id: str,
    include_internal: Annotated[bool, Query(description="Also what the client asked for itself.")] = False,
    raw: Annotated[bool, Query(description="With headers and bodies as they were.")] = False,
    limit: Annotated[int, Query(ge=1, le=MAX_RECORDS)] = DEFAULT_RECORDS,
    after: Annotated[int, Query(ge=0, le=2**62, description="`next` of the page before.")] = 0,
) -> WholeConversation:
    """Return a conversation: of each request what is new in it, and its answer."""
    row = _find(state, grant, conversation_id)
    if not after and not (row.user and row.user == grant.caller.user):
        note_reading(grant.store, conversation_id, row.key)
    records: list[ShownRecord] = []
    more: int | None = None
    for one in viewed(records_of(state.store, state.sealing, conversation_id), with_internal=include_internal):
        if one.record.number <= after:
            continue
        if len(records) == limit:
            more = records[-1].number
            break
        records.append(record_of(one, raw=raw))
    return WholeConversation(**conversation_of(row).model_dump(), records=records, next=more)


@router.delete("/{conversation_id}")
def remove_one(state: State, grant: Deleting, conversation_id: str) -> Removed:
    """Delete a conversation for good."""
    _find(state, grant, conversation_id)
    wanted = ConversationFilter(id=conversation_id, with_internal=True)
    return _remove(state, grant, wanted, {"id": conversation_id})


@router.delete("")
def remove_many(
    state: State,
    grant: Deleting,
    wanted: Wanted,
    everything: Annotated[bool, Query(alias="all", description="Every one that the caller may delete.")] = False,
) -> Removed:
    """Delete the conversations of a filter, or all of them, for good."""
    if wanted.text:
        raise Problem(422, "invalid_field", "q: nothing is deleted by a search; name a key, user, team or time.")
    told = {name: value for name in _SHOWN_FILTERS if (value := getattr(wanted, name))}
    if bool(told) == everything:
        raise Problem(422, "invalid_field", "all: say which conversations by filters, or all=true for every one.")
    return _remove(state, grant, wanted, told or {"all": True})


_SHOWN_FILTERS: Final = ("key", "user", "team", "provider", "model", "client_ip", "since_us", "until_us")


def _remove(state: ControlState, grant: Grant, wanted: ConversationFilter, told: dict[str, object]) -> Removed:
    """Delete what was captured up to now too, as far as it has come into the database."""
    state.take_in_conversations()
    meant = _within_reach(state, grant, wanted, with_internal=True)
    return Removed(removed=delete_conversations(grant.store, meant.conditions(), told=told))


def _within_reach(
    state: ControlState, grant: Grant, wanted: ConversationFilter, *, with_internal: bool | None = None
) -> ConversationFilter:
    is_with = wanted.with_internal if with_internal is None else with_internal
    return replace(wanted, within=within(state, grant), with_internal=is_with)


def _find(state: ControlState, grant: Grant, conversation_id: str) -> ConversationRow:
    row = find_conversation(state.store, state.sealing, conversation_id, within(state, grant))
    if row is None:
        raise ConversationUnknown("there is no such conversation; GET /api/v1/conversations lists them")
    return row


def _cursor(text: str) -> Cursor | None:
    """Return behind which conversation a page begins; None for the first.

    Raises:
        Problem: it is not the `next` of a page.
    """
    return checked(place_of(text), int, str) if text else None
