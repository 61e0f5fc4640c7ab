"""OpenAI's paths under `/v1`: what models answer, and what the vendor keeps for its callers.

From OpenAI's API reference (read 2026-11), and `/v1/rerank` of the vendors who took its ways. Every model that talks
also draws, speaks, hears, judges and ranks. These routes come last and know every path that is left: what nobody serves
is OpenAI's 404.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

from tokenrouter.sandbox import catalog, ids
from tokenrouter.sandbox.delivery import Answer
from tokenrouter.sandbox.errors import ApiError
from tokenrouter.sandbox.fields import Fields
from tokenrouter.sandbox.openai import audio as openai_audio
from tokenrouter.sandbox.openai import chat, completions, embeddings
from tokenrouter.sandbox.openai import images as openai_images
from tokenrouter.sandbox.openai import moderations as openai_moderations
from tokenrouter.sandbox.openai import rerank as openai_rerank
from tokenrouter.sandbox.openai import transcripts as openai_transcripts
from tokenrouter.sandbox.openai.batches import Batches
from tokenrouter.sandbox.openai.files import Files, file_page
from tokenrouter.sandbox.openai.forms import read_form
from tokenrouter.sandbox.openai.vector_stores import VectorStores
from tokenrouter.sandbox.operations import AskNow, Job, Operation, Page, read_json
from tokenrouter.sandbox.question import Question
from tokenrouter.sandbox.quotas import openai_lines
from tokenrouter.sandbox.responses.routes import ResponseRoutes
from tokenrouter.sandbox.revocations import Revocations
from tokenrouter.sandbox.server import Request

USUAL_MODEL: Final = "lorem"
"""Where the vendor has a model of its own choice."""


def _spoken(answer: Callable[[Question], Answer]) -> Callable[[Question], Answer]:
    """The same, of models that talk."""

    def spoken(question: Question) -> Answer:
        if question.model.says == "vectors":
            raise ApiError(400, f"The model `{question.model.name}` only makes embeddings.", param="model")
        return answer(question)

    return spoken


@dataclass(frozen=True, slots=True)
class _Endpoint:
    """What a model answers to a POST."""

    answer: Callable[[Question], Answer]
    read: Callable[[Request], Fields] = read_json
    default_model: str | None = None


_ENDPOINTS: Final = {
    "/v1/chat/completions": _Endpoint(chat.answer),
    "/v1/completions": _Endpoint(completions.answer),
    "/v1/embeddings": _Endpoint(embeddings.answer),
    "/v1/moderations": _Endpoint(_spoken(openai_moderations.answer), default_model=USUAL_MODEL),
    "/v1/rerank": _Endpoint(_spoken(openai_rerank.answer)),
    "/v1/images/generations": _Endpoint(_spoken(openai_images.generate), default_model=USUAL_MODEL),
    "/v1/images/edits": _Endpoint(_spoken(openai_images.edit), read_form, USUAL_MODEL),
    "/v1/images/variations": _Endpoint(_spoken(openai_images.vary), read_form, USUAL_MODEL),
    "/v1/audio/speech": _Endpoint(_spoken(openai_audio.speech)),
    "/v1/audio/transcriptions": _Endpoint(_spoken(openai_transcripts.transcribe), read_form),
    "/v1/audio/translations": _Endpoint(_spoken(openai_transcripts.translate), read_form),
}
_KEPT: Final = ("files", "batches", "vector_stores", "responses")
"""What the vendor keeps, by the first step of its path; the books note each request for it."""

_FIXED_HEADERS: Final = "openai-version: 2020-10-01\r\nopenai-organization: sandbox\r\n"


class OpenAiRoutes:
    """With `api_keys`, others get 401; without, any key and none will do."""

    def __init__(self, api_keys: frozenset[str], responses: ResponseRoutes) -> None:
        self._api_keys = api_keys
        self._responses = responses
        self._revocations = Revocations()
        self._files = Files()
        self._batches = Batches(self._files)
        self._vector_stores = VectorStores(self._files)

    def __call__(self, request: Request) -> Operation | Page | Job | None:
        operation = self.operation(request)
        if operation is not None and request.method == "POST":
            return operation
        kind = request.path.removeprefix("/v1/").partition("/")[0]
        if kind == "batches":
            return Job(lambda ask: self._batch_page(request, ask), self.operation, _unchanged, _page_headers(), kind)
        known = operation is not None
        noted = kind if kind in _KEPT and not known else ""
        return Page(lambda: self._page(request, kind, known=known), _unchanged, _page_headers(), noted)

    def operation(self, request: Request) -> Operation | None:
        """What a model answers on this path, None if none does."""
        endpoint = _ENDPOINTS.get(request.path)
        stored = self._responses.operation(request)
        if stored is not None:
            endpoint = _Endpoint(stored)
        if endpoint is None:
            return None
        begun = time.monotonic()
        return Operation(
            dialect=request.path.removeprefix("/v1/"),
            model=None,
            streams=False,
            admit=self._admit,
            answer=endpoint.answer,
            restate=_unchanged,
            headers=lambda name: _headers(name, begun) + openai_lines(request),
            default_model=endpoint.default_model,
            read=endpoint.read,
        )

    def _batch_page(self, request: Request, ask: AskNow) -> object:
        return self._batches.page(request, self._admit(request), int(time.time()), ask)

    def _page(self, request: Request, kind: str, *, known: bool) -> object:
        """The pages that no model makes."""
        made = self._responses.page(request)
        if made is not None:
            return made(self._admit(request))
        if kind == "files":
            return file_page(self._files, request, self._admit(request), int(time.time()))
        if kind == "vector_stores":
            return self._vector_stores.page(request, self._admit(request), int(time.time()))
        if known or request.method != "GET":
            raise ApiError(405 if known else 404, f"Not allowed to {request.method} on {request.path}.")
        self._admit(request)
        if request.path == "/v1/models":
            return catalog.listing()
        if request.path.startswith("/v1/models/"):
            return catalog.page(unquote(request.path.removeprefix("/v1/models/")))
        raise ApiError(404, f"Invalid URL (GET {request.path})")

    def _admit(self, request: Request) -> str:
        authorization = request.headers.get("authorization", "")
        scheme, _, key = authorization.partition(" ")
        is_known = not self._api_keys or (scheme.lower() == "bearer" and key.strip() in self._api_keys)
        if is_known and not self._revocations.is_revoked(request):
            return authorization
        message = f"Incorrect API key provided: {key[:4]}***." if key else "You didn't provide an API key."
        raise ApiError(401, message, code="invalid_api_key" if key else None)


def _headers(name: str, begun: float) -> str:
    spent_ms = int((time.monotonic() - begun) * 1000)
    return f"x-request-id: {name}\r\nopenai-processing-ms: {spent_ms}\r\n{_FIXED_HEADERS}"


def _page_headers() -> str:
    return f"x-request-id: {ids.digits('req_', 32)}\r\n"


def _unchanged(error: ApiError) -> ApiError:
    return error
