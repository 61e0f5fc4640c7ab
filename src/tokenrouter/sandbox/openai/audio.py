"""Speech: `POST /v1/audio/speech`.

From OpenAI's API reference ("Create speech", "speech.audio.delta", read 2026-11): the sound comes in pieces as the body
itself, or as events with base64 in them and the usage at the end. What comes is silence, 50 ms for each token of the
text: real WAV, PCM or MP3; the other formats are not made here.
"""

import base64
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from tokenrouter.sandbox.delivery import EVENTS, Answer, Frame, Stream, event
from tokenrouter.sandbox.errors import ApiError
from tokenrouter.sandbox.fields import Fields
from tokenrouter.sandbox.question import Question
from tokenrouter.sandbox.tokens import Usage

SAMPLES_PER_S: Final = 24_000
PCM_BYTES: Final = SAMPLES_PER_S // 20 * 2
"""Of one token: 50 ms of 16 bits a sample, one channel."""
MP3_FRAME: Final = b"\xff\xf3\x84\xc4" + bytes(188)
"""24 ms of silence: MPEG 2 layer III, 64 kbit/s, 24 kHz, one channel, no side information (ISO/IEC 13818-3)."""
MAX_INPUT: Final = 4096
VOICES: Final = (
    "alloy", "ash", "ballad", "coral", "echo", "fable", "onyx", "nova", "sage", "shimmer", "verse", "marin", "cedar",
)  # fmt: skip
TYPES: Final = {"mp3": "audio/mpeg", "wav": "audio/wav", "pcm": "audio/pcm"}
_PIECES: Final = {"mp3": MP3_FRAME * 2, "wav": bytes(PCM_BYTES), "pcm": bytes(PCM_BYTES)}
_KNOWN: Final = ("model", "input", "voice", "instructions", "response_format", "speed", "stream_format", "user")


def speech(question: Question) -> Answer:
    """Raises: ApiError, for a request that the vendor would refuse."""
    fields = question.fields
    fields.only(_KNOWN)
    text = fields.required_text("input")
    if not 0 < len(text) <= MAX_INPUT:
        message = f"Invalid 'input': expected a string of 1 to {MAX_INPUT} characters, but got {len(text)}."
        fields.refuse("input", message, "string_above_max_length" if text else "empty_string")
    _check_voice(fields)
    fields.number("speed", 0.25, 4)
    form = fields.choice("response_format", TYPES) if fields.present("response_format") else "mp3"
    count = question.model.tokenizer.count
    usage = Usage(count(text) + count(fields.text("instructions") or ""), count(text))
    as_events = fields.present("stream_format") and fields.choice("stream_format", ("audio", "sse")) == "sse"
    stream: Stream = _Sound(form, usage, as_event if as_events else bytes, as_events)
    return Answer(usage, dict, stream, EVENTS if as_events else f"content-type: {TYPES[form]}\r\n")


def wav_head(sound_bytes: int) -> bytes:
    """What stands before so many bytes of PCM ("Multimedia Programming Interface", RIFF WAVE, 1991)."""
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, SAMPLES_PER_S, 2 * SAMPLES_PER_S, 2, 16)
    size = 4 + len(form) + 8 + sound_bytes
    return struct.pack("<4sI4s", b"RIFF", size, b"WAVE") + form + struct.pack("<4sI", b"data", sound_bytes)


def as_event(sound: bytes) -> bytes:
    """A piece of sound as an event."""
    return event({"type": "speech.audio.delta", "audio": base64.b64encode(sound).decode()})


@dataclass(frozen=True, slots=True)
class _Sound:
    """The sound, piece by piece; `pack` makes bytes of the body from one."""

    form: str
    usage: Usage
    pack: Callable[[bytes], bytes]
    tells_usage: bool

    def opening(self) -> Iterator[Frame]:
        if self.form == "wav":
            yield Frame(self.pack(wav_head(self.usage.completion * PCM_BYTES)))

    def body(self) -> Iterator[Frame]:
        piece = self.pack(_PIECES[self.form])
        for _ in range(self.usage.completion):
            yield Frame(piece, 1)

    def closing(self) -> Iterator[Frame]:
        if self.tells_usage:
            told = {
                "input_tokens": self.usage.prompt,
                "output_tokens": self.usage.completion,
                "total_tokens": self.usage.total,
            }
            yield Frame(event({"type": "speech.audio.done", "usage": told}))

    def error(self, message: str) -> Iterator[Frame]:
        yield Frame(event({"type": "error", **ApiError(500, message).document()}))


def _check_voice(fields: Fields) -> None:
    if isinstance(fields.values.get("voice"), dict):
        fields.required_member("voice").required_text("id")
    else:
        fields.choice("voice", VOICES)
