"""Every recorded conversation with the codec of its provider: a whole answer, or a stream in its vendor's framing."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from tests.dialects.recorded import CHAT, data_frames, event_frames, streams, wholes
from tests.dialects.responses import recorded_streams
from tokenrouter.dialects.anthropic.codec import MESSAGES_CODEC
from tokenrouter.dialects.gemini.codec import GEMINI_CODEC
from tokenrouter.dialects.hub import ProviderCodec, Target
from tokenrouter.dialects.openai_chat.codec import CHAT_CODEC
from tokenrouter.dialects.openai_responses.codec import RESPONSES_CODEC

Spoken = Literal["chat", "responses", "messages", "gemini"]
"""The dialect that was recorded."""
TARGET = Target("acme", "m-1", "acme/m-1")
CODECS: dict[Spoken, ProviderCodec] = {
    "chat": CHAT_CODEC,
    "responses": RESPONSES_CODEC,
    "messages": MESSAGES_CODEC,
    "gemini": GEMINI_CODEC,
}
_LEADS: dict[Spoken, tuple[str, ...]] = {
    "chat": CHAT,
    "responses": ("responses/",),
    "messages": ("anthropic--",),
    "gemini": ("google--",),
}
_ERRORS = ("429-retry-info", "openai-error.1", "legacy-parameter-error", "temperature-error")


@dataclass(frozen=True)
class Recording:
    """One answer of a provider's; `wire` is its bytes."""

    name: str
    spoken: Spoken
    wire: bytes = field(repr=False)

    @property
    def codec(self) -> ProviderCodec:
        return CODECS[self.spoken]

    def __str__(self) -> str:
        return self.name


def _is_error(name: str) -> bool:
    return any(word in name for word in _ERRORS)


def _whole() -> list[Recording]:
    return [
        Recording(path.name.removesuffix(".json"), spoken, path.read_bytes())
        for spoken, leads in _LEADS.items()
        for path in wholes(*leads)
    ]


def _streamed() -> list[Recording]:
    return [
        *(Recording(_name(path), "chat", data_frames(path, b"data: [DONE]\n\n")) for path in streams(*CHAT)),
        *(Recording(name, "responses", wire) for name, wire in recorded_streams()),
        *(Recording(_name(path), "messages", event_frames(path)) for path in streams("anthropic--")),
        *(Recording(_name(path), "gemini", data_frames(path)) for path in streams("google--")),
    ]


def _name(path: Path) -> str:
    return path.name.removesuffix(".chunks.txt")


_STATUSES = {"insufficient_quota": 429}
_BROKEN = "anthropic--spliced-message-start"
WHOLES = [recording for recording in _whole() if not _is_error(recording.name)]
STREAMS = [recording for recording in _streamed() if not _is_error(recording.name) and recording.name != _BROKEN]
BROKEN_STREAMS = [recording for recording in _streamed() if recording.name == _BROKEN]
"""A second answer begins in the middle of a call of the first."""
ERRORS = [recording for recording in _whole() if _is_error(recording.name)]
"""Bodies of HTTP errors."""
FAILING_STREAMS = [recording for recording in _streamed() if _is_error(recording.name)]


def status_of(error: Recording) -> int:
    """Return the status that a recorded error came with: Google writes it into the body, OpenAI's follows its code."""
    code = json.loads(error.wire)["error"]["code"]
    return code if isinstance(code, int) else _STATUSES.get(code, 400)
