"""Responses that can be gone on from, in front of any provider.

The gateway keeps them itself, whatever the provider could: so their ids mean something to their owner only, they work
with every model, and nothing lies in the account that all tenants share. A request that stores, or goes on from what
was stored, is turned into one that does neither and holds the whole conversation; its answer is kept on its way out.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

import msgspec

from tokenrouter.dialects.event_payloads import EventPayloads
from tokenrouter.dialects.json import JsonObject, peek_object
from tokenrouter.dialects.openai_responses.history import (
    DEFAULT_PAGE_ITEMS,
    StoredResponse,
    continued_body,
    input_items_page,
)
from tokenrouter.domain.errors import InvalidRequest, NotFound, PreviousResponseNotFound
from tokenrouter.gateway.call import Call
from tokenrouter.gateway.passing import Passing
from tokenrouter.gateway.ports import Responder

CONTINUING: Final = frozenset({"responses", "count_input_tokens", "compact"})
"""Operations that may go on from a stored response."""
_TOUCHES: Final = (b'"previous_response_id"', b'"store"', b'"background"', b'"conversation"')
_FALSE: Final = b"false"
_NOTHING: Final = (b"null", b"false", b"{}", b'""')
_ENCRYPTED: Final = "reasoning.encrypted_content"
_ENDS: Final = ("response.completed", "response.incomplete")


class ResponseStore(Protocol):
    """Where responses are kept."""

    def put(self, owner: str, response_id: str, data: bytes) -> bool:
        """Keep `data`; whether that worked."""

    def get(self, owner: str, response_id: str) -> bytes | None:
        """Return what was kept, or None."""

    def delete(self, owner: str, response_id: str) -> bool:
        """Forget it; whether there was any."""


class _Kept(msgspec.Struct):
    """What is kept of one response, as it lies in the store."""

    input: msgspec.Raw
    response: msgspec.Raw


class _Response(msgspec.Struct):
    id: str
    output: msgspec.Raw = msgspec.Raw(b"[]")


class _Event(msgspec.Struct):
    type: str = ""
    response: msgspec.Raw = msgspec.Raw(b"{}")


_kept: Final = msgspec.json.Decoder(_Kept)
_response: Final = msgspec.json.Decoder(_Response)
_event: Final = msgspec.json.Decoder(_Event)
_include: Final = msgspec.json.Decoder(list[str])
_text: Final = msgspec.json.Decoder(str)


@dataclass(frozen=True, slots=True)
class StoredResponses:
    """The store, as the road and the edge use it."""

    store: ResponseStore

    def prepare(self, call: Call, owner: str, responder: Responder, *, by_default: bool) -> tuple[Call, Responder]:
        """Return the request as it goes on, and who takes its answer.

        Raises:
            PreviousResponseNotFound: the response to go on from is not there, or another's.
            InvalidRequest: it asks for what only a provider's own store can do.
        """
        if not by_default and not any(word in call.body for word in _TOUCHES):
            return call, responder
        body = peek_object(call.body)
        _refuse_what_lasts(body)
        previous = _text_of(body, "previous_response_id")
        if call.head.dialect.operation != "responses":
            return self._continued(call, owner, previous), responder
        wish = bytes(body.fields.get("store", b"null"))
        stores = wish == b"true" or (by_default and wish == b"null")
        if not previous and not stores:
            return call, responder
        whole = call.body
        if previous:
            whole = continued_body(whole, self._stored(owner, previous))
        if stores:
            told = {"store": b"true", "previous_response_id": msgspec.json.encode(previous or None)}
            responder = Keeper(self.store, owner, whole, responder, told)
        return replace(call, body=_unstored(whole)), responder

    def _continued(self, call: Call, owner: str, previous: str) -> Call:
        """Return a question about a conversation, with all of it."""
        if not previous:
            return call
        return replace(call, body=continued_body(call.body, self._stored(owner, previous)))

    def _stored(self, owner: str, response_id: str) -> StoredResponse:
        data = self.store.get(owner, response_id)
        if data is None:
            raise PreviousResponseNotFound(
                f"There is no stored response {response_id!r} of yours; it may be older than a day, or was not stored.",
                param="previous_response_id",
            )
        kept = _kept.decode(data)
        return StoredResponse(bytes(kept.input), bytes(_response.decode(kept.response).output))

    def show(self, owner: str, response_id: str) -> bytes:
        """Return the response object.

        Raises:
            NotFound
        """
        return bytes(_kept.decode(self._data(owner, response_id)).response)

    def input_items(self, owner: str, response_id: str, query: Mapping[str, str]) -> bytes:
        """Return a page of what its model was given.

        Raises:
            NotFound
            InvalidRequest: the query asks for a page that cannot be.
        """
        kept = _kept.decode(self._data(owner, response_id))
        limit = query.get("limit", str(DEFAULT_PAGE_ITEMS))
        if not (limit.isascii() and limit.isdigit() and len(limit) < 6):
            raise InvalidRequest("The limit must be a number.", param="limit")
        order = query.get("order", "desc")
        if order not in ("asc", "desc"):
            raise InvalidRequest("The order must be asc or desc.", param="order")
        stored = StoredResponse(bytes(kept.input), b"[]")
        return input_items_page(
            stored, limit=int(limit), order="asc" if order == "asc" else "desc", after=query.get("after", "")
        )

    def delete(self, owner: str, response_id: str) -> bytes:
        """Forget a response, and return what OpenAI says then.

        Raises:
            NotFound
        """
        if not self.store.delete(owner, response_id):
            raise _not_found(response_id)
        return msgspec.json.encode({"id": response_id, "object": "response", "deleted": True})

    def _data(self, owner: str, response_id: str) -> bytes:
        data = self.store.get(owner, response_id)
        if data is None:
            raise _not_found(response_id)
        return data


def _not_found(response_id: str) -> NotFound:
    return NotFound(f"There is no stored response {response_id!r} of yours.")


def _refuse_what_lasts(body: JsonObject) -> None:
    for name in ("background", "conversation"):
        if bytes(body.fields.get(name, b"null")) not in _NOTHING:
            raise InvalidRequest(
                f"The field {name!r} needs a provider's own store, which tenants here do not share; leave it out.",
                param=name,
            )


def _text_of(body: JsonObject, name: str) -> str:
    raw = body.fields.get(name)
    if raw is None or bytes(raw) == b"null":
        return ""
    try:
        return _text.decode(raw)
    except msgspec.DecodeError:
        raise InvalidRequest(f"The field {name!r} must be a string.", param=name) from None


def _unstored(body: bytes) -> bytes:
    """Return a request that stores nothing at the provider, and asks for its reasoning so that we can."""
    whole = peek_object(body).without(["previous_response_id"])
    raw = whole.fields.get("include")
    try:
        included = [] if raw is None or bytes(raw) == b"null" else _include.decode(raw)
    except msgspec.DecodeError:
        raise InvalidRequest("The field 'include' must be an array of strings.", param="include") from None
    wanted = list(dict.fromkeys([*included, _ENCRYPTED]))
    return b"".join(whole.changed({"store": _FALSE, "include": msgspec.json.encode(wanted)}))


class Keeper(Passing):
    """Takes a response on its way to the client, and keeps it before its end goes out; see `ports.Responder`.

    The answer tells the client what it asked for (`store`, `previous_response_id`), not what the provider was asked.
    """

    __slots__ = ("_body", "_owner", "_payloads", "_store", "_told")

    def __init__(
        self, store: ResponseStore, owner: str, body: bytes, inner: Responder, told: Mapping[str, bytes]
    ) -> None:
        """`body` is the request with its whole conversation."""
        self._store = store
        self._owner = owner
        self._body = body
        super().__init__(inner)
        self._told = told
        self._payloads = EventPayloads("")

    def answer(self, status: int, headers: bytes, body: bytes) -> None:
        if status == 200:
            body = self._retold(body)
            self._keep(body)
        self._inner.answer(status, headers, body)

    def start(self, status: int, headers: bytes, length: int | None) -> None:
        self._inner.start(status, headers, None)

    def write(self, data: bytes) -> None:
        """Pass events on, with what they tell set right; comments between them are keep-alives and pass too."""
        if data.startswith(b":"):
            self._inner.write(data)
            return
        events = b"".join(map(self._passed, self._payloads.feed(data)))
        if events:
            self._inner.write(events)

    def _passed(self, payload: bytes) -> bytes:
        try:
            event = _event.decode(payload)
        except msgspec.DecodeError:
            return b"data: %b\n\n" % payload
        if event.type.startswith("response.") and event.response != b"{}":
            response = self._retold(bytes(event.response))
            payload = b"".join(peek_object(payload).changed({"response": response}))
            if event.type in _ENDS:
                self._keep(response)
        return b"event: %b\ndata: %b\n\n" % (event.type.encode(), payload)

    def _retold(self, response: bytes) -> bytes:
        return b"".join(peek_object(response).changed(self._told))

    def _keep(self, response: bytes) -> None:
        named = _response.decode(response)
        kept: dict[str, Any] = {
            "input": msgspec.Raw(StoredResponse.of(self._body, response, named.id).input),
            "response": msgspec.Raw(response),
        }
        self._store.put(self._owner, named.id, msgspec.json.encode(kept))
