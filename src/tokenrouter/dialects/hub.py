"""The contract between dialects: what each must be able to decode and encode so that any two can meet.

A dialect that clients speak has a `ClientCodec`, one that providers speak a `ProviderCodec`; most are both.
They meet in `domain/items.py` and its siblings and never know each other, so a new dialect adds files and
changes none. A codec is built once, with the vendor's quirks where it has such, and holds no state of any
request; what a stream needs lives in its decoder and encoder.

Whoever puts two codecs together is `translate.py`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from tokenrouter.dialects.call_ids import IdRule
from tokenrouter.dialects.json import RawObject
from tokenrouter.dialects.losses import Loss, LossTable
from tokenrouter.domain.answers import Answer, Stop, StreamEvent
from tokenrouter.domain.errors import GatewayError
from tokenrouter.domain.items import CallKind
from tokenrouter.domain.requests import Request


@dataclass(frozen=True, slots=True)
class Target:
    """The deployment that is asked.

    Attributes:
        provider: its name in the catalogue, for messages.
        model: as the provider knows it.
        origin: what signatures and encrypted reasoning are bound to: provider, endpoint and model as one text.
    """

    provider: str
    model: str
    origin: str = ""


@dataclass(frozen=True, slots=True)
class CalledAs:
    """The tool behind a name that was made up for a dialect with plain functions only."""

    name: str
    namespace: str = ""
    kind: CallKind = "function"


@dataclass(frozen=True, slots=True)
class Undo:
    """What was emulated in a request and has to be turned back in its answer.

    Attributes:
        names: tools by the name that the provider was told; only those that differ.
        format_tool: the tool whose arguments are the answer's text (structured output by a forced call), or empty.
        stop: sequences at which the gateway itself must end the text, because the provider cannot.
    """

    names: Mapping[str, CalledAs] = field(default_factory=dict)
    format_tool: str = ""
    stop: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EncodedRequest:
    """A request in a provider's dialect.

    Attributes:
        losses: what it could not carry, each with what became of it.
        undo: what its answer must go through before the client's dialect; None where nothing.
        headers: what the dialect needs beside the body, such as a version or beta names.
        repeats: words of the request with which its answer may begin, where the vendor repeats the assistant's last.
    """

    body: bytes
    losses: tuple[Loss, ...] = ()
    undo: Undo | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    repeats: str = ""

    @property
    def header_lines(self) -> bytes:
        """`headers` as lines, each ended by CRLF."""
        return "".join([f"{name}: {value}\r\n" for name, value in self.headers.items()]).encode()


@dataclass(frozen=True, slots=True)
class Reply:
    """What an answer in the client's dialect tells besides what the model said.

    Attributes:
        request: as the client sent it; some dialects repeat its settings.
        id: made by the gateway, unique; letters, digits and hyphens. Encoders put their dialect's lead before it.
        created_s: seconds since the epoch.
        sse: False where a stream is to be a JSON array instead (Gemini without `alt=sse`).
        told_id: the id that the client was told of this answer already, as it was told; "" where it was told none.
    """

    request: Request
    id: str
    created_s: int
    sse: bool = True
    told_id: str = ""


class StreamDecoder(Protocol):
    """Turns one provider's stream into events, however the network cut it. Holds no more than what is unfinished."""

    def feed(self, chunk: bytes) -> list[StreamEvent]:
        """Return what `chunk` completes, in the order that `domain/answers.py` promises.

        Raises:
            ProviderProtocolError: it cannot be read; the message names the provider and the position.
        """

    def close(self) -> list[StreamEvent]:
        """Return what is still to be told at the end of the bytes.

        Its last event is `Ended` when the answer is whole, even where the vendor leaves the last frame out. It has no
        such event when the stream was cut short, or when `feed` has returned it already.

        Raises:
            ProviderProtocolError: as `feed`.
        """


class StreamEncoder(Protocol):
    """Writes one stream in the client's dialect. After `Ended`, `finish` or `fail` nothing more may be written."""

    def encode(self, events: Sequence[StreamEvent]) -> bytes:
        """Return `events` on the wire; `Ended` becomes the dialect's own end. `Failed` is not for it: see `fail`."""

    def finish(self, stop: Stop) -> bytes:
        """End the answer here, in order: close what is open, stop for the reason given, and end the stream."""

    def fail(self, error: GatewayError, request_id: str) -> bytes:
        """Return the dialect's own terminal error event, and whatever must stand around it."""


class ClientCodec(Protocol):
    """A dialect as clients speak it."""

    name: str
    """The dialect's name; also the `family` of the provider state and foreign items that it alone has."""
    keep_alive: bytes
    """What may be sent in a silent stream without meaning anything; empty where the dialect has nothing such."""
    carries_state: bool
    """Whether its clients bring provider state back; for those who cannot, the gateway remembers it."""
    answer_losses: LossTable
    """What of another dialect's answer cannot be shown in this one; never `refused`."""

    def decode_request(
        self,
        body: bytes,
        *,
        model: str | None = None,
        stream: bool | None = None,
        fields: RawObject | None = None,
    ) -> Request:
        """Return the request in `body`; `model` and `stream` are from the path in dialects that have them there.

        `fields` are its top-level fields, where somebody has split it before.

        Raises:
            InvalidRequest: not JSON, or a field of the wrong type; the error names it.
        """

    def encode_answer(self, answer: Answer, reply: Reply) -> bytes:
        """Return a whole answer."""

    def stream_encoder(self, reply: Reply) -> StreamEncoder:
        """Return an encoder for one stream."""

    def error_body(self, error: GatewayError, request_id: str) -> bytes:
        """Return the body of an HTTP error answer."""


class ProviderCodec(Protocol):
    """A dialect as one provider speaks it."""

    name: str
    losses: LossTable
    """What of a request this dialect cannot carry; the documentation's table is made from it."""

    @property
    def call_ids(self) -> IdRule:
        """What an id of a call may look like; `translate.py` sees to it before `encode_request`."""

    def encode_request(self, request: Request, target: Target) -> EncodedRequest:
        """Return `request` for `target`, streaming if the client streams; always asks for a stream's usage.

        The history has been repaired before (`history.py`): each call has one output, ids are unique and
        acceptable, provider state of another origin is gone.

        Raises:
            InvalidRequest: it holds what `losses` refuses, or what cannot be said at all.
        """

    def decode_answer(self, body: bytes, target: Target) -> Answer:
        """Return a whole answer. Provider state gets `target.origin`.

        Raises:
            ProviderProtocolError: it cannot be read; the message names the provider and the position.
        """

    def stream_decoder(self, target: Target) -> StreamDecoder:
        """Return a decoder for one stream. Provider state gets `target.origin`."""
