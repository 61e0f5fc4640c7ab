"""Pictures, files, sound and films as Converse's content blocks (API reference, "ContentBlock", read 2026-11).

Bedrock tells formats by short names, not by media types, fetches from S3 only, and takes few characters in a file's
name. `BlockWriter` writes the blocks of one request, because names may not repeat within it.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from tokenrouter.dialects.losses import Losses
from tokenrouter.domain.items import Audio, Document, FileId, Image, Inline, PlainText, Source, Url, Video

Wire = dict[str, Any]

MAX_NAME_CHARS: Final = 200
"""Bound of `DocumentBlock.name`."""

_ILLEGAL: Final = re.compile(r"[^A-Za-z0-9()\[\]-]+")
_IMAGES: Final[Mapping[str, str]] = {
    "image/png": "png",
    "image/jpeg": "jpeg",
    "image/jpg": "jpeg",
    "image/gif": "gif",
    "image/webp": "webp",
}
_DOCUMENTS: Final[Mapping[str, str]] = {
    "application/pdf": "pdf",
    "text/csv": "csv",
    "application/csv": "csv",
    "application/msword": "doc",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.ms-excel": "xls",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "text/html": "html",
    "text/plain": "txt",
    "application/json": "txt",
    "text/markdown": "md",
    "text/x-markdown": "md",
}
_VIDEOS: Final[Mapping[str, str]] = {
    "video/mp4": "mp4",
    "video/quicktime": "mov",
    "video/x-matroska": "mkv",
    "video/webm": "webm",
    "video/x-flv": "flv",
    "video/mpeg": "mpeg",
    "video/mpg": "mpg",
    "video/x-ms-wmv": "wmv",
    "video/3gpp": "three_gp",
}
_SOUNDS: Final[Mapping[str, str]] = {
    "audio/mpeg": "mp3",
    "audio/mp3": "mp3",
    "audio/wav": "wav",
    "audio/x-wav": "wav",
    "audio/wave": "wav",
    "audio/opus": "opus",
    "audio/aac": "aac",
    "audio/flac": "flac",
    "audio/ogg": "ogg",
    "audio/mp4": "m4a",
    "audio/pcm": "pcm",
    "audio/webm": "webm",
}


class BlockWriter:
    """Writes the blocks of one request that are no text."""

    def __init__(self, losses: Losses) -> None:
        self._losses = losses
        self._names: set[str] = set()

    def image(self, image: Image) -> Wire | None:
        """Return the block, None where the loss table drops it.

        Raises:
            InvalidRequest: Bedrock has no such format, or cannot fetch it.
        """
        if image.detail == "low":
            self._losses.note("part.detail")
        return self._media("image", _format(image.source, _IMAGES), image.source)

    def audio(self, audio: Audio) -> Wire | None:
        """Return the block. Raises: InvalidRequest as `image`."""
        return self._media("audio", _format(audio.source, _SOUNDS), audio.source)

    def video(self, video: Video) -> Wire | None:
        """Return the block. Raises: InvalidRequest as `image`."""
        return self._media("video", _format(video.source, _VIDEOS), video.source)

    def document(self, document: Document) -> Wire | None:
        """Return the block. Raises: InvalidRequest as `image`."""
        if document.detail == "low":
            self._losses.note("part.detail")
        text = document.source.text if isinstance(document.source, PlainText) else None
        kind = "txt" if text is not None else _format(document.source, _DOCUMENTS, document.filename)
        source: Wire | None = {"text": text} if text is not None else self._source(document.source)
        if kind is None or source is None:
            self._losses.note("part.type")
            return None
        block: Wire = {"format": kind, "name": self._name(document, kind), "source": source}
        if document.context:
            block["context"] = document.context
        if document.citable:
            block["citations"] = {"enabled": True}
        return {"document": block}

    def _media(self, member: str, kind: str | None, source: Source) -> Wire | None:
        wire = self._source(source)
        if kind is None or wire is None:
            self._losses.note("part.type")
            return None
        return {member: {"format": kind, "source": wire}}

    def _source(self, source: Source) -> Wire | None:
        if isinstance(source, Inline):
            return {"bytes": source.base64}
        if isinstance(source, Url) and source.url.startswith("s3://"):
            return {"s3Location": {"uri": source.url}}
        self._losses.note("part.file" if isinstance(source, FileId) else "part.url")
        return None

    def _name(self, document: Document, kind: str) -> str:
        """Return a name that Bedrock takes and that no other file of the request has."""
        told = document.filename or document.title
        plain = told.removesuffix(f".{kind}")
        name = legal_name(plain)
        if plain and name != plain:
            self._losses.note("part.document_name")
        candidate, count = name, 2
        while candidate in self._names:
            tail = f" ({count})"
            candidate = name[: MAX_NAME_CHARS - len(tail)].rstrip() + tail
            count += 1
        self._names.add(candidate)
        return candidate


def legal_name(name: str) -> str:
    """Return `name` with letters, digits, single blanks, hyphens, parentheses and brackets only.

    From "DocumentBlock" of the API reference: "no more than one in a row" is said of white space.
    """
    return _ILLEGAL.sub(" ", name).strip()[:MAX_NAME_CHARS].rstrip() or "document"


def _format(source: Source, formats: Mapping[str, str], filename: str = "") -> str | None:
    """Return Bedrock's name for the format, by the media type or else by the name's extension."""
    media_type = "" if isinstance(source, PlainText) else source.media_type.partition(";")[0].strip().lower()
    known = formats.get(media_type)
    if known is not None:
        return known
    name = source.url if isinstance(source, Url) and not filename else filename
    extension = name.rpartition(".")[2].lower()
    extension = "jpeg" if extension == "jpg" else extension
    if extension in formats.values():
        return extension
    return "txt" if media_type.startswith("text/") and formats is _DOCUMENTS else None
