"""The paths of OpenAI's Responses API below `/v1/responses`, for OpenAI and Azure alike.

From OpenAI's API reference ("Responses", read 2026-11). A WebSocket is not offered: 426, after which clients use POST.
"""

import re
from collections.abc import Callable
from typing import Final
from urllib.parse import parse_qs

from tokenrouter.sandbox.delivery import Answer
from tokenrouter.sandbox.errors import ApiError
from tokenrouter.sandbox.openai.listing import listing
from tokenrouter.sandbox.question import Question
from tokenrouter.sandbox.responses.responses import Responses, listed
from tokenrouter.sandbox.responses.store import ResponseStore, StoredResponse
from tokenrouter.sandbox.responses.thoughts import Json
from tokenrouter.sandbox.server import Request

_PATH: Final = "/v1/responses"
_STORED: Final = re.compile(r"/v1/responses/(?P<id>[^/]+)(?P<rest>/input_items|/cancel)?")
MOST_ITEMS: Final = 100


class ResponseRoutes:
    """What the paths mean; responses that were stored are remembered here."""

    def __init__(self) -> None:
        self._store = ResponseStore()
        self._responses = Responses(self._store)
        self._answers: dict[str, Callable[[Question], Answer]] = {
            _PATH: self._responses.create,
            f"{_PATH}/input_tokens": self._responses.count,
            f"{_PATH}/compact": self._responses.compact,
        }

    def answer(self, question: Question) -> Answer:
        """`POST /v1/responses`. Raises: ApiError 400, 404."""
        return self._responses.create(question)

    def operation(self, request: Request) -> Callable[[Question], Answer] | None:
        """What a model answers on this path, None if none does."""
        return self._answers.get(request.path)

    def page(self, request: Request) -> Callable[[str], object] | None:
        """The page of a stored response, made for who asks; None if the path is none."""
        if request.path == _PATH and request.method == "GET" and "upgrade" in request.headers:
            return _no_websocket
        found = _STORED.fullmatch(request.path)
        made = self._pages().get((request.method, found["rest"] or "")) if found else None
        if found is None or made is None or request.path in self._answers:
            return None
        name = found["id"]
        return lambda owner: made(request, self._found(owner, name))

    def _pages(self) -> dict[tuple[str, str], Callable[[Request, StoredResponse], object]]:
        return {
            ("GET", ""): _shown,
            ("DELETE", ""): self._deleted,
            ("GET", "/input_items"): _input_items,
            ("POST", "/cancel"): _cancelled,
        }

    def _found(self, owner: str, name: str) -> StoredResponse:
        found = self._store.find(owner, name)
        if found is None:
            raise ApiError(404, f"Response with id '{name}' not found.")
        return found

    def _deleted(self, request: Request, response: StoredResponse) -> Json:
        self._store.delete(response.owner, response.id)
        return {"id": response.id, "object": "response", "deleted": True}


def _shown(request: Request, response: StoredResponse) -> Json:
    """The document; a background response is done as soon as somebody looks."""
    if parse_qs(request.query).get("stream", ["false"])[0] == "true":
        message = "This response was not created as a stream in the background, so it cannot be streamed again."
        raise ApiError(400, message, param="stream")
    if response.pending is not None:
        response.document, response.pending = response.pending, None
    return response.document


def _cancelled(request: Request, response: StoredResponse) -> Json:
    if not response.document["background"]:
        raise ApiError(400, "Cannot cancel a synchronous response.")
    if response.pending is not None:
        response.document, response.pending = {**response.document, "status": "cancelled"}, None
        response.output = ()
    return response.document


def _input_items(request: Request, response: StoredResponse) -> Json:
    items = [listed(item) for item in response.input]
    return listing(items, request, MOST_ITEMS)


def _no_websocket(owner: str) -> object:
    message = "This endpoint does not speak WebSocket; use POST."
    raise ApiError(426, message, headers=(("upgrade", "HTTP/1.1"), ("connection", "upgrade")))
