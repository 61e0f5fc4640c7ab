"""Anthropic's paths: `/v1/messages`, `/v1/messages/count_tokens`, and `/v1/models` for who names an API version.

From Anthropic's API reference ("Overview", "Errors", "Rate limits", as of 2026-11): the key comes as `x-api-key` or as
a bearer, every request names its `anthropic-version`, every answer its `request-id`. The lists of models share their
path with OpenAI's and Google's: whoever shows an `anthropic-version` gets Anthropic's.

The pages themselves could not be read from here: what they say is taken from the vendor's SDKs, recorded exchanges and
issue threads; that is meant wherever these modules name a page "as of" a month.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import parse_qs, unquote

from tokenrouter.sandbox import ids
from tokenrouter.sandbox.anthropic.errors import AnthropicError, anthropic_error
from tokenrouter.sandbox.anthropic.messages import Messages, count_tokens
from tokenrouter.sandbox.anthropic.models import model_listing, model_page
from tokenrouter.sandbox.anthropic.terms import header_terms
from tokenrouter.sandbox.delivery import Answer
from tokenrouter.sandbox.operations import Operation, Page
from tokenrouter.sandbox.question import Question
from tokenrouter.sandbox.quotas import remaining, share_left
from tokenrouter.sandbox.server import Request

_ASKED: Final = ("/v1/messages", "/v1/messages/count_tokens")
_MODELS: Final = re.compile(r"/v1/models(?:/(?P<model>.+))?")
_LIMITS: Final = {"requests": 4_000, "tokens": 2_400_000, "input-tokens": 2_000_000, "output-tokens": 400_000}


class AnthropicRoutes:
    """With `api_keys`, others get 401; without, any key and none will do."""

    def __init__(self, api_keys: frozenset[str]) -> None:
        self._api_keys = api_keys
        self._messages = Messages()

    def __call__(self, request: Request) -> Operation | Page | None:
        if request.path in _ASKED:
            return self._operation(request)
        if request.path.startswith(_ASKED[0]):
            return self._page(request, _not_there)
        listed = _MODELS.fullmatch(request.path)
        if listed is None or "anthropic-version" not in request.headers:
            return None
        return self._page(request, lambda: self._models(request, listed["model"]))

    def _operation(self, request: Request) -> Operation | Page:
        if request.method != "POST":
            return self._page(request, _not_allowed)
        name = new_request_id()

        def answer(question: Question) -> Answer:
            terms, body = header_terms(request), question.fields.values
            if request.path == "/v1/messages":
                return self._messages.answer(question, body, terms)
            return count_tokens(question, body, terms)

        return Operation(
            dialect="anthropic",
            model=None,
            streams=False,
            admit=self._admit,
            answer=answer,
            restate=lambda error: anthropic_error(error, name),
            headers=lambda name: _headers(name, share_left(request)),
            id=name,
        )

    def _page(self, request: Request, make: Callable[[], object]) -> Page:
        name = new_request_id()
        return Page(make, lambda error: anthropic_error(error, name), f"request-id: {name}\r\n")

    def _models(self, request: Request, name: str | None) -> object:
        self._admit(request)
        header_terms(request)
        if request.method != "GET":
            _not_allowed()
        if name is not None:
            return model_page(unquote(name))
        return model_listing({key: values[0] for key, values in parse_qs(request.query).items()})

    def _admit(self, request: Request) -> str:
        scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
        key = request.headers.get("x-api-key") or (bearer.strip() if scheme.lower() == "bearer" else "")
        if not self._api_keys or key in self._api_keys:
            return key
        if not key:
            raise AnthropicError(401, "x-api-key header is required")
        raise AnthropicError(401, "invalid x-api-key" if "x-api-key" in request.headers else "Invalid bearer token")


def new_request_id(prefix: str = "req_011") -> str:
    """A name for a request, as Anthropic's look."""
    return ids.letters(prefix, 21)


def _headers(name: str, share: float | None) -> str:
    reset = (datetime.now(UTC) + timedelta(seconds=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    lines = [f"request-id: {name}", "anthropic-organization-id: 00000000-0000-4000-8000-000000000000"]
    for kind, limit in _LIMITS.items():
        told = {"limit": limit, "remaining": remaining(limit, share, by_default=limit - 1), "reset": reset}
        lines += [f"anthropic-ratelimit-{kind}-{what}: {value}" for what, value in told.items()]
    return "".join(f"{line}\r\n" for line in lines)


def _not_there() -> object:
    raise AnthropicError(404, "Not found")


def _not_allowed() -> object:
    raise AnthropicError(405, "Method Not Allowed")
