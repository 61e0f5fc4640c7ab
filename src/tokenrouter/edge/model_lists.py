"""Lists of models, and single ones, in the shape that a caller's SDK reads.

From the vendors' references (read 2026-11): platform.openai.com/docs/api-reference/models, docs.anthropic.com/en/api
(Models), ai.google.dev/api/models. What we do not know of a model is left out where it may be; times are the epoch's
beginning. How long conversations and answers may become is told where it is known: in Anthropic's and Google's own
fields, and to OpenAI's clients, whose dialect has none, as OpenRouter tells it. An alias is shown as a model of that
name; in OpenAI's shape it says, as TokenRouter-Go did, where it leads.
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
    if dialect.operation == "messages":
        return _anthropic_page(offers, asked)
    if dialect.operation == "generate_content":
        return _gemini_page(offers, asked)
    return {"object": "list", "data": [_openai_card(offer) for offer in offers]}


def model_card(dialect: Dialect, offer: Offer) -> Json:
    """Return one model as callers in `dialect` expect it."""
    if dialect.operation == "messages":
        return _anthropic_card(offer)
    return _gemini_card(offer) if dialect.operation == "generate_content" else _openai_card(offer)


def _openai_card(offer: Offer) -> Json:
    owner = "tokenrouter" if offer.profile else offer.provider
    card: Json = {"id": offer.name, "object": "model", "created": 0, "owned_by": owner, "provider": owner}
    card |= _known(offer, "context_length", "max_output_tokens")
    if not offer.profile:
        return card
    leads_to = {"resolved_provider": offer.provider, "resolved_model": offer.model}
    return {**card, "alias": True, "profile": offer.profile, **leads_to}


def _anthropic_card(offer: Offer) -> Json:
    card = {"type": "model", "id": offer.name, "display_name": offer.name, "created_at": "1970-01-01T00:00:00Z"}
    return card | _known(offer, "max_input_tokens", "max_tokens")


def _gemini_card(offer: Offer) -> Json:
    card = {
        "name": f"models/{offer.name}",
        "baseModelId": offer.name,
        "version": "001",
        "displayName": offer.name,
        "supportedGenerationMethods": _METHODS,
    }
    return card | _known(offer, "inputTokenLimit", "outputTokenLimit")


def _known(offer: Offer, window: str, answer: str) -> Json:
    """Return what is known of its lengths, in these fields."""
    told = {window: offer.facts.context_tokens, answer: offer.facts.max_output_tokens}
    return {name: tokens for name, tokens in told.items() if tokens}


def _anthropic_page(offers: Sequence[Offer], asked: dict[str, str]) -> Json:
    """Pages are asked for by the id before or after them; without a limit everything is one page."""
    names = [offer.name for offer in offers]
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
        "data": [_anthropic_card(offer) for offer in offers[start:end]],
        "has_more": has_more,
        "first_id": page[0] if page else None,
        "last_id": page[-1] if page else None,
    }


def _gemini_page(offers: Sequence[Offer], asked: dict[str, str]) -> Json:
    """A page token is the name of the page's first model."""
    names = [offer.name for offer in offers]
    token = asked.get("pageToken", "")
    start = _place(names, token) if token else 0
    end = start + _size(asked, "pageSize")
    page: Json = {"models": [_gemini_card(offer) for offer in offers[start:end]]}
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
