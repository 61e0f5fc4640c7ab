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


def _form_call(summary: str, required: tuple[str, ...], fields: dict[str, Any]) -> dict[str, Any]:
    """An operation whose body is a form with files."""
    call = _call(summary, required, fields)
    content = call["post"]["requestBody"]["content"]
    content["multipart/form-data"] = content.pop("application/json")
    return call


def _sound(call: dict[str, Any]) -> dict[str, Any]:
    """An operation whose answer is no JSON."""
    for operation in call.values():
        operation["responses"]["200"]["content"] = {"application/octet-stream": {"schema": _FILE}}
    return call


def _model_call(summary: str, field: str) -> dict[str, Any]:
    """An operation that has its model in the path."""
    call = _call(summary, (field,), {field: {}})
    return {**call, "parameters": [{"name": "model", "in": "path", "required": True, "schema": {"type": "string"}}]}


def _inquiry(summary: str, *, key: bool = True) -> dict[str, Any]:
    operation = {"tags": ["inquiries"], "summary": summary, "responses": _answers("OK", errors=key)}
    return {"get": {**operation, "security": [{"key": []}]} if key else operation}


def _resource(kind: str, **summaries: str) -> dict[str, Any]:
    """What lies in a provider's account: one summary for each method."""
    item: dict[str, Any] = {
        method: {
            "tags": ["files and batches"],
            "summary": summary,
            "security": [{"key": []}],
            "responses": _answers("The provider's answer, cut down to what is the caller's."),
        }
        for method, summary in summaries.items()
    }
    if "post" in item and kind == "file":
        fields = {"file": _FILE, "purpose": _TEXT}
        schema = {"type": "object", "required": list(fields), "properties": fields}
        item["post"]["requestBody"] = {"required": True, "content": {"multipart/form-data": {"schema": schema}}}
    return item


def _with_id(item: dict[str, Any]) -> dict[str, Any]:
    return {**item, "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}]}


def _answers(words: str, *, errors: bool = True) -> dict[str, Any]:
    good = {"200": {"description": words, "content": {"application/json": {"schema": _ANY_OBJECT}}}}
    if not errors:
        return good
    error = {
        "description": "An error in the shape of the path's vendor; here OpenAI's",
        "content": {"application/json": {"schema": _ERROR}},
    }
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
_TEXT: Final = {"type": "string"}
_FILE: Final = {"type": "string", "format": "binary"}
_MESSAGES: Final = {"type": "array", "items": _ANY_OBJECT}

PATHS: Final[dict[str, Any]] = {
    "/v1/chat/completions": _call(
        "Chat completion", ("model", "messages"), {"model": _MODEL, "messages": _MESSAGES, "stream": _STREAM}
    ),
    "/v1/completions": _call("Legacy completion", ("model",), {"model": _MODEL, "prompt": {}, "stream": _STREAM}),
    "/v1/embeddings": _call("Embeddings", ("model", "input"), {"model": _MODEL, "input": {}}),
    "/v1/responses": _call("Response", ("model",), {"model": _MODEL, "input": {}, "stream": _STREAM}),
    "/v1/images/generations": _call(
        "Pictures", ("model", "prompt"), {"model": _MODEL, "prompt": _TEXT, "stream": _STREAM}
    ),
    "/v1/images/edits": _form_call(
        "Pictures made from pictures", ("model", "image", "prompt"), {"model": _MODEL, "image": _FILE, "prompt": _TEXT}
    ),
    "/v1/images/variations": _form_call(
        "Variations of a picture", ("model", "image"), {"model": _MODEL, "image": _FILE}
    ),
    "/v1/audio/speech": _sound(
        _call("Speech", ("model", "input", "voice"), {"model": _MODEL, "input": _TEXT, "voice": {}})
    ),
    "/v1/audio/transcriptions": _form_call(
        "What was said", ("model", "file"), {"model": _MODEL, "file": _FILE, "stream": _STREAM}
    ),
    "/v1/audio/translations": _form_call(
        "What was said, in English", ("model", "file"), {"model": _MODEL, "file": _FILE}
    ),
    "/v1/moderations": _call("Moderation", ("input",), {"model": _MODEL, "input": {}}),
    **{
        path: _call(
            "Documents by how well they fit a query",
            ("model", "query", "documents"),
            {"model": _MODEL, "query": _TEXT, "documents": {"type": "array"}},
        )
        for path in ("/v1/rerank", "/v2/rerank")
    },
    "/v1/files": _resource("file", get="The caller's files", post="Upload a file"),
    "/v1/files/{id}": _with_id(_resource("file", get="One file", delete="Delete a file")),
    "/v1/files/{id}/content": _with_id(_sound(_resource("file", get="What is in a file"))),
    "/v1/batches": {
        "get": _resource("batch", get="The caller's batches")["get"],
        "post": _call("Begin a batch", ("input_file_id", "endpoint"), {"input_file_id": _TEXT, "endpoint": _TEXT})[
            "post"
        ],
    },
    "/v1/batches/{id}": _with_id(_resource("batch", get="One batch; pays for it when it has ended")),
    "/v1/batches/{id}/cancel": _with_id(_resource("batch", post="End a batch early")),
    "/v1/messages": _call(
        "Message (Anthropic)",
        ("model", "messages", "max_tokens"),
        {"model": _MODEL, "messages": {"type": "array"}, "max_tokens": {"type": "integer"}, "stream": _STREAM},
    ),
    "/v1/messages/count_tokens": _call(
        "Tokens of a message (Anthropic)",
        ("model", "messages"),
        {"model": _MODEL, "messages": {"type": "array"}},
    ),
    **{
        f"/v1beta/models/{{model}}:{verb}": _model_call(f"{what} (Gemini)", field)
        for verb, what, field in (
            ("generateContent", "Content", "contents"),
            ("streamGenerateContent", "Content as a stream", "contents"),
            ("countTokens", "Tokens of content", "contents"),
            ("embedContent", "Embedding", "content"),
            ("batchEmbedContents", "Embeddings", "requests"),
        )
    },
    "/v1/responses/input_tokens": _call("Tokens of a response's input", ("model",), {"model": _MODEL, "input": {}}),
    "/v1/responses/compact": _call("A conversation made shorter", ("model",), {"model": _MODEL, "input": {}}),
    "/v1/models": _inquiry("Models that the calling key may use"),
    "/v1/models/{id}": {
        **_inquiry("One model"),
        "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
    },
    "/v1/route/explain": _call(
        "What would become of a request: where it would go, and why; nobody is asked",
        (),
        {
            "operation": {"type": "string", "description": "Whose request it is: `chat`, `messages`, …"},
            "request": {**_ANY_OBJECT, "description": "The request, where it does not stand in the body itself"},
            "key": {"type": "string", "description": "Another key that would ask; for admins"},
            "model": _MODEL,
            "input_tokens": {"type": "integer"},
            "output_tokens": {"type": "integer"},
        },
    ),
    "/v1/route/decisions/{id}": {
        **_inquiry("How a request of the calling key was decided"),
        "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
    },
    "/v1/usage": _inquiry("What the calling key has used and has left"),
    "/v1/status": _inquiry("What was used lately: by everybody for an administrator, else by the calling key"),
    "/healthz": _inquiry("Whether the process answers", key=False),
    "/health": _inquiry("The same, as JSON", key=False),
    "/readyz": _inquiry("Whether requests may be sent here", key=False),
}
