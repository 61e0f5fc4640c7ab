"""The parameters of a Responses request beside its input: which there are, their ranges, and how they are repeated.

From OpenAI's API reference ("Create a model response", read 2026-11) and recorded refusals. Responses knows no
parameter that is not listed; some of Chat Completions' have moved, and the refusal says where to.
"""

from typing import Final

from tokenrouter.sandbox.errors import ApiError
from tokenrouter.sandbox.fields import Fields
from tokenrouter.sandbox.openai.chat import MAX_TOKENS
from tokenrouter.sandbox.question import Question, sampling
from tokenrouter.sandbox.responses.strict import root_problem, strict_problem
from tokenrouter.sandbox.responses.thoughts import Json
from tokenrouter.sandbox.speech import EFFORTS

PROMPT: Final = frozenset(
    ("conversation", "input", "instructions", "model", "parallel_tool_calls", "personality", "previous_response_id",
     "reasoning", "text", "tool_choice", "tools", "truncation")
)  # fmt: skip
"""What a request to count input tokens may say."""
COMPACTION: Final = frozenset(
    ("image", "input", "instructions", "model", "previous_response_id", "prompt_cache_key", "prompt_cache_options",
     "prompt_cache_retention", "service_tier")
)  # fmt: skip
CREATION: Final = PROMPT - {"personality"} | frozenset(
    ("access_programs", "background", "client_metadata", "context_management", "frequency_penalty", "image", "include",
     "max_output_tokens", "max_tool_calls", "metadata", "moderation", "presence_penalty", "prompt", "prompt_cache_key",
     "prompt_cache_options", "prompt_cache_retention", "safety_identifier", "service_tier", "store", "stream",
     "stream_options", "temperature", "top_logprobs", "top_p", "user")
)  # fmt: skip
_MOVED: Final = {
    "max_tokens": "max_output_tokens",
    "max_completion_tokens": "max_output_tokens",
    "messages": "input",
    "reasoning_effort": "reasoning.effort",
    "response_format": "text.format",
    "verbosity": "text.verbosity",
}
INCLUDABLE: Final = (
    "file_search_call.results", "web_search_call.results", "web_search_call.action.sources",
    "message.input_image.image_url", "computer_call_output.output.image_url", "code_interpreter_call.outputs",
    "reasoning.encrypted_content", "message.output_text.logprobs",
)  # fmt: skip
LEAST_OUTPUT_TOKENS: Final = 16
MAX_METADATA: Final = 16
MAX_KEY_LENGTH: Final = 64
MAX_VALUE_LENGTH: Final = 512
_DEFAULTS: Final[Json] = {
    "background": False,
    "frequency_penalty": 0.0,
    "instructions": None,
    "max_output_tokens": None,
    "max_tool_calls": None,
    "metadata": {},
    "moderation": None,
    "parallel_tool_calls": True,
    "presence_penalty": 0.0,
    "previous_response_id": None,
    "prompt_cache_key": None,
    "prompt_cache_retention": None,
    "safety_identifier": None,
    "store": True,
    "temperature": 1.0,
    "tool_choice": "auto",
    "top_logprobs": 0,
    "top_p": 1.0,
    "truncation": "disabled",
    "user": None,
}


def check_names(fields: Fields, known: frozenset[str]) -> None:
    """Raises: ApiError 400, for the first parameter that is none."""
    for name in fields.values:
        if name in _MOVED and name not in known:
            message = (
                f"Unsupported parameter: '{name}'. In the Responses API, this parameter has moved to '{_MOVED[name]}'. "
                "Try again with the new parameter."
            )
            fields.refuse(name, message, "unsupported_parameter")
    fields.only(known)


def check_values(fields: Fields) -> None:
    """Types and ranges of what changes nothing here. Raises: ApiError 400."""
    sampling(fields)
    fields.integer("max_tool_calls", 1, MAX_TOKENS)
    for name in ("prompt_cache_key", "safety_identifier"):
        fields.text(name)
    for name, allowed in (
        ("truncation", ("auto", "disabled")),
        ("service_tier", ("auto", "default", "fast", "flex", "priority", "ultrafast")),
        ("prompt_cache_retention", ("in_memory", "24h")),
    ):
        if fields.present(name):
            fields.choice(name, allowed)
    options = fields.member("stream_options")
    if options is not None:
        check_names(options, frozenset(("include_obfuscation",)))
        if not fields.flag("stream"):
            message = "The 'stream_options' parameter is only allowed when 'stream' is enabled."
            fields.refuse("stream_options", message)
    _check_metadata(fields)


def included(fields: Fields) -> list[object]:
    """What `include` asks for. Raises: ApiError 400."""
    wanted = fields.array("include") or []
    for index, name in enumerate(wanted):
        if name not in INCLUDABLE:
            known = ", ".join(f"'{each}'" for each in INCLUDABLE)
            message = f"Invalid value: '{name}'. Supported values are: {known}."
            fields.refuse(f"include[{index}]", message, "invalid_value")
    return wanted


def output_limit(fields: Fields) -> int | None:
    """`max_output_tokens`. Raises: ApiError 400, below the least that the vendor takes."""
    return fields.integer("max_output_tokens", LEAST_OUTPUT_TOKENS, MAX_TOKENS)


def effort(fields: Fields) -> str | None:
    """How hard to think. Raises: ApiError 400."""
    reasoning = fields.member("reasoning")
    if reasoning is None:
        return None
    check_names(reasoning, frozenset(("context", "effort", "generate_summary", "mode", "summary")))
    for name in ("summary", "generate_summary"):
        if reasoning.present(name):
            reasoning.choice(name, ("auto", "concise", "detailed"))
    return reasoning.choice("effort", EFFORTS) if reasoning.present("effort") else None


def text_format(fields: Fields) -> tuple[object, bool]:
    """The schema that the text has to fit, and whether any JSON object will do. Raises: ApiError 400."""
    text = fields.member("text")
    if text is None:
        return None, False
    check_names(text, frozenset(("format", "verbosity")))
    if text.present("verbosity"):
        text.choice("verbosity", ("low", "medium", "high"))
    form = text.member("format")
    if form is None:
        return None, False
    kind = form.choice("type", ("text", "json_object", "json_schema"))
    if kind != "json_schema":
        return None, kind == "json_object"
    name, schema = form.required_text("name"), form.required_member("schema").values
    problem = root_problem(schema) or (strict_problem(schema) if form.flag("strict") else None)
    if problem is not None:
        message = f"Invalid schema for response_format '{name}': {problem}"
        raise ApiError(400, message, param="text.format.schema", code="invalid_json_schema")
    return schema, True


def settings(question: Question, tools: list[Json]) -> Json:
    """The request as the vendor repeats it in every response object."""
    given = question.fields.values
    repeated = {name: default if given.get(name) is None else given[name] for name, default in _DEFAULTS.items()}
    reasoning, text = question.fields.member("reasoning"), question.fields.member("text")
    return {
        "object": "response",
        "created_at": question.created,
        "model": question.model.name,
        **repeated,
        "reasoning": {"effort": None, "summary": None, **(reasoning.values if reasoning else {})},
        "text": {"format": {"type": "text"}, "verbosity": "medium", **(text.values if text else {})},
        "tools": tools,
        "service_tier": "default",
    }


def _check_metadata(fields: Fields) -> None:
    metadata = fields.member("metadata")
    if metadata is None:
        return
    if len(metadata.values) > MAX_METADATA:
        message = (
            f"Invalid 'metadata': too many properties. Expected an object with at most {MAX_METADATA} properties, but "
            f"got an object with {len(metadata.values)} properties instead."
        )
        fields.refuse("metadata", message, "object_above_max_properties")
    for name in metadata.values:
        value = metadata.required_text(name)
        for what, text, longest in (("key", name, MAX_KEY_LENGTH), ("value", value, MAX_VALUE_LENGTH)):
            if len(text) > longest:
                message = (
                    f"Invalid {what} of 'metadata.{name}': string too long. Expected a string with maximum length "
                    f"{longest}, but got a string with length {len(text)} instead."
                )
                metadata.refuse(name, message, "string_above_max_length")
