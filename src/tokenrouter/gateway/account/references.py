"""Requests to a model that name something in the provider's account: only the caller's own may be named.

A question may refer to a file by its id, and the provider would read it out to whoever asks. So where an account has
files of any tenant, bodies are looked through for such references. Most have none, which one search for a few bytes
tells; only the others are decoded.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from tokenrouter.domain.errors import InvalidJson, NestedTooDeeply, NotFound
from tokenrouter.gateway.ownership import Ownership

_MARKS: Final = (b"file_id", b"vector_store")
_ESCAPED_ASCII: Final = re.compile(rb"\\u00[2-7][0-9a-fA-F]")
"""A letter of a field's name may be written like this (RFC 8259, 7), and nobody who writes plainly does."""
_FILE_FIELDS: Final = frozenset({"file_id", "file_ids"})
_STORE_FIELDS: Final = frozenset({"vector_store_id", "vector_store_ids"})
_USERS_OWN: Final = frozenset({"arguments", "args", "parameters", "input_schema", "schema", "metadata", "properties"})
"""Fields below which users write what they like: no provider looks for references there."""


def require_own_references(body: bytes, owner: str, provider: str, ownership: Ownership) -> None:
    """Look through a JSON body for ids of files and vector stores.

    Raises:
        NotFound: it names one at `provider` that is not `owner`'s.
        InvalidJson, NestedTooDeeply: it cannot be looked through.
    """
    for field, id_ in _references_in(body):
        if field not in _FILE_FIELDS or ownership.known(owner, "file", id_, provider) is None:
            what = "file" if field in _FILE_FIELDS else "vector store"
            raise NotFound(f"There is no {what} {id_[:100]!r} of yours.", param=field)


def has_references(body: bytes) -> bool:
    """Return whether a JSON body names anything in a provider's account.

    Raises:
        InvalidJson, NestedTooDeeply: it cannot be looked through.
    """
    return next(_references_in(body), None) is not None


def _references_in(body: bytes) -> Iterator[tuple[str, str]]:
    if not any(mark in body for mark in _MARKS) and _ESCAPED_ASCII.search(body) is None:
        return
    if not body.startswith(b"--"):  # a form brings its files along
        yield from _references(decoded_pairs(body))


class JsonPairs(list[tuple[str, Any]]):
    """A JSON object with all of its fields: of two with one name, another reader may take the first."""


def decoded_pairs(body: bytes) -> Any:
    """Return a JSON body with its objects as pairs.

    Raises:
        InvalidJson, NestedTooDeeply
    """
    try:
        return json.loads(body, object_pairs_hook=JsonPairs)
    except RecursionError:
        raise NestedTooDeeply("The body's JSON is nested too deeply; flatten it.") from None
    except ValueError:
        raise InvalidJson("The body is not JSON that can be read.") from None


def _references(value: Any) -> Iterator[tuple[str, str]]:
    """Yield the field and the id of every reference."""
    waiting = [value]
    while waiting:
        current = waiting.pop()
        if isinstance(current, JsonPairs):
            for name, inner in current:
                if name in _FILE_FIELDS or name in _STORE_FIELDS:
                    ids = inner if isinstance(inner, list) else [inner]
                    yield from ((name, id_) for id_ in ids if isinstance(id_, str))
                elif name not in _USERS_OWN and not (name == "input" and isinstance(inner, JsonPairs)):
                    waiting.append(inner)
        elif isinstance(current, list):
            waiting += current
