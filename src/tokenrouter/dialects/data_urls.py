"""`data:` URLs (RFC 2397) and the media types that dialects call by other names."""

import base64
from typing import Final

from tokenrouter.domain.items import Inline, Source, Url

_AUDIO_TYPES: Final = {
    "mp3": "audio/mpeg",
    "wav": "audio/wav",
    "flac": "audio/flac",
    "opus": "audio/opus",
    "ogg": "audio/ogg",
    "aac": "audio/aac",
    "m4a": "audio/mp4",
    "pcm16": "audio/pcm",
    "webm": "audio/webm",
}
_AUDIO_FORMATS: Final = {media_type: name for name, media_type in _AUDIO_TYPES.items()} | {
    "audio/mp3": "mp3",
    "audio/x-wav": "wav",
    "audio/wave": "wav",
}


def source_of(url: str, default_type: str = "") -> Source:
    """Return the data in `url` where it holds base64, else the URL itself."""
    if url.startswith("data:"):
        head, comma, data = url[5:].partition(",")
        if comma and head.endswith(";base64"):
            return Inline(head[:-7].partition(";")[0] or default_type, data)
    return Url(url, default_type)


def data_url(inline: Inline) -> str:
    """Return `inline` as one URL."""
    return f"data:{inline.media_type};base64,{inline.base64}"


def text_in(inline: Inline) -> str | None:
    """Return the words of a text file, None for anything else or bytes that are no UTF-8."""
    if not inline.media_type.startswith("text/") and inline.media_type != "application/json":
        return None
    try:
        return base64.b64decode(inline.base64).decode()
    except ValueError:
        return None


def audio_type(name: str) -> str:
    """Return the media type of OpenAI's audio format `name`."""
    return _AUDIO_TYPES.get(name, f"audio/{name}")


def audio_format(media_type: str) -> str:
    """Return OpenAI's name for an audio media type."""
    plain = media_type.partition(";")[0].strip().lower()
    return _AUDIO_FORMATS.get(plain, plain.removeprefix("audio/"))
