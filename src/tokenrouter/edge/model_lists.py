"""Lists of models, and single ones, in the shape that a caller's SDK reads.

From the vendors' references (read 2026-11): platform.openai.com/docs/api-reference/models, docs.anthropic.com/en/api
(Models), ai.google.dev/api/models. What we do not know of a model is left out where it may be; times are the epoch's
beginning. An alias is shown as a model of that name; in OpenAI's shape it says, as TokenRouter-Go did, where it leads.
"""

from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import parse_qs

from tokenrouter.dialects.base import Dialect
from tokenrouter.domain.errors import InvalidRequest
from tokenrouter.gateway.routing import Offer

MAX_PAGE: Final = 1000
"""Most models of one page, as Anthropic and Google have it."""
_METHODS: Final = ["generateContent", "streamGenerateContent", "countTokens", "embedContent", "batchEmbedContents"]

Json = dict[str, Any]


def model_list(dialect: Dialect, offers: Sequence[Offer], query: bytes) -> Json:
    """Return the list of `offers` as callers in `dialect` expect it.

    Raises:
        InvalidRequest: the query asks for a page that cannot be.
    """
    asked = {name: values[-1] for name, values in parse_qs(query.decode("latin-1")).items()}
    names = [offer.name for offer in offers]
    if dialect.operation == "messages":
        return _anthropic_page(names, asked)
    if dialect.operation == "generate_content":
        return _gemini_page(names, asked)
    return {"object": "list", "data": [_openai_card(offer) for offer in offers]}


def model_card(dialect: Dialect, offer: Offer) -> Json:
    """Return one model as callers in `dialect` expect it."""
    if dialect.operation == "messages":
        return _anthropic_card(offer.name)
    return _gemini_card(offer.name) if dialect.operation == "generate_content" else _openai_card(offer)


def _openai_card(offer: Offer) -> Json:
    owner = "tokenrouter" if offer.profile else offer.provider
    card = {"id": offer.name, "object": "model", "created": 0, "owned_by": owner, "provider": owner}
    if not offer.profile:
        return card
    leads_to = {"resolved_provider": offer.provider, "resolved_model": offer.model}
    return {**card, "alias": True, "profile": offer.profile, **leads_to}


def _anthropic_card(name: str) -> Json:
    return {"type": "model", "id": name, "display_name": name, "created_at": "1970-01-01T00:00:00Z"}


def _gemini_card(name: str) -> Json:
    return {
        "name": f"models/{name}",
        "baseModelId": name,
        "version": "001",
        "displayName": name,
        "supportedGenerationMethods": _METHODS,
    }


def _anthropic_page(names: Sequence[str], asked: dict[str, str]) -> Json:
    """Pages are asked for by the id before or after them; without a limit everything is one page."""
    size = _size(asked, "limit")
    if "before_id" in asked:
        end = _place(names, asked["before_id"])
        start = max(0, end - size)
        has_more = start > 0
    else:
        start = _place(names, asked["after_id"]) + 1 if "after_id" in asked else 0
        end = start + size
        has_more = end < len(names)
    page = names[start:end]
    return {
        "data": [_anthropic_card(name) for name in page],
        "has_more": has_more,
        "first_id": page[0] if page else None,
        "last_id": page[-1] if page else None,
    }


def _gemini_page(names: Sequence[str], asked: dict[str, str]) -> Json:
    """A page token is the name of the page's first model."""
    token = asked.get("pageToken", "")
    start = _place(names, token) if token else 0
    end = start + _size(asked, "pageSize")
    page: Json = {"models": [_gemini_card(name) for name in names[start:end]]}
    if end < len(names):
        page["nextPageToken"] = names[end]
    return page


def _size(asked: dict[str, str], field: str) -> int:
    text = asked.get(field)
    if text is None:
        return MAX_PAGE
    if not (text.isascii() and text.isdigit()) or not 1 <= int(text) <= MAX_PAGE:
        raise InvalidRequest(f"{field!r} must be a number from 1 to {MAX_PAGE}.", param=field)
    return int(text)


def _place(names: Sequence[str], name: str) -> int:
    try:
        return names.index(name)
    except ValueError:
        raise InvalidRequest(f"There is no model {name!r} to begin a page at.") from None
