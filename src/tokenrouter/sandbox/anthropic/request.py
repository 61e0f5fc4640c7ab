"""A Messages request, read: what is asked, and how it is to be answered.

From Anthropic's API reference ("Messages", "Count Message tokens") and the guides it links (platform.claude.com, read
2026-11). What is checked here is what concerns the whole of a request; `anthropic_order`, `anthropic_tools` and
`anthropic_thinking` have the rules of their subjects. Two strings in the last user message mean what Anthropic's
documentation says: they bring a refusal, and thinking that comes back redacted. A fault does not keep to `max_tokens`,
without which nothing may be asked here: it would never be as long as it should.
"""

import dataclasses
from dataclasses import dataclass
from typing import Final, cast

from tokenrouter.sandbox.anthropic.cache import Segment
from tokenrouter.sandbox.anthropic.errors import refuse
from tokenrouter.sandbox.anthropic.fields import BETA_FIELDS, COUNT, CREATE, SAMPLING
from tokenrouter.sandbox.anthropic.json import Block, Shape
from tokenrouter.sandbox.anthropic.order import check_order
from tokenrouter.sandbox.anthropic.schema import check_schema
from tokenrouter.sandbox.anthropic.terms import Terms
from tokenrouter.sandbox.anthropic.thinking import Thinking, check_thoughts, read_thinking
from tokenrouter.sandbox.anthropic.tools import read_tools
from tokenrouter.sandbox.anthropic.turns import read_segments, read_turns
from tokenrouter.sandbox.models import Model
from tokenrouter.sandbox.prompt import Ask

MAX_TOKENS: Final = 128_000
"""Most output tokens of any model."""

REFUSAL: Final = (
    "ANTHROPIC_MAGIC_STRING_TRIGGER_REFUSAL_1FAEFB6177B4672DEE07F9D3AFC62588CCD2631EDCF22E8CCC1FB35B501C9C86"
)
"""From the guide "Streaming refusals"."""
REDACTION: Final = (
    "ANTHROPIC_MAGIC_STRING_TRIGGER_REDACTED_THINKING_46C9A13E193C177646C7398A98432ECCCE4C1253D5E2D82641AC0E52CC2876CB"
)
"""From the guide "Extended thinking", "Thinking redaction"."""


@dataclass(frozen=True, slots=True)
class MessagesRequest:
    """What is asked, and what `Ask` has no words for.

    Attributes:
        segments: the prompt as the cache sees it.
        fills_window: the model's context window ends before `max_tokens` does.
    """

    ask: Ask
    thinking: Thinking
    segments: tuple[Segment, ...]
    streams: bool
    is_refused: bool
    is_redacted: bool
    fills_window: bool


def read_messages(body: Block, raw: bytes, model: Model, terms: Terms) -> MessagesRequest:
    """`POST /v1/messages`. Raises: AnthropicError 400, for a request that Anthropic would refuse."""
    _check_fields(CREATE, body, terms)
    most = cast(int, body["max_tokens"])
    if most > MAX_TOKENS:
        refuse(
            f"max_tokens: {most} > {MAX_TOKENS}, which is the maximum allowed number of output tokens for {model.name}"
        )
    _check_stops(body)
    _check_sampling(body, model)
    return _understood(body, raw, model, terms)


def read_count(body: Block, raw: bytes, model: Model, terms: Terms) -> MessagesRequest:
    """`POST /v1/messages/count_tokens`. Raises: AnthropicError 400."""
    _check_fields(COUNT, body, terms)
    return _understood(body, raw, model, terms)


def _understood(body: Block, raw: bytes, model: Model, terms: Terms) -> MessagesRequest:
    messages = cast(list[Block], body["messages"])
    check_order(messages, terms, model)
    conversation = read_turns(body)
    tools = read_tools(body, conversation.referenced)
    last = conversation.turns[-1]
    thinking = read_thinking(body, model, terms, forced=tools.is_forced, after_results=last.role == "tool")
    check_thoughts(messages, thinking, model)
    ask = Ask(
        turns=tuple(conversation.turns),
        raw=raw,
        tools=tools.callable,
        tools_json=list(tools.loaded) or None,
        tool_choice=tools.choice,
        parallel_tools=tools.parallel,
        schema=_schema(body),
        max_tokens=None if model.fault else cast(int | None, body.get("max_tokens")),
        stop=tuple(cast(list[str], body.get("stop_sequences") or [])),
        reasoning_tokens=thinking.tokens,
        prefill=last.text if last.role == "assistant" else "",
    )
    bounded, fills_window = _within_window(ask, model)
    return MessagesRequest(
        ask=bounded,
        thinking=thinking,
        segments=tuple(read_segments(body, tools.loaded, model.tokenizer)),
        streams=body.get("stream") is True,
        is_refused=model.refuses or REFUSAL in ask.user_text,
        is_redacted=REDACTION in ask.user_text,
        fills_window=fills_window,
    )


def _check_fields(shape: Shape, body: Block, terms: Terms) -> None:
    for name, beta in BETA_FIELDS.items():
        if body.get(name) is not None and not terms.has(beta):
            refuse(f"{name}: Extra inputs are not permitted")
    for name in SAMPLING if terms.is_modern else ():
        if name in body:
            refuse(f"{name}: Extra inputs are not permitted")
    shape.check(body, "")


def _check_stops(body: Block) -> None:
    if any(not stop.strip() for stop in cast(list[str], body.get("stop_sequences") or [])):
        refuse("stop_sequences: each stop sequence must contain non-whitespace")


def _check_sampling(body: Block, model: Model) -> None:
    named = [name for name in SAMPLING if body.get(name) is not None]
    if named and model.adaptive:
        refuse(f"`{named[0]}` is deprecated for this model.")


def _schema(body: Block) -> object:
    """The schema to fit; None if there is none."""
    config = cast(Block, body.get("output_config") or {})
    given = config.get("format") or body.get("output_format")
    if not given:
        return None
    path = "output_config.format.schema" if config.get("format") else "output_format.schema"
    schema = cast(Block, given)["schema"]
    check_schema(schema, path)
    return schema


def _within_window(ask: Ask, model: Model) -> tuple[Ask, bool]:
    """The question with no more output than the context window has room for, and whether that is the bound."""
    prompt = ask.tokens(model.tokenizer)
    room = model.context_tokens - prompt
    if room < 0:
        refuse(f"prompt is too long: {prompt} tokens > {model.context_tokens} maximum")
    if ask.max_tokens is None or ask.max_tokens <= room:
        return ask, False
    return dataclasses.replace(ask, max_tokens=room), True
