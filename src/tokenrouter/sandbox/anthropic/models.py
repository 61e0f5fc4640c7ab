"""The list of models as Anthropic gives it.

From Anthropic's API reference ("List Models", "Get a Model"; platform.claude.com, as of 2026-11).
"""

from collections.abc import Mapping
from typing import Final

from tokenrouter.sandbox import catalog
from tokenrouter.sandbox.anthropic.errors import AnthropicError, refuse
from tokenrouter.sandbox.anthropic.request import MAX_TOKENS
from tokenrouter.sandbox.errors import ApiError
from tokenrouter.sandbox.faults import FAULTS
from tokenrouter.sandbox.models import MODELS, Model

PAGE_SIZE: Final = 20
MAX_PAGE_SIZE: Final = 1000
_CREATED: Final = "2026-01-01T00:00:00Z"


def model_page(name: str) -> dict[str, object]:
    """`GET /v1/models/{name}`. Raises: AnthropicError 404."""
    try:
        return _page(catalog.find(name))
    except ApiError:
        raise AnthropicError(404, f"model: {name}") from None


def model_listing(query: Mapping[str, str]) -> dict[str, object]:
    """`GET /v1/models`, by pages of `limit` after `after_id` or before `before_id`. Raises: AnthropicError 400."""
    names = [*MODELS, *(f"fault/{name}" for name in FAULTS)]
    limit = _limit(query.get("limit", str(PAGE_SIZE)))
    if "before_id" in query:
        end = _position(names, query["before_id"])
        begin = max(0, end - limit)
        has_more = begin > 0
    else:
        begin = _position(names, query["after_id"]) + 1 if "after_id" in query else 0
        end = begin + limit
        has_more = end < len(names)
    shown = names[begin:end]
    return {
        "data": [_page(catalog.find(name)) for name in shown],
        "has_more": has_more,
        "first_id": shown[0] if shown else None,
        "last_id": shown[-1] if shown else None,
    }


def _limit(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MAX_PAGE_SIZE:
        refuse(f"limit: Input should be from 1 to {MAX_PAGE_SIZE}")
    return int(text)


def _position(names: list[str], name: str) -> int:
    if name not in names:
        refuse(f"'{name}' is not the id of a model")
    return names.index(name)


def _page(model: Model) -> dict[str, object]:
    thinks = model.thinking != "none"
    kinds = {"adaptive": thinks, "enabled": thinks and not model.adaptive, "disabled": True, "between_tools": thinks}
    efforts = {name: _supported(thinks) for name in ("low", "medium", "high", "xhigh", "max")}
    return {
        "type": "model",
        "id": model.name,
        "display_name": model.description,
        "created_at": _CREATED,
        "lifecycle": "active",
        "max_input_tokens": model.context_tokens,
        "max_tokens": MAX_TOKENS,
        "capabilities": {
            **{name: _supported(True) for name in ("citations", "image_input", "pdf_input", "structured_outputs")},
            **{name: _supported(False) for name in ("batch", "code_execution")},
            "context_management": _supported(False),
            "effort": {**_supported(thinks), **efforts},
            "server_tools": {name: _supported(False) for name in ("code_execution", "web_search")} | _supported(False),
            "thinking": {**_supported(thinks), "types": {name: _supported(is_) for name, is_ in kinds.items()}},
        },
    }


def _supported(is_supported: bool) -> dict[str, object]:
    return {"supported": is_supported}
