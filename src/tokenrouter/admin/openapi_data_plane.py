"""The data plane's part of the API description: those paths are served by another process."""

from typing import Any, Final

_ANY_OBJECT: Final = {"type": "object", "additionalProperties": True}


def _call(summary: str, required: tuple[str, ...], fields: dict[str, Any]) -> dict[str, Any]:
    schema = {"type": "object", "required": list(required), "properties": fields, "additionalProperties": True}
    return {
        "post": {
            "tags": ["inference"],
            "summary": summary,
            "security": [{"key": []}],
            "requestBody": {"required": True, "content": {"application/json": {"schema": schema}}},
            "responses": _answers("The provider's answer, as it came; an event stream with `stream: true`."),
        }
    }


def _inquiry(summary: str, *, key: bool = True) -> dict[str, Any]:
    operation = {"tags": ["inquiries"], "summary": summary, "responses": _answers("OK", errors=key)}
    return {"get": {**operation, "security": [{"key": []}]} if key else operation}


def _answers(words: str, *, errors: bool = True) -> dict[str, Any]:
    good = {"200": {"description": words, "content": {"application/json": {"schema": _ANY_OBJECT}}}}
    if not errors:
        return good
    error = {"description": "An error in OpenAI's shape", "content": {"application/json": {"schema": _ERROR}}}
    return {**good, "4XX": error, "5XX": error}


_ERROR: Final = {
    "type": "object",
    "properties": {
        "error": {
            "type": "object",
            "properties": {
                "message": {"type": "string"},
                "type": {"type": "string"},
                "param": {"type": ["string", "null"]},
                "code": {"type": ["string", "null"]},
            },
        },
        "request_id": {"type": "string"},
    },
}
_MODEL: Final = {"type": "string", "description": "`provider/model`, or an alias", "example": "sandbox/echo"}
_STREAM: Final = {"type": "boolean", "default": False}
_MESSAGES: Final = {"type": "array", "items": _ANY_OBJECT}

PATHS: Final[dict[str, Any]] = {
    "/v1/chat/completions": _call(
        "Chat completion", ("model", "messages"), {"model": _MODEL, "messages": _MESSAGES, "stream": _STREAM}
    ),
    "/v1/completions": _call("Legacy completion", ("model",), {"model": _MODEL, "prompt": {}, "stream": _STREAM}),
    "/v1/embeddings": _call("Embeddings", ("model", "input"), {"model": _MODEL, "input": {}}),
    "/v1/responses": _call("Response", ("model",), {"model": _MODEL, "input": {}, "stream": _STREAM}),
    "/v1/models": _inquiry("Models that the calling key may use"),
    "/v1/models/{id}": {
        **_inquiry("One model"),
        "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
    },
    "/v1/usage": _inquiry("What the calling key has used and has left"),
    "/healthz": _inquiry("Whether the process answers", key=False),
    "/health": _inquiry("The same, as JSON", key=False),
    "/readyz": _inquiry("Whether requests may be sent here", key=False),
}
