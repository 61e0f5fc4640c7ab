"""The paths of Google's Gemini models: AI Studio's (`/v1beta/models/…`) and Vertex AI's (`/v1/projects/…`).

Vertex AI's other publisher, Anthropic, stands beside them (`anthropic_clouds`).

From the Gemini API reference ("API overview", "Models", "API keys") and Vertex AI's (REST, `publishers.models`), read
2026-11. AI Studio knows its caller by `x-goog-api-key` or `?key=`, Vertex AI by an access token. The lists of models
share `/v1/models` with OpenAI: whoever shows one of Google's headers gets Google's.
"""

import re
from collections.abc import Callable
from typing import Final
from urllib.parse import parse_qs, unquote

from tokenrouter.sandbox import catalog
from tokenrouter.sandbox.anthropic.clouds import AnthropicOnVertex
from tokenrouter.sandbox.delivery import Answer, encoded
from tokenrouter.sandbox.errors import ApiError
from tokenrouter.sandbox.faults import FAULTS
from tokenrouter.sandbox.google import counts as gemini_counts
from tokenrouter.sandbox.google.access import GoogleAccess
from tokenrouter.sandbox.google.answer import GeminiAnswer, GeminiStream, silenced
from tokenrouter.sandbox.google.errors import GoogleError, bad_api_key, google_error, invalid, no_api_key
from tokenrouter.sandbox.google.request import read_generate
from tokenrouter.sandbox.google.surface import AI_STUDIO, VERTEX_AI, Surface
from tokenrouter.sandbox.models import MODELS, Model
from tokenrouter.sandbox.operations import Operation, Page, error_body
from tokenrouter.sandbox.question import Question
from tokenrouter.sandbox.server import Request
from tokenrouter.sandbox.speech import compose
from tokenrouter.sandbox.tokens import Usage

PAGE_SIZE: Final = 50

_AI_STUDIO: Final = re.compile(r"/(?:v1|v1beta)/models/(?P<model>.+):(?P<method>[a-zA-Z]+)")
_VERTEX: Final = re.compile(
    r"/(?:v1|v1beta1)/(?:projects/[^/]+/locations/[^/]+/)?publishers/"
    r"(?:google/models/(?P<model>.+)|fault/models/(?P<fault>[^/]+)|anthropic/models/(?P<anthropic>.+))"
    r":(?P<method>[a-zA-Z]+)"
)
"""Google's SDK makes a publisher of what stands before a slash, so `fault/429` comes as `fault/models/429`."""
_LIST: Final = re.compile(r"/(?P<version>v1|v1beta)/models(?:/(?P<model>.+))?")

_METHODS: Final[dict[str, Callable[[Question, Surface], Answer]]] = {
    "countTokens": gemini_counts.count_tokens,
    "embedContent": gemini_counts.embed,
    "batchEmbedContents": gemini_counts.embed_batch,
    "predict": gemini_counts.predict,
}
_ONLY_AT: Final = {"batchEmbedContents": AI_STUDIO, "predict": VERTEX_AI}
_GENERATE: Final = ("generateContent", "streamGenerateContent")


class GeminiRoutes:
    """Both of Google's surfaces; with `api_keys`, AI Studio takes no others."""

    def __init__(self, api_keys: frozenset[str], access: GoogleAccess) -> None:
        self._api_keys = api_keys
        self._access = access
        self._anthropic = AnthropicOnVertex()

    def __call__(self, request: Request) -> Operation | Page | None:
        if request.path == "/token" and request.method == "POST":
            return Page(lambda: self._access.issue(request), lambda error: error)
        at_vertex = _VERTEX.fullmatch(request.path)
        if at_vertex and at_vertex["anthropic"]:
            name = unquote(at_vertex["anthropic"])
            return self._anthropic.operation(request, name, at_vertex["method"], self._access.admit)
        if at_vertex:
            name = at_vertex["model"] or f"fault/{at_vertex['fault']}"
            return _operation(request, name, at_vertex["method"], VERTEX_AI, self._access.admit)
        at_studio = _AI_STUDIO.fullmatch(request.path)
        if at_studio and at_studio["method"] in (*_GENERATE, *_METHODS):
            return _operation(request, at_studio["model"], at_studio["method"], AI_STUDIO, self._admit_key)
        listed = _LIST.fullmatch(request.path)
        if listed and request.method == "GET" and (listed["version"] == "v1beta" or _is_googles(request)):
            return Page(lambda: self._models(request, listed["model"]), google_error)
        return None

    def _admit_key(self, request: Request) -> str:
        key = request.headers.get("x-goog-api-key") or _query(request).get("key", "")
        if not key and self._api_keys:
            raise no_api_key()
        if self._api_keys and key not in self._api_keys:
            raise bad_api_key()
        return key

    def _models(self, request: Request, name: str | None) -> dict[str, object]:
        self._admit_key(request)
        if name is not None:
            return _model_page(_found(unquote(name)))
        query = _query(request)
        names = [*MODELS, *(f"fault/{fault}" for fault in FAULTS)]
        size, start = query.get("pageSize", str(PAGE_SIZE)), query.get("pageToken", "0")
        if not size.isdecimal() or not start.isdecimal():
            raise invalid("Page size and page token have to be those of an earlier answer.")
        begin, end = int(start), int(start) + min(int(size) or PAGE_SIZE, 1000)
        page: dict[str, object] = {"models": [_model_page(catalog.find(each)) for each in names[begin:end]]}
        return {**page, "nextPageToken": str(end)} if end < len(names) else page


def generate(question: Question, surface: Surface, *, streams: bool, as_events: bool) -> Answer:
    """`generateContent` and `streamGenerateContent`. Raises: GoogleError 400."""
    request = read_generate(question.fields, question.raw, question.model, surface)
    said = silenced(compose(request.ask, question.model), request)
    usage = question.usage(request.ask, said, request.candidates)
    if request.block_reason:
        usage = Usage(usage.prompt, cached=usage.cached)
    made = GeminiAnswer(request, said, usage, question.model, surface)
    if not streams:
        return Answer(usage, made.document, failure=_failure)
    kind = "text/event-stream" if as_events else "application/json; charset=UTF-8"
    stream = GeminiStream(made, as_events=as_events)
    return Answer(usage, made.document, stream, f"content-type: {kind}\r\n", _failure, stream.malformed)


def _operation(
    request: Request, path_name: str, method: str, surface: Surface, admit: Callable[[Request], str]
) -> Operation | Page:
    name = unquote(path_name)
    known = method in _GENERATE or (method in _METHODS and _ONLY_AT.get(method, surface) is surface)
    if request.method != "POST" or not known:
        return Page(lambda: _not_there(request), google_error)
    streams = method == "streamGenerateContent"
    as_events = _query(request).get("alt") == "sse"
    other = _METHODS.get(method)

    def answer(question: Question) -> Answer:
        if other is not None:
            return other(question, surface)
        return generate(question, surface, streams=streams, as_events=as_events)

    return Operation(
        dialect=surface.name,
        model=name,
        streams=streams,
        admit=admit,
        answer=answer,
        restate=lambda error: _restated(error, name, method),
        headers=lambda _: "server: scaffolding on HTTPServer2\r\nvary: Origin\r\n",
        error_body=_error_in_array if streams and not as_events else error_body,
    )


def _failure(message: str) -> object:
    return google_error(ApiError(500, message)).document()


def _error_in_array(error: ApiError) -> bytes:
    """Without `alt=sse` an early failure, too, is the one element of an array."""
    return b"[" + encoded(error.document()) + b"]\n"


def _restated(error: ApiError, model: str, method: str) -> GoogleError:
    if error.code == "model_not_found":
        return GoogleError(
            404,
            f"models/{model} is not found for API version v1beta, or is not supported for {method}. Call ListModels to "
            "see the list of available models and their supported methods.",
        )
    return google_error(error)


def _not_there(request: Request) -> object:
    raise GoogleError(404, f"The requested URL {request.path} was not found on this server.")


def _found(name: str) -> Model:
    try:
        return catalog.find(name)
    except ApiError:
        raise GoogleError(404, f"Model is not found: models/{name} for api version v1beta") from None


def _model_page(model: Model) -> dict[str, object]:
    vectors = model.says == "vectors"
    methods = ["embedContent", "batchEmbedContents"] if vectors else [*_GENERATE, "countTokens"]
    return {
        "name": f"models/{model.name}",
        "version": "001",
        "displayName": model.name,
        "description": model.description,
        "inputTokenLimit": 1_048_576,
        "outputTokenLimit": 65_536,
        "supportedGenerationMethods": methods,
        "temperature": 1,
        "topP": 0.95,
        "topK": 64,
        "maxTemperature": 2,
        "thinking": model.thinking != "none",
    }


def _is_googles(request: Request) -> bool:
    return bool({"x-goog-api-key", "x-goog-api-client"} & request.headers.keys()) or "key" in _query(request)


def _query(request: Request) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(request.query).items()}
