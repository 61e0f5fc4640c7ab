"""What the road knows of translation: a bridge between two dialects, and one request's crossing of it.

A bridge is made once for each lane. Conversations cross by the hub (`HubBridge`); other operations that two
vendors both have, such as embeddings, bring bridges of their own. The road asks none which it is.
"""

from dataclasses import dataclass, field
from typing import Final, Protocol

from msgspec.structs import replace

from tokenrouter.dialects.alternatives import AlternativesDecoder, joined_answer
from tokenrouter.dialects.delivered import Delivered, Seam, WatchedEncoder
from tokenrouter.dialects.hub import ClientCodec, EncodedRequest, ProviderCodec, Reply, StreamEncoder, Target
from tokenrouter.dialects.joining import JoiningEncoder
from tokenrouter.dialects.json import RawObject
from tokenrouter.dialects.losses import Loss
from tokenrouter.dialects.relay import Relay
from tokenrouter.dialects.state_memory import StateMemory, StateWatcher, with_kept_state
from tokenrouter.dialects.translate import (
    TranslatedAnswer,
    TranslatingRelay,
    told_answer,
    translate_request,
)
from tokenrouter.domain.errors import InvalidRequest
from tokenrouter.domain.items import Message, Text
from tokenrouter.domain.requests import Request

MAX_ALTERNATIVES: Final = 8
"""Most alternatives of one translated request: each may be a request of its own, as Google allows them too."""
ALTERNATIVES: Final = "sampling.answers"
PREFILL: Final = "item.prefill"
"""What every dialect notes whose model answers anew instead of going on from words of its own."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a client's request says apart from its body.

    Attributes:
        model, stream: from the path, in dialects that have them there; else None.
        sse: False where a stream is to be a JSON array instead.
        created_s: seconds since the epoch.
        fields: the top-level fields of the body, where it has been split before.
        output_limit: bound on each alternative of the answer, instead of the client's own.
        seam: where an answer broke off that is to be gone on with.
    """

    request_id: str
    created_s: int
    model: str | None = None
    stream: bool | None = None
    sse: bool = True
    fields: RawObject | None = field(default=None, repr=False)
    output_limit: int | None = None
    seam: Seam | None = None


class Crossing(Protocol):
    """One request on its way to a provider of another dialect, and its answer's way back."""

    @property
    def body(self) -> bytes:
        """The request as the provider gets it."""

    @property
    def headers(self) -> bytes:
        """Header lines that the provider's dialect needs beside the body, each ended by CRLF."""

    @property
    def losses(self) -> tuple[Loss, ...]:
        """What the provider's dialect could not carry."""

    @property
    def copies(self) -> int:
        """How often the provider is to be asked: more than once for alternatives that it gives one at a time."""

    def alternatives(self) -> AlternativesDecoder:
        """Return what tells the streams of several copies apart; `relay` reads by it from now on."""

    def answer(self, *bodies: bytes) -> TranslatedAnswer:
        """Return a whole answer, or the alternatives of several, in the client's dialect.

        Raises:
            ProviderProtocolError: it cannot be read.
            ProviderRefused: it says that the model failed.
        """

    def relay(self, delivered: Delivered | None = None) -> Relay:
        """Return what translates the answer's stream; `delivered` notes what goes out."""


class Bridge(Protocol):
    """A way between two dialects, for one model of one provider."""

    def cross(self, body: bytes, asked: Asked) -> Crossing:
        """Return a request's crossing.

        Raises:
            InvalidRequest: it cannot be read, or holds what the provider's dialect refuses; the error names it.
        """


@dataclass(frozen=True, slots=True)
class HubBridge:
    """The way of conversations: by what the client's dialect means and the provider's can say.

    Attributes:
        memory: keeps what the client's dialect cannot carry, for each `tenant` apart.
    """

    client: ClientCodec
    provider: ProviderCodec
    target: Target
    memory: StateMemory
    tenant: str

    def cross(self, body: bytes, asked: Asked) -> "HubCrossing":
        request = self.client.decode_request(body, model=asked.model, stream=asked.stream, fields=asked.fields)
        own_bound = request.max_output_tokens
        if asked.output_limit is not None:
            request = replace(request, max_output_tokens=asked.output_limit)
        if not request.items:
            raise InvalidRequest("There is nothing to answer: the conversation is empty.")
        carried = self.client.carries_state
        items = request.items if carried else with_kept_state(request.items, self.memory, self.tenant)
        if items is not request.items:
            request = replace(request, items=items)
        if request.sampling.answers > MAX_ALTERNATIVES:
            raise InvalidRequest(f"At most {MAX_ALTERNATIVES} alternatives can be asked for here.", param="n")
        reply = Reply(request, asked.request_id.removeprefix("req_"), asked.created_s, asked.sse)
        seam = asked.seam
        if seam is None:
            return HubCrossing(self, translate_request(request, self.provider, self.target), reply, asked.request_id)
        encoded = translate_request(_going_on(request, seam, own_bound), self.provider, self.target)
        return HubCrossing(self, encoded, seam.reply(reply), asked.request_id, seam)


def _going_on(request: Request, seam: Seam, own_bound: int | None) -> Request:
    """Return what asks for the rest of an answer, for which its client's own bound leaves less than for all of it."""
    items = request.items
    if seam.prefill:
        items = (*items, Message("assistant", (Text(seam.prefill),)))
    left = None if own_bound is None else max(1, own_bound - seam.tokens)
    bounds = [bound for bound in (left, request.max_output_tokens) if bound is not None]
    return replace(request, items=items, max_output_tokens=min(bounds, default=None))


@dataclass(frozen=True, slots=True)
class HubCrossing:
    """One conversation's crossing."""

    bridge: HubBridge
    encoded: EncodedRequest = field(repr=False)
    reply: Reply = field(repr=False)
    request_id: str
    seam: Seam | None = None
    decoders: list[AlternativesDecoder] = field(default_factory=list, repr=False)

    @property
    def body(self) -> bytes:
        return self.encoded.body

    @property
    def headers(self) -> bytes:
        return self.encoded.header_lines

    @property
    def losses(self) -> tuple[Loss, ...]:
        return self.encoded.losses

    @property
    def copies(self) -> int:
        emulated = any(loss.feature == ALTERNATIVES and loss.fate == "emulated" for loss in self.encoded.losses)
        return self.reply.request.sampling.answers if emulated else 1

    @property
    def goes_on(self) -> bool:
        """Whether the provider goes on from the words at the seam, and nothing else that was asked stands in the way.

        A schema or a call that is forced holds an answer from its first word on, and a client that speaks for the
        model itself already asks for a continuation.
        """
        request, undo = self.reply.request, self.encoded.undo
        plain = request.output_format is None and not (request.modalities or (undo is not None and undo.format_tool))
        is_forced = request.tool_choice is not None and request.tool_choice.mode not in ("auto", "none")
        last = request.items[-1]
        speaks = isinstance(last, Message) and last.role == "assistant"
        has_words = self.seam is not None and self.seam.prefill
        answers_anew = has_words and any(loss.feature == PREFILL for loss in self.encoded.losses)
        return plain and not (is_forced or speaks or answers_anew) and request.sampling.answers == 1

    def alternatives(self) -> AlternativesDecoder:
        bridge = self.bridge
        made = [bridge.provider.stream_decoder(bridge.target) for _ in range(self.copies)]
        self.decoders.append(decoder := AlternativesDecoder(made))
        return decoder

    def answer(self, *bodies: bytes) -> TranslatedAnswer:
        bridge, undo = self.bridge, self.encoded.undo
        answers = [bridge.provider.decode_answer(body, bridge.target) for body in bodies]
        answer = answers[0] if len(answers) == 1 else joined_answer(answers)
        return told_answer(answer, bridge.target, bridge.client, self.reply, undo=undo, watcher=self._watcher())

    def relay(self, delivered: Delivered | None = None) -> TranslatingRelay:
        bridge = self.bridge
        return TranslatingRelay(
            self.decoders[-1] if self.decoders else bridge.provider.stream_decoder(bridge.target),
            self._encoder(delivered),
            provider=bridge.target.provider,
            request_id=self.request_id,
            undo=self.encoded.undo,
            watcher=self._watcher(),
        )

    def _encoder(self, delivered: Delivered | None) -> StreamEncoder:
        encoder = self.bridge.client.stream_encoder(self.reply)
        if delivered is None:
            return encoder
        delivered.reply = self.reply
        if self.seam is None:
            return WatchedEncoder(encoder, delivered)
        has_passed = bool(self.reply.told_id)
        return JoiningEncoder(encoder, delivered, self.seam, repeats=self.encoded.repeats, has_passed=has_passed)

    def _watcher(self) -> StateWatcher | None:
        bridge = self.bridge
        return None if bridge.client.carries_state else StateWatcher(bridge.memory, bridge.tenant)
