"""Requests as hooks see them."""

from tokenrouter.hooks import HookRequest, Text, TextKind


def request(*texts: str, kind: TextKind = "user", tokens: int = 0, body_bytes: int = 0) -> HookRequest:
    """Return a request with these texts."""
    seen = [Text(kind, text) for text in texts]
    return HookRequest(
        "req_1", "alice", "", "physics", "m", "chat", seen, body_bytes=body_bytes, estimated_tokens=tokens
    )


def said(asked: HookRequest) -> list[str]:
    """Return its texts as they are now."""
    return [text.value for text in asked.texts]
