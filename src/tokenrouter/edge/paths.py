"""The path table: which path is which operation, in which dialect.

Data paths stand with and without their version, and below a prefix that names the dialect (DESIGN.md, "Paths"): some
clients append the version to their base URL and some do not. Where Gemini's model and verb stand in the path, a pattern
takes them out; the model may hold slashes, colons and percent escapes. Vercel's AI SDK leaves `models/` out where the
model's name holds a slash (1.18.33 of opencode brings it, 2026-11), so a verb is understood without it too.
"""

import re
from dataclasses import dataclass, replace
from typing import Final, Literal
from urllib.parse import unquote_to_bytes

from tokenrouter.dialects.anthropic import messages as anthropic_messages
from tokenrouter.dialects.base import Dialect
from tokenrouter.dialects.gemini import content as gemini
from tokenrouter.dialects.openai import media as openai_media
from tokenrouter.dialects.openai.embeddings import EMBEDDINGS
from tokenrouter.dialects.openai.moderations import MODERATIONS
from tokenrouter.dialects.openai.rerank import RERANK
from tokenrouter.dialects.openai_chat.chat import CHAT
from tokenrouter.dialects.openai_chat.completions import COMPLETIONS
from tokenrouter.dialects.openai_responses.responses import RESPONSES
from tokenrouter.dialects.openai_responses.side import COMPACT, INPUT_TOKENS
from tokenrouter.edge.resource_paths import COLLECTIONS, METHODS, find_resource
from tokenrouter.gateway.account.call import ResourceTarget

Inquiry = Literal[
    "card",
    "models",
    "model",
    "usage",
    "status",
    "healthz",
    "health",
    "readyz",
    "response",
    "input_items",
    "explain",
    "decision",
]


@dataclass(frozen=True, slots=True)
class RawTarget:
    """What is passed through: a path of a provider's, as it was sent."""

    provider: str
    path: bytes


@dataclass(frozen=True, slots=True)
class Target:
    """What a path leads to: a call in a dialect, an account, a path of a provider's, or an inquiry for the edge itself.

    Attributes:
        method: what it takes; where it takes several, as an `allow` header says it.
        model, stream: from the path, in dialects that have them there; else None.
        id: of the stored response or the request that the path is about.
    """

    method: bytes
    dialect: Dialect | None = None
    inquiry: Inquiry | None = None
    model: str | None = None
    stream: bool | None = None
    resource: ResourceTarget | None = None
    raw: RawTarget | None = None
    id: str = ""


_OPENAI_CALLS: Final[dict[str, Dialect]] = {
    "/chat/completions": CHAT,
    "/completions": COMPLETIONS,
    "/embeddings": EMBEDDINGS,
    "/responses": RESPONSES,
    "/responses/input_tokens": INPUT_TOKENS,
    "/responses/compact": COMPACT,
    "/images/generations": openai_media.IMAGES,
    "/images/edits": openai_media.IMAGE_EDITS,
    "/images/variations": openai_media.IMAGE_VARIATIONS,
    "/audio/speech": openai_media.SPEECH,
    "/audio/transcriptions": openai_media.TRANSCRIPTIONS,
    "/audio/translations": openai_media.TRANSLATIONS,
    "/moderations": MODERATIONS,
    "/rerank": RERANK,
}
_ANTHROPIC_CALLS: Final[dict[str, Dialect]] = {
    "/messages": anthropic_messages.MESSAGES,
    "/messages/count_tokens": anthropic_messages.COUNT_TOKENS,
}
_VERBS: Final[dict[bytes, tuple[Dialect, bool]]] = {
    b"generateContent": (gemini.GENERATE_CONTENT, False),
    b"streamGenerateContent": (gemini.GENERATE_CONTENT, True),
    b"countTokens": (gemini.COUNT_TOKENS, False),
    b"embedContent": (gemini.EMBED_CONTENT, False),
    b"batchEmbedContents": (gemini.BATCH_EMBED_CONTENTS, False),
}
"""Gemini's operations, and whether they stream."""
_INQUIRIES: Final[dict[str, Inquiry]] = {"/models": "models", "/usage": "usage"}
OPENAI_PREFIXES: Final = ("/v1", "", "/openai/v1", "/openai")
ANTHROPIC_PREFIXES: Final = ("/v1", "", "/anthropic/v1", "/anthropic")
GEMINI_PREFIXES: Final = ("/v1beta", "/gemini/v1beta", "/gemini/v1", "/gemini")
"""Gemini's own, for its list of models; its calls are told by their verbs, with any version or none."""
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
    b"/auth",
    b"/manage",
    b"/register",
)
_TEAM_USAGE: Final = b"/v1/usage/"
"""Below it the Classroom system tells what a team has used, which stands in the books."""


def _table() -> dict[bytes, Target]:
    table = {path: Target(b"GET", inquiry=name) for path, name in _HEALTH.items()}
    for prefixes, calls in ((OPENAI_PREFIXES, _OPENAI_CALLS), (ANTHROPIC_PREFIXES, _ANTHROPIC_CALLS)):
        for prefix in prefixes:
            for path, dialect in calls.items():
                table[(prefix + path).encode()] = Target(b"POST", dialect=dialect)
    for prefix in {*OPENAI_PREFIXES, *ANTHROPIC_PREFIXES, *GEMINI_PREFIXES}:
        for path, inquiry in _INQUIRIES.items():
            table[(prefix + path).encode()] = Target(b"GET", inquiry=inquiry)
        table[(prefix + "/route/explain").encode()] = Target(b"POST", inquiry="explain")
    for prefix in OPENAI_PREFIXES:
        for path, resource in COLLECTIONS.items():
            methods = METHODS[resource.kind, resource.action]
            table[(prefix + path).encode()] = Target(methods, resource=resource)
    table[b"/v2/rerank"] = Target(b"POST", dialect=RERANK)
    table[b"/v1/status"] = Target(b"GET", inquiry="status")
    table[b"/v1"] = table[b"/v1/"] = Target(b"GET", inquiry="card")
    return table


TARGETS: Final = _table()
DIALECTS: Final[dict[str, Dialect]] = {
    dialect.operation: dialect
    for dialect in (*_OPENAI_CALLS.values(), *_ANTHROPIC_CALLS.values(), *(verb[0] for verb in _VERBS.values()))
}
"""What can be asked for, by operation."""
_MODEL_PATH: Final = re.compile(
    rb"(?:/openai|/anthropic|/gemini)?(?:/v1beta1|/v1beta|/v1alpha|/v1)?"
    rb"(?:/projects/[^/]+/locations/[^/]+)?(?:/publishers/(?P<publisher>[^/]+))?/models/(?P<id>.+)"
)
_PUBLISHED: Final = re.compile(r"publishers/([^/]+)/models/(.+)")
_UNLISTED_PATH: Final = re.compile(rb"(?:/gemini)?/(?:v1beta1|v1beta|v1alpha|v1)/(?P<id>.+)")
_RESPONSE_PATH: Final = re.compile(rb"(?:/openai)?(?:/v1)?/responses/(?P<id>resp[^/]*)(?P<items>/input_items)?")
_DECISION_PATH: Final = re.compile(rb"(?:/openai|/anthropic|/gemini)?(?:/v1beta|/v1)?/route/decisions/(?P<id>[^/]+)")
_RAW: Final = b"/passthrough/"
_VERB: Final = re.compile(rb"(?P<id>.+)(?::|%3[aA])(?P<verb>[A-Za-z]+)")


def find(path: bytes) -> Target | None:
    """Return what `path` leads to in the data plane, or None."""
    target = TARGETS.get(path)
    if target is not None:
        return target
    found = _MODEL_PATH.fullmatch(path)
    if found is not None:
        publisher = unquoted(found["publisher"] or b"")
        return _find_verb(found["id"], publisher) or Target(
            b"GET", inquiry="model", model=_published(publisher, found["id"])
        )
    return _find_response(path) or _find_resource(path) or _find_unlisted(path)


def _published(publisher: str, model_id: bytes) -> str:
    """Return a model's name, with its publisher's before it as a provider.

    For Vertex AI, Google's SDK splits `provider/model` into a publisher and a model, whatever stands before the slash.
    """
    model = unquoted(model_id)
    inner = _PUBLISHED.fullmatch(model)
    if inner is not None:
        publisher, model = inner[1], inner[2]
    return model if publisher in ("", "google") else f"{publisher}/{model}"


def _find_response(path: bytes) -> Target | None:
    found = _RESPONSE_PATH.fullmatch(path)
    if found is None:
        decision = _DECISION_PATH.fullmatch(path)
        return None if decision is None else Target(b"GET", inquiry="decision", id=unquoted(decision["id"]))
    response_id = unquoted(found["id"])
    if found["items"]:
        return Target(b"GET", inquiry="input_items", id=response_id)
    return Target(b"DELETE, GET", inquiry="response", id=response_id)


def _find_unlisted(path: bytes) -> Target | None:
    found = _UNLISTED_PATH.fullmatch(path)
    return _find_verb(found["id"]) if found is not None else None


def _find_verb(text: bytes, publisher: str = "") -> Target | None:
    verb = _VERB.fullmatch(text)
    if verb is None or verb["verb"] not in _VERBS:
        return None
    dialect, stream = _VERBS[verb["verb"]]
    return Target(b"POST", dialect, model=_published(publisher, verb["id"]), stream=stream)


def _find_resource(path: bytes) -> Target | None:
    if path.startswith(_RAW):
        provider, _, rest = path.removeprefix(_RAW).partition(b"/")
        return Target(b"*", raw=RawTarget(unquoted(provider), rest))
    found = find_resource(path)
    if found is None:
        return None
    resource, methods = found
    return Target(methods, resource=replace(resource, id=unquoted(resource.id.encode("latin-1"))))


def unquoted(text: bytes) -> str:
    """Return a part of a path without its percent escapes."""
    return unquote_to_bytes(text).decode("utf-8", "replace")


def is_control(path: bytes) -> bool:
    """Whether the control process owns `path`."""
    if path == b"/" or path.startswith(_TEAM_USAGE):
        return True
    return any(path == prefix or path.startswith(prefix + b"/") for prefix in _CONTROL)
