"""Compressed request bodies: gzip, deflate (zlib or raw) and zstd, each bounded in what it may become.

A small body can inflate to gigabytes, so every step has the bound of an uncompressed body. As the
predecessor did, a wrong header over plain JSON is tolerated, and bytes that are plainly compressed are
read even without a header.
"""

import zlib
from collections.abc import Callable
from typing import Final

import zstandard

from tokenrouter.domain.errors import BodyTooLarge, UnsupportedEncoding

_GZIP_MAGIC: Final = b"\x1f\x8b"
_ZSTD_MAGIC: Final = b"\x28\xb5\x2f\xfd"
MAX_CODINGS: Final = 4
"""Most codings on top of each other; more are only seen in attacks."""


def decompress(body: bytes, encoding: bytes, max_bytes: int) -> bytes:
    """Return `body` without its codings. `encoding` is the value of Content-Encoding, possibly b"".

    Raises:
        UnsupportedEncoding: an unknown coding, or bytes that are not in the coding they are said to be in.
        BodyTooLarge: it becomes longer than `max_bytes`.
    """
    codings = [name.strip().lower() for name in encoding.split(b",") if name.strip() not in (b"", b"identity")]
    if len(codings) > MAX_CODINGS:
        raise UnsupportedEncoding(f"More than {MAX_CODINGS} content codings on one body; send one.")
    if not codings:
        return _sniffed(body, max_bytes)
    if body[:1] in (b"{", b"["):
        return body
    for coding in reversed(codings):
        body = _decoder(coding)(body, max_bytes)
    return body


def _sniffed(body: bytes, max_bytes: int) -> bytes:
    if body.startswith(_GZIP_MAGIC):
        return _inflate(body, max_bytes)
    return _unzstd(body, max_bytes) if body.startswith(_ZSTD_MAGIC) else body


def _decoder(coding: bytes) -> Callable[[bytes, int], bytes]:
    decoder = _DECODERS.get(coding)
    if decoder is None:
        known = ", ".join(sorted({name.decode() for name in _DECODERS}))
        raise UnsupportedEncoding(f"Content-Encoding {coding.decode('latin-1')[:40]!r} is not read here; use {known}.")
    return decoder


def _inflate(body: bytes, max_bytes: int) -> bytes:
    return _finish(zlib.decompressobj(wbits=47), body, max_bytes)


def _deflate(body: bytes, max_bytes: int) -> bytes:
    """`deflate` means zlib, and many clients send it raw (RFC 9110, 8.4.1.2 warns of it)."""
    wrapped = len(body) > 1 and body[0] & 0x0F == 8 and (body[0] << 8 | body[1]) % 31 == 0
    return _finish(zlib.decompressobj(wbits=15 if wrapped else -15), body, max_bytes)


def _finish(decoder: "zlib._Decompress", body: bytes, max_bytes: int) -> bytes:
    try:
        plain = decoder.decompress(body, max_bytes + 1)
    except zlib.error as error:
        raise UnsupportedEncoding(f"The body is not in the encoding that its header names: {error}.") from None
    if len(plain) > max_bytes:
        raise _too_large(max_bytes)
    if not decoder.eof:
        raise UnsupportedEncoding("The compressed body ends too early.")
    return plain


def _unzstd(body: bytes, max_bytes: int) -> bytes:
    decoder = zstandard.ZstdDecompressor(max_window_size=2**27).decompressobj(read_across_frames=False)
    parts, size = [], 0
    try:
        for start in range(0, len(body), _ZSTD_STEP):
            parts.append(decoder.decompress(body[start : start + _ZSTD_STEP]))
            size += len(parts[-1])
            if size > max_bytes:
                raise _too_large(max_bytes)
    except zstandard.ZstdError as error:
        raise UnsupportedEncoding(f"The body is not in the encoding that its header names: {error}.") from None
    if not decoder.eof:
        raise UnsupportedEncoding("The compressed body ends too early.")
    return b"".join(parts)


_ZSTD_STEP: Final = 1024
"""Input per step: a step inflates to a few MiB at the very most before the size is checked."""


def _too_large(max_bytes: int) -> BodyTooLarge:
    return BodyTooLarge(f"The decompressed body is longer than {max_bytes} bytes.")


_DECODERS: Final[dict[bytes, Callable[[bytes, int], bytes]]] = {
    b"gzip": _inflate,
    b"x-gzip": _inflate,
    b"deflate": _deflate,
    b"zstd": _unzstd,
}
