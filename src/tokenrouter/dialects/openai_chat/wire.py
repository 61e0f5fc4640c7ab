"""OpenAI Chat Completions as typed JSON (platform.openai.com/docs/api-reference/chat, read 2026-11).

Tolerant: every field may be absent or null, what vendors add is read where two of them agree on it, and
what nobody needs is skipped without being built.
"""

from typing import Any, Final

import msgspec

from tokenrouter.dialects.openai.usage import ReportedUsage

ABSENT: Final = msgspec.Raw()
"""A raw value that is not there. (A union of `Raw` and None would not decode as raw.)"""


class WireCacheControl(msgspec.Struct):
    """A vendor extension (Anthropic's field) that OpenAI clients send through gateways."""

    ttl: str | None = None


class WireImageUrl(msgspec.Struct):
    """`detail`: low, high, auto."""

    url: str = ""
    detail: str | None = None


class WireAudioData(msgspec.Struct):
    """`input_audio` of a request."""

    data: str = ""
    format: str = ""


class WireFile(msgspec.Struct):
    """`file` of a request; `file_data` is a `data:` URL or bare base64."""

    file_data: str | None = None
    file_id: str | None = None
    filename: str | None = None


class WirePart(msgspec.Struct):
    """One part of a content list, of any type; `thinking` is Mistral's."""

    type: str = "text"
    text: str | None = None
    refusal: str | None = None
    image_url: WireImageUrl | str | None = None
    input_audio: WireAudioData | None = None
    file: WireFile | None = None
    video_url: WireImageUrl | str | None = None
    thinking: "list[WirePart] | str | None" = None
    cache_control: WireCacheControl | None = None


Content = str | list[WirePart] | None


class WireFunction(msgspec.Struct):
    """A called function; some vendors send `arguments` as an object."""

    name: str | None = None
    arguments: str | dict[str, Any] | None = None


class WireCustom(msgspec.Struct):
    """A called free-text tool."""

    name: str | None = None
    input: str | None = None


class WireCall(msgspec.Struct):
    """A call, whole or a piece of it; `extra_content` holds Google's signatures at its OpenAI-compatible endpoint."""

    index: int | None = None
    id: str | None = None
    function: WireFunction | None = None
    custom: WireCustom | None = None
    extra_content: msgspec.Raw = ABSENT


class WireAudio(msgspec.Struct):
    """Sound in an answer, or a reference to one in a request."""

    id: str | None = None
    data: str | None = None
    transcript: str | None = None
    expires_at: int | None = None


class WireUrlCitation(msgspec.Struct):
    """Positions count characters of the content."""

    url: str = ""
    title: str | None = None
    start_index: int | None = None
    end_index: int | None = None


class WireAnnotation(msgspec.Struct):
    """`url_citation` is the only type."""

    type: str = ""
    url_citation: WireUrlCitation | None = None


class WireSaid(msgspec.Struct):
    """What an assistant's message, a message in an answer and a delta have in common."""

    role: str | None = None
    content: Content = None
    refusal: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    reasoning_details: msgspec.Raw = ABSENT
    tool_calls: list[WireCall] | None = None
    function_call: WireFunction | None = None
    audio: WireAudio | None = None
    annotations: list[WireAnnotation] | None = None
    images: list[WirePart] | None = None


class WireMessage(WireSaid):
    """A message of a request."""

    name: str | None = None
    tool_call_id: str | None = None
    cache_control: WireCacheControl | None = None


class WireFormat(msgspec.Struct):
    """Grammar of a free-text tool."""

    type: str = "text"
    grammar: "WireGrammar | None" = None


class WireGrammar(msgspec.Struct):
    """`syntax`: lark or regex."""

    syntax: str = ""
    definition: str = ""


class WireToolFunction(msgspec.Struct):
    """A declared function or free-text tool."""

    name: str
    description: str | None = None
    parameters: msgspec.Raw = ABSENT
    strict: bool | None = None
    format: WireFormat | None = None


class WireTool(msgspec.Struct):
    """A declared tool."""

    type: str = "function"
    function: WireToolFunction | None = None
    custom: WireToolFunction | None = None
    cache_control: WireCacheControl | None = None


class WireName(msgspec.Struct):
    """A tool by its name."""

    name: str = ""


class WireAllowed(msgspec.Struct):
    """`tool_choice` narrowed to some tools."""

    mode: str = "auto"
    tools: list["WireToolChoice"] = []


class WireToolChoice(msgspec.Struct):
    """`tool_choice` as an object."""

    type: str = "function"
    function: WireName | None = None
    custom: WireName | None = None
    allowed_tools: WireAllowed | None = None
    name: str | None = None


class WireSchema(msgspec.Struct):
    """`json_schema` of a response format."""

    name: str = ""
    schema: msgspec.Raw = ABSENT
    description: str | None = None
    strict: bool | None = None


class WireResponseFormat(msgspec.Struct):
    """`type`: text, json_object, json_schema."""

    type: str = "text"
    json_schema: WireSchema | None = None


class WireStreamOptions(msgspec.Struct):
    """Only what changes the answer's meaning."""

    include_usage: bool | None = None


class WireRequest(msgspec.Struct):
    """A request. What is not here is `Request.extra`."""

    messages: list[WireMessage]
    model: str | None = None
    stream: bool | None = None
    stream_options: WireStreamOptions | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    tools: list[WireTool] | None = None
    functions: list[WireToolFunction] | None = None
    tool_choice: WireToolChoice | str | None = None
    function_call: WireName | str | None = None
    parallel_tool_calls: bool | None = None
    response_format: WireResponseFormat | None = None
    reasoning_effort: str | None = None
    verbosity: str | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    stop: str | list[str] | None = None
    n: int | None = None
    seed: int | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = None
    logit_bias: msgspec.Raw = ABSENT
    user: str | None = None
    safety_identifier: str | None = None
    metadata: msgspec.Raw = ABSENT
    service_tier: str | None = None
    prompt_cache_key: str | None = None
    prompt_cache_retention: str | None = None
    store: bool | None = None
    modalities: list[str] | None = None


class WireLogprobs(msgspec.Struct):
    """Kept unread: its shape is the hub's."""

    content: msgspec.Raw = ABSENT


class WireChoice(msgspec.Struct):
    """One alternative of an answer or a chunk."""

    index: int | None = None
    message: WireSaid | None = None
    delta: WireSaid | None = None
    finish_reason: str | None = None
    logprobs: WireLogprobs | None = None


class WireAnswer(msgspec.Struct):
    """A whole answer, or one chunk of a stream. `message` stands beside `code` in the errors of some vendors."""

    id: str | None = None
    model: str | None = None
    created: float | None = None
    choices: list[WireChoice] | None = None
    usage: ReportedUsage | None = None
    service_tier: str | None = None
    error: msgspec.Raw = ABSENT
    message: str | None = None


class WireError(msgspec.Struct):
    """The error object; `code` is a number with some vendors."""

    message: str | None = None
    type: str | None = None
    code: str | int | None = None
    status: str | int | None = None
