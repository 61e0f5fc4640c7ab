"""What providers of each dialect say when all is well, whole and as a stream, to be broken by tests."""

import json
from dataclasses import dataclass, field

from tests.dialects.recorded import RECORDINGS, data_frames, event_frames
from tests.dialects.test_bedrock_stream_decoder import FULL
from tests.e2e.hostile.upstream import EVENTS

PROVIDERS = ("chat", "responses", "messages", "gemini", "converse")


@dataclass(frozen=True)
class Spoken:
    """One provider's dialect.

    Attributes:
        whole, stream: an answer in it.
        first: the part of `stream` with its first words.
        odd: an answer whose parts are of the wrong type, and `odd_event` an event like that.
        error: its error object.
    """

    whole: bytes = field(repr=False)
    stream: bytes = field(repr=False)
    first: bytes = field(repr=False)
    odd: bytes
    odd_event: bytes
    error: bytes
    stream_type: str = EVENTS


def _file(name: str) -> bytes:
    return (RECORDINGS / name).read_bytes()


def _until(stream: bytes, mark: bytes) -> bytes:
    """Return the events of `stream` up to and with the one that holds `mark`."""
    return stream[: stream.index(b"\n\n", stream.index(mark)) + 2]


_CHAT = data_frames(RECORDINGS / "mistral--text.chunks.txt", b"data: [DONE]\n\n")
_RESPONSES = event_frames(RECORDINGS / "responses/openai-phase.1.chunks.txt")
_MESSAGES = event_frames(RECORDINGS / "anthropic--text.chunks.txt")
_GEMINI = data_frames(RECORDINGS / "google--text.chunks.txt")
_CONVERSE = {
    "output": {"message": {"role": "assistant", "content": [{"text": "Hi"}]}},
    "stopReason": "end_turn",
    "usage": {"inputTokens": 3, "outputTokens": 2, "totalTokens": 5},
}
