"""The shapes of Anthropic's Messages API: what a request may say.

From the API reference ("Messages", "Count Message tokens"; platform.claude.com/docs/en/api, as of 2026-11). Blocks and
tools that Anthropic runs itself are open: their names are known, their insides are not looked into.
"""

from collections.abc import Mapping
from typing import Final

from tokenrouter.sandbox.anthropic.json import (
    Anything,
    Declared,
    Dictionary,
    Flag,
    Items,
    Number,
    Shape,
    Tagged,
    Text,
    TextOr,
)

_TOOL_ID: Final = Text(pattern="^[a-zA-Z0-9_-]+$")
_TOOL_NAME: Final = Text(pattern="^[a-zA-Z0-9_-]{1,128}$")
_CACHE: Final = Tagged({"ephemeral": Shape({"ttl": Text(one_of=("5m", "1h")), "scope": Text()})})
_OPEN: Final = Shape({"cache_control": _CACHE}, is_open=True)

_TEXT: Final = Shape({"text": Text(), "cache_control": _CACHE, "citations": Items(Dictionary())}, ("text",))
_IMAGE: Final = Shape(
    {
        "source": Tagged(
            {
                "base64": Shape(
                    {
                        "media_type": Text(one_of=("image/jpeg", "image/png", "image/gif", "image/webp")),
                        "data": Text(low=1),
                    },
                    ("media_type", "data"),
                ),
                "url": Shape({"url": Text()}, ("url",)),
                "file": Shape({"file_id": Text()}, ("file_id",)),
            }
        ),
        "cache_control": _CACHE,
        "transformations": Dictionary(),
    },
    ("source",),
)
_CITATIONS: Final = Shape({"enabled": Flag()})
_DOCUMENT: Final = Shape(
    {
        "source": Tagged(
            {
                "base64": Shape(
                    {"media_type": Text(one_of=("application/pdf",)), "data": Text(low=1)}, ("media_type", "data")
                ),
                "text": Shape(
                    {"media_type": Text(one_of=("text/plain",)), "data": Text(low=1)}, ("media_type", "data")
                ),
                "content": Shape({"content": TextOr(Items(Tagged({"text": _TEXT, "image": _IMAGE})))}, ("content",)),
                "url": Shape({"url": Text()}, ("url",)),
                "file": Shape({"file_id": Text()}, ("file_id",)),
            }
        ),
        "title": Text(high=500),
        "context": Text(),
        "citations": _CITATIONS,
        "cache_control": _CACHE,
    },
    ("source",),
)
_SEARCH_RESULT: Final = Shape(
    {
        "content": Items(Tagged({"text": _TEXT})),
        "source": Text(),
        "title": Text(),
        "citations": _CITATIONS,
        "cache_control": _CACHE,
    },
    ("content", "source", "title"),
)
_TOOL_REFERENCE: Final = Shape({"tool_name": _TOOL_NAME, "cache_control": _CACHE}, ("tool_name",))
_TOOL_USE: Final = Shape(
    {
        "id": _TOOL_ID,
        "name": Text(low=1, high=200),
        "input": Dictionary(),
        "caller": Dictionary(),
        "toolset_name": Text(),
        "cache_control": _CACHE,
    },
    ("id", "name", "input"),
)
_RESULT_CONTENT: Final[dict[str, Shape]] = {
    "text": _TEXT,
    "image": _IMAGE,
    "search_result": _SEARCH_RESULT,
    "document": _DOCUMENT,
    "tool_reference": _TOOL_REFERENCE,
    "browser_state": _OPEN,
}
_TOOL_RESULT: Final = Shape(
    {
        "tool_use_id": _TOOL_ID,
        "content": TextOr(Items(Tagged(_RESULT_CONTENT))),
        "is_error": Flag(),
        "toolset_name": Text(),
        "cache_control": _CACHE,
    },
    ("tool_use_id",),
)

SERVER_RESULTS: Final = (
    "web_search_tool_result", "web_fetch_tool_result", "code_execution_tool_result", "bash_code_execution_tool_result",
    "text_editor_code_execution_tool_result", "tool_search_tool_result", "advisor_tool_result", "mcp_tool_result",
)  # fmt: skip
"""Blocks with what a tool of Anthropic's own has found."""

_BLOCKS: Final[dict[str, Shape]] = {
    "text": _TEXT,
    "image": _IMAGE,
    "document": _DOCUMENT,
    "search_result": _SEARCH_RESULT,
    "thinking": Shape({"thinking": Text(), "signature": Text()}, ("thinking", "signature")),
    "redacted_thinking": Shape({"data": Text()}, ("data",)),
    "tool_use": _TOOL_USE,
    "tool_result": _TOOL_RESULT,
    "server_tool_use": _OPEN,
    **dict.fromkeys(SERVER_RESULTS, _OPEN),
    "mcp_tool_use": _OPEN,
    "mcp_tool_listing": _OPEN,
    "container_upload": _OPEN,
    "compaction": _OPEN,
    "fallback": _OPEN,
    "tool_addition": _OPEN,
    "tool_removal": _OPEN,
}
_MESSAGE: Final = Shape(
    {
        "role": Text(),
        "content": TextOr(Items(Tagged(_BLOCKS))),
        "clear_at": Text(one_of=("next_user_message", "never")),
        "output_config": Dictionary(),
    },
    ("role", "content"),
)

SERVER_TOOLS: Final = (
    "bash_20241022", "bash_20250124", "text_editor_20241022", "text_editor_20250124", "text_editor_20250429",
    "text_editor_20250728", "computer_20241022", "computer_20250124", "computer_20251124", "computer_toolset_20260801",
    "browser_toolset_20260801", "memory_20250818", "web_search_20250305", "web_search_20260209", "web_search_20260318",
    "web_fetch_20250910", "web_fetch_20260209", "web_fetch_20260309", "web_fetch_20260318", "code_execution_20250522",
    "code_execution_20250825", "code_execution_20260120", "code_execution_20260521", "tool_search_tool_bm25",
    "tool_search_tool_bm25_20251119", "tool_search_tool_regex", "tool_search_tool_regex_20251119", "advisor_20260301",
    "mcp_toolset",
)  # fmt: skip
"""Tools whose schema is Anthropic's; the sandbox never uses one."""

_CUSTOM_TOOL: Final = Shape(
    {
        "name": _TOOL_NAME,
        "description": Text(),
        "input_schema": Shape({"type": Text(one_of=("object",))}, ("type",), is_open=True),
        "strict": Flag(),
        "defer_loading": Flag(),
        "eager_input_streaming": Flag(),
        "allowed_callers": Items(Text()),
        "input_examples": Items(Dictionary()),
        "cache_control": _CACHE,
    },
    ("name", "input_schema"),
)
_PARALLEL: Final[Mapping[str, Declared]] = {"disable_parallel_tool_use": Flag()}
_DISPLAY: Final = Text(one_of=("summarized", "omitted"))

_PROMPT: Final[Mapping[str, Declared]] = {
    "messages": Items(_MESSAGE),
    "system": TextOr(Items(Tagged({"text": _TEXT}))),
    "tools": Items(Tagged({"custom": _CUSTOM_TOOL, **dict.fromkeys(SERVER_TOOLS, _OPEN)}, default="custom")),
    "tool_choice": Tagged(
        {
            "auto": Shape(_PARALLEL),
            "any": Shape(_PARALLEL),
            "tool": Shape({"name": Text(), **_PARALLEL}, ("name",)),
            "none": Shape({}),
        }
    ),
    "thinking": Tagged(
        {
            "enabled": Shape({"budget_tokens": Number(1024, whole=True), "display": _DISPLAY}, ("budget_tokens",)),
            "adaptive": Shape({"display": _DISPLAY}),
            "disabled": Shape({}),
            "between_tools": Shape({}),
        }
    ),
    "output_config": Shape(
        {
            "effort": Text(one_of=("low", "medium", "high", "xhigh", "max")),
            "format": Tagged({"json_schema": Shape({"schema": Dictionary()}, ("schema",))}),
            "task_budget": Dictionary(),
        }
    ),
    "cache_control": _CACHE,
    "speed": Text(one_of=("standard", "fast")),
    "context_management": Dictionary(),
    "mcp_servers": Items(Dictionary()),
    "output_format": Tagged({"json_schema": Shape({"schema": Dictionary()}, ("schema",))}),
}
_REQUIRED: Final = ("model", "messages")

CREATE: Final = Shape(
    {
        "model": Text(low=1, high=256),
        "max_tokens": Number(0, whole=True),
        **_PROMPT,
        "stream": Flag(),
        "stop_sequences": Items(Text()),
        "temperature": Number(0, 1),
        "top_p": Number(0, 1),
        "top_k": Number(0, whole=True),
        "metadata": Shape({"user_id": Text(high=256)}),
        "service_tier": Text(one_of=("auto", "standard_only")),
        "inference_geo": Text(),
        "container": Anything(),
        "diagnostics": Dictionary(),
        "fallbacks": Anything(),
    },
    (*_REQUIRED, "max_tokens"),
)
"""`POST /v1/messages`."""

COUNT: Final = Shape({"model": Text(low=1, high=256), **_PROMPT}, _REQUIRED)
"""`POST /v1/messages/count_tokens`."""

BETA_FIELDS: Final = {
    "context_management": "context-management-",
    "mcp_servers": "mcp-client-",
    "output_format": "structured-outputs-",
    "fallbacks": "server-side-fallback-",
}
"""Fields that are only there with a beta, by the beginning of its name."""

SAMPLING: Final = ("temperature", "top_p", "top_k")
"""Gone from API version 2026-10-21 and from models that think adaptively only."""
