"""The requests that are sent: the same bytes to every target."""

import json
from typing import Final

KEY: Final = "tr_bench-0123456789-0123456789-0123456789"
AUTHORIZATION: Final = {"Authorization": f"Bearer {KEY}"}
PATH: Final = "/v1/chat/completions"
SIZES_KB: Final = (0.3, 20.0, 200.0)
"""A short question, a conversation with tools, a coding agent's context."""
TEXT: Final = 'The quick brown fox reads the manual; the lazy dog asks a "model" instead.\n'


def request_body(model: str, size_bytes: int, *, stream: bool = False) -> bytes:
    """Return a chat request of exactly `size_bytes` (at least the few that it needs)."""
    bare = _document(model, "", stream)
    text = (TEXT * (size_bytes // len(TEXT) + 1))[: max(size_bytes - len(bare), 0)]
    excess = len(_document(model, text, stream)) - size_bytes
    while excess > 0 and text:
        text = text[:-excess]
        excess = len(_document(model, text, stream)) - size_bytes
    return _document(model, text + "." * -excess, stream)


def _document(model: str, text: str, stream: bool) -> bytes:
    messages = [{"role": "system", "content": "Answer briefly."}, {"role": "user", "content": text}]
    fields: dict[str, object] = {"model": model, "messages": messages, "temperature": 0.2}
    if stream:
        fields["stream"] = True
    return json.dumps(fields, separators=(",", ":")).encode()


def http_request(body: bytes, port: int) -> bytes:
    """Return head and body as one piece, ready to be written to a connection."""
    lines = [
        f"POST {PATH} HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        *(f"{name}: {value}" for name, value in AUTHORIZATION.items()),
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
