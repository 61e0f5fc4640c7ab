"""OpenAI's pictures and sound: image generations, edits and variations, speech, transcriptions, translations.

From platform.openai.com/docs/api-reference/images and /audio (read 2026-11). They differ from conversations in three
ways: the body may be a form with files in it, the answer may be no JSON at all, and the length of an answer says
nothing about tokens, because most of it is base64 or sound.
"""

import re
from collections.abc import Callable
from typing import Final

import msgspec

from tokenrouter.dialects.answer_reading import has_error
from tokenrouter.dialects.base import AnswerKind, Head
from tokenrouter.dialects.heads import MAX_MODEL_CHARS
from tokenrouter.dialects.json import RawObject
from tokenrouter.dialects.multipart import MultipartForm, read_form
from tokenrouter.dialects.openai import usage as openai_usage
from tokenrouter.dialects.openai.dialect import OpenAiDialect
from tokenrouter.domain.errors import InvalidRequest, MissingModel
from tokenrouter.domain.ledger import Operation, Usage
from tokenrouter.domain.prices import total_of

FILE_TOKENS: Final = 6_240
"""What a file is held for at least: the most tokens of one picture, 1024 by 1536 in high quality."""
FILE_BYTES_PER_TOKEN: Final = 64
"""Compressed sound has some 800 bytes a second, and a second some ten tokens."""
PICTURE_TOKENS: Final = 6_240
"""Most output tokens of one picture (platform.openai.com/docs/guides/image-generation, cost table, read 2026-11)."""

MAX_PICTURES: Final = 100
"""Most that one request may ask for; vendors allow ten."""

_PICTURE_FIELDS: Final = ("image", "images", "mask")
"""Where a JSON body has pictures, as data URLs mostly."""
_JSON_TYPE: Final = b"content-type: application/json\r\n"
_NOTHING: Final = re.compile(rb"(?!)")
_SPOKEN_TEXT: Final = re.compile(rb'"(?:delta|text)"\s*:\s*"([^"\\]*(?:\\.[^"\\]*)*)"')
_TERMINAL: Final = re.compile(rb'"type"\s*:\s*"[a-z_.]+\.(?:completed|done)"')
_DONE: Final = (b"[DONE]\n\n", b"[DONE]\r\n\r\n")

Texts = Callable[[str], str | None]
"""Returns a field's value as text, whichever form the body has."""


class MediaStream:
    """Typed events, of which the last has the usage; a stream of several pictures has a last one for each."""

    usage_mark = b'"usage"'

    def __init__(self, content: re.Pattern[bytes], *, ends_at_once: bool) -> None:
        """`ends_at_once`: whether the first terminal event is also the last."""
        self.content = content
        self._last = _TERMINAL if ends_at_once else _NOTHING

    def starts_content(self, events: bytes) -> bool:
        """There are no frames that only announce a stream."""
        return b"data:" in events

    def ends(self, events: bytes) -> bool:
        return events.endswith(_DONE) or self._last.search(events) is not None

    def closing(self, last_events: bytes) -> bytes | None:
        """Of an event too long to hold only its end is known: usage stands there, and in terminal events alone."""
        return b"" if _TERMINAL.search(last_events) or self.usage_mark in last_events else None

    def cut(self, begun: bytes, last: bytes, usage: Usage, *, tells_usage: bool, answers: int) -> bytes:
        """Pictures and sound know no bound of tokens, and so no such end."""
        return b""

    def usage(self, payload: bytes, before: Usage | None) -> Usage | None:
        """Return what was reported so far: each picture reports its own."""
        reported = openai_usage.usage_at_end(payload)
        if reported is None or before is None:
            return reported
        return total_of((before, reported))._replace(provider_requests=1)

    def is_only_usage(self, payload: bytes) -> bool:
        return False

    def is_error(self, payload: bytes) -> bool:
        return payload.startswith(b'{"type":"error"') or has_error(payload)


class MediaDialect(OpenAiDialect):
    """One operation with files in its request or in its answer."""

    def __init__(
        self,
        name: str,
        operation: Operation,
        reading: MediaStream,
        *,
        answers_in: Callable[[Texts], AnswerKind],
        required: tuple[str, ...] = (),
        stream_field: tuple[str, str] = ("stream", "true"),
        picture_tokens: int = 0,
        takes_json: bool = True,
        takes_form: bool = False,
    ) -> None:
        """`stream_field`: which field asks for a stream, by which value; `picture_tokens`: the most of one picture."""
        super().__init__(name, operation, reading, required=required)
        self._answers_in = answers_in
        self._stream_field = stream_field
        self._picture_tokens = picture_tokens
        self._takes_json = takes_json
        self._takes_form = takes_form

    def peek(self, body: bytes, model: str | None = None, stream: bool | None = None) -> Head:
        if self._takes_form and (not self._takes_json or body.startswith(b"--")):
            return self._peek_form(read_form(body))
        head = super().peek(body)
        fields = head.body.fields
        if self._takes_form:
            head.headers = _JSON_TYPE
            pictures = [len(fields[name]) for name in _PICTURE_FIELDS if name in fields]
            head.size = _as_text(head.size, len(pictures), sum(pictures))
        return self._shaped(head, lambda name: _text_in(fields, name))

    def _peek_form(self, form: MultipartForm) -> Head:
        model = form.text("model")
        if model is None or not 1 <= len(model) <= MAX_MODEL_CHARS:
            raise MissingModel("The form has no field 'model' that names a model.", param="model")
        head = Head(form, model, False, None, True, 1, _as_text(len(form.body), form.files, form.file_bytes))
        head.headers = b"content-type: %b\r\n" % form.content_type
        return self._shaped(head, form.text)

    def _shaped(self, head: Head, text: Texts) -> Head:
        """Return `head` with what is known of the answer."""
        name, value = self._stream_field
        head.stream = text(name) == value
        head.wants_usage = True
        head.answer = self._answers_in(text)
        if self._picture_tokens:
            head.answers = _count(text("n"))
            head.least_output_tokens = self._picture_tokens * head.answers
        return head


def _as_text(size: int, files: int, file_bytes: int) -> int:
    """Return the size of a body as if its files were text of as many tokens."""
    return size - file_bytes + files * FILE_TOKENS + file_bytes // FILE_BYTES_PER_TOKEN


def _text_in(fields: RawObject, name: str) -> str | None:
    """Return a field's value as a form would have it."""
    raw = fields.get(name)
    if raw is None:
        return None
    value = bytes(raw)
    return str(msgspec.json.decode(value)) if value.startswith(b'"') else value.decode()


def _count(text: str | None) -> int:
    if text is None or text == "null":
        return 1
    if not (text.isascii() and text.isdigit()) or not 1 <= int(text) <= MAX_PICTURES:
        raise InvalidRequest(f"The field 'n' must be a number from 1 to {MAX_PICTURES}.", param="n")
    return int(text)


def _media(_: Texts) -> AnswerKind:
    return "media"


def _sound(_: Texts) -> AnswerKind:
    return "bytes"


def _transcript(text: Texts) -> AnswerKind:
    """Subtitles and plain text are no JSON."""
    return "bytes" if text("response_format") in ("text", "srt", "vtt") else "text"


_PICTURES: Final = MediaStream(_NOTHING, ends_at_once=False)
_SOUND: Final = MediaStream(_NOTHING, ends_at_once=True)
_TRANSCRIPT: Final = MediaStream(_SPOKEN_TEXT, ends_at_once=True)

IMAGES: Final = MediaDialect(
    "openai-images", "images", _PICTURES, answers_in=_media, required=("prompt",), picture_tokens=PICTURE_TOKENS
)
IMAGE_EDITS: Final = MediaDialect(
    "openai-image-edits",
    "image_edits",
    _PICTURES,
    answers_in=_media,
    picture_tokens=PICTURE_TOKENS,
    takes_form=True,
)
IMAGE_VARIATIONS: Final = MediaDialect(
    "openai-image-variations",
    "image_variations",
    _PICTURES,
    answers_in=_media,
    picture_tokens=PICTURE_TOKENS,
    takes_json=False,
    takes_form=True,
)
SPEECH: Final = MediaDialect(
    "openai-speech", "speech", _SOUND, answers_in=_sound, required=("input",), stream_field=("stream_format", "sse")
)
TRANSCRIPTIONS: Final = MediaDialect(
    "openai-transcriptions",
    "transcriptions",
    _TRANSCRIPT,
    answers_in=_transcript,
    takes_json=False,
    takes_form=True,
)
TRANSLATIONS: Final = MediaDialect(
    "openai-translations",
    "translations",
    _TRANSCRIPT,
    answers_in=_transcript,
    takes_json=False,
    takes_form=True,
)
