"""Two dialects put together: a client's request for another dialect's provider, and the answer's way back.

Everything that is the same for all pairs is here or in the modules this one calls: history is repaired, provider
state sorted, ids made acceptable, emulations undone. `TranslatingRelay` has the shape of `relay.StreamRelay`, so the
gateway's roads use either. A stream is translated as it comes; nothing of it is kept but what is unfinished.
"""

import dataclasses
from dataclasses import dataclass
from typing import Final

import msgspec
from msgspec.structs import replace

from tokenrouter.dialects.call_ids import client_call_id
from tokenrouter.dialects.history import count_states, repaired, with_own_state
from tokenrouter.dialects.hub import (
    ClientCodec,
    EncodedRequest,
    ProviderCodec,
    Reply,
    StreamDecoder,
    StreamEncoder,
    Target,
    Undo,
)
from tokenrouter.dialects.losses import Loss
from tokenrouter.dialects.restoring import Restorer, restored_answer
from tokenrouter.dialects.state_memory import StateWatcher
from tokenrouter.domain.answers import (
    Answer,
    ArgumentsGrew,
    Begun,
    Ended,
    Failed,
    ItemBegun,
    ReasoningGrew,
    RefusalGrew,
    Stop,
    Stopped,
    StreamEvent,
    TextGrew,
    UsageReported,
)
from tokenrouter.domain.errors import GatewayError, ProviderRefused
from tokenrouter.domain.items import Call, Item, Message, Reasoning, text_of
from tokenrouter.domain.ledger import Usage
from tokenrouter.domain.requests import Request

STATE_LOST: Final = Loss("item.state", "dropped", "Signatures of another provider or model would be refused here.")


def translate_request(request: Request, provider: ProviderCodec, target: Target) -> EncodedRequest:
    """Return `request`, as its client's codec decoded it, in the provider's dialect.

    Raises:
        InvalidRequest: it holds what the provider's dialect refuses; the error names it.
    """
    own = with_own_state(request.items, provider.name, target.origin)
    items = repaired(own, provider.call_ids)
    encoded = provider.encode_request(request if items is request.items else replace(request, items=items), target)
    if own is request.items or count_states(own) == count_states(request.items):
        return encoded
    return dataclasses.replace(encoded, losses=(*encoded.losses, STATE_LOST))


@dataclass(frozen=True, slots=True)
class TranslatedAnswer:
    """A whole answer for the client; `content_bytes` counts what the model produced, for estimates."""

    body: bytes
    usage: Usage | None
    content_bytes: int


def translate_answer(
    body: bytes,
    provider: ProviderCodec,
    target: Target,
    client: ClientCodec,
    reply: Reply,
    *,
    undo: Undo | None = None,
    watcher: StateWatcher | None = None,
) -> TranslatedAnswer:
    """Return a provider's whole answer in the client's dialect; see `told_answer`.

    Raises:
        ProviderProtocolError: it cannot be read; the message names the provider and the position.
        ProviderRefused: it says that the model failed; shown as an answer it would look like success.
    """
    answer = provider.decode_answer(body, target)
    return told_answer(answer, target, client, reply, undo=undo, watcher=watcher)


def told_answer(
    answer: Answer,
    target: Target,
    client: ClientCodec,
    reply: Reply,
    *,
    undo: Undo | None = None,
    watcher: StateWatcher | None = None,
) -> TranslatedAnswer:
    """Return `answer` in the client's dialect; `watcher` keeps what the client cannot carry.

    Raises:
        ProviderRefused: it says that the model failed; shown as an answer it would look like success.
    """
    content_bytes = sum(_size(item) for choice in answer.choices for item in choice.items)
    if undo is not None:
        answer = restored_answer(answer, undo)
    for choice in answer.choices:
        if choice.stop.reason in _BROKEN:
            raise _broken(choice.stop, target.provider)
    answer = _with_client_ids(answer)
    if watcher is not None:
        watcher.see_answer(answer)
    return TranslatedAnswer(client.encode_answer(answer, reply), answer.usage, content_bytes)


def _with_client_ids(answer: Answer) -> Answer:
    choices = tuple(replace(choice, items=tuple(map(_with_client_id, choice.items))) for choice in answer.choices)
    return replace(answer, choices=choices)


def _with_client_id(item: Item) -> Item:
    if not isinstance(item, Call):
        return item
    call_id = client_call_id(item.call_id)
    return item if call_id == item.call_id else replace(item, call_id=call_id)


def _size(item: Item) -> int:
    if isinstance(item, Message):
        return _bytes(text_of(item.parts))
    if isinstance(item, Reasoning):
        return sum(map(_bytes, item.texts))
    return _bytes(item.arguments) if isinstance(item, Call) else 0


def _bytes(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode())


_BROKEN: Final = frozenset(("broken_call", "error"))


def _broken(stop: Stop, provider: str) -> ProviderRefused:
    what = "called a tool in a way that cannot be read" if stop.reason == "broken_call" else "failed"
    told = f"The model of provider {provider!r} {what} (it said {stop.native!r}); ask again."
    return ProviderRefused(told, provider=provider, status=502)


_LENGTH: Final = Stop("length")
_GREW: Final = (TextGrew, ReasoningGrew, ArgumentsGrew, RefusalGrew)
_REPORTING: Final = (UsageReported, Begun)
_QUIET: Final = frozenset(_REPORTING)


class TranslatingRelay:
    """Translates one stream; see `relay.Relay`. `ended` tells of the provider's end."""

    is_mid_event = False

    __slots__ = (
        "_decoder",
        "_encoder",
        "_lead",
        "_provider",
        "_request_id",
        "_restorer",
        "_watcher",
        "content_bytes",
        "content_started",
        "ended",
        "error_payload",
        "usage",
    )

    def __init__(
        self,
        decoder: StreamDecoder,
        encoder: StreamEncoder,
        *,
        provider: str,
        request_id: str,
        undo: Undo | None = None,
        watcher: StateWatcher | None = None,
    ) -> None:
        self._decoder = decoder
        self._encoder = encoder
        self._provider = provider
        self._request_id = request_id
        self._restorer = None if undo is None else Restorer(undo)
        self._watcher = watcher
        self._lead = b""
        self.usage: Usage | None = None
        self.content_bytes = 0
        self.content_started = False
        self.ended = False
        self.error_payload: bytes | None = None

    def feed(self, chunk: bytes) -> bytes:
        """Return what goes to the client now; nothing before the first content.

        Raises:
            ProviderProtocolError: the stream cannot be read; the message names the provider and the position.
        """
        if self.error_payload is not None:
            return b""
        events = self._decoder.feed(chunk)
        return self._pass(events) if events else b""

    def close(self) -> bytes | None:
        """Return what is still to be sent at the provider's end of stream, or None when the stream was cut short.

        Some providers show only by their end that the model failed: then it is the client's error, and `error_payload`
        is set.

        Raises:
            ProviderProtocolError: as `feed`.
        """
        if self.error_payload is not None:
            return None
        last = b"" if self.ended else self._pass(self._decoder.close())
        return self._lead_out(last) if self.ended or self.error_payload is not None else None

    def finish(self, stop: Stop) -> bytes:
        """End the client's stream here, in order, whatever the provider still says."""
        self.ended = True
        return self._lead_out(self._encoder.finish(stop))

    def cut(self, usage: Usage) -> bytes:
        told = self._encoder.encode([UsageReported(usage)])
        self._lead += told
        return self.finish(_LENGTH)

    def fail(self, error: GatewayError, request_id: str) -> bytes:
        return self._lead_out(self._encoder.fail(error, request_id))

    def _pass(self, events: list[StreamEvent]) -> bytes:
        self._count(events)
        if self._watcher is not None:
            self._watcher.see(events)
        if self._restorer is not None:
            events = self._restorer.restore(events)
        failure = self._failure(events)
        if failure is not None:
            at, error = failure
            self.content_started = True
            return self._lead_out(self._encoder.encode(events[:at]) + self._encoder.fail(error, self._request_id))
        written = self._encoder.encode(events)
        if self.content_started:
            return written
        self._lead += written
        if self.ended or not all(type(event) in _QUIET for event in events):
            self.content_started = True
            return self._lead_out(b"")
        return b""

    def _lead_out(self, more: bytes) -> bytes:
        lead, self._lead = self._lead, b""
        return lead + more

    def _count(self, events: list[StreamEvent]) -> None:
        for number, event in enumerate(events):
            if isinstance(event, _GREW):
                self.content_bytes += _bytes(event.text)
            elif isinstance(event, ItemBegun):
                item = _with_client_id(event.item)
                if item is not event.item:
                    events[number] = ItemBegun(event.index, item, event.choice)
            elif isinstance(event, _REPORTING):
                self.usage = event.usage or self.usage
            elif isinstance(event, Ended):
                self.ended = True

    def _failure(self, events: list[StreamEvent]) -> tuple[int, ProviderRefused] | None:
        """Return where the events tell a failure, and which."""
        for number, event in enumerate(events):
            if isinstance(event, Failed):
                self.error_payload = event.payload if b'"error"' in event.payload else _told_error(event)
                told = f"Provider {self._provider!r} reported an error in its stream: {event.message}"
                return number, ProviderRefused(
                    told[:500], provider=self._provider, status=event.status, vendor_code=event.code
                )
            if isinstance(event, Stopped) and event.stop.reason in _BROKEN:
                self.ended = False
                error = _broken(event.stop, self._provider)
                self.error_payload = b'{"error":{"message":"the model failed"}}'
                return number, error
        return None


def _told_error(failed: Failed) -> bytes:
    """Return an error whose kind and status stand beside its JSON, as Bedrock's do, in the shape that others share."""
    told = {"message": failed.message, "type": failed.code, "code": failed.status}
    return msgspec.json.encode({"error": told})
