"""Bringing an answer to the peer, whole or as a stream, at the model's speed and within what the peer takes.

An `Exchange` is one request being answered. The faults in `faults` are other ways to deliver the same answer.
"""

import asyncio
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol

from tokenrouter.sandbox.books import Entry
from tokenrouter.sandbox.errors import ApiError
from tokenrouter.sandbox.models import Model
from tokenrouter.sandbox.server import Reply
from tokenrouter.sandbox.tokens import Usage, utf8

LONGEST_S: Final = 600.0
"""No answer, endless or silent, is worked on longer than this."""

_FRAMES_PER_TURN: Final = 8
"""A stream without a set speed lets others run after so many frames."""

_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
"""Made once: `json.dumps` with arguments makes one for every call."""

JSON: Final = "content-type: application/json\r\n"
EVENTS: Final = "content-type: text/event-stream; charset=utf-8\r\ncache-control: no-cache\r\n"


class Frame(NamedTuple):
    """Bytes of a stream and the completion tokens in them; without bytes, tokens nobody sees (hidden reasoning)."""

    data: bytes
    tokens: int = 0


class Stream(Protocol):
    """A streamed answer in three parts, so that a fault may happen between them."""

    def opening(self) -> Iterable[Frame]: ...

    def body(self) -> Iterable[Frame]: ...

    def closing(self) -> Iterable[Frame]: ...

    def error(self, message: str) -> Iterable[Frame]:
        """How this API says in a stream that it failed."""
        ...


def _failed(message: str) -> object:
    return ApiError(500, message).document()


def _broken() -> bytes:
    return b'data: {"id":"chatcmpl-broken","choices":[{"ind\n\n'


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model answers: `stream` when a stream was asked for, else `document`, made when it is needed.

    Attributes:
        headers, stream_headers: header lines that say what the document, or the stream, is. A document of bytes is
            sent as it is.
        failure: the error document that a fault puts in place of `document`.
        broken: a frame of the stream that nobody can read.
    """

    usage: Usage
    document: Callable[[], object]
    stream: Stream | None = None
    stream_headers: str = EVENTS
    failure: Callable[[str], object] = _failed
    broken: Callable[[], bytes] = _broken
    headers: str = JSON


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request being answered.

    Attributes:
        headers: header lines of every answer, each ending in CRLF.
    """

    reply: Reply
    entry: Entry
    model: Model
    answer: Answer
    headers: str


async def deliver(exchange: Exchange) -> None:
    """Answer as the vendor would."""
    if exchange.answer.stream is None:
        await exchange.reply.whole(200, await made(exchange), exchange.headers + exchange.answer.headers)
        exchange.entry.tokens_written = visible(exchange.answer.usage)
        return
    await exchange.reply.start(exchange.headers + exchange.answer.stream_headers)
    await send(exchange, frames(exchange.answer.stream))
    await exchange.reply.end()


async def made(exchange: Exchange) -> bytes:
    """The whole answer, once the model has taken its time; all of it is billed from the start."""
    usage = exchange.answer.usage
    exchange.entry.usage = usage
    exchange.entry.generated = usage.completion
    if exchange.model.speed:
        await asyncio.sleep(usage.completion / exchange.model.speed)
    document = exchange.answer.document()
    return document if isinstance(document, bytes) else encoded(document)


async def send(exchange: Exchange, some: Iterable[Frame], encode: Callable[[bytes], bytes] | None = None) -> None:
    """Write frames one by one, each with its own chunk, waiting for the reader and for the model's speed."""
    entry, reply, speed = exchange.entry, exchange.reply, exchange.model.speed
    entry.usage = exchange.answer.usage
    clock = asyncio.get_running_loop().time
    begun = due = clock()
    for number, frame in enumerate(some):
        if speed and frame.tokens:
            due += frame.tokens / speed
            await asyncio.sleep(max(0.0, due - clock()))
        elif number % _FRAMES_PER_TURN == 0:
            await asyncio.sleep(0)
        entry.generated += frame.tokens
        if frame.data:
            await reply.send(encode(frame.data) if encode else frame.data)
            entry.tokens_written += frame.tokens
        if clock() - begun > LONGEST_S:
            return


def frames(stream: Stream) -> Iterable[Frame]:
    """A stream from its beginning to its end."""
    for part in (stream.opening, stream.body, stream.closing):
        yield from part()


def visible(usage: Usage) -> int:
    """Completion tokens that reach the client in a whole answer."""
    return usage.completion - usage.reasoning


def encoded(document: object) -> bytes:
    """Compact JSON in UTF-8, unescaped where JSON allows it."""
    return utf8(_ENCODER.encode(document))


def event(document: object) -> bytes:
    """One server-sent event without a name (WHATWG HTML 9.2.6)."""
    return b"data: " + encoded(document) + b"\n\n"
