"""Ways in which a provider can fail, each a model of its own: `fault/NAME`, some with a number, `fault/NAME@NUMBER`.

A fault delivers the answer of `lorem` in a broken way. It says which way by itself, so a test needs no second channel
to set it up, and faults of different requests do not meet.
"""

import asyncio
import zlib
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from tokenrouter.sandbox import delivery
from tokenrouter.sandbox.delivery import JSON, Exchange, Frame, Stream
from tokenrouter.sandbox.errors import ApiError
from tokenrouter.sandbox.models import LOREM, Model

Deliver = Callable[[Exchange], Awaitable[None]]

MIDWAY_FRAMES: Final = 8
"""Frames of content before a fault in the middle of a stream, when `@` does not say."""
MAX_VISITORS: Final = 100_000
"""Visitors that `fault/429-once` remembers."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One way to fail. `model` says how the answer differs, `deliver` how it is brought."""

    description: str
    deliver: Deliver
    model: dict[str, object] = field(default_factory=dict)


def fault_model(name: str, argument: float | None) -> Model | None:
    """The model of the fault `name` (without `fault/`), or None if there is none."""
    fault = FAULTS.get(name)
    if fault is None:
        return None
    full = f"fault/{name}" + ("" if argument is None else f"@{argument:g}")
    model = LOREM.but(name=full, description=fault.description, fault=name, argument=argument, **fault.model)
    if name == "huge":
        return model.but(length=int((argument or 10) * 2**20 / model.tokenizer.bytes_per_token))
    return model.but(speed=argument) if name == "endless" else model


class Visitors:
    """Who has asked `fault/429-once` before; the oldest are forgotten."""

    def __init__(self) -> None:
        self._seen: dict[str, None] = {}

    def is_new(self, visitor: str) -> bool:
        if visitor in self._seen:
            return False
        self._seen[visitor] = None
        if len(self._seen) > MAX_VISITORS:
            del self._seen[next(iter(self._seen))]
        return True


def refusal(model: Model, is_new_visitor: Callable[[], bool]) -> ApiError | None:
    """The error with which the models that only fail by status answer."""
    if model.fault == "429-once":
        return _STATUSES["429"] if is_new_visitor() else None
    return _STATUSES.get(model.fault or "")


async def _refuse(exchange: Exchange) -> None:
    _fault(exchange)
    exchange.reply.cut()


async def _silent(exchange: Exchange) -> None:
    _fault(exchange)
    await asyncio.sleep(delivery.LONGEST_S)
    exchange.reply.cut()


async def _slow_first_byte(exchange: Exchange) -> None:
    argument = exchange.model.argument
    await asyncio.sleep(2.0 if argument is None else argument)
    await delivery.deliver(exchange)


async def _stall(exchange: Exchange) -> None:
    await _half(exchange)
    await asyncio.sleep(delivery.LONGEST_S)
    exchange.reply.cut()


async def _cut(exchange: Exchange) -> None:
    await _half(exchange)
    exchange.reply.cut()


async def _clean_cut(exchange: Exchange) -> None:
    if exchange.answer.stream is None:
        await _cut(exchange)
        return
    await _half(exchange)
    await exchange.reply.end()


async def _malformed_chunk(exchange: Exchange) -> None:
    stream = exchange.answer.stream
    if stream is None:
        await _not_json(exchange)
        return
    _fault(exchange)
    await exchange.reply.start(exchange.headers + exchange.answer.stream_headers)
    body = iter(stream.body())
    await delivery.send(exchange, [*stream.opening(), *islice(body, _midway(exchange))])
    await exchange.reply.send(exchange.answer.broken())
    await delivery.send(exchange, [*body, *stream.closing()])
    await exchange.reply.end()


async def _bad_chunked(exchange: Exchange) -> None:
    """RFC 9112 7.1: a chunk begins with its size in hexadecimal digits; `zz` are none."""
    if exchange.answer.stream is None:
        _fault(exchange)
        body = await delivery.made(exchange)
        await exchange.reply.start(exchange.headers + JSON)
        await exchange.reply.send(body[: len(body) // 2])
    else:
        await _half(exchange)
    await exchange.reply.raw(b"zz\r\nnot a chunk\r\n")
    exchange.reply.cut()


async def _error_event(exchange: Exchange) -> None:
    await _error_after(exchange, frames=0)


async def _error_midstream(exchange: Exchange) -> None:
    await _error_after(exchange, frames=_midway(exchange))


async def _error_after(exchange: Exchange, frames: int) -> None:
    """An error object inside a 200; alone, or after the opening and some frames of content."""
    _fault(exchange)
    message = "The server had an error while processing your request."
    stream = exchange.answer.stream
    if stream is None:
        body = delivery.encoded(exchange.answer.failure(message))
        await exchange.reply.whole(200, body, exchange.headers + JSON)
        return
    await exchange.reply.start(exchange.headers + exchange.answer.stream_headers)
    before = [*stream.opening(), *islice(stream.body(), frames)] if frames else []
    await delivery.send(exchange, [*before, *stream.error(message)])
    await exchange.reply.end()


async def _wrong_type(exchange: Exchange) -> None:
    _fault(exchange)
    body = b"<!doctype html><title>Sign in</title><p>Please sign in to this network first."
    await exchange.reply.whole(200, body, exchange.headers + "content-type: text/html\r\n")


async def _not_json(exchange: Exchange) -> None:
    _fault(exchange)
    await exchange.reply.whole(200, b'{"id": "chatcmpl-broken", "choices": [', exchange.headers + JSON)


async def _gzip(exchange: Exchange) -> None:
    """RFC 9110 8.4.1.3, whether or not the client accepts it; a stream is flushed after each frame."""
    headers = exchange.headers + "content-encoding: gzip\r\n"
    packer = zlib.compressobj(wbits=31)
    stream = exchange.answer.stream
    if stream is None:
        body = await delivery.made(exchange)
        await exchange.reply.whole(200, packer.compress(body) + packer.flush(), headers + JSON)
        exchange.entry.tokens_written = delivery.visible(exchange.answer.usage)
        return
    await exchange.reply.start(headers + exchange.answer.stream_headers)
    flushed = delivery.frames(stream)
    await delivery.send(exchange, flushed, lambda data: packer.compress(data) + packer.flush(zlib.Z_SYNC_FLUSH))
    await exchange.reply.send(packer.flush())
    await exchange.reply.end()


async def _half(exchange: Exchange) -> None:
    """Begin the answer and leave it in the middle, the connection open and nothing terminated."""
    _fault(exchange)
    stream = exchange.answer.stream
    if stream is not None:
        await exchange.reply.start(exchange.headers + exchange.answer.stream_headers)
        await delivery.send(exchange, _first_half(stream, _midway(exchange)))
        return
    body = await delivery.made(exchange)
    await exchange.reply.start(f"{exchange.headers}{JSON}content-length: {len(body)}\r\n", framed=False)
    await exchange.reply.raw(body[: len(body) // 2])


def _first_half(stream: Stream, frames: int) -> Iterator[Frame]:
    yield from stream.opening()
    yield from islice(stream.body(), frames)


def _midway(exchange: Exchange) -> int:
    argument = exchange.model.argument
    return MIDWAY_FRAMES if argument is None else int(argument)


def _fault(exchange: Exchange) -> None:
    exchange.entry.end = "fault"


_STATUSES: Final = {
    "400": ApiError(400, "This request was made to fail.", param="model", code="invalid_value"),
    "401": ApiError(401, "Incorrect API key provided.", code="invalid_api_key"),
    "429": ApiError(429, "Rate limit reached.", code="rate_limit_exceeded", headers=(("retry-after", "1"),)),
    "500": ApiError(500, "The server had an error while processing your request."),
    "503": ApiError(503, "The engine is currently overloaded, please try again later."),
}

_OK: Final = delivery.deliver

FAULTS: Final = {
    "refuse": Fault("closes the connection without an answer", _refuse),
    "400": Fault("400 with a param", _OK),
    "401": Fault("401 invalid_api_key", _OK),
    "429": Fault("429 with Retry-After: 1", _OK),
    "429-once": Fault("429 for the first request of each key and `user` field, then as lorem", _OK),
    "500": Fault("500 server_error", _OK),
    "503": Fault("503 server_error", _OK),
    "silent": Fault("takes the request and never answers", _silent),
    "slow-first-byte": Fault("says nothing for @2 seconds, then as lorem", _slow_first_byte),
    "stall": Fault("stops after @8 frames of content (whole: in the middle), connection open", _stall),
    "cut": Fault("closes after @8 frames of content (whole: in the middle), nothing terminated", _cut),
    "clean-cut": Fault("ends the body properly after @8 frames, with no finish_reason and no [DONE]", _clean_cut),
    "malformed-chunk": Fault("a data line that is not JSON after @8 frames", _malformed_chunk),
    "bad-chunked": Fault("an invalid chunk size after @8 frames (whole: in the middle)", _bad_chunked),
    "error-event": Fault("200, and the first event is an error object", _error_event),
    "error-midstream": Fault("200, and an error object after @8 frames", _error_midstream),
    "trickle": Fault("one token a second", _OK, {"speed": 1.0}),
    "huge": Fault("an answer of @10 MiB, in a stream 4 KiB an event", _OK, {"tokens_per_frame": 1024}),
    "wrong-type": Fault("200 text/html", _wrong_type),
    "no-usage": Fault("never reports usage", _OK, {"usage": "never"}),
    "usage-in-finish": Fault("streams report usage, asked or not, in the chunk with the finish_reason", _OK,
                             {"usage": "in_finish"}),
    "gzip": Fault("answers gzip-encoded although nobody asked", _gzip),
    "not-json": Fault("200 application/json that is not JSON", _not_json),
    "endless": Fault("a stream that does not stop for 10 minutes, as fast as it is read or at @ tokens/s", _OK,
                     {"endless": True}),
}  # fmt: skip
