"""Paths to handlers, keys, the books, and errors in the vendor's shape: everything around one answer."""

import asyncio
import time
from collections.abc import Callable
from typing import Final
from urllib.parse import parse_qs, unquote

from tokenrouter.sandbox import catalog, chat, completions, delivery, embeddings, ids, responses
from tokenrouter.sandbox.azure_routes import AzureRoutes
from tokenrouter.sandbox.bedrock_routes import AwsAccess, BedrockRoutes
from tokenrouter.sandbox.books import Books, Entry
from tokenrouter.sandbox.delivery import JSON, Answer, Exchange, encoded
from tokenrouter.sandbox.errors import ApiError
from tokenrouter.sandbox.faults import FAULTS, Visitors, refusal
from tokenrouter.sandbox.fields import Fields, read_body
from tokenrouter.sandbox.gemini_routes import GeminiRoutes
from tokenrouter.sandbox.google_access import GoogleAccess
from tokenrouter.sandbox.prompt_cache import PromptCache
from tokenrouter.sandbox.question import Question
from tokenrouter.sandbox.server import Reply, Request
from tokenrouter.sandbox.vendors import Vendors

ENDPOINTS: Final[dict[str, Callable[[Question], Answer]]] = {
    "/v1/chat/completions": chat.answer,
    "/v1/completions": completions.answer,
    "/v1/embeddings": embeddings.answer,
    "/v1/responses": responses.answer,
}
"""What the models answer, by path of the POST."""

MAX_NOTED: Final = 200
"""Characters of a caller's own ids, and number of field names, that the books keep."""

_CLIENT_IDS: Final = ("x-request-id", "x-client-request-id")
_FIXED_HEADERS: Final = (
    "openai-version: 2020-10-01\r\n"
    "openai-organization: sandbox\r\n"
    "x-ratelimit-limit-requests: 10000\r\n"
    "x-ratelimit-limit-tokens: 2000000\r\n"
    "x-ratelimit-remaining-requests: 9999\r\n"
    "x-ratelimit-remaining-tokens: 1999000\r\n"
    "x-ratelimit-reset-requests: 6ms\r\n"
    "x-ratelimit-reset-tokens: 30ms\r\n"
)


class Sandbox:
    """The handler of every request. With `api_keys`, others get 401; without, any key and none will do."""

    def __init__(
        self,
        books: Books,
        api_keys: frozenset[str] = frozenset(),
        aws: AwsAccess | None = None,
        google: GoogleAccess | None = None,
    ) -> None:
        self._books = books
        self._api_keys = api_keys
        self._prompts = PromptCache()
        self._visitors = Visitors()
        routes = (
            GeminiRoutes(api_keys, google or GoogleAccess()),
            BedrockRoutes(api_keys, aws or AwsAccess()),
            AzureRoutes(api_keys),
        )
        self._vendors = Vendors(routes, books, self._prompts, self._visitors)

    async def __call__(self, request: Request, reply: Reply) -> None:
        if await self._vendors.serve(request, reply):
            return
        answer = ENDPOINTS.get(request.path)
        if answer is not None and request.method == "POST":
            await self._ask(request, reply, answer)
            return
        try:
            body, status, headers = encoded(self._page(request)), 200, JSON
        except ApiError as error:
            body, status, headers = _error_page(error)
        await reply.whole(status, body, f"x-request-id: {ids.digits('req_', 32)}\r\n{headers}")

    def _page(self, request: Request) -> object:
        """The pages that no model makes."""
        if request.path in ENDPOINTS or request.method != "GET":
            message = f"Not allowed to {request.method} on {request.path}."
            raise ApiError(405 if request.path in ENDPOINTS else 404, message)
        if request.path == "/books":
            return self._books.last(_lines_asked(request))
        if request.path == "/books/summary":
            return self._books.summary()
        self._check_key(request)
        if request.path == "/v1/models":
            return catalog.listing()
        if request.path.startswith("/v1/models/"):
            return catalog.page(unquote(request.path.removeprefix("/v1/models/")))
        raise ApiError(404, f"Invalid URL (GET {request.path})")

    async def _ask(self, request: Request, reply: Reply, answer: Callable[[Question], Answer]) -> None:
        """Answer a model's endpoint, with a line in the books at both ends."""
        try:
            fields = read_body(request.body)
            problem = None
        except ApiError as error:
            fields, problem = Fields({}), error
        model = fields.values.get("model")
        entry = Entry(ids.digits("req_", 32), model if isinstance(model, str) else "")
        self._books.begin(entry, _facts(request, fields))
        try:
            if problem is not None:
                raise problem
            await self._answer(request, reply, entry, fields, answer)
        except ApiError as error:
            entry.status = error.status
            body, status, headers = _error_page(error)
            await reply.whole(status, body, f"x-request-id: {entry.id}\r\n{_FIXED_HEADERS}{headers}")
        except asyncio.CancelledError:
            entry.end = "client_closed" if reply.peer_closed_at else "stopped"
            raise
        finally:
            entry.bytes_written = reply.bytes_written
            entry.closed_at = reply.peer_closed_at or None
            self._books.end(entry)

    async def _answer(
        self, request: Request, reply: Reply, entry: Entry, fields: Fields, answer: Callable[[Question], Answer]
    ) -> None:
        begun = time.monotonic()
        self._check_key(request)
        key = request.headers.get("authorization", "")
        model = catalog.find(fields.required_text("model"))
        visitor = f"{key}\n{fields.text('user') or ''}"
        refused = refusal(model, lambda: self._visitors.is_new(visitor))
        if refused is not None:
            raise refused
        ratio = model.tokenizer.bytes_per_token
        question = Question(
            fields=fields,
            model=model,
            raw=request.body,
            created=int(time.time()),
            cached_tokens=lambda prompt: self._prompts.cached_tokens(f"{key}\n{model.name}", prompt, ratio),
        )
        made = answer(question)
        spent_ms = int((time.monotonic() - begun) * 1000)
        headers = f"x-request-id: {entry.id}\r\nopenai-processing-ms: {spent_ms}\r\n{_FIXED_HEADERS}"
        exchange = Exchange(reply, entry, model, made, headers)
        await (FAULTS[model.fault].deliver if model.fault else delivery.deliver)(exchange)

    def _check_key(self, request: Request) -> None:
        if not self._api_keys:
            return
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and key.strip() in self._api_keys:
            return
        message = f"Incorrect API key provided: {key[:4]}***." if key else "You didn't provide an API key."
        raise ApiError(401, message, code="invalid_api_key" if key else None)


def _facts(request: Request, fields: Fields) -> dict[str, object]:
    """What the books keep of a request; never its content."""
    user = fields.values.get("user")
    return {
        "path": request.path,
        "stream": fields.values.get("stream") is True,
        **{name: request.headers.get(name, "")[:MAX_NOTED] or None for name in _CLIENT_IDS},
        "user": user[:MAX_NOTED] if isinstance(user, str) else None,
        "fields": sorted(fields.values)[:MAX_NOTED],
        "body_bytes": len(request.body),
    }


def _lines_asked(request: Request) -> int:
    text = parse_qs(request.query).get("last", ["1000"])[0]
    if not text.isdecimal():
        raise ApiError(400, "'last' has to be a number of lines.", param="last", code="invalid_value")
    return int(text)


def _error_page(error: ApiError) -> tuple[bytes, int, str]:
    headers = "".join(f"{name}: {value}\r\n" for name, value in error.headers)
    return encoded(error.document()), error.status, headers + JSON
