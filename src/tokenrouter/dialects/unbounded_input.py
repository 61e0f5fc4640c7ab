"""Input whose size in tokens is not in the request: files by address or id, what a provider keeps, tools that it runs.

What stands in a request itself is bounded, since a token has at least one byte. What only a name stands for may have
any number of them, and a limit learns of them when they are spent. Where such requests are to be refused they have to
be found, so the fields that can hold one are decoded; a first look at the bytes spares that for nearly all others.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import msgspec

from tokenrouter.dialects.base import RequestBody
from tokenrouter.domain.errors import InputUnbounded
from tokenrouter.domain.ledger import Operation

Part = dict[str, Any]

ESCAPED: Final = b"\\u00"
"""A name may be written with such; then nothing can be told from the bytes."""
MAX_DEPTH: Final = 8
"""Files stand in results of tools in messages at the deepest, which is half of this."""
_INNER: Final = ("content", "output", "parts", "functionResponse", "function_response")
"""Fields of a message or block in which more blocks stand."""
_RUN_BY_CHAT_CLIENTS: Final = frozenset(("function", "custom"))
_RUN_BY_RESPONSES_CLIENTS: Final = frozenset(
    (
        "function",
        "custom",
        "local_shell",
        "shell",
        "apply_patch",
        "computer",
        "computer_use_preview",
        "namespace",
        "tool_search",
    )
)
_RUN_BY_MESSAGES_CLIENTS: Final = ("custom", "bash_", "text_editor_", "computer_", "memory_", "tool_search_")
_RUN_BY_CONTENT_CLIENTS: Final = frozenset(
    ("functionDeclarations", "function_declarations", "computerUse", "computer_use")
)
"""Tools that the client runs, so that their results come in a later request (the vendors' API references, read
2026-11). Whatever else is offered, the provider runs, and puts as much into its model as it finds."""


def require_bounded_input(operation: Operation, body: RequestBody, sent: bytes) -> None:
    """Refuse a request of whose `body` (`sent`, in bytes) nobody knows how many tokens it has.

    Raises:
        InputUnbounded: it names the part.
    """
    found = unbounded_part(operation, body, sent)
    if found is not None:
        field, part = found
        raise InputUnbounded(
            f"Nobody knows beforehand how many tokens this request has: {field!r} holds {part}. Under a hard limit "
            "that is refused here (unbounded_input = deny); send it inside the request, or leave it out.",
            param=field,
        )


def unbounded_part(operation: Operation, body: RequestBody, sent: bytes) -> tuple[str, str] | None:
    """Return the field of `body` (`sent`, in bytes) whose size in tokens nobody can tell, and what stands in it."""
    look = _LOOKS.get(operation)
    if look is None:
        return None
    marks, kept, holding, find = look
    fields = body.fields
    for name, told in kept.items():
        raw = fields.get(name)
        if raw is not None and bytes(raw) not in (b"null", b'""', b"[]", b"{}"):
            return name, told
    if ESCAPED not in sent and not any(mark in sent for mark in marks):
        return None
    for name in holding:
        raw = fields.get(name)
        told_of = None if raw is None else _told_of(name, raw, find)
        if told_of is not None:
            return name, told_of
    return None


def _told_of(name: str, raw: msgspec.Raw, find: "_Find") -> str | None:
    try:
        value = msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError):
        return "what cannot be read"
    parts = value if name == "tools" and isinstance(value, list) else _blocks(value)
    return next((told for part in parts if isinstance(part, dict) and (told := find(name, part))), None)


def _blocks(value: Any, depth: int = 0) -> Iterator[Part]:
    """Yield every message and block, the outer ones first."""
    if isinstance(value, list):
        for each in value:
            yield from _blocks(each, depth)
    elif isinstance(value, dict) and depth < MAX_DEPTH:
        yield value
        for name in _INNER:
            if name in value:
                yield from _blocks(value[name], depth + 1)


def _in_chat(field: str, part: Part) -> str | None:
    kind = part.get("type")
    if field == "tools":
        return None if kind in _RUN_BY_CHAT_CLIENTS else _tool(kind)
    for name in ("image_url", "video_url"):
        if name in part and not _is_data(_inner(part, name, "url")):
            return "an image or video by its address"
    return "a file by its id" if _inner(part, "file", "file_id") else None


def _in_responses(field: str, part: Part) -> str | None:
    kind = part.get("type")
    if field == "tools":
        return None if kind in _RUN_BY_RESPONSES_CLIENTS else _tool(kind)
    if kind == "item_reference":
        return "an item that the provider keeps"
    if part.get("file_id") or part.get("file_url"):
        return "a file by its id or address"
    image = part.get("image_url")
    return None if image is None or _is_data(image) else "an image by its address"


def _in_messages(field: str, part: Part) -> str | None:
    kind = part.get("type")
    if field == "tools":
        is_own = kind is None or (isinstance(kind, str) and kind.startswith(_RUN_BY_MESSAGES_CLIENTS))
        return None if is_own else _tool(kind)
    if kind == "container_upload":
        return "a file in a container"
    return "a file by its id or address" if _inner(part, "source", "type") in ("url", "file") else None


def _in_content(field: str, part: Part) -> str | None:
    if field == "tools":
        other = next((name for name in part if name not in _RUN_BY_CONTENT_CLIENTS), None)
        return None if other is None else _tool(other)
    return "a file by its address" if "fileData" in part or "file_data" in part else None


def _tool(kind: object) -> str:
    return f"a tool that the provider runs: {kind}"[:100]


def _inner(part: Part, name: str, field: str) -> Any:
    value = part.get(name)
    return value.get(field) if isinstance(value, dict) else value


def _is_data(url: object) -> bool:
    return isinstance(url, str) and url[:5].lower() == "data:"


_Find = Callable[[str, Part], str | None]
_KEPT: Final = "a conversation that the provider keeps"
_LOOKS: Final[Mapping[Operation, tuple[tuple[bytes, ...], Mapping[str, str], tuple[str, ...], _Find]]] = {
    "chat": (
        (b'_url"', b'"file_id"', b'"tools"'),
        {"web_search_options": _tool("web search"), "plugins": "plugins that the provider runs"},
        ("messages", "tools"),
        _in_chat,
    ),
    "responses": (
        (b'_url"', b'"file_id"', b'"item_reference"', b'"tools"'),
        {"previous_response_id": _KEPT, "conversation": _KEPT, "prompt": "a prompt that the provider keeps"},
        ("input", "tools"),
        _in_responses,
    ),
    "messages": (
        (b'"source"', b'"container_upload"', b'"tools"'),
        {"mcp_servers": "tools of MCP servers", "container": "a container"},
        ("messages", "system", "tools"),
        _in_messages,
    ),
    "generate_content": (
        (b'"fileData"', b'"file_data"', b'"tools"'),
        {"cachedContent": "a context that the provider keeps", "cached_content": "a context that the provider keeps"},
        ("contents", "systemInstruction", "system_instruction", "tools"),
        _in_content,
    ),
}
"""Operation → what its bytes surely have where there is such a part, fields that are one as a whole, fields in which
one may stand, and how it looks there."""
