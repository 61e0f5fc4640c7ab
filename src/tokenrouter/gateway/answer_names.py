"""What makes two requests the same, and the names under which their answers are kept (pure).

Whose they are comes first, so that no header and no body leads to another's answer. Names are keyed hashes: who can
read them, on a shared server for instance, learns neither who asked nor what.
"""

from collections.abc import Iterator, Mapping
from hashlib import blake2b
from typing import Any, Final

import msgspec

from tokenrouter.dialects.base import Head
from tokenrouter.dialects.json import RawObject
from tokenrouter.domain.errors import GatewayError
from tokenrouter.domain.ledger import Operation
from tokenrouter.gateway.call import Call
from tokenrouter.gateway.choices import routes_of
from tokenrouter.gateway.directory import Directory, Principal
from tokenrouter.gateway.ownership import owner_of
from tokenrouter.gateway.routing import resolve

NAME_BYTES: Final = 24
_MAX_KEY_BYTES: Final = 64
"""Longest key of BLAKE2b (RFC 7693, 2.1)."""

UNHEARD: Final[Mapping[Operation, frozenset[str]]] = {
    "chat": frozenset({"user", "safety_identifier", "metadata", "prompt_cache_key", "prompt_cache_retention"}),
    "completions": frozenset({"user"}),
    "embeddings": frozenset({"user"}),
    "messages": frozenset({"metadata"}),
    "responses": frozenset(),
    "generate_content": frozenset({"labels"}),
    "embed_content": frozenset(),
    "batch_embed_contents": frozenset(),
    "converse": frozenset({"requestMetadata"}),
    "moderations": frozenset(),
    "rerank": frozenset(),
}
"""Operations whose answers may be kept, and the fields that say who asks or why, not what; the model sees none of them.
The Responses API gives such fields back in its answers, so there they all count."""
_ALWAYS_THE_SAME: Final = frozenset({"embeddings", "embed_content", "batch_embed_contents", "moderations", "rerank"})
_SETTINGS: Final = ("generationConfig", "generation_config", "inferenceConfig")
"""Where dialects have the temperature that do not have it at the top."""
_FORWARDED_KEY: Final = b"idempotency-key:"


def idempotency_name(directory: Directory, principal: Principal, key: bytes) -> bytes:
    """Return the name of what the caller marks by its idempotency key: it is this API key's alone."""
    return _hash(directory.pepper, b"idempotency", principal.key.id.encode(), key)


def request_digest(call: Call) -> bytes:
    """Return what tells two requests apart that come with one idempotency key.

    The boundary of a form is chosen anew each time it is sent, also by SDKs that send it again (openai-python 3.52,
    2026-11), so it does not count.
    """
    body, head = call.body, call.head
    if body.startswith(b"--"):
        body = body.replace(body[: body.find(b"\r\n")], b"--")
    said = f"{head.dialect.name} {head.model} {head.stream} {head.sse}".encode()
    return _hash(b"", said, body)


def cache_name(directory: Directory, principal: Principal, call: Call, peeked: Head) -> bytes | None:
    """Return the name of the answer to this request, None where its answer is not to be kept.

    Two requests have the same if they are of one team (or user, or key), in one dialect, for one model that leads to
    the same places, and say the same: their fields in any order, each byte for byte, but for those that are `UNHEARD`.

    Raises:
        GatewayError: the caller may not use the model, or there is none.
    """
    head, fields = call.head, peeked.body.fields
    unheard = UNHEARD.get(head.dialect.operation)
    if unheard is None or not fields or _is_stored(directory, head.dialect.operation, fields):
        return None
    said = f"{head.dialect.name} {peeked.model} {peeked.stream} {head.sse}".encode()
    heard = [part for name in sorted(fields.keys() - unheard) for part in (name.encode(), bytes(fields[name]))]
    places = [place.encode() for place in _places(directory, principal, peeked.model)]
    owner = owner_of(principal).encode()
    return _hash(directory.pepper, b"cache", owner, said, _headers(call), b"%d" % len(places), *places, *heard)


def is_deterministic(operation: Operation, fields: RawObject) -> bool:
    """Whether asking twice should give the same: by a temperature of 0, a seed, or as nothing is left to chance."""
    if operation in _ALWAYS_THE_SAME:
        return True
    for place in (fields, *(_decoded(fields[name]) for name in _SETTINGS if name in fields)):
        if _number(place, "temperature") == 0 or _number(place, "seed") is not None:
            return True
    return False


def _is_stored(directory: Directory, operation: Operation, fields: RawObject) -> bool:
    """Whether the answer gets an id under which it can be gone on from, or goes on from such."""
    if operation != "responses":
        return False
    wish = bytes(fields.get("store", b"null"))
    by_default = wish == b"null" and directory.catalog.policy.responses_store_default
    return wish == b"true" or by_default or bytes(fields.get("previous_response_id", b"null")) != b"null"


def _places(directory: Directory, principal: Principal, model: str) -> Iterator[str]:
    """Yield what decides where the name leads: the profile, and each place with its address."""
    yield directory.catalog.active_profile
    for route in routes_of(resolve(directory, principal, model)):
        provider = route.entry.provider
        yield f"{provider.name} {provider.kind} {provider.base_url} {route.model}"


def _headers(call: Call) -> bytes:
    """Return the client's headers that change what a provider does."""
    lines = call.head.forwarded.split(b"\r\n")
    return b"\r\n".join(line for line in lines if not line.lower().startswith(_FORWARDED_KEY))


def _decoded(raw: msgspec.Raw) -> Mapping[str, Any]:
    try:
        return _object.decode(raw)
    except msgspec.DecodeError:
        return {}


_object: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_float: Final = msgspec.json.Decoder(float)


def _number(fields: Mapping[str, Any], name: str) -> float | None:
    try:
        return _float.decode(fields[name])
    except (KeyError, msgspec.DecodeError):
        return None


def _hash(key: bytes, *parts: bytes) -> bytes:
    """Return the hash of `parts`, each with its length, so that no two lists of parts look alike."""
    made = blake2b(key=key[:_MAX_KEY_BYTES], digest_size=NAME_BYTES)
    for part in parts:
        made.update(b"%d:" % len(part))
        made.update(part)
    return made.digest()


def peeked(call: Call) -> Head | None:
    """Return what the body says; None where it cannot be read, which the road will tell."""
    head = call.head
    try:
        return head.dialect.peek(call.body, head.model, head.stream)
    except GatewayError:
        return None
