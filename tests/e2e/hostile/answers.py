"""What providers of each dialect say when all is well, and what they say amiss: whole answers and streams."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tests.dialects.bedrock.test_eventstream import message, text
from tests.dialects.bedrock.test_stream_decoder import FULL, START, delta, event, exception
from tests.dialects.recorded import RECORDINGS, data_frames, event_frames
from tests.e2e.hostile.upstream import EVENTS, JSON

HTML = b"<html><body>502 Bad Gateway</body></html>"
HUGE_BYTES = 40 * 2**20
"""More than any event may have."""


@dataclass(frozen=True)
class Tongue:
    """One provider's dialect.

    Attributes:
        whole, stream: an answer in it, and `first` the part of `stream` with its first words.
        odd: an answer in which something is of the wrong type, and `odd_event` an event like that.
        error: its error object, and `error_event` its error event; neither says which status is meant.
        stream_type: the media type of its streams.
        event: puts a payload into its framing.
    """

    whole: bytes = field(repr=False)
    stream: bytes = field(repr=False)
    first: bytes = field(repr=False)
    odd: bytes
    odd_event: bytes
    error: bytes
    error_event: bytes
    event: Callable[[bytes], bytes]
    stream_type: str = EVENTS


def _data(payload: bytes) -> bytes:
    return b"data: " + payload + b"\n\n"


def _delta(payload: bytes) -> bytes:
    return message(text(":event-type", "contentBlockDelta") + text(":message-type", "event"), payload)


def _read(name: str) -> bytes:
    return (RECORDINGS / name).read_bytes()


def _until(stream: bytes, mark: bytes) -> bytes:
    """Return the events of `stream` up to the one that holds `mark`, with it."""
    return stream[: stream.index(b"\n\n", stream.index(mark)) + 2]


_CHAT = data_frames(RECORDINGS / "mistral--text.chunks.txt", b"data: [DONE]\n\n")
_RESPONSES = event_frames(RECORDINGS / "responses/openai-shell-container-multiturn.1.chunks.txt")
_MESSAGES = event_frames(RECORDINGS / "anthropic--text.chunks.txt")
_GEMINI = data_frames(RECORDINGS / "google--text.chunks.txt")
_CONVERSED = {
    "output": {"message": {"role": "assistant", "content": [{"text": "Hi"}]}},
    "stopReason": "end_turn",
    "usage": {"inputTokens": 3, "outputTokens": 2, "totalTokens": 5},
}
_OPENAI_ERROR = b'{"error":{"message":"it is broken","type":"odd","param":null,"code":"odd"}}'
_ANTHROPIC_ERROR = b'{"type":"error","error":{"type":"odd_error","message":"it is broken"}}'
_GOOGLE_ERROR = b'{"error":{"message":"it is broken"}}'

TONGUES: Mapping[str, Tongue] = {
    "chat": Tongue(
        _read("openai--text.json"),
        _CHAT,
        _until(_CHAT, b'"content":"Hello"'),
        b'{"choices":[{"message":{"content":7}}]}',
        _data(b'{"choices":[{"index":0,"delta":{"content":7}}]}'),
        _OPENAI_ERROR,
        _data(_OPENAI_ERROR),
        _data,
    ),
    "responses": Tongue(
        _read("responses/openai-shell-container-multiturn.1.json"),
        _RESPONSES,
        _until(_RESPONSES, b"response.output_text.delta"),
        b'{"id":"r","status":"completed","output":[{"type":"message","content":7}]}',
        _data(b'{"type":"response.output_text.delta","output_index":"no","delta":7}'),
        _OPENAI_ERROR,
        _data(b'{"type":"error","message":"it is broken","code":"odd"}'),
        _data,
    ),
    "messages": Tongue(
        _read("anthropic--text.json"),
        _MESSAGES,
        _until(_MESSAGES, b"text_delta"),
        b'{"type":"message","content":[{"type":"text","text":7}]}',
        b"event: content_block_delta\n"
        + _data(b'{"type":"content_block_delta","index":"no","delta":{"type":"text_delta","text":7}}'),
        _ANTHROPIC_ERROR,
        b"event: error\n" + _data(_ANTHROPIC_ERROR),
        _data,
    ),
    "gemini": Tongue(
        _read("google--text.json"),
        _GEMINI,
        _until(_GEMINI, b'"text"'),
        b'{"candidates":[{"content":{"parts":[{"text":7}]}}]}',
        _data(b'{"candidates":[{"content":{"parts":[{"text":7}]}}]}'),
        _GOOGLE_ERROR,
        _data(_GOOGLE_ERROR),
        _data,
    ),
    "converse": Tongue(
        json.dumps(_CONVERSED).encode(),
        FULL,
        START + delta(0, text="Hi"),
        b'{"output":{"message":{"content":[{"text":7}]}},"stopReason":"end_turn"}',
        event("contentBlockDelta", contentBlockIndex="no", delta={"text": 7}),
        b'{"message":"it is broken"}',
        exception("oddException", b'{"message":"it is broken"}'),
        _delta,
        "application/vnd.amazon.eventstream",
    ),
}
"""By the name of the provider, which is that of its dialect."""


@dataclass(frozen=True)
class Fault:
    """One way to answer amiss.

    Attributes:
        place: what the message must show beside the provider's name, to say what is wrong and where (a pattern).
    """

    body: Callable[[Tongue], bytes]
    content_type: str = ""
    place: str = ""


WHOLE_FAULTS: Mapping[str, Fault] = {
    "cut off": Fault(lambda tongue: tongue.whole[: len(tongue.whole) // 2], place="truncated"),
    "spoiled": Fault(lambda tongue: tongue.whole.replace(b":", b"=", 1), place="byte"),
    "a page": Fault(lambda _: HTML, "text/html", "'text/html'"),
    "a page that says JSON": Fault(lambda _: HTML, JSON),
    "plain text": Fault(lambda tongue: tongue.whole, "text/plain", "'text/plain'"),
    "nothing": Fault(lambda _: b""),
    "a list": Fault(lambda _: b"[]"),
    "null": Fault(lambda _: b"null"),
    "deep": Fault(lambda _: b'{"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}", place="deep"),
    "odd types": Fault(lambda tongue: tongue.odd, place=r"\[0\]|\(0\)"),
    "an error": Fault(lambda tongue: tongue.error, place="it is broken|without a message"),
}
STREAM_FAULTS: Mapping[str, Fault] = {
    "a page": Fault(lambda _: HTML, "text/html", "'text/html'"),
    "a whole answer": Fault(lambda tongue: tongue.whole, JSON, "'application/json'"),
    "nothing": Fault(lambda _: b""),
    "cut in its first event": Fault(lambda tongue: tongue.stream[:40]),
    "a page that says events": Fault(lambda _: HTML),
    "no JSON": Fault(lambda tongue: tongue.event(b"<oops>"), place=r"event \(1\).*byte 0"),
    "odd types": Fault(lambda tongue: tongue.odd_event, place=r"event \(1\).*\$\."),
    "an error": Fault(lambda tongue: tongue.error_event, place="it is broken"),
}
"""What comes instead of the first words."""
LATER_FAULTS: Mapping[str, Fault] = {
    "cut": Fault(lambda _: b""),
    "no JSON": Fault(lambda tongue: tongue.event(b"<oops>"), place=r"event \([2-9]\).*byte 0"),
    "cut in an event": Fault(lambda tongue: tongue.odd_event[:-9]),
    "odd types": Fault(lambda tongue: tongue.odd_event, place=r"event \([2-9]\).*\$\."),
    "an error": Fault(lambda tongue: tongue.error_event, place="it is broken"),
    "huge": Fault(lambda tongue: tongue.event(b'"' + b"x" * HUGE_BYTES + b'"'), place="bytes"),
}
"""What comes after the first words."""
