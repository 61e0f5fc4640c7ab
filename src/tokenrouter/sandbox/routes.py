"""The one list of vendors, and the pages about the sandbox itself.

Each entry of the list knows the paths of one vendor (`operations` says in which form); `vendors` serves them. A new
vendor is one line here.
"""

from collections.abc import Sequence
from typing import Final
from urllib.parse import parse_qs

from tokenrouter.sandbox.accounts import AccountRoutes
from tokenrouter.sandbox.anthropic.routes import AnthropicRoutes
from tokenrouter.sandbox.aws.routes import AwsAccess, BedrockRoutes
from tokenrouter.sandbox.books import Books
from tokenrouter.sandbox.errors import ApiError
from tokenrouter.sandbox.faults import Visitors
from tokenrouter.sandbox.google.access import GoogleAccess
from tokenrouter.sandbox.google.routes import GeminiRoutes
from tokenrouter.sandbox.openai.azure_routes import AzureRoutes
from tokenrouter.sandbox.openai.routes import OpenAiRoutes
from tokenrouter.sandbox.operations import Operation, Page
from tokenrouter.sandbox.prompt_cache import PromptCache
from tokenrouter.sandbox.responses.routes import ResponseRoutes
from tokenrouter.sandbox.server import Reply, Request
from tokenrouter.sandbox.vendors import Route, Vendors

DEFAULT_LINES: Final = 1000
"""Lines of the books on one page."""


class Sandbox:
    """The handler of every request. With `api_keys`, others are refused; without, any key and none will do."""

    def __init__(
        self,
        books: Books,
        api_keys: frozenset[str] = frozenset(),
        aws: AwsAccess | None = None,
        google: GoogleAccess | None = None,
    ) -> None:
        responses = ResponseRoutes()
        routes: Sequence[Route] = (
            BookRoutes(books),
            GeminiRoutes(api_keys, google or GoogleAccess()),
            BedrockRoutes(api_keys, aws or AwsAccess()),
            AzureRoutes(api_keys, responses),
            AccountRoutes(api_keys),
            AnthropicRoutes(api_keys),
            OpenAiRoutes(api_keys, responses),
        )
        self._vendors = Vendors(routes, books, PromptCache(), Visitors())

    async def __call__(self, request: Request, reply: Reply) -> None:
        await self._vendors.serve(request, reply)


class BookRoutes:
    """`GET /books` and `GET /books/summary`: what the sandbox has been asked and would bill."""

    def __init__(self, books: Books) -> None:
        self._books = books

    def __call__(self, request: Request) -> Operation | Page | None:
        if request.method != "GET":
            return None
        if request.path == "/books":
            return Page(lambda: self._books.last(_lines_asked(request)), lambda error: error)
        if request.path == "/books/summary":
            return Page(self._books.summary, lambda error: error)
        return None


def _lines_asked(request: Request) -> int:
    text = parse_qs(request.query).get("last", [str(DEFAULT_LINES)])[0]
    if not text.isdecimal():
        raise ApiError(400, "'last' has to be a number of lines.", param="last", code="invalid_value")
    return int(text)
