"""What a model says to what it was asked: text, tool calls or an instance of a schema, within the limits.

Nothing is random: the same question gets the same words, so a test can say what must arrive.
"""

import dataclasses
import itertools
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from tokenrouter.sandbox import ids
from tokenrouter.sandbox.errors import ApiError
from tokenrouter.sandbox.models import Model
from tokenrouter.sandbox.prompt import Ask
from tokenrouter.sandbox.schema_instances import instance
from tokenrouter.sandbox.schema_values import ImpossibleSchema
from tokenrouter.sandbox.tokens import Piece, Tokenizer
from tokenrouter.sandbox.wishes import Wish, wishes

EFFORTS: Final = {"none": 0, "minimal": 0, "low": 32, "medium": 128, "high": 512, "xhigh": 1024, "max": 2048}
"""Reasoning tokens of a thinking model by `reasoning_effort`; medium when not said."""

REFUSAL: Final = "I'm sorry, but I can't help with that."
"""What a model says that refuses."""

OVERRUN: Final = 1.2
"""What the model `overrun` makes of its limit."""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One call; `arguments` is JSON or free text, cut short when the output limit says so."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Utterance:
    """One answer.

    `tokens` is all it costs: text, calls and `reasoning_tokens`. `finish` is Chat Completions' finish reason. `refused`
    says that the text is a refusal. `repeated` are words of the request that the answer begins with.
    """

    text: str
    calls: tuple[ToolCall, ...]
    finish: str
    tokens: int
    reasoning_tokens: int = 0
    refused: bool = False
    repeated: str = ""


def compose(ask: Ask, model: Model) -> Utterance:
    """Raises: ApiError, when a schema cannot be met, or the model does not talk."""
    if model.says == "vectors":
        raise ApiError(400, f"The model `{model.name}` only makes embeddings.", param="model")
    reasoning = _reasoning_tokens(ask, model)
    limit = math.inf if ask.max_tokens is None else ask.max_tokens
    if model.overruns and ask.max_tokens is not None:
        limit = math.ceil(ask.max_tokens * OVERRUN)
        model = model.but(length=limit)
    reasoning = int(min(reasoning, limit))
    wished = wishes(ask)
    if model.refuses:
        spoken = dataclasses.replace(_bounded_text(REFUSAL, model.tokenizer, limit - reasoning), refused=True)
    elif wished:
        spoken = _bounded_calls(wished, model.tokenizer, limit - reasoning)
    else:
        spoken = _bounded_text(_until(_text(ask, model), ask.stop), model.tokenizer, limit - reasoning)
    if not reasoning:
        return spoken
    return dataclasses.replace(spoken, tokens=spoken.tokens + reasoning, reasoning_tokens=reasoning)


def text_pieces(model: Model, text: str) -> Iterator[Piece]:
    """The text in the portions in which `model` streams it; without end for the endless one."""
    pieces = model.tokenizer.pieces(text, model.tokens_per_frame)
    return itertools.cycle(pieces) if model.endless else pieces


def _reasoning_tokens(ask: Ask, model: Model) -> int:
    if model.thinking == "none":
        return 0
    if ask.reasoning_tokens is not None:
        return ask.reasoning_tokens
    return EFFORTS.get(ask.effort or "medium", EFFORTS["medium"])


def _text(ask: Ask, model: Model) -> str:
    if ask.schema is not None:
        return json.dumps(_fitting(ask.schema, "response_format"), ensure_ascii=False)
    if ask.as_json:
        return json.dumps({"answer": ask.user_text}, ensure_ascii=False)
    if ask.tool_results:
        return "The tool answered: " + "; ".join(ask.tool_results)
    if model.says == "mirror":
        return ask.raw.decode("utf-8", "replace")
    return ask.user_text if model.says == "echo" else model.tokenizer.lorem(model.length).removeprefix(ask.prefill)


def _fitting(schema: object, param: str) -> object:
    try:
        return instance(schema)
    except ImpossibleSchema as error:
        message = f"Invalid schema for '{param}': {error}"
        raise ApiError(400, message, param=param, code="invalid_json_schema") from error


def _until(text: str, stops: tuple[str, ...]) -> str:
    """`text` up to the first of the stop sequences, which is not part of the answer."""
    return text[: min((text.find(stop) for stop in stops if stop and stop in text), default=len(text))]


def _bounded_text(text: str, tokenizer: Tokenizer, limit: float) -> Utterance:
    total = tokenizer.count(text)
    if total <= limit:
        return Utterance(text, (), "stop", total)
    text = tokenizer.take(text, int(limit))
    return Utterance(text, (), "length", tokenizer.count(text))


def _bounded_calls(wished: list[Wish], tokenizer: Tokenizer, limit: float) -> Utterance:
    calls: list[ToolCall] = []
    spent = 0
    for wish in wished:
        name, arguments = wish.tool.name, _arguments(wish)
        name_tokens = tokenizer.count(name)
        total = name_tokens + tokenizer.count(arguments)
        if spent + total > limit:
            room = int(limit) - spent - name_tokens
            if room > 0:
                arguments = tokenizer.take(arguments, room)
                calls.append(ToolCall(ids.letters("call_", 24), name, arguments))
                spent += name_tokens + tokenizer.count(arguments)
            return Utterance("", tuple(calls), "length", spent)
        calls.append(ToolCall(ids.letters("call_", 24), name, arguments))
        spent += total
    return Utterance("", tuple(calls), "tool_calls", spent)


def _arguments(wish: Wish) -> str:
    if wish.arguments is not None:
        return wish.arguments
    if wish.tool.free_text is not None:
        return wish.tool.free_text
    return json.dumps(_fitting(wish.tool.parameters, "tools"), ensure_ascii=False, separators=(",", ":"))
