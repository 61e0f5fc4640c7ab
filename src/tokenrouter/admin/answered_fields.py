"""Fields that an answer always has are required in the OpenAPI document, whether or not they have a default.

A default says what may be left out of what is sent. What the server sends has every field of its shape, and programs
that are written from the document should not have to ask whether one is there.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

_REFERENCE: Final = re.compile(r"#/components/schemas/(.+)")


def require_answered_fields(document: dict[str, Any]) -> None:
    """Have each shape of `document` that is only ever answered require all of its fields."""
    schemas: dict[str, Any] = document.get("components", {}).get("schemas", {})
    taken: set[str] = set()
    answered: set[str] = set()
    for operation in _operations(document):
        _follow({**operation, "responses": {}}, schemas, taken)
        _follow(operation.get("responses", {}), schemas, answered)
    for name in answered - taken:
        shape = schemas.get(name, {})
        if properties := shape.get("properties"):
            shape["required"] = list(properties)


def _operations(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for item in document["paths"].values():
        yield from (operation for operation in item.values() if isinstance(operation, dict))


def _follow(part: object, schemas: Mapping[str, Any], found: set[str]) -> None:
    """Add to `found` the names of all shapes that `part` leads to."""
    if isinstance(part, list):
        for one in part:
            _follow(one, schemas, found)
    if not isinstance(part, dict):
        return
    for name, value in part.items():
        match = _REFERENCE.fullmatch(value) if name == "$ref" and isinstance(value, str) else None
        if match is None:
            _follow(value, schemas, found)
        elif match[1] not in found:
            found.add(match[1])
            _follow(schemas.get(match[1]), schemas, found)
