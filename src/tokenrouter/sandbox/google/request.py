"""A `generateContent` request, read: what is asked, how it is to be answered.

From the Gemini API reference ("GenerateContentRequest", "GenerationConfig", "ThinkingConfig", read 2026-11). What the
sandbox adds: the words `finish with REASON` or `be blocked with REASON` in the last user message bring the answer to
that `finishReason`, or the prompt to that `blockReason`.
"""

import re
from collections import Counter
from dataclasses import dataclass
from typing import Final, cast

from tokenrouter.sandbox.fields import Fields
from tokenrouter.sandbox.google import schema as gemini_schema
from tokenrouter.sandbox.google import tools as gemini_tools
from tokenrouter.sandbox.google import turns as gemini_turns
from tokenrouter.sandbox.google.errors import GoogleError, invalid
from tokenrouter.sandbox.google.json import Message, read
from tokenrouter.sandbox.google.surface import Surface
from tokenrouter.sandbox.google.thought_signatures import Signer
from tokenrouter.sandbox.models import Model
from tokenrouter.sandbox.prompt import Ask, Turn

MAX_STOPS: Final = 5
MAX_CANDIDATES: Final = 8
MAX_BUDGET: Final = 32_768
MAX_TOKENS: Final = 2**31 - 1

FINISH_REASONS: Final = (
    "SAFETY", "RECITATION", "LANGUAGE", "OTHER", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "MALFORMED_FUNCTION_CALL",
    "IMAGE_SAFETY", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS",
)  # fmt: skip
BLOCK_REASONS: Final = ("SAFETY", "OTHER", "BLOCKLIST", "PROHIBITED_CONTENT", "IMAGE_SAFETY")

_FINISH: Final = re.compile(r"\bfinish with ([A-Z_]+)")
_BLOCKED: Final = re.compile(r"\bbe blocked with ([A-Z_]+)")
_BUDGET_EFFORTS: Final = ((0, "none"), (1024, "low"), (8192, "medium"), (MAX_BUDGET, "high"))


@dataclass(frozen=True, slots=True)
class GenerateRequest:
    """What is asked, and what `Ask` has no words for.

    Attributes:
        finish_reason, block_reason: what the sandbox was told to end with.
        media: tokens of the prompt that are not text, by modality.
    """

    ask: Ask
    candidates: int
    includes_thoughts: bool
    streams_arguments: bool
    finish_reason: str | None
    block_reason: str | None
    media: Counter[str]


def read_generate(fields: Fields, raw: bytes, model: Model, surface: Surface) -> GenerateRequest:
    """Raises: GoogleError 400, for a request that Google would refuse."""
    return understood(read(surface.declared, "GenerateContentRequest", fields.values), raw, model, surface)


def understood(message: Message, raw: bytes, model: Model, surface: Surface) -> GenerateRequest:
    """A `GenerateContentRequest` whose fields could be read. Raises: GoogleError 400 or, for a cache, 403."""
    contents = cast(list[Message], message.get("contents") or [])
    conversation = gemini_turns.read(contents, surface)
    thinks = model.thinking != "none"
    gemini_turns.check_signatures(contents, signer(model, surface), surface, thinks)
    if message.get("cached_content"):
        raise GoogleError(403, "CachedContent not found (or permission denied)")
    tools = cast(list[Message], message.get("tools") or [])
    functions = gemini_tools.read_tools(tools)
    tool_config = cast(Message, message.get("tool_config") or {})
    choice, left = gemini_tools.read_choice(tool_config, functions)
    config = cast(Message, message.get("generation_config") or {})
    thinking = cast(Message, config.get("thinking_config") or {})
    schema, as_json = _format(config)
    ask = Ask(
        turns=(*_system(message), *conversation.turns),
        raw=raw,
        tools=left,
        tools_json=gemini_tools.tools_json(tools),
        tool_choice=choice,
        schema=schema,
        as_json=as_json,
        max_tokens=_integer(config, "max_output_tokens", 1, MAX_TOKENS),
        stop=_stops(config),
        effort=_effort(thinking),
    )
    return GenerateRequest(
        ask=ask,
        candidates=_integer(config, "candidate_count", 1, MAX_CANDIDATES) or 1,
        includes_thoughts=thinks and thinking.get("include_thoughts") is True,
        streams_arguments=_streams_arguments(tool_config),
        finish_reason=_told(_FINISH, ask.user_text, FINISH_REASONS),
        block_reason=_told(_BLOCKED, ask.user_text, BLOCK_REASONS),
        media=conversation.media,
    )


def signer(model: Model, surface: Surface) -> Signer:
    """Who signs for this model: its name without what is behind `@`."""
    return Signer(surface.name, model.name.partition("@")[0])


def _system(message: Message) -> tuple[Turn, ...]:
    """The system instruction; its role is ignored, its parts are text."""
    given = cast(Message | None, message.get("system_instruction"))
    if given is None:
        return ()
    parts = gemini_turns.parts_of(given)
    if not parts or any("text" not in part for part in parts):
        raise invalid("* GenerateContentRequest.system_instruction.parts: only text parts are supported\n")
    return (Turn("system", gemini_turns.text_of(given)),)


def _format(config: Message) -> tuple[object, bool]:
    """The schema to fit, and whether any JSON is asked for."""
    mime = str(config.get("response_mime_type") or "text/plain")
    own = cast(Message | None, config.get("response_schema"))
    as_json = config.get("response_json_schema")
    if mime not in ("text/plain", "application/json", "text/x.enum"):
        path = "GenerateContentRequest.generation_config.response_mime_type"
        allowed = "`text/plain`, `application/json`, `application/xml`, `application/yaml` and `text/x.enum`"
        raise invalid(f"* {path}: allowed mimetypes are {allowed}\n")
    if own is not None and as_json is not None:
        raise invalid("Only one of response_schema and response_json_schema may be set.")
    if mime == "text/plain" and (own is not None or as_json is not None):
        raise invalid("A response schema is only supported with the response mime type 'application/json'.")
    if own is None:
        return as_json, mime == "application/json"
    wrong = [*gemini_schema.problems(own, "GenerateContentRequest.generation_config.response_schema")]
    if wrong:
        raise invalid("".join(f"* {line}\n" for line in wrong))
    return gemini_schema.json_schema(own), True


def _stops(config: Message) -> tuple[str, ...]:
    stops = cast(list[str], config.get("stop_sequences") or [])
    if len(stops) > MAX_STOPS:
        path = "GenerateContentRequest.generation_config.stop_sequences"
        raise invalid(f"* {path}: at most {MAX_STOPS} stop sequences are supported\n")
    return tuple(stops)


def _effort(thinking: Message) -> str | None:
    """The thinking asked for, in OpenAI's words; None leaves it to the model."""
    level, budget = thinking.get("thinking_level"), cast(int | None, thinking.get("thinking_budget"))
    if level is not None and budget is not None:
        raise invalid("You can only set only one of thinking budget and thinking level.")
    if level is not None:
        return str(level).lower() if level != "THINKING_LEVEL_UNSPECIFIED" else None
    if budget is None or budget == -1:
        return None
    if not 0 <= budget <= MAX_BUDGET:
        raise invalid(f"The thinking budget ({budget}) is invalid. Please choose a value between 0 and {MAX_BUDGET}.")
    return next(effort for most, effort in _BUDGET_EFFORTS if budget <= most)


def _streams_arguments(tool_config: Message) -> bool:
    calling = cast(Message, tool_config.get("function_calling_config") or {})
    return calling.get("stream_function_call_arguments") is True


def _integer(config: Message, name: str, low: int, high: int) -> int | None:
    value = cast(int | None, config.get(name))
    if value is not None and not low <= value <= high:
        raise invalid(f"* GenerateContentRequest.generation_config.{name}: must be from {low} to {high}, not {value}\n")
    return value


def _told(words: re.Pattern[str], text: str, reasons: tuple[str, ...]) -> str | None:
    found = words.search(text)
    return found[1] if found and found[1] in reasons else None
