"""Which errors each operation of the API declares in its OpenAPI document.

Errors are raised far below the routes, so no route can list its own without being wrong soon. What an operation takes
says enough of what may come: whoever needs a key may have a bad one, what is named in a path may not be there, what is
written may be somebody else's. Only what cannot be seen so is said at the route, by its status: `responses={429: {}}`.
`tests/admin/test_schemathesis.py` holds the answers that are really given against what stands here.
"""

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any, Final

_METHODS: Final = ("get", "put", "post", "patch", "delete")
_UNSAFE: Final = frozenset(("put", "post", "patch", "delete"))
_OF_FRAMEWORK: Final = ("HTTPValidationError", "ValidationError")
"""Shapes that FastAPI declares for 422; ours is a problem document as well."""
_TEXT: Final = {"type": "string"}

PROBLEM: Final[dict[str, Any]] = {
    "type": "object",
    "title": "Problem",
    "description": "An error (RFC 9457); `code` is for programs, `errors` names each field at fault.",
    "required": ["type", "title", "status", "code", "detail"],
    "additionalProperties": False,
    "properties": {
        "type": _TEXT,
        "title": _TEXT,
        "status": {"type": "integer"},
        "code": _TEXT,
        "detail": _TEXT,
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "message"],
                "additionalProperties": False,
                "properties": {"field": _TEXT, "message": _TEXT},
            },
        },
    },
}


def declare_problems(document: dict[str, Any]) -> None:
    """Have every operation of `document` declare the errors that it may answer."""
    used: set[int] = set()
    for item in document["paths"].values():
        for method in _METHODS:
            if method in item:
                used |= _declare(method, item[method])
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for name in _OF_FRAMEWORK:
        schemas.pop(name, None)
    schemas["Problem"] = PROBLEM
    components["responses"] = {_name(status): _answer(status) for status in sorted(used)}


def _declare(method: str, operation: dict[str, Any]) -> set[int]:
    """Have one operation declare its errors, and return their statuses."""
    answers = operation["responses"]
    statuses = {int(status) for status in answers if int(status) >= 400} | set(_statuses(method, operation))
    for status in sorted(statuses):
        answers[str(status)] = {"$ref": f"#/components/responses/{_name(status)}"}
    return statuses


def _statuses(method: str, operation: Mapping[str, Any]) -> Iterator[int]:
    """Yield what may be answered by what an operation takes."""
    places = {one["in"] for one in operation.get("parameters", ())}
    yield from (401, 403, 503)
    if "security" not in operation:
        yield 429  # Whoever signs in or up may have tried too often.
    if "requestBody" in operation or "header" in places:
        yield 400
    if "path" in places or method in _UNSAFE:
        yield 404
    if method in _UNSAFE:
        yield 409
    if any(one["name"] == "if-match" for one in operation.get("parameters", ())):
        yield 412
    if places or "requestBody" in operation:
        yield 422


def _name(status: int) -> str:
    return f"Problem{status}"


def _answer(status: int) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": HTTPStatus(status).phrase, "content": {"application/problem+json": {"schema": schema}}}
