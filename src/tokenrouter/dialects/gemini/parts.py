"""Parts that are the same in requests and answers: pictures, files, sound, and what Google's own tools leave."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from tokenrouter.dialects.gemini.signatures import FAMILY
from tokenrouter.dialects.gemini.wire import WireBlob, WireCode, WireFile, WirePart
from tokenrouter.dialects.wire_reading import raw_value
from tokenrouter.domain.items import Audio, Document, Foreign, Image, Inline, Source, Url, Video

Wire = dict[str, Any]
Media = Image | Document | Audio | Video
_BY_SUFFIX: Final[Mapping[str, str]] = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "webp": "image/webp",
    "gif": "image/gif",
    "heic": "image/heic",
    "pdf": "application/pdf",
    "txt": "text/plain",
    "md": "text/markdown",
    "html": "text/html",
    "csv": "text/csv",
    "json": "application/json",
    "mp3": "audio/mpeg",
    "wav": "audio/wav",
    "ogg": "audio/ogg",
    "flac": "audio/flac",
    "mp4": "video/mp4",
    "mov": "video/quicktime",
    "webm": "video/webm",
}
"""What an address is likely to lead to; Google wants to be told."""

_object: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])


def media_part(blob: WireBlob | None, file: WireFile | None) -> Media | None:
    """Return the part that data or an address stands for, None where there is neither."""
    if blob is not None and blob.data is not None:
        source = Inline(blob.mime_type or "", _standard(blob.data))
        return _of_type(source, blob.mime_type or "", blob.display_name or "")
    if file is not None and file.file_uri:
        media_type = file.mime_type or guessed_type(file.file_uri)
        return _of_type(Url(file.file_uri, file.mime_type or ""), media_type, file.display_name or "")
    return None


def _of_type(source: Source, media_type: str, name: str) -> Media:
    kind = media_type.partition("/")[0]
    if kind == "image":
        return Image(source)
    if kind == "audio":
        return Audio(source)
    return Video(source) if kind == "video" else Document(source, name)


def _standard(data: str) -> str:
    """Google's Python SDK encodes bytes in the alphabet for URLs."""
    if "-" in data or "_" in data:
        data = data.replace("-", "+").replace("_", "/")
    return data + "=" * (-len(data) % 4)


def guessed_type(url: str) -> str:
    """Return the media type that the end of an address suggests, empty where it says nothing."""
    return _BY_SUFFIX.get(url.partition("?")[0].rpartition(".")[2].lower(), "")


def media_object(part: Media, default_type: str = "") -> Wire | None:
    """Return a part with data or an address as Gemini has it, None for another source."""
    source = part.source
    if isinstance(source, Inline):
        return {"inlineData": {"mimeType": source.media_type or default_type, "data": source.base64}}
    if isinstance(source, Url):
        media_type = source.media_type or guessed_type(source.url) or default_type
        file = {"fileUri": source.url}
        return {"fileData": {"mimeType": media_type, **file} if media_type else file}
    return None


def arguments_object(arguments: str) -> msgspec.Raw | None:
    """Return a call's arguments as they are written, None where they are no JSON object; nothing at all is one."""
    text = arguments.strip()
    if text in ("", "null", '""'):
        return msgspec.Raw(b"{}")
    try:
        _object.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return None
    return msgspec.Raw(text.encode())


def foreign_part(part: WirePart) -> Foreign | None:
    """Return what a tool of Google's own left in the answer, with words that may stand for it elsewhere."""
    if part.executable_code is not None:
        return _code("executableCode", part.executable_code)
    if part.code_execution_result is not None:
        return _code("codeExecutionResult", part.code_execution_result)
    for kind, raw in (("toolCall", part.tool_call), ("toolResponse", part.tool_response)):
        if (value := raw_value(raw)) is not None:
            return Foreign(FAMILY, kind, b'{"%b":%b}' % (kind.encode(), value))
    return None


def _code(kind: str, code: WireCode) -> Foreign:
    words = code.code if code.code is not None else code.output
    fields = {name: value for name, value in msgspec.to_builtins(code).items() if value is not None}
    return Foreign(FAMILY, kind, msgspec.json.encode({kind: fields}), f"```\n{words}\n```" if words else "")
