"""Serving the vendors: from the path to the answer, with a line in the books at both ends.

The vendors differ in who may ask, how a failure looks and what is answered; an `Operation` holds these. All else is
the same for each: the models, the faults, the caches, the books.
"""

import asyncio
import dataclasses
import time
from collections.abc import Callable, Sequence
from typing import Final

from tokenrouter.sandbox import catalog, delivery
from tokenrouter.sandbox.books import Books, Entry
from tokenrouter.sandbox.delivery import JSON, Exchange, encoded
from tokenrouter.sandbox.errors import ApiError
from tokenrouter.sandbox.faults import FAULTS, Visitors, refusal
from tokenrouter.sandbox.fields import Fields
from tokenrouter.sandbox.operations import Job, Operation, Page, Raw, request_id
from tokenrouter.sandbox.prompt_cache import PromptCache
from tokenrouter.sandbox.question import Question
from tokenrouter.sandbox.server import Reply, Request

MAX_NOTED: Final = 200
"""Characters of a caller's own ids, and number of field names, that the books keep."""

_CLIENT_IDS: Final = ("x-request-id", "x-client-request-id")

Route = Callable[[Request], Operation | Page | Job | None]
"""What a request means to one vendor; None if the path is not its own."""


class Vendors:
    """Serves what one of `routes` knows; the first that does has it, and the last knows every path."""

    def __init__(self, routes: Sequence[Route], books: Books, prompts: PromptCache, visitors: Visitors) -> None:
        self._routes = routes
        self._books = books
        self._prompts = prompts
        self._visitors = visitors

    async def serve(self, request: Request, reply: Reply) -> None:
        for route in self._routes:
            found = route(request)
            if isinstance(found, Operation):
                await self._ask(request, reply, found)
            elif isinstance(found, Page):
                await self._show(request, reply, found)
            elif isinstance(found, Job):
                await self._show(request, reply, self._page(found))
            if found is not None:
                return

    async def _ask(self, request: Request, reply: Reply, operation: Operation) -> None:
        entry = Entry(operation.id, operation.model or "")
        fields, problem = self._begin(entry, request, operation)
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

    def _begin(self, entry: Entry, request: Request, operation: Operation) -> tuple[Fields, ApiError | None]:
        """Read the body and note the request; the problem is that of a body that cannot be read."""
        fields, problem = _read(request, operation)
        if operation.model is None:
            named = fields.values.get("model") or operation.default_model
            entry.model = named if isinstance(named, str) else ""
        self._books.begin(entry, _facts(request, operation, fields))
        return fields, problem

    async def _answer(self, request: Request, reply: Reply, entry: Entry, fields: Fields, operation: Operation) -> None:
        question = self._question(request, fields, operation)
        exchange = Exchange(reply, entry, question.model, operation.answer(question), operation.headers(entry.id))
        fault = question.model.fault
        await (FAULTS[fault].deliver if fault else delivery.deliver)(exchange)

    def _question(self, request: Request, fields: Fields, operation: Operation) -> Question:
        owner = operation.admit(request)
        model = catalog.find(operation.model_name(fields))
        refused = refusal(model, lambda: self._visitors.is_new(f"{owner}\n{_user(fields)}"))
        if refused is not None:
            raise refused
        ratio = model.tokenizer.bytes_per_token
        return Question(
            fields=fields,
            model=model,
            raw=request.body,
            created=int(time.time()),
            owner=owner,
            cached_tokens=lambda prompt: self._prompts.cached_tokens(
                f"{owner}\n{model.name}", prompt, ratio, model.caches_from
            ),
        )

    async def _show(self, request: Request, reply: Reply, page: Page) -> None:
        entry = Entry(request_id(), "")
        if page.dialect:
            self._books.begin(entry, _page_facts(request, page.dialect))
        try:
            made = page.make()
            raw = made if isinstance(made, Raw) else Raw(encoded(made), JSON)
            await reply.whole(200, raw.data, page.headers + raw.headers)
        except ApiError as error:
            told = page.restate(error)
            entry.status = told.status
            await reply.whole(told.status, encoded(told.document()), page.headers + _header_lines(told) + JSON)
        finally:
            entry.bytes_written = reply.bytes_written
            if page.dialect:
                self._books.end(entry)

    def _page(self, job: Job) -> Page:
        def ask(request: Request) -> object:
            operation = job.operation(request)
            if operation is None:
                raise ApiError(404, f"Invalid URL ({request.method} {request.path})")
            return self._answer_now(request, dataclasses.replace(operation, dialect=job.dialect))

        return Page(lambda: job.make(ask), job.restate, job.headers, job.dialect)

    def _answer_now(self, request: Request, operation: Operation) -> object:
        """The document that answers a request of a job; all of it is billed. Raises: ApiError."""
        entry = Entry(operation.id, "")
        fields, problem = self._begin(entry, request, operation)
        try:
            if problem is not None:
                raise problem
            answer = operation.answer(self._question(request, fields, operation))
            entry.usage, entry.generated = answer.usage, answer.usage.completion
            return answer.document()
        except ApiError as error:
            entry.status = error.status
            raise
        finally:
            self._books.end(entry)


async def _refuse(reply: Reply, entry: Entry, operation: Operation, error: ApiError) -> None:
    told = operation.restate(error)
    entry.status = told.status
    headers = operation.headers(entry.id) + _header_lines(told) + JSON
    await reply.whole(told.status, operation.error_body(told), headers)


def _read(request: Request, operation: Operation) -> tuple[Fields, ApiError | None]:
    try:
        return operation.read(request), None
    except ApiError as error:
        return Fields({}), error


def _facts(request: Request, operation: Operation, fields: Fields) -> dict[str, object]:
    """What the books keep of a request; never its content."""
    return {
        **_page_facts(request, operation.dialect),
        "stream": operation.streams or fields.values.get("stream") is True,
        "user": _user(fields),
        "fields": sorted(fields.values)[:MAX_NOTED],
    }


def _page_facts(request: Request, dialect: str) -> dict[str, object]:
    return {
        "dialect": dialect,
        "path": request.path,
        "stream": False,
        **{name: request.headers.get(name, "")[:MAX_NOTED] or None for name in _CLIENT_IDS},
        "user": None,
        "fields": [],
        "body_bytes": len(request.body),
    }


def _user(fields: Fields) -> str | None:
    """Whom the caller asks for: `user`, or Anthropic's `metadata.user_id`."""
    user, metadata = fields.values.get("user"), fields.values.get("metadata")
    if user is None and isinstance(metadata, dict):
        user = metadata.get("user_id")
    return user[:MAX_NOTED] if isinstance(user, str) else None


def _header_lines(error: ApiError) -> str:
    return "".join(f"{name}: {value}\r\n" for name, value in error.headers)
