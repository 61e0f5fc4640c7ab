"""Stored responses in front of providers that store nothing: a conversation put together again, and shown.

OpenAI lets a request go on from a stored response by its id. Where the provider has no such store, the gateway
keeps what was asked and answered as JSON, and a request that goes on from it is given the whole conversation
before it is translated. Pure: who may see what, and where it lies, is not known here.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

import msgspec

from tokenrouter.dialects.event_payloads import EventPayloads
from tokenrouter.dialects.json import peek_object
from tokenrouter.dialects.openai_responses.wire import WireRequest
from tokenrouter.dialects.wire_reading import read_request
from tokenrouter.domain.errors import InvalidRequest
from tokenrouter.domain.items import RawJson

MAX_PAGE_ITEMS: Final = 100
"""Most items of one page (API reference, "List input items", read 2026-11)."""
DEFAULT_PAGE_ITEMS: Final = 20
_PREVIOUS: Final = "previous_response_id"
_ENDS: Final = frozenset(("response.completed", "response.incomplete"))
_REFERENCE: Final = b'"item_reference"'
_LEADS: Final = {
    "message": "msg",
    "reasoning": "rs",
    "function_call": "fc",
    "function_call_output": "fco",
    "custom_tool_call": "ctc",
    "custom_tool_call_output": "ctco",
    "tool_search_call": "tsc",
    "tool_search_output": "tso",
}

RawItem = dict[str, msgspec.Raw]


class _Named(msgspec.Struct):
    id: str | None = None
    type: str | None = None
    role: str | None = None


class _Last(msgspec.Struct):
    type: str = ""
    response: msgspec.Raw = msgspec.Raw(b"null")


class _WithOutput(msgspec.Struct):
    output: list[msgspec.Raw] = []


_request: Final = msgspec.json.Decoder(WireRequest)
_named: Final = msgspec.json.Decoder(_Named)
_items: Final = msgspec.json.Decoder(list[msgspec.Raw])
_item: Final = msgspec.json.Decoder(RawItem)
_content: Final = msgspec.json.Decoder(str | list[msgspec.Raw] | None)
_last: Final = msgspec.json.Decoder(_Last)
_response: Final = msgspec.json.Decoder(_WithOutput)


@dataclass(frozen=True, slots=True)
class StoredResponse:
    """What is kept of one response.

    Attributes:
        input: the items that its model was given, the whole conversation, as a JSON array.
        output: the items of its answer, as a JSON array.
    """

    input: RawJson
    output: RawJson

    @classmethod
    def of(cls, body: bytes, answer: bytes, response_id: str) -> "StoredResponse":
        """Return what is to be kept of a request (already continued) and its whole answer, a response object.

        Every item has an id then, made from `response_id` where the client gave it none.
        """
        given = _with_ids(_given(body), response_id)
        output = [bytes(raw) for raw in _response.decode(answer).output]
        return cls(_array(given), _array(output))


def response_in(events: bytes) -> RawJson | None:
    """Return the response object in a stream's last event, from the whole `events` at its end; None before that."""
    for payload in reversed(EventPayloads("").feed(events)):
        event = _last.decode(payload)
        if event.type in _ENDS:
            return bytes(event.response)
    return None


def continued_body(body: bytes, stored: StoredResponse) -> bytes:
    """Return a request that goes on from `stored` as one that holds the whole conversation.

    Its own fields stay as they are, its instructions too: those of the stored request are not carried over
    (API reference, `previous_response_id`, read 2026-11). References to items of the stored response are resolved.

    Raises:
        InvalidRequest: the body cannot be read, or refers to an item that is not there.
    """
    before = [bytes(raw) for kept in (stored.input, stored.output) for raw in _items.decode(kept)]
    whole = [*before, *_resolved(_given(body), before)]
    fields = peek_object(body).fields
    changed = {name: raw for name, raw in fields.items() if name != _PREVIOUS}
    return msgspec.json.encode({**changed, "input": msgspec.Raw(_array(whole))})


def _given(body: bytes) -> list[bytes]:
    """Return the items of a request's own input; a text alone is one user's message."""
    given = read_request(_request, body).input
    if isinstance(given, str):
        return [msgspec.json.encode({"type": "message", "role": "user", "content": given})]
    return [bytes(raw) for raw in given or ()]


def _resolved(given: list[bytes], before: list[bytes]) -> Iterable[bytes]:
    if not any(_REFERENCE in raw for raw in given):
        return given
    known = {name: raw for raw in before if (name := _named.decode(raw).id)}
    return [_referred(raw, known, index) for index, raw in enumerate(given)]


def _referred(raw: bytes, known: dict[str, bytes], index: int) -> bytes:
    named = read_request(_named, raw, f"input[{index}]")
    if named.type != "item_reference":
        return raw
    if (item := known.get(named.id or "")) is None:
        raise InvalidRequest(f"There is no item {named.id!r} in this conversation.", param=f"input[{index}].id")
    return item


def _with_ids(items: list[bytes], response_id: str) -> list[bytes]:
    return [_with_id(raw, f"{response_id.removeprefix('resp_')}_i{index}") for index, raw in enumerate(items)]


def _with_id(raw: bytes, tail: str) -> bytes:
    named = read_request(_named, raw)
    if named.id and named.type:
        return raw
    kind = named.type or "message"
    lead = {"type": kind, "id": named.id or f"{_LEADS.get(kind, 'item')}_{tail}"}
    return msgspec.json.encode({**_item.decode(raw), **lead})


def _array(items: Iterable[bytes]) -> RawJson:
    return b"[" + b",".join(items) + b"]"


def input_items_page(
    stored: StoredResponse,
    *,
    limit: int = DEFAULT_PAGE_ITEMS,
    order: Literal["asc", "desc"] = "desc",
    after: str = "",
) -> RawJson:
    """Return a page of the input of `stored`, as `GET /v1/responses/{id}/input_items` shows it, newest first.

    Raises:
        InvalidRequest: `limit` is out of bounds, or there is no item `after`.
    """
    if not 1 <= limit <= MAX_PAGE_ITEMS:
        raise InvalidRequest(f"The limit must be from 1 to {MAX_PAGE_ITEMS}.", param="limit")
    items = [_shown(raw) for raw in _items.decode(stored.input)]
    if order == "desc":
        items.reverse()
    ids = [_named.decode(item).id or "" for item in items]
    if after and after not in ids:
        raise InvalidRequest(f"There is no item {after!r} in the input.", param="after")
    start = ids.index(after) + 1 if after else 0
    page, page_ids = items[start : start + limit], ids[start : start + limit]
    return msgspec.json.encode(
        {
            "object": "list",
            "data": [msgspec.Raw(item) for item in page],
            "first_id": page_ids[0] if page_ids else None,
            "last_id": page_ids[-1] if page_ids else None,
            "has_more": start + limit < len(items),
        }
    )


def _shown(raw: msgspec.Raw) -> RawJson:
    """Return an item as it is listed: a message has a list of parts and a status, however it was sent."""
    named = _named.decode(raw)
    if named.type != "message":
        return bytes(raw)
    fields = _item.decode(raw)
    content = _content.decode(fields.get("content", msgspec.Raw(b"null")))
    shown: dict[str, object] = {"status": "completed", **fields}
    if isinstance(content, str):
        kind = "output_text" if named.role == "assistant" else "input_text"
        part = {"type": kind, "text": content}
        shown["content"] = [part | {"annotations": []} if kind == "output_text" else part]
    return msgspec.json.encode(shown)
