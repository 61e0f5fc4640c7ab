"""OpenAI's Responses API as typed JSON (platform.openai.com/docs/api-reference/responses, read 2026-11).

Tolerant: every field may be absent or null, and what nobody needs is skipped without being built. Items and
tools are kept raw until their `type` is known, because the same field means different things in different types,
and those that only this dialect has are passed on as they were written.
"""

from typing import Any, Final

import msgspec

from tokenrouter.dialects.openai.usage import ReportedUsage

FAMILY: Final = "openai-responses"
"""The dialect's name."""
ABSENT: Final = msgspec.Raw()
"""A raw value that is not there."""


class WireKind(msgspec.Struct):
    """What an item, a tool or a choice is, as far as is needed to read the rest of it."""

    type: str | None = None
    role: str | None = None
    execution: str | None = None


class WireUrl(msgspec.Struct):
    """An address as Chat Completions has it; clients send it here too."""

    url: str = ""
    detail: str | None = None


class WireAudio(msgspec.Struct):
    """`input_audio`; `format`: mp3 or wav."""

    data: str = ""
    format: str = ""


class WireBreakpoint(msgspec.Struct):
    """`prompt_cache_breakpoint`; `ttl`: 30m or 12h."""

    ttl: str | None = None


class WirePart(msgspec.Struct):
    """One part of a content list, of any type."""

    type: str | None = None
    text: str | None = None
    refusal: str | None = None
    image_url: WireUrl | str | None = None
    detail: str | None = None
    file_id: str | None = None
    file_data: str | None = None
    file_url: str | None = None
    filename: str | None = None
    input_audio: WireAudio | None = None
    annotations: list[msgspec.Raw] | None = None
    logprobs: msgspec.Raw = ABSENT
    prompt_cache_breakpoint: WireBreakpoint | None = None


Content = str | list[WirePart] | None


class WireMessage(msgspec.Struct):
    """An item of type `message`, which clients may leave unsaid."""

    role: str | None = None
    content: Content = None
    id: str | None = None
    name: str | None = None
    phase: str | None = None


class WireReasoning(msgspec.Struct):
    """An item of type `reasoning`; `content` is what open models think, `summary` what is told of it."""

    summary: list[WirePart] | None = None
    content: list[WirePart] | None = None
    encrypted_content: str | None = None
    id: str | None = None


class WireCall(msgspec.Struct):
    """`function_call`, `custom_tool_call` and `tool_search_call`; the last has an object for its arguments."""

    call_id: str | None = None
    name: str | None = None
    namespace: str | None = None
    arguments: str | dict[str, Any] | None = None
    input: str | None = None
    id: str | None = None


class WireCallOutput(msgspec.Struct):
    """The output of a call."""

    call_id: str | None = None
    output: Content = None
    name: str | None = None
    id: str | None = None


class WireItem(msgspec.Struct):
    """The fields of the items that agents send by the hundred, as `plain_input.py` reads them."""

    type: str | None = None
    role: str | None = None
    content: Content = None
    id: str | None = None
    name: str | None = None
    phase: str | None = None
    call_id: str | None = None
    namespace: str | None = None
    arguments: str | dict[str, Any] | None = None
    input: str | None = None
    output: Content = None
    summary: list[WirePart] | None = None
    encrypted_content: str | None = None


class WireDeclaring(msgspec.Struct):
    """`additional_tools` and `tool_search_output`: items that declare tools."""

    tools: list[msgspec.Raw] | None = None
    call_id: str | None = None
    id: str | None = None


class WireImage(msgspec.Struct):
    """`image_generation_call`; `result` is base64."""

    result: str | None = None
    output_format: str | None = None
    id: str | None = None


class WireAnnotation(msgspec.Struct):
    """`url_citation`, `file_citation`, `container_file_citation` and `file_path`. Positions count characters."""

    type: str | None = None
    url: str | None = None
    title: str | None = None
    file_id: str | None = None
    filename: str | None = None
    index: int | None = None
    start_index: int | None = None
    end_index: int | None = None


class WireGrammar(msgspec.Struct):
    """`format` of a free-text tool; `type`: text or grammar, `syntax`: lark or regex."""

    type: str | None = None
    syntax: str | None = None
    definition: str | None = None


class WireTool(msgspec.Struct):
    """A function, a free-text tool, a namespace or a search for tools. `function` is Chat Completions' shape."""

    type: str | None = None
    name: str | None = None
    description: str | None = None
    parameters: msgspec.Raw = ABSENT
    strict: bool | None = None
    format: WireGrammar | None = None
    tools: list[msgspec.Raw] | None = None
    defer_loading: bool | None = None
    allowed_callers: msgspec.Raw = ABSENT
    output_schema: msgspec.Raw = ABSENT
    function: "WireTool | None" = None


class WireSearchTool(msgspec.Struct):
    """A provider's web search; without `external_web_access` it reads only what OpenAI has stored."""

    external_web_access: bool | None = None


class WireToolChoice(msgspec.Struct):
    """`tool_choice` as an object."""

    type: str | None = None
    name: str | None = None
    mode: str | None = None
    tools: list["WireToolChoice"] | None = None


class WireFormat(msgspec.Struct):
    """`text.format`; `type`: text, json_object, json_schema."""

    type: str | None = None
    name: str | None = None
    schema: msgspec.Raw = ABSENT
    description: str | None = None
    strict: bool | None = None


class WireText(msgspec.Struct):
    """`text` of a request."""

    format: WireFormat | None = None
    verbosity: str | None = None


class WireReasoningControl(msgspec.Struct):
    """`reasoning` of a request; `generate_summary` is the older name of `summary`."""

    effort: str | None = None
    summary: str | None = None
    generate_summary: str | None = None
    context: msgspec.Raw = ABSENT
    mode: msgspec.Raw = ABSENT


class WireRequest(msgspec.Struct):
    """A request. What is not here is `Request.extra`."""

    input: str | list[msgspec.Raw] | None = None
    model: str | None = None
    instructions: str | list[msgspec.Raw] | None = None
    stream: bool | None = None
    stream_options: msgspec.Raw = ABSENT
    max_output_tokens: int | None = None
    tools: list[msgspec.Raw] | None = None
    tool_choice: msgspec.Raw = ABSENT
    parallel_tool_calls: bool | None = None
    text: WireText | None = None
    reasoning: WireReasoningControl | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_logprobs: int | None = None
    include: list[str] | None = None
    user: str | None = None
    safety_identifier: str | None = None
    metadata: msgspec.Raw = ABSENT
    client_metadata: msgspec.Raw = ABSENT
    service_tier: str | None = None
    prompt_cache_key: str | None = None
    prompt_cache_retention: str | None = None
    store: bool | None = None
    previous_response_id: str | None = None
    background: bool | None = None
    conversation: msgspec.Raw = ABSENT
    prompt: msgspec.Raw = ABSENT
    truncation: str | None = None


class WireError(msgspec.Struct):
    """An error object; some vendors number their codes."""

    message: str | None = None
    code: str | int | None = None
    type: str | None = None


class WireIncomplete(msgspec.Struct):
    """`incomplete_details`."""

    reason: str | None = None


class WireResponse(msgspec.Struct):
    """A whole answer, and what stands in the first and last events of a stream."""

    id: str | None = None
    model: str | None = None
    created_at: float | None = None
    status: str | None = None
    output: list[msgspec.Raw] | None = None
    usage: ReportedUsage | None = None
    service_tier: str | None = None
    error: WireError | str | None = None
    incomplete_details: WireIncomplete | None = None


class WireEvent(msgspec.Struct):
    """One event of a stream, of any type; the ids of items are not looked at, since some vendors change them."""

    type: str | None = None
    output_index: int | None = None
    content_index: int | None = None
    summary_index: int | None = None
    delta: str | dict[str, Any] | None = None
    text: str | None = None
    refusal: str | None = None
    arguments: str | dict[str, Any] | None = None
    input: str | None = None
    logprobs: msgspec.Raw = ABSENT
    item: msgspec.Raw = ABSENT
    annotation: msgspec.Raw = ABSENT
    response: WireResponse | None = None
    error: WireError | str | None = None
    code: str | int | None = None
    message: str | None = None
