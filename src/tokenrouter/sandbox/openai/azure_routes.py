"""Azure OpenAI: OpenAI's answers behind deployments and API versions, with the results of a content filter.

From Azure OpenAI's REST reference, "API version lifecycle" and "Content filtering" (learn.microsoft.com/azure, read
2026-11) and recorded streams. `/openai/deployments/{d}/…` needs a known `api-version`, `/openai/v1/…` takes `v1`,
`preview` or none. A caller has an `api-key` header, or bears a key or an Entra ID token.

`be blocked with content_filter` in the last user message has the prompt refused, `finish with content_filter` the
answer cut by the filter.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, cast
from urllib.parse import parse_qs, unquote

from tokenrouter.sandbox.delivery import Answer, Frame, Stream, event
from tokenrouter.sandbox.errors import ApiError
from tokenrouter.sandbox.openai import chat, completions, embeddings
from tokenrouter.sandbox.operations import Operation, Page
from tokenrouter.sandbox.question import Question
from tokenrouter.sandbox.responses.routes import ResponseRoutes
from tokenrouter.sandbox.server import Request

API_VERSIONS: Final = frozenset(
    (
        "2023-05-15", "2024-02-01", "2024-06-01", "2024-10-21", "2024-08-01-preview", "2024-10-01-preview",
        "2024-12-01-preview", "2025-01-01-preview", "2025-02-01-preview", "2025-03-01-preview", "2025-04-01-preview",
    )
)  # fmt: skip
"""What the lifecycle page lists as supported; the last of the dated ones, since v1 followed."""
V1_VERSIONS: Final = frozenset(("", "v1", "preview", "latest"))

_DEPLOYMENT: Final = re.compile(
    r"/openai/deployments/(?P<deployment>.+?)/(?P<endpoint>chat/completions|completions|embeddings)"
)
_V1: Final = re.compile(r"/openai/v1/(?P<endpoint>chat/completions|completions|embeddings|responses)")
_CATEGORIES: Final = ("hate", "self_harm", "sexual", "violence")
_BLOCKED: Final = "be blocked with content_filter"
_FILTERED: Final = "finish with content_filter"
_FILTER_MESSAGE: Final = (
    "The response was filtered due to the prompt triggering Azure OpenAI's content management policy. Please modify "
    "your "
    "prompt and retry. To learn more about our content filtering policies please read our documentation: "
    "https://go.microsoft.com/fwlink/?linkid=2198766"
)
_DENIED: Final = (
    "Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid key for an "
    "active "
    "subscription and use a correct regional API endpoint for your resource."
)
_CODES: Final = {401: "401", 404: "404", 429: "429", 500: "InternalServerError", 503: "ServiceUnavailable"}
_HEADERS: Final = (
    "x-ms-region: Sandbox\r\nx-ratelimit-remaining-requests: 9999\r\nx-ratelimit-remaining-tokens: 1999000\r\n"
)


class AzureError(ApiError):
    """An error of Azure's own, with `code` and `message` only, and for the content filter its findings."""

    def __init__(self, status: int, code: str, message: str, more: dict[str, object] | None = None) -> None:
        super().__init__(status, message, code=code)
        self._more = more or {}

    def document(self) -> dict[str, object]:
        return {"error": {"code": self.code, "message": self.message, **self._more}}


class AzureRoutes:
    """Deployments are named like the models; with `api_keys`, no others are taken."""

    def __init__(self, api_keys: frozenset[str], stored: ResponseRoutes) -> None:
        self._api_keys = api_keys
        self._answers = {**_ANSWERS, "responses": stored.answer}

    def __call__(self, request: Request) -> Operation | Page | None:
        found = _DEPLOYMENT.fullmatch(request.path) or _V1.fullmatch(request.path)
        if not request.path.startswith("/openai/"):
            return None
        version = parse_qs(request.query).get("api-version", [""])[0]
        deployment = found.groupdict().get("deployment") if found else None
        problem = _version_problem(version, dated=deployment is not None)
        if found is None or request.method != "POST" or problem:
            return Page(lambda: _refuse(problem or _not_found()), lambda error: error)
        return Operation(
            dialect=found["endpoint"],
            model=unquote(deployment) if deployment else None,
            streams=False,
            admit=self._admit,
            answer=self._answers[found["endpoint"]],
            restate=_restated,
            headers=lambda name: f"x-request-id: {name}\r\napim-request-id: {name}\r\n{_HEADERS}",
        )

    def _admit(self, request: Request) -> str:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        bearer = token.strip() if scheme.lower() == "bearer" else ""
        key = request.headers.get("api-key") or bearer
        if not key or (self._api_keys and key not in self._api_keys):
            raise AzureError(401, "401", _DENIED)
        return key


def chat_answer(question: Question) -> Answer:
    """OpenAI's answer with the findings of the filter. Raises: ApiError."""
    words = _last_user_words(question)
    if _BLOCKED in words:
        raise _filtered_prompt()
    cut = _FILTERED in words
    answer = chat.answer(question)
    stream = _FilteredStream(answer.stream, cut) if answer.stream else None
    return Answer(answer.usage, lambda: _marked_document(answer.document(), cut), stream)


@dataclass(frozen=True, slots=True)
class _FilteredStream:
    """The chunks of the chat, after one about the prompt; each choice carries its findings."""

    inner: Stream
    cut: bool

    def opening(self) -> Iterator[Frame]:
        head = {
            "choices": [],
            "created": 0,
            "id": "",
            "model": "",
            "object": "",
            "prompt_filter_results": _prompt_results(),
        }
        yield Frame(event(head))
        yield from map(self._marked, self.inner.opening())

    def body(self) -> Iterator[Frame]:
        return map(self._marked, self.inner.body())

    def closing(self) -> Iterator[Frame]:
        return map(self._marked, self.inner.closing())

    def error(self, message: str) -> Iterator[Frame]:
        yield from self.inner.error(message)

    def _marked(self, frame: Frame) -> Frame:
        if not frame.data.startswith(b"data: {"):
            return frame
        chunk = cast(dict[str, object], json.loads(frame.data[len(b"data: ") :]))
        for choice in cast(list[dict[str, object]], chunk["choices"]):
            _mark(choice, self.cut and choice["finish_reason"] is not None)
        return Frame(event(chunk), frame.tokens)


def _marked_document(document: object, cut: bool) -> object:
    whole = cast(dict[str, object], document)
    for choice in cast(list[dict[str, object]], whole["choices"]):
        _mark(choice, cut)
    return {**whole, "prompt_filter_results": _prompt_results()}


def _mark(choice: dict[str, object], cut: bool) -> None:
    if cut:
        choice["finish_reason"] = "content_filter"
    delta = choice.get("delta")
    silent = isinstance(delta, dict) and not delta.get("content")
    choice["content_filter_results"] = {} if silent and not cut else _findings("violence" if cut else None)


def _findings(caught: str | None) -> dict[str, object]:
    return {
        name: {"filtered": name == caught, "severity": "medium" if name == caught else "safe"} for name in _CATEGORIES
    }


def _prompt_results() -> list[dict[str, object]]:
    findings = {**_findings(None), "jailbreak": {"filtered": False, "detected": False}}
    return [{"prompt_index": 0, "content_filter_results": findings}]


def _filtered_prompt() -> AzureError:
    inner = {"code": "ResponsibleAIPolicyViolation", "content_filter_result": _findings("violence")}
    more: dict[str, object] = {"param": "prompt", "type": None, "status": 400, "innererror": inner}
    return AzureError(400, "content_filter", _FILTER_MESSAGE, more)


def _last_user_words(question: Question) -> str:
    messages = question.fields.values.get("messages")
    last = messages[-1] if isinstance(messages, list) and messages else None
    return json.dumps(last.get("content")) if isinstance(last, dict) and last.get("role") == "user" else ""


def _version_problem(version: str, *, dated: bool) -> AzureError | None:
    if dated and not version:
        return _not_found()
    if version in (API_VERSIONS if dated else V1_VERSIONS):
        return None
    return AzureError(400, "BadRequest", "API version not supported")


def _not_found() -> AzureError:
    return AzureError(404, "404", "Resource not found")


def _refuse(error: AzureError) -> object:
    raise error


def _restated(error: ApiError) -> ApiError:
    """Mistakes in the body look like OpenAI's; what Azure itself refuses does not."""
    if error.code == "model_not_found":
        message = (
            "The API deployment for this resource does not exist. If you created the deployment within the last 5 "
            "minutes, "
            "please wait a moment and try again."
        )
        return AzureError(404, "DeploymentNotFound", message)
    if isinstance(error, AzureError) or error.status not in _CODES:
        return error
    restated = AzureError(error.status, _CODES[error.status], _DENIED if error.status == 401 else error.message)
    restated.headers = error.headers
    return restated


_ANSWERS: Final[dict[str, Callable[[Question], Answer]]] = {
    "chat/completions": chat_answer,
    "completions": completions.answer,
    "embeddings": embeddings.answer,
}
