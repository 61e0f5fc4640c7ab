"""Gemini's generateContent as typed JSON (ai.google.dev/api and Vertex AI's reference, read 2026-11).

Names are those of Google's JSON, `camelCase`; `spelling.py` turns the other spelling that Google reads too
into it. Tolerant: every field may be absent or null, and what nobody needs is skipped without being built.
"""

from typing import Final

import msgspec

from tokenrouter.dialects.gemini.usage import ReportedUsage

ABSENT: Final = msgspec.Raw()
"""A raw value that is not there. (A union of `Raw` and None would not decode as raw.)"""


class WireBlob(msgspec.Struct, rename="camel"):
    """Data inside the message; `data` is base64, of either alphabet."""

    mime_type: str | None = None
    data: str | None = None
    display_name: str | None = None


class WireFile(msgspec.Struct, rename="camel"):
    """Data that the provider is to fetch."""

    mime_type: str | None = None
    file_uri: str | None = None
    display_name: str | None = None


class WirePartialArg(msgspec.Struct, rename="camel"):
    """A piece of one argument in a stream; `json_path` as in RFC 9535, such as `$.a[0].b`."""

    json_path: str | None = None
    string_value: str | None = None
    number_value: int | float | None = None
    bool_value: bool | None = None
    will_continue: bool | None = None


class WireCall(msgspec.Struct, rename="camel"):
    """A call: whole, or with `will_continue` a piece of one that nothing but its place names."""

    id: str | None = None
    name: str | None = None
    args: msgspec.Raw = ABSENT
    partial_args: list[WirePartialArg] | None = None
    will_continue: bool | None = None


class WireResultPart(msgspec.Struct, rename="camel"):
    """Something in a call's result that is no JSON."""

    inline_data: WireBlob | None = None
    file_data: WireFile | None = None


class WireResult(msgspec.Struct, rename="camel"):
    """What a call came to."""

    id: str | None = None
    name: str | None = None
    response: msgspec.Raw = ABSENT
    parts: list[WireResultPart] | None = None
    will_continue: msgspec.Raw = ABSENT
    scheduling: msgspec.Raw = ABSENT


class WireCode(msgspec.Struct, rename="camel"):
    """Code that the provider ran (`code`), or what it printed (`output`)."""

    code: str | None = None
    language: str | None = None
    output: str | None = None


class WirePart(msgspec.Struct, rename="camel"):
    """One part: exactly one of its kinds of data, perhaps signed. `thought`: it is reasoning."""

    text: str | None = None
    thought: bool | None = None
    thought_signature: str | None = None
    inline_data: WireBlob | None = None
    file_data: WireFile | None = None
    function_call: WireCall | None = None
    function_response: WireResult | None = None
    executable_code: WireCode | None = None
    code_execution_result: WireCode | None = None
    tool_call: msgspec.Raw = ABSENT
    tool_response: msgspec.Raw = ABSENT
    media_resolution: msgspec.Raw = ABSENT
    video_metadata: msgspec.Raw = ABSENT
    part_metadata: msgspec.Raw = ABSENT


class WireContent(msgspec.Struct, rename="camel"):
    """One turn."""

    role: str | None = None
    parts: list[WirePart] | None = None


class WireFunction(msgspec.Struct, rename="camel"):
    """A declared function: `parameters` is Google's kind of schema, the other a JSON schema."""

    name: str
    description: str | None = None
    parameters: msgspec.Raw = ABSENT
    parameters_json_schema: msgspec.Raw = ABSENT
    behavior: msgspec.Raw = ABSENT
    response: msgspec.Raw = ABSENT
    response_json_schema: msgspec.Raw = ABSENT


class WireCalling(msgspec.Struct, rename="camel"):
    """Whether functions may or must be called; `mode`: AUTO, ANY, NONE, VALIDATED."""

    mode: str | None = None
    allowed_function_names: list[str] | None = None


class WireToolConfig(msgspec.Struct, rename="camel"):
    """How tools are to be used."""

    function_calling_config: WireCalling | None = None


class WireThinking(msgspec.Struct, rename="camel"):
    """How to think; a budget or a level, never both."""

    include_thoughts: bool | None = None
    thinking_budget: int | None = None
    thinking_level: str | None = None


class WireConfig(msgspec.Struct, rename="camel"):
    """`generationConfig`. Numbers may come as 1 or 1.0."""

    max_output_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: float | None = None
    candidate_count: int | None = None
    stop_sequences: list[str] | None = None
    seed: int | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    response_logprobs: bool | None = None
    logprobs: int | None = None
    response_mime_type: str | None = None
    response_schema: msgspec.Raw = ABSENT
    response_json_schema: msgspec.Raw = ABSENT
    response_modalities: list[str] | None = None
    thinking_config: WireThinking | None = None


class WireRequest(msgspec.Struct, rename="camel"):
    """A request. What is not here is `Request.extra`. A tool may hold functions and Google's own tools at once."""

    contents: list[WireContent]
    model: str | None = None
    system_instruction: WireContent | str | None = None
    tools: list[dict[str, msgspec.Raw]] | None = None
    tool_config: WireToolConfig | None = None
    generation_config: WireConfig | None = None
    cached_content: str | None = None
    service_tier: str | None = None
    labels: msgspec.Raw = ABSENT


class WireToken(msgspec.Struct, rename="camel"):
    """A token and how likely it was."""

    token: str = ""
    token_id: int | None = None
    log_probability: float | None = None


class WireTopTokens(msgspec.Struct, rename="camel"):
    """The likeliest tokens at one place."""

    candidates: list[WireToken] | None = None


class WireLogprobs(msgspec.Struct, rename="camel"):
    """`logprobsResult`: what was chosen, and what else was likely, place by place."""

    chosen_candidates: list[WireToken] | None = None
    top_candidates: list[WireTopTokens] | None = None


class WireWeb(msgspec.Struct, rename="camel"):
    """A source of what is said: a page, or a passage of a document that was given."""

    uri: str | None = None
    title: str | None = None
    text: str | None = None


class WireChunk(msgspec.Struct, rename="camel"):
    """One source."""

    web: WireWeb | None = None
    retrieved_context: WireWeb | None = None
    maps: WireWeb | None = None


class WireSegment(msgspec.Struct, rename="camel"):
    """A piece of the answer; positions count bytes of its UTF-8, and are left out where they are 0."""

    part_index: int | None = None
    start_index: int | None = None
    end_index: int | None = None
    text: str | None = None


class WireSupport(msgspec.Struct, rename="camel"):
    """Which sources a piece of the answer is from."""

    segment: WireSegment | None = None
    grounding_chunk_indices: list[int] | None = None


class WireGrounding(msgspec.Struct, rename="camel"):
    """Where an answer is from."""

    grounding_chunks: list[WireChunk] | None = None
    grounding_supports: list[WireSupport] | None = None


class WireCandidate(msgspec.Struct, rename="camel"):
    """One alternative, or a chunk of one."""

    content: WireContent | None = None
    finish_reason: str | None = None
    finish_message: str | None = None
    index: int | None = None
    grounding_metadata: WireGrounding | None = None
    logprobs_result: WireLogprobs | None = None


class WireFeedback(msgspec.Struct, rename="camel"):
    """What Google objects to in the prompt; then there are no candidates."""

    block_reason: str | None = None
    block_reason_message: str | None = None


class WireError(msgspec.Struct):
    """`google.rpc.Status`, as Google's HTTP APIs show it."""

    code: int | str | None = None
    message: str | None = None
    status: str | None = None


class WireAnswer(msgspec.Struct, rename="camel"):
    """A whole answer, or one chunk of a stream: they have the same shape."""

    candidates: list[WireCandidate] | None = None
    prompt_feedback: WireFeedback | None = None
    usage_metadata: ReportedUsage | None = None
    model_version: str | None = None
    response_id: str | None = None
    create_time: str | None = None
    error: WireError | None = None
