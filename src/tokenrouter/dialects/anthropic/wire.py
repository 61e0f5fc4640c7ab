"""Anthropic Messages as typed JSON (platform.claude.com/docs/en/api/messages, read 2026-11; SDK 2.11's types).

Tolerant: every field may be absent or null. Types of blocks that are new, or that only this dialect has, are never
read: they come often, and must pass through whole. What has many shapes stays raw until it is asked for.
"""

from typing import Final

import msgspec

FAMILY: Final = "anthropic-messages"
"""The dialect's name, and the `family` of the state and the foreign items that it alone has."""
ABSENT: Final = msgspec.Raw()
"""A raw value that is not there. (A union of `Raw` and None would not decode as raw.)"""


class WireCacheControl(msgspec.Struct):
    """`ttl`: 5m (also where it is left out) or 1h."""

    ttl: str | None = None


class WireSource(msgspec.Struct):
    """Where a picture or document is: base64, url, text, file, content."""

    type: str = ""
    media_type: str | None = None
    data: str | None = None
    url: str | None = None
    file_id: str | None = None


class WireSwitch(msgspec.Struct):
    """`citations` of a document."""

    enabled: bool | None = None


class WireKind(msgspec.Struct):
    """What a block is, before the rest of it is looked at."""

    type: str = "text"


class WireBlock(msgspec.Struct):
    """One content block of the types that every dialect has in some form.

    `content` is a tool's result; `citations` is a list in text, a switch in a document.
    """

    type: str = "text"
    text: str | None = None
    citations: msgspec.Raw = ABSENT
    cache_control: WireCacheControl | None = None
    source: WireSource | None = None
    title: str | None = None
    context: str | None = None
    thinking: str | None = None
    signature: str | None = None
    data: str | None = None
    id: str | None = None
    name: str | None = None
    input: msgspec.Raw = ABSENT
    caller: msgspec.Raw = ABSENT
    toolset_name: str | None = None
    tool_use_id: str | None = None
    content: msgspec.Raw = ABSENT
    is_error: bool | None = None


Content = str | list[msgspec.Raw] | None
"""Blocks stay raw until each is looked at: what only this dialect has is carried as it was written."""


class WireCitation(msgspec.Struct):
    """What two dialects have in common of a citation."""

    type: str = ""
    url: str | None = None
    title: str | None = None
    document_title: str | None = None
    cited_text: str | None = None
    file_id: str | None = None
    encrypted_index: str | None = None


class WireMessage(msgspec.Struct):
    """One turn; `role` may be system too."""

    role: str = ""
    content: Content = None


class WireTool(msgspec.Struct):
    """A declared tool; `type` is absent or `custom` for the client's own, versioned for those that Anthropic runs."""

    name: str = ""
    type: str | None = None
    description: str | None = None
    input_schema: msgspec.Raw = ABSENT
    strict: bool | None = None
    defer_loading: bool | None = None
    cache_control: WireCacheControl | None = None


class WirePlainMessage(msgspec.Struct):
    """One turn with its blocks read at once, as `plain_turns.py` does."""

    role: str = ""
    content: str | list[WireBlock] | None = None


class WireKnownTool(WireTool, forbid_unknown_fields=True):
    """A tool of which nothing is left out when it is read so."""


class WireToolChoice(msgspec.Struct):
    """`type`: auto, any, tool, none."""

    type: str = "auto"
    name: str | None = None
    disable_parallel_tool_use: bool | None = None


class WireThinking(msgspec.Struct):
    """`type`: adaptive, enabled, disabled, between_tools; `display`: summarized, omitted."""

    type: str = ""
    budget_tokens: int | None = None
    display: str | None = None


class WireFormat(msgspec.Struct):
    """`json_schema` is the only type."""

    type: str = ""
    schema: msgspec.Raw = ABSENT


class WireOutputConfig(msgspec.Struct):
    """How the answer shall be."""

    effort: str | None = None
    format: WireFormat | None = None


class WireMetadata(msgspec.Struct):
    """`user_id` is an opaque name; Claude Code puts JSON into it."""

    user_id: str | None = None


class WireRequest(msgspec.Struct):
    """A request. What is not here is `Request.extra`. `output_format` is where `output_config.format` was in 2025."""

    messages: list[WireMessage]
    model: str | None = None
    stream: bool | None = None
    max_tokens: int | None = None
    system: Content = None
    tools: list[msgspec.Raw] | None = None
    tool_choice: WireToolChoice | None = None
    thinking: WireThinking | None = None
    output_config: WireOutputConfig | None = None
    output_format: WireFormat | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    stop_sequences: list[str] | None = None
    metadata: WireMetadata | None = None
    service_tier: str | None = None
    cache_control: WireCacheControl | None = None


class WireOutputDetails(msgspec.Struct):
    """`thinking_tokens` are part of the output."""

    thinking_tokens: int | None = None


class WireCacheCreation(msgspec.Struct):
    """What was written to caches, by how long they last; the rest of it lasts five minutes."""

    ephemeral_1h_input_tokens: int | None = None


class WireIteration(msgspec.Struct):
    """One of several runs behind one answer."""

    type: str = ""
    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    cache_creation_input_tokens: int | None = None
    cache_creation: WireCacheCreation | None = None


class WireUsage(msgspec.Struct):
    """Cached tokens are beside `input_tokens`, not inside."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    cache_creation_input_tokens: int | None = None
    output_tokens_details: WireOutputDetails | None = None
    iterations: list[WireIteration] | None = None
    service_tier: str | None = None
    cache_creation: WireCacheCreation | None = None
    speed: str | None = None


class WireStopDetails(msgspec.Struct):
    """Why a model refused."""

    category: str | None = None
    explanation: str | None = None


class WireAnswer(msgspec.Struct):
    """A whole answer, and the `message` that a stream starts with."""

    id: str | None = None
    model: str | None = None
    content: list[msgspec.Raw] | None = None
    stop_reason: str | None = None
    stop_sequence: str | None = None
    stop_details: WireStopDetails | None = None
    usage: WireUsage | None = None


class WireDelta(msgspec.Struct):
    """What an event adds to a block, or to the message."""

    type: str = ""
    text: str | None = None
    thinking: str | None = None
    partial_json: str | None = None
    signature: str | None = None
    citation: msgspec.Raw = ABSENT
    content: msgspec.Raw = ABSENT
    stop_reason: str | None = None
    stop_sequence: str | None = None
    stop_details: WireStopDetails | None = None


class WireError(msgspec.Struct):
    """The error object."""

    type: str | None = None
    message: str | None = None


class WireEvent(msgspec.Struct):
    """One event of a stream, of any type."""

    type: str = ""
    index: int = 0
    delta: WireDelta | None = None
    message: WireAnswer | None = None
    content_block: msgspec.Raw = ABSENT
    usage: WireUsage | None = None
    error: WireError | str | None = None
