"""The rest of an answer that another model goes on with, told as if it had never broken.

A second model begins anew: its stream has a beginning, numbers and sums of its own, and some vendors repeat the words
that they were given. Its client has a message open. So an encoder of the client's dialect is first told everything that
went out, which brings it to where the client is, and then gets the second stream without its beginning: the words into
the open message, everything else behind it, and the usage as a sum.
"""

from collections.abc import Sequence
from itertools import takewhile
from typing import Final

from msgspec.structs import replace

from tokenrouter.dialects.delivered import Delivered, Seam
from tokenrouter.dialects.hub import StreamEncoder
from tokenrouter.domain.answers import (
    Begun,
    Ended,
    ItemBegun,
    ItemEnded,
    Stop,
    Stopped,
    StreamEvent,
    TextGrew,
    UsageReported,
)
from tokenrouter.domain.errors import GatewayError
from tokenrouter.domain.items import Message, Reasoning
from tokenrouter.domain.ledger import Usage
from tokenrouter.domain.prices import total_of

_ANY_WORD: Final = "."
"""Told to an encoder alone: Anthropic's opens a block with the first words; the client's may be open without."""


class Trim:
    """Takes from the beginning of a continuation what the client has already.

    That are the words it was asked to go on from, where its vendor repeats them, and the blanks that stood behind them
    and could not be sent: most models begin with them again.
    """

    __slots__ = ("_blanks", "_held", "_repeats")

    def __init__(self, repeats: str, blanks: str) -> None:
        self._repeats = repeats
        self._blanks = blanks
        self._held = ""

    def trim(self, text: str) -> str:
        """Return what is new in the next piece."""
        if self._repeats:
            text, self._held = self._held + text, ""
            if len(text) < len(self._repeats) and self._repeats.startswith(text):
                self._held = text
                return ""
            text, self._repeats = text.removeprefix(self._repeats), ""
        if self._blanks and text:
            known = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(self._blanks, text, strict=False)))
            self._blanks = self._blanks[known:] if known == len(text) else ""
            text = text[known:]
        return text


class JoiningEncoder:
    """Encodes the rest of a stream; see `hub.StreamEncoder`."""

    __slots__ = ("_delivered", "_encoder", "_is_joined", "_is_open", "_next", "_numbers", "_seam", "_trim")

    def __init__(
        self, encoder: StreamEncoder, delivered: Delivered, seam: Seam, *, repeats: str, has_passed: bool = False
    ) -> None:
        """`encoder` is new, and writes the client's dialect; `repeats`: with what words the second stream may begin.

        `has_passed`: the client has the beginning as its provider wrote it.
        """
        encoder.encode(seam.events)
        if has_passed and seam.index is not None and not seam.prefill:
            encoder.encode([TextGrew(seam.index, _ANY_WORD)])
        self._encoder = encoder
        self._delivered = delivered
        self._seam = seam
        self._trim = Trim(repeats, seam.text[len(seam.prefill) :])
        self._next = seam.last_index + 1
        self._numbers: dict[int, int] = {}
        self._is_open = seam.index is not None
        self._is_joined = False

    def encode(self, events: Sequence[StreamEvent]) -> bytes:
        joined = [told for event in events for told in self._join(event)]
        self._delivered.see(joined)
        return self._encoder.encode(joined)

    def finish(self, stop: Stop) -> bytes:
        return self._encoder.finish(stop)

    def fail(self, error: GatewayError, request_id: str) -> bytes:
        return self._encoder.fail(error, request_id)

    def _join(self, event: StreamEvent) -> tuple[StreamEvent, ...]:
        if isinstance(event, Begun):
            return () if event.usage is None else (self._summed(event.usage),)
        if isinstance(event, UsageReported):
            return (self._summed(event.usage),)
        if isinstance(event, Stopped):
            return (*self._closed(), event)
        index = getattr(event, "index", None)
        if index is None:
            return (*self._closed(), event) if isinstance(event, Ended) else (event,)
        return self._join_item(event, index)

    def _join_item(self, event: StreamEvent, index: int) -> tuple[StreamEvent, ...]:
        if isinstance(event, ItemBegun):
            return self._begin(event)
        number = self._numbers.get(index)
        if number is None:
            return ()
        if number == self._seam.index and isinstance(event, ItemEnded):
            return self._closed()
        if number == self._seam.index and isinstance(event, TextGrew):
            text = self._trim.trim(event.text)
            return (TextGrew(number, text, event.logprobs),) if text else ()
        return (replace(event, index=number),)

    def _begin(self, begun: ItemBegun) -> tuple[StreamEvent, ...]:
        """Open an item, unless it is the message that is open; thoughts behind something else come too late."""
        if isinstance(begun.item, Reasoning) and self._seam.last_index >= 0:
            return ()
        if isinstance(begun.item, Message) and self._seam.index is not None and not self._is_joined:
            self._is_joined = True
            if self._is_open:
                self._numbers[begun.index] = self._seam.index
                return ()
        number = self._numbers[begun.index] = self._next
        self._next += 1
        return (replace(begun, index=number),)

    def _closed(self) -> tuple[StreamEvent, ...]:
        """End the open message, once; nothing of it can follow."""
        index = self._seam.index
        if index is None or not self._is_open:
            return ()
        self._is_open = False
        self._numbers = {theirs: ours for theirs, ours in self._numbers.items() if ours != index}
        return (ItemEnded(index),)

    def _summed(self, usage: Usage) -> UsageReported:
        return UsageReported(total_of((self._seam.usage, usage)))
