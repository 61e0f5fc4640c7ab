"""The path table: which path is which operation, and in whose words its errors are told.

Data paths stand with and without `/v1`, and below `/openai` (DESIGN.md, "Paths"): some clients append
`/v1` to their base URL and some do not.
"""

from dataclasses import dataclass
from typing import Final, Literal

from tokenrouter.dialects.openai_chat import CHAT
from tokenrouter.dialects.openai_completions import COMPLETIONS
from tokenrouter.dialects.openai_dialect import OpenAiDialect
from tokenrouter.dialects.openai_embeddings import EMBEDDINGS
from tokenrouter.dialects.openai_responses import RESPONSES

Inquiry = Literal["card", "models", "model", "usage", "healthz", "health", "readyz"]


@dataclass(frozen=True, slots=True)
class Target:
    """What a path leads to: a call in a dialect, or an inquiry that the edge answers itself."""

    method: bytes
    dialect: OpenAiDialect | None = None
    inquiry: Inquiry | None = None


_CALLS: Final = {
    "/chat/completions": CHAT,
    "/completions": COMPLETIONS,
    "/embeddings": EMBEDDINGS,
    "/responses": RESPONSES,
}
_INQUIRIES: Final[dict[str, Inquiry]] = {"/models": "models", "/usage": "usage"}
PREFIXES: Final = ("/v1", "", "/openai/v1", "/openai")
_HEALTH: Final[dict[bytes, Inquiry]] = {b"/healthz": "healthz", b"/health": "health", b"/readyz": "readyz"}
_CONTROL: Final = (
    b"/admin",
    b"/api",
    b"/docs",
    b"/openapi.json",
    b"/metrics",
    b"/static-offline-docs",
    b"/redoc",
    b"/dashboard",
)


def _table() -> dict[bytes, Target]:
    table = {path: Target(b"GET", inquiry=name) for path, name in _HEALTH.items()}
    for prefix in PREFIXES:
        for path, dialect in _CALLS.items():
            table[(prefix + path).encode()] = Target(b"POST", dialect=dialect)
        for path, inquiry in _INQUIRIES.items():
            table[(prefix + path).encode()] = Target(b"GET", inquiry=inquiry)
    table[b"/v1"] = table[b"/v1/"] = Target(b"GET", inquiry="card")
    return table


TARGETS: Final = _table()
MODEL_PREFIXES: Final = tuple(f"{prefix}/models/".encode() for prefix in PREFIXES)
_ONE_MODEL: Final = Target(b"GET", inquiry="model")


def find(path: bytes) -> Target | None:
    """Return what `path` leads to in the data plane, or None."""
    target = TARGETS.get(path)
    if target is None and path.startswith(MODEL_PREFIXES):
        return _ONE_MODEL
    return target


def model_id(path: bytes) -> bytes:
    """Return the rest of a `/models/{id}` path, which may hold slashes."""
    return next(path[len(prefix) :] for prefix in MODEL_PREFIXES if path.startswith(prefix))


def is_control(path: bytes) -> bool:
    """Whether the control process owns `path`."""
    return path == b"/" or any(path == prefix or path.startswith(prefix + b"/") for prefix in _CONTROL)
