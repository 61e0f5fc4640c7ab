"""What a client has of an answer so far, and the seam at which another model may go on from it.

A stream that broke can be gone on with only by whoever knows exactly what went out. So the events of a stream are
noted as they pass, and count once their bytes have gone. Beyond a bound nothing is noted any more: such an answer ends
where it breaks. Text can be gone on with; a call, a picture, a refusal or an alternative cannot, and neither can
thoughts that another model would have to take over.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from tokenrouter.dialects.hub import Reply, StreamDecoder, StreamEncoder
from tokenrouter.domain.answers import (
    Begun,
    ItemBegun,
    ItemEnded,
    ReasoningGrew,
    StateArrived,
    Stop,
    StreamEvent,
    TextGrew,
    UsageReported,
)
from tokenrouter.domain.errors import GatewayError, ProviderProtocolError
from tokenrouter.domain.items import Message, Reasoning
from tokenrouter.domain.ledger import Usage

MAX_CHARS: Final = 2**20
"""Most text of one answer, thoughts included, that is kept for a continuation; models of today write less."""
MAX_EVENTS: Final = 65_536
"""… in at most so many events."""
_QUIET: Final = (Begun, UsageReported, ReasoningGrew, StateArrived)


@dataclass(frozen=True, slots=True)
class Seam:
    """Where an answer broke off.

    Attributes:
        events: all that its client has of it, in order.
        index: number of the message that is open; None where none has begun.
        text: the words of that message so far; where they are blank, any model may answer anew.
        begun_as: what the part of it tells besides that was translated for the client; None where it passed as it was.
        usage: what all attempts so far are charged; its client gets the sum.
        tokens: what `text` has about, by the estimate for the model that wrote it.
        request_id: the attempt that broke.
    """

    events: tuple[StreamEvent, ...]
    index: int | None
    text: str
    begun_as: Reply | None = None
    usage: Usage = Usage(provider_requests=0)
    tokens: int = 0
    request_id: str = ""

    @property
    def last_index(self) -> int:
        """The highest number of an item so far, -1 before the first."""
        return max((event.index for event in self.events if isinstance(event, ItemBegun)), default=-1)

    @property
    def prefill(self) -> str:
        """The words to go on from; vendors refuse blanks at their end (Anthropic's API reference, read 2026-11)."""
        return self.text.rstrip()

    def reply(self, own: Reply) -> Reply:
        """Return what the rest of the answer tells of itself, where it would tell `own` if it were the whole."""
        if self.begun_as is not None:
            return self.begun_as
        begun = next((event for event in self.events if isinstance(event, Begun)), Begun())
        return Reply(own.request, own.id, begun.created_s or own.created_s, own.sse, begun.id)


class Delivered:
    """Notes one stream on its way to the client. `commit` follows when the bytes of what was noted have gone out.

    Attributes:
        reply: what a translated stream tells of itself; None for one that passes as it is.
    """

    __slots__ = ("_decoder", "_events", "_pending", "_room", "reply")

    def __init__(self, before: Seam | None = None, decoder: StreamDecoder | None = None) -> None:
        """`decoder` reads a stream that passes as it is, for `read`; `before`: what the client had already."""
        self._decoder = decoder
        self._events: list[StreamEvent] = [] if before is None else list(before.events)
        self._pending: list[StreamEvent] = []
        self._room = MAX_CHARS - (0 if before is None else len(before.text))
        self.reply = None if before is None else before.begun_as

    def read(self, chunk: bytes) -> None:
        """Note what `chunk` of a stream says that passes as it is; one that cannot be read is not gone on with."""
        if self._decoder is None or self._room < 0:
            return
        try:
            self.see(self._decoder.feed(chunk))
        except ProviderProtocolError:
            self._forget()

    def see(self, events: Sequence[StreamEvent]) -> None:
        """Note events that are about to go out."""
        if self._room < 0:
            return
        self._pending += events
        self._room -= sum(len(event.text) for event in events if isinstance(event, TextGrew | ReasoningGrew))
        if self._room < 0 or len(self._events) + len(self._pending) > MAX_EVENTS:
            self._forget()

    def commit(self) -> None:
        """What was noted has gone out."""
        if self._pending:
            self._events += self._pending
            self._pending.clear()

    def seam(self) -> Seam | None:
        """Return where the answer stands, or None where nobody else could go on from there."""
        told = _Told()
        if not self._events or not all(map(told.take, self._events)) or told.is_thinking:
            return None
        return Seam(tuple(self._events), told.open, "".join(told.texts), self.reply)

    def _forget(self) -> None:
        self._room = -1
        self._events.clear()
        self._pending.clear()


class _Told:
    """Reads an answer for what is open in it.

    Attributes:
        open: number of the message that is.
        texts: its words.
    """

    __slots__ = ("_thoughts", "open", "texts")

    def __init__(self) -> None:
        self.open: int | None = None
        self.texts: list[str] = []
        self._thoughts: set[int] = set()

    @property
    def is_thinking(self) -> bool:
        """Whether thoughts are open."""
        return bool(self._thoughts)

    def take(self, event: StreamEvent) -> bool:
        """Return whether the answer can be gone on with after `event`, as far as that is known by then."""
        if isinstance(event, TextGrew):
            self.texts.append(event.text)
            return event.logprobs is None
        if isinstance(event, ItemBegun):
            return self._begin(event)
        if isinstance(event, ItemEnded):
            self._thoughts.discard(event.index)
            return event.index != self.open
        return isinstance(event, _QUIET)

    def _begin(self, begun: ItemBegun) -> bool:
        """Thoughts may precede the words; once these have begun, or while those are open, nothing else may."""
        if begun.choice or self.open is not None or self._thoughts:
            return False
        if isinstance(begun.item, Reasoning):
            self._thoughts.add(begun.index)
            return True
        self.open = begun.index
        return isinstance(begun.item, Message)


class WatchedEncoder:
    """A client's encoder whose events are noted; see `hub.StreamEncoder`."""

    __slots__ = ("_delivered", "_encoder")

    def __init__(self, encoder: StreamEncoder, delivered: Delivered) -> None:
        self._encoder = encoder
        self._delivered = delivered

    def encode(self, events: Sequence[StreamEvent]) -> bytes:
        self._delivered.see(events)
        return self._encoder.encode(events)

    def finish(self, stop: Stop) -> bytes:
        return self._encoder.finish(stop)

    def fail(self, error: GatewayError, request_id: str) -> bytes:
        return self._encoder.fail(error, request_id)
