"""Serving the vendors beside OpenAI: from the path to the answer, with a line in the books at both ends.

The vendors differ in who may ask, how a failure looks and what is answered; an `Operation` holds these. All else is
the same for each, and the same as for OpenAI's paths: the models, the faults, the caches, the books.
"""

import asyncio
import time
from collections.abc import Callable, Sequence

from tokenrouter.sandbox import catalog, delivery, ids
from tokenrouter.sandbox.books import Books, Entry
from tokenrouter.sandbox.delivery import JSON, Exchange, encoded
from tokenrouter.sandbox.errors import ApiError
from tokenrouter.sandbox.faults import FAULTS, Visitors, refusal
from tokenrouter.sandbox.fields import Fields, read_body
from tokenrouter.sandbox.operations import Operation, Page
from tokenrouter.sandbox.prompt_cache import PromptCache
from tokenrouter.sandbox.question import Question
from tokenrouter.sandbox.server import Reply, Request

Route = Callable[[Request], Operation | Page | None]
"""What a request means to one vendor; None if the path is not its own."""


class Vendors:
    """Serves what one of `routes` knows; the first that does has it."""

    def __init__(self, routes: Sequence[Route], books: Books, prompts: PromptCache, visitors: Visitors) -> None:
        self._routes = routes
        self._books = books
        self._prompts = prompts
        self._visitors = visitors

    async def serve(self, request: Request, reply: Reply) -> bool:
        """Answer the request, or return False if no vendor knows its path."""
        for route in self._routes:
            found = route(request)
            if isinstance(found, Operation):
                await self._ask(request, reply, found)
                return True
            if isinstance(found, Page):
                await _show(reply, found)
                return True
        return False

    async def _ask(self, request: Request, reply: Reply, operation: Operation) -> None:
        entry = Entry(ids.digits("req_", 32), operation.model or "")
        fields, problem = _read(request.body)
        if operation.model is None and isinstance(fields.values.get("model"), str):
            entry.model = str(fields.values["model"])
        self._books.begin(entry, _facts(request, operation, fields))
        try:
            if problem is not None:
                raise problem
            await self._answer(request, reply, entry, fields, operation)
        except ApiError as error:
            await _refuse(reply, entry, operation, error)
        except asyncio.CancelledError:
            entry.end = "client_closed" if reply.peer_closed_at else "stopped"
            raise
        finally:
            entry.bytes_written = reply.bytes_written
            entry.closed_at = reply.peer_closed_at or None
            self._books.end(entry)

    async def _answer(self, request: Request, reply: Reply, entry: Entry, fields: Fields, operation: Operation) -> None:
        owner = operation.admit(request)
        model = catalog.find(operation.model_name(fields))
        refused = refusal(model, lambda: self._visitors.is_new(f"{owner}\n{fields.values.get('user')}"))
        if refused is not None:
            raise refused
        ratio = model.tokenizer.bytes_per_token
        question = Question(
            fields=fields,
            model=model,
            raw=request.body,
            created=int(time.time()),
            cached_tokens=lambda prompt: self._prompts.cached_tokens(f"{owner}\n{model.name}", prompt, ratio),
        )
        exchange = Exchange(reply, entry, model, operation.answer(question), operation.headers(entry.id))
        await (FAULTS[model.fault].deliver if model.fault else delivery.deliver)(exchange)


async def _show(reply: Reply, page: Page) -> None:
    try:
        body, status, headers = encoded(page.make()), 200, JSON
    except ApiError as error:
        told = page.restate(error)
        body, status, headers = encoded(told.document()), told.status, _header_lines(told) + JSON
    await reply.whole(status, body, headers)


async def _refuse(reply: Reply, entry: Entry, operation: Operation, error: ApiError) -> None:
    told = operation.restate(error)
    entry.status = told.status
    headers = operation.headers(entry.id) + _header_lines(told) + JSON
    await reply.whole(told.status, operation.error_body(told), headers)


def _read(body: bytes) -> tuple[Fields, ApiError | None]:
    try:
        return read_body(body), None
    except ApiError as error:
        return Fields({}), error


def _facts(request: Request, operation: Operation, fields: Fields) -> dict[str, object]:
    """What the books keep of a request; never its content."""
    user = fields.values.get("user")
    return {
        "path": request.path,
        "stream": operation.streams or fields.values.get("stream") is True,
        "x-request-id": request.headers.get("x-request-id", "")[:200] or None,
        "x-client-request-id": request.headers.get("x-client-request-id", "")[:200] or None,
        "user": user[:200] if isinstance(user, str) else None,
        "fields": sorted(fields.values)[:200],
        "body_bytes": len(request.body),
    }


def _header_lines(error: ApiError) -> str:
    return "".join(f"{name}: {value}\r\n" for name, value in error.headers)
