"""A Converse request, read: what is asked, and what belongs to its cache.

From the Amazon Bedrock API reference ("Converse", read 2026-11). `additionalModelRequestFields.thinking` is what
Anthropic's models take there.
"""

import json
from dataclasses import dataclass
from typing import Final, cast

from tokenrouter.sandbox.aws import turns as bedrock_turns
from tokenrouter.sandbox.aws.json import Structure, read
from tokenrouter.sandbox.aws.shapes import CONVERSE
from tokenrouter.sandbox.fields import Fields
from tokenrouter.sandbox.google.thought_signatures import Signer
from tokenrouter.sandbox.models import Model
from tokenrouter.sandbox.prompt import Ask, Tool, Turn

_BUDGET_EFFORTS: Final = ((2048, "low"), (8192, "medium"), (2**31, "high"))
_EFFORTS: Final = ("low", "medium", "high", "xhigh", "max")


@dataclass(frozen=True, slots=True)
class ConverseRequest:
    """What is asked; `caches` if it has a cache point."""

    ask: Ask
    caches: bool


def read_converse(fields: Fields, raw: bytes, model: Model) -> ConverseRequest:
    """Raises: AwsError 400, for a request that Bedrock would refuse."""
    return understood(read(CONVERSE, "ConverseRequest", fields.values), raw, model)


def read_count(fields: Fields, raw: bytes, model: Model) -> ConverseRequest:
    """The prompt of a CountTokens request. Raises: AwsError 400."""
    counted = cast(Structure, read(CONVERSE, "CountTokensRequest", fields.values)["input"])
    if "converse" not in counted:
        bedrock_turns.refuse("The sandbox counts the tokens of a converse input only.")
    return understood(cast(Structure, counted["converse"]), raw, model)


def understood(request: Structure, raw: bytes, model: Model) -> ConverseRequest:
    """A request whose members could be read. Raises: AwsError 400."""
    messages = cast(list[Structure], request.get("messages") or [])
    config = cast(Structure, request.get("toolConfig") or {})
    listed = cast(list[Structure], config.get("tools") or [])
    if config and not listed:
        bedrock_turns.refuse(
            "1 validation error detected: Value at 'toolConfig.tools' failed to satisfy constraint: Member must have "
            "length greater than or equal to 1"
        )
    turns = bedrock_turns.read(messages, has_tools=bool(listed))
    thinking = _thinking(request)
    bedrock_turns.check_signatures(messages, signer(model), thinks=model.thinking != "none" and thinking != "none")
    tools = tuple(_tool(cast(Structure, each["toolSpec"])) for each in listed if "toolSpec" in each)
    inference = cast(Structure, request.get("inferenceConfig") or {})
    schema = _schema(request)
    ask = Ask(
        turns=(*_system(request), *turns),
        raw=raw,
        tools=tools,
        tools_json=listed or None,
        tool_choice=_choice(cast(Structure, config.get("toolChoice") or {}), tools),
        schema=schema,
        as_json=schema is not None,
        max_tokens=cast(int | None, inference.get("maxTokens")),
        stop=tuple(cast(list[str], inference.get("stopSequences") or [])),
        effort=thinking,
    )
    return ConverseRequest(ask, _cache_points(request, messages, listed) > 0)


def signer(model: Model) -> Signer:
    """Who signs for this model: its name without what is behind `@`."""
    return Signer("bedrock", model.name.partition("@")[0])


def _system(request: Structure) -> list[Turn]:
    listed = cast(list[Structure], request.get("system") or [])
    texts = [str(block["text"]) for block in listed if "text" in block]
    return [Turn("system", "\n".join(texts))] if texts else []


def _tool(spec: Structure) -> Tool:
    schema = cast(Structure, spec["inputSchema"])["json"]
    if not isinstance(schema, dict) or schema.get("type") != "object":
        bedrock_turns.refuse(
            f"The value at toolConfig.tools.{spec['name']}.toolSpec.inputSchema.json.type must be one of the "
            "following: "
            "object."
        )
    return Tool(str(spec["name"]), schema)


def _choice(choice: Structure, tools: tuple[Tool, ...]) -> str:
    if "tool" not in choice:
        return "required" if "any" in choice else "auto"
    name = str(cast(Structure, choice["tool"])["name"])
    if name not in {tool.name for tool in tools}:
        bedrock_turns.refuse(f"The tool {name} of toolConfig.toolChoice is not among toolConfig.tools.")
    return name


def _schema(request: Structure) -> object:
    form = cast(Structure, cast(Structure, request.get("outputConfig") or {}).get("textFormat") or {})
    if not form:
        return None
    text = cast(Structure, cast(Structure, form["structure"])["jsonSchema"])["schema"]
    try:
        return json.loads(str(text))
    except ValueError:
        bedrock_turns.refuse("The schema of outputConfig.textFormat is not JSON.")


def _thinking(request: Structure) -> str | None:
    """The effort asked for; None leaves it to the model."""
    additional = request.get("additionalModelRequestFields")
    thinking = additional.get("thinking") if isinstance(additional, dict) else None
    effort = cast(Structure, request.get("outputConfig") or {}).get("effort")
    if not isinstance(thinking, dict):
        return _effort(effort)
    if thinking.get("type") == "disabled":
        return "none"
    budget = thinking.get("budget_tokens")
    if thinking.get("type") != "enabled":
        return _effort(effort)
    if not isinstance(budget, int) or budget < 1024:
        bedrock_turns.refuse(
            "The model returned the following errors: thinking.enabled.budget_tokens: Input should be greater than or "
            "equal to 1024"
        )
    return next(name for most, name in _BUDGET_EFFORTS if budget <= most)


def _effort(effort: object) -> str | None:
    if effort is None:
        return None
    if effort not in _EFFORTS:
        bedrock_turns.refuse(f"The value '{effort}' of outputConfig.effort is not one of {', '.join(_EFFORTS)}.")
    return "xhigh" if effort == "max" else str(effort)


def _cache_points(request: Structure, messages: list[Structure], tools: list[Structure]) -> int:
    listed = [*cast(list[Structure], request.get("system") or []), *tools]
    listed += [block for message in messages for block in bedrock_turns.blocks(message)]
    points = sum("cachePoint" in block for block in listed)
    if points > bedrock_turns.MAX_CACHE_POINTS:
        bedrock_turns.refuse(
            f"A maximum of {bedrock_turns.MAX_CACHE_POINTS} cachePoint blocks is allowed, found {points}."
        )
    return points
