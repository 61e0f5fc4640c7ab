"""Transcripts: `POST /v1/audio/transcriptions` and `/v1/audio/translations`.

From OpenAI's API reference ("Create transcription", "Create translation", "transcript.text.delta") and the guide
"Speech to text" (read 2026-11). The sound is not heard: how long it is decides how much is said. Models that echo say
the `prompt`, if there is one.
"""

import io
import math
import wave
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from tokenrouter.sandbox.delivery import JSON, Answer, Frame, event
from tokenrouter.sandbox.errors import ApiError
from tokenrouter.sandbox.fields import Fields
from tokenrouter.sandbox.models import Model
from tokenrouter.sandbox.openai.forms import Upload, uploads
from tokenrouter.sandbox.question import Question
from tokenrouter.sandbox.tokens import Piece, Usage

AUDIO_TOKENS_PER_S: Final = 10
WORDS_PER_S: Final = 3
BYTES_PER_S: Final = 16_000
"""Of compressed sound, 128 kbit/s; the length of WAV is read."""
LEAST_S: Final = 0.1
ENDINGS: Final = ("flac", "m4a", "mp3", "mp4", "mpeg", "mpga", "oga", "ogg", "wav", "webm")
FORMATS: Final = ("json", "text", "srt", "verbose_json", "vtt")
_KNOWN: Final = ("file", "model", "prompt", "response_format", "temperature")
_TRANSCRIPTION: Final = (*_KNOWN, "language", "include", "stream", "timestamp_granularities", "chunking_strategy")

Json = dict[str, object]


def transcribe(question: Question) -> Answer:
    """Raises: ApiError, for a request that the vendor would refuse."""
    fields = question.fields
    fields.only(_TRANSCRIPTION)
    made = _Transcript.of(question, "transcribe")
    if fields.flag("stream"):
        return Answer(made.usage, dict, _TranscriptStream(made))
    return made.answer()


def translate(question: Question) -> Answer:
    """Into English, which is told without usage. Raises: ApiError 400."""
    question.fields.only(_KNOWN)
    return _Transcript.of(question, "translate").answer()


@dataclass(frozen=True, slots=True)
class _Transcript:
    """What was said, in `seconds` of sound."""

    task: str
    text: str
    seconds: float
    language: str
    form: str
    usage: Usage
    prompt_tokens: int
    model: Model

    @classmethod
    def of(cls, question: Question, task: str) -> "_Transcript":
        fields, model = question.fields, question.model
        seconds = duration_s(fields, _sound(fields))
        fields.number("temperature", 0, 1)
        prompt = fields.text("prompt") or ""
        form = fields.choice("response_format", FORMATS) if fields.present("response_format") else "json"
        words = max(1, round(seconds * WORDS_PER_S))
        text = prompt if model.says == "echo" and prompt else model.tokenizer.lorem(words)
        prompt_tokens = model.tokenizer.count(prompt)
        heard = math.ceil(seconds * AUDIO_TOKENS_PER_S)
        usage = Usage(prompt_tokens + heard, model.tokenizer.count(text))
        return cls(task, text, seconds, fields.text("language") or "english", form, usage, prompt_tokens, model)

    def answer(self) -> Answer:
        documents = {"text": self._plain, "srt": self._srt, "vtt": self._vtt, "verbose_json": self._verbose}
        kind = JSON if self.form in ("json", "verbose_json") else "content-type: text/plain; charset=utf-8\r\n"
        return Answer(self.usage, documents.get(self.form, self._short), headers=kind)

    def told_usage(self) -> Json:
        heard = self.usage.prompt - self.prompt_tokens
        return {
            "type": "tokens",
            "input_tokens": self.usage.prompt,
            "input_token_details": {"text_tokens": self.prompt_tokens, "audio_tokens": heard},
            "output_tokens": self.usage.completion,
            "total_tokens": self.usage.total,
        }

    def _short(self) -> Json:
        silent = self.task == "translate" or self.model.usage == "never"
        return {"text": self.text} if silent else {"text": self.text, "usage": self.told_usage()}

    def _verbose(self) -> Json:
        segment = {"id": 0, "seek": 0, "start": 0.0, "end": self.seconds, "text": self.text, "tokens": []}
        measured = {"temperature": 0.0, "avg_logprob": -0.1, "compression_ratio": 1.0, "no_speech_prob": 0.01}
        told = {} if self.task == "translate" else {"usage": {"type": "duration", "seconds": math.ceil(self.seconds)}}
        return {
            "task": self.task,
            "language": self.language,
            "duration": self.seconds,
            "text": self.text,
            "segments": [{**segment, **measured}],
            **told,
        }

    def _plain(self) -> bytes:
        return self.text.encode("utf-8", "replace") + b"\n"

    def _srt(self) -> bytes:
        return f"1\n{_clock(0, ',')} --> {_clock(self.seconds, ',')}\n{self.text}\n\n".encode("utf-8", "replace")

    def _vtt(self) -> bytes:
        cue = f"{_clock(0, '.')} --> {_clock(self.seconds, '.')}\n{self.text}\n\n"
        return f"WEBVTT\n\n{cue}".encode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class _TranscriptStream:
    """The text in pieces, then all of it with the usage."""

    made: _Transcript

    def opening(self) -> Iterator[Frame]:
        return iter(())

    def body(self) -> Iterator[Frame]:
        pieces: Iterator[Piece] = self.made.model.tokenizer.pieces(self.made.text)
        for piece in pieces:
            yield Frame(event({"type": "transcript.text.delta", "delta": piece.text}), piece.tokens)

    def closing(self) -> Iterator[Frame]:
        yield Frame(event({"type": "transcript.text.done", "text": self.made.text, "usage": self.made.told_usage()}))

    def error(self, message: str) -> Iterator[Frame]:
        yield Frame(event({"type": "error", **ApiError(500, message).document()}))


def duration_s(fields: Fields, sound: Upload) -> float:
    """How long the sound is. Raises: ApiError 400, when it is too short to be any."""
    try:
        with wave.open(io.BytesIO(sound.data)) as opened:
            seconds = float(opened.getnframes() / opened.getframerate())
    except (wave.Error, EOFError, ZeroDivisionError):
        seconds = len(sound.data) / BYTES_PER_S
    if seconds < LEAST_S:
        fields.refuse("file", f"Audio file is too short. Minimum audio length is {LEAST_S} seconds.", "audio_too_short")
    return round(seconds, 3)


def _sound(fields: Fields) -> Upload:
    sound = uploads(fields, "file")[0]
    if sound.filename.rpartition(".")[2].lower() not in ENDINGS:
        message = f"Invalid file format. Supported formats: {list(ENDINGS)}"
        fields.refuse("file", message, "invalid_file_format")
    return sound


def _clock(seconds: float, point: str) -> str:
    whole, thousandths = divmod(round(seconds * 1000), 1000)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}{point}{thousandths:03}"
