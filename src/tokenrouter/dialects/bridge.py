"""What the road knows of translation: a bridge between two dialects, and one request's crossing of it.

A bridge is made once for each lane. Conversations cross by the hub (`HubBridge`); other operations that two
vendors both have, such as embeddings, bring bridges of their own. The road asks none which it is.
"""

from dataclasses import dataclass, field
from typing import Final, Protocol

from msgspec.structs import replace

from tokenrouter.dialects.alternatives import AlternativesDecoder, joined_answer
from tokenrouter.dialects.hub import ClientCodec, EncodedRequest, ProviderCodec, Reply, Target
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

MAX_ALTERNATIVES: Final = 8
"""Most alternatives of one translated request: each may be a request of its own, as Google allows them too."""
ALTERNATIVES: Final = "sampling.answers"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a client's request says apart from its body.

    Attributes:
        model, stream: from the path, in dialects that have them there; else None.
        sse: False where a stream is to be a JSON array instead.
        created_s: seconds since the epoch.
        fields: the top-level fields of the body, where it has been split before.
        output_limit: bound on each alternative of the answer, instead of the client's own.
    """

    request_id: str
    created_s: int
    model: str | None = None
    stream: bool | None = None
    sse: bool = True
    fields: RawObject | None = field(default=None, repr=False)
    output_limit: int | None = None


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

    def relay(self) -> Relay:
        """Return what translates the answer's stream."""


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
        encoded = translate_request(request, self.provider, self.target)
        reply = Reply(request, asked.request_id.removeprefix("req_"), asked.created_s, asked.sse)
        return HubCrossing(self, encoded, reply, asked.request_id)


@dataclass(frozen=True, slots=True)
class HubCrossing:
    """One conversation's crossing."""

    bridge: HubBridge
    encoded: EncodedRequest = field(repr=False)
    reply: Reply = field(repr=False)
    request_id: str
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

    def relay(self) -> TranslatingRelay:
        bridge = self.bridge
        return TranslatingRelay(
            self.decoders[-1] if self.decoders else bridge.provider.stream_decoder(bridge.target),
            bridge.client.stream_encoder(self.reply),
            provider=bridge.target.provider,
            request_id=self.request_id,
            undo=self.encoded.undo,
            watcher=self._watcher(),
        )

    def _watcher(self) -> StateWatcher | None:
        bridge = self.bridge
        return None if bridge.client.carries_state else StateWatcher(bridge.memory, bridge.tenant)
