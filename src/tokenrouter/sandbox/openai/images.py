"""Images: `POST /v1/images/generations`, `/v1/images/edits` and `/v1/images/variations`.

From OpenAI's API reference ("Create image", "Create image edit", "Create image variation", "Image streaming") and the
guide "Image generation" (read 2026-11) and recorded exchanges. Generations and edits are those of the GPT image models:
always base64, with usage, and no `response_format`; variations are DALL·E 2's. What comes is a real PNG of the size
asked for, in one colour; other formats are not made here.
"""

import base64
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from tokenrouter.sandbox.delivery import Answer, Frame, encoded, event
from tokenrouter.sandbox.errors import ApiError
from tokenrouter.sandbox.fields import Fields
from tokenrouter.sandbox.openai.forms import Upload, uploads
from tokenrouter.sandbox.prompt import IMAGE_TOKENS
from tokenrouter.sandbox.question import Question
from tokenrouter.sandbox.tokens import Usage

SIZES: Final = {
    "1024x1024": {"low": 272, "medium": 1056, "high": 4160},
    "1024x1536": {"low": 408, "medium": 1584, "high": 6240},
    "1536x1024": {"low": 400, "medium": 1568, "high": 6208},
}
"""Tokens of an image by size and quality, as the guide lists them; `auto` is square and medium here."""
OLD_SIZES: Final = ("256x256", "512x512", "1024x1024")
PARTIAL_TOKENS: Final = 100
"""What each partial image costs besides."""
MAX_IMAGES: Final = 10
MAX_INPUTS: Final = 16
MAX_PARTIAL: Final = 3
MAX_PROMPT: Final = 32_000
_COMMON: Final = (
    "prompt", "model", "n", "size", "quality", "background", "output_format", "output_compression", "partial_images",
    "stream", "user", "moderation", "safety_identifier",
)  # fmt: skip
_EDIT: Final = (*(name for name in _COMMON if name != "moderation"), "image", "mask", "input_fidelity")
_VARIATION: Final = ("image", "model", "n", "response_format", "size", "user")
_SIGNATURES: Final = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF")


@dataclass(frozen=True, slots=True)
class _Wish:
    """What is to be drawn, in what way."""

    count: int
    size: str
    quality: str
    background: str
    partial: int
    streamed: bool

    @property
    def tokens(self) -> int:
        return SIZES[self.size][self.quality]


def generate(question: Question) -> Answer:
    """`/v1/images/generations`. Raises: ApiError 400."""
    question.fields.only(_COMMON)
    return _drawn(question, 0, "image_generation")


def edit(question: Question) -> Answer:
    """`/v1/images/edits`. Raises: ApiError 400."""
    fields = question.fields
    fields.only(_EDIT)
    images = uploads(fields, "image")
    if len(images) > MAX_INPUTS:
        fields.refuse("image", f"Invalid 'image': array too long. Expected at most {MAX_INPUTS} images.")
    if fields.present("mask"):
        images = [*images, *uploads(fields, "mask")]
    _check_images(fields, images)
    fidelity = "high" if fields.present("input_fidelity") and fields.text("input_fidelity") == "high" else "low"
    return _drawn(question, len(images) * IMAGE_TOKENS[fidelity], "image_edit")


def vary(question: Question) -> Answer:
    """`/v1/images/variations`: nothing is told of usage, and nothing is billed in tokens. Raises: ApiError 400."""
    fields = question.fields
    fields.only(_VARIATION)
    _check_images(fields, uploads(fields, "image"))
    count = fields.integer("n", 1, MAX_IMAGES) or 1
    size = fields.choice("size", OLD_SIZES) if fields.present("size") else OLD_SIZES[-1]
    wants_base64 = fields.present("response_format") and fields.choice("response_format", ("url", "b64_json")) != "url"
    made = {"b64_json": _base64(size)} if wants_base64 else {"url": "https://images.sandbox.invalid/variation.png"}
    return Answer(Usage(0), lambda: {"created": question.created, "data": [made] * count})


def png(width: int, height: int) -> bytes:
    """A grey picture of that size (PNG specification, third edition: one bit a pixel, no interlacing)."""
    row = b"\x00" + b"\xff" * ((width + 7) // 8)
    head = struct.pack("!IIBBBBB", width, height, 1, 0, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(row * height)), (b"IEND", b""))
    return _SIGNATURES[0] + b"".join(
        struct.pack("!I", len(data)) + kind + data + struct.pack("!I", zlib.crc32(kind + data)) for kind, data in chunks
    )


def _drawn(question: Question, image_tokens: int, kind: str) -> Answer:
    wish = _wish(question.fields)
    text_tokens = question.model.tokenizer.count(_prompt(question.fields))
    image_tokens = question.model.tokenizer.media(image_tokens)
    made = wish.tokens * wish.count + PARTIAL_TOKENS * wish.partial
    usage = Usage(text_tokens + image_tokens, made)
    told: dict[str, object] = {
        "total_tokens": usage.total,
        "input_tokens": usage.prompt,
        "output_tokens": usage.completion,
        "input_tokens_details": {"text_tokens": text_tokens, "image_tokens": image_tokens},
    }
    look: dict[str, object] = {
        "background": wish.background,
        "output_format": "png",
        "quality": wish.quality,
        "size": wish.size,
    }
    if wish.streamed:
        return Answer(usage, dict, _ImageStream(kind, wish, question.created, look, told))
    data = [{"b64_json": _base64(wish.size)}] * wish.count
    silent = question.model.usage == "never"
    document = {"created": question.created, **look, "data": data, **({} if silent else {"usage": told})}
    return Answer(usage, lambda: document)


@dataclass(frozen=True, slots=True)
class _ImageStream:
    """Partial images, then the whole one with the usage; each event has a name."""

    kind: str
    wish: _Wish
    created: int
    look: dict[str, object]
    usage: dict[str, object]

    def opening(self) -> Iterator[Frame]:
        return iter(())

    def body(self) -> Iterator[Frame]:
        for number in range(self.wish.partial):
            yield self._event("partial_image", {"partial_image_index": number}, PARTIAL_TOKENS)

    def closing(self) -> Iterator[Frame]:
        yield self._event("completed", {"usage": self.usage}, self.wish.tokens)

    def error(self, message: str) -> Iterator[Frame]:
        told = {"type": "error", **ApiError(500, message).document()}
        yield Frame(b"event: error\n" + event(told))

    def _event(self, what: str, more: dict[str, object], tokens: int) -> Frame:
        name = f"{self.kind}.{what}"
        document = {"type": name, "b64_json": _base64(self.wish.size), "created_at": self.created, **self.look, **more}
        return Frame(b"event: %b\ndata: %b\n\n" % (name.encode(), encoded(document)), tokens)


def _wish(fields: Fields) -> _Wish:
    count = fields.integer("n", 1, MAX_IMAGES) or 1
    size = fields.choice("size", ("auto", *SIZES)) if fields.present("size") else "auto"
    quality = fields.choice("quality", ("auto", "low", "medium", "high")) if fields.present("quality") else "auto"
    allowed = ("auto", "opaque", "transparent")
    background = fields.choice("background", allowed) if fields.present("background") else "auto"
    fields.integer("output_compression", 0, 100)
    if fields.present("output_format"):
        fields.choice("output_format", ("png",))
    streamed = fields.flag("stream") is True
    partial = fields.integer("partial_images", 0, MAX_PARTIAL) or 0
    if partial and not streamed:
        fields.refuse("partial_images", "The 'partial_images' parameter is only allowed when 'stream' is enabled.")
    if streamed and count != 1:
        fields.refuse("n", "Streaming is only supported with n=1.")
    return _Wish(
        count,
        "1024x1024" if size == "auto" else size,
        "medium" if quality == "auto" else quality,
        "opaque" if background == "auto" else background,
        partial,
        streamed,
    )


def _prompt(fields: Fields) -> str:
    prompt = fields.required_text("prompt")
    if not 0 < len(prompt) <= MAX_PROMPT:
        message = f"Invalid 'prompt': expected a string of 1 to {MAX_PROMPT} characters, but got {len(prompt)}."
        fields.refuse("prompt", message)
    return prompt


def _check_images(fields: Fields, images: Sequence[Upload]) -> None:
    if not all(image.data.startswith(_SIGNATURES) for image in images):
        message = "Invalid image file or mode. Please check your image file."
        fields.refuse("image", message, "invalid_image_file")


def _base64(size: str) -> str:
    width, height = size.split("x")
    return base64.b64encode(png(int(width), int(height))).decode()
