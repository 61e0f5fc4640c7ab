"""Whether and how long a model thinks for Anthropic's API, and that its thoughts come back as they went out.

From the guides "Thinking", "Adaptive thinking" and "Extended thinking" (platform.claude.com, as of 2026-11). Models of
the manual kind think when told to (`enabled` with a budget, or `adaptive`) and, without interleaving, not again after a
tool's result; the adaptive kind thinks unless told not to. Signatures and redacted thoughts are keyed hashes; they hold
on every platform that serves the model, as Anthropic's do. A call that was made after thinking has a mark in its id, so
a gateway that loses the thinking block is found out even where the rules of adaptive thinking would let it pass.
"""

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final, cast

from tokenrouter.sandbox.anthropic.errors import refuse
from tokenrouter.sandbox.anthropic.json import Block
from tokenrouter.sandbox.anthropic.terms import Terms
from tokenrouter.sandbox.google.json import decoded_bytes
from tokenrouter.sandbox.google.thought_signatures import Signer
from tokenrouter.sandbox.models import Model
from tokenrouter.sandbox.speech import EFFORTS

REDACTED: Final = "redacted"
"""What the signature in a redacted block is bound to."""
THOUGHTS_OF_BUDGET: Final = 8
"""One token of thinking is used for so many of the budget."""

_DEFAULT_EFFORT: Final = "high"
_BLOCKS: Final = ("thinking", "redacted_thinking")
_GUIDE: Final = "https://docs.claude.com/en/docs/build-with-claude/extended-thinking"


@dataclass(frozen=True, slots=True)
class Thinking:
    """How a model thinks about one request.

    Attributes:
        is_asked: whether thinking is on, so that its rules hold for the conversation.
        is_manual: on with a budget; the rules are stricter then.
        tokens: how long it thinks this time.
        is_shown: the text comes with the signature; without, only the signature does.
    """

    is_asked: bool
    is_manual: bool
    tokens: int
    is_shown: bool


def read_thinking(body: Block, model: Model, terms: Terms, *, forced: bool, after_results: bool) -> Thinking:
    """Raises: AnthropicError 400, for a configuration that this model or the rest of the request does not allow."""
    given = cast(Block, body.get("thinking") or {})
    kind = str(given.get("type") or ("adaptive" if model.adaptive and not forced else "disabled"))
    _check_kind(kind, given, model, forced=forced)
    if kind == "enabled" and not (terms.has("interleaved-thinking-") and body.get("tools")):
        _check_budget(body, cast(int, given["budget_tokens"]))
    is_on = kind in ("enabled", "adaptive")
    if is_on:
        _check_sampling(body)
    rests = kind == "enabled" and after_results and not terms.has("interleaved-thinking-")
    tokens = _tokens(body, kind, given) if is_on and model.thinking != "none" and not rests else 0
    display = given.get("display") or ("summarized" if model.thinking == "open" else "omitted")
    return Thinking(is_on and model.thinking != "none", kind == "enabled", tokens, display == "summarized")


def signer(model: Model) -> Signer:
    """Who signs for this model: its name without what is behind `@`."""
    return Signer("anthropic", model.name.partition("@")[0])


def encoded_signature(made_by: Signer, told: str) -> str:
    """A signature as it stands in JSON."""
    return base64.b64encode(made_by.sign(told)).decode()


def tool_use_id(call_id: str, model: Model, *, after_thinking: bool) -> str:
    """The id of a call, as Anthropic's look."""
    letters = call_id.removeprefix("call_")
    return _marked(model) + letters[:16] if after_thinking else "toolu_01" + letters[:22]


def check_thoughts(messages: list[Block], thinking: Thinking, model: Model) -> None:
    """Refuse thoughts that are not the model's and, while tools are being used, a turn that lost its own.

    Raises:
        AnthropicError: 400.
    """
    for path, block in _blocks(messages):
        if block.get("type") == "thinking":
            _check_signature(block, path, signer(model))
        elif block.get("type") == "redacted_thinking":
            _check_redacted(block, path, signer(model))
    if not thinking.is_asked:
        return
    turn = _current_turn(messages)
    if thinking.is_manual and turn:
        _check_start(*turn[0])
    for number, content in turn:
        _check_marked_calls(number, content, model)


def _check_kind(kind: str, given: Block, model: Model, *, forced: bool) -> None:
    if kind == "enabled" and model.adaptive:
        refuse(
            '"thinking.type.enabled" is not supported for this model. Use "thinking.type.adaptive" and '
            '"output_config.effort" to control thinking behavior.'
        )
    if given and kind in ("enabled", "adaptive") and forced:
        refuse("Thinking may not be enabled when tool_choice forces tool use.")


def _check_budget(body: Block, budget: int) -> None:
    most = body.get("max_tokens")
    if isinstance(most, int) and budget >= most:
        refuse(
            "`max_tokens` must be greater than `thinking.budget_tokens`. Please consult our documentation at "
            f"{_GUIDE}#max-tokens-and-context-window-size"
        )


def _check_sampling(body: Block) -> None:
    if body.get("temperature", 1) != 1:
        refuse(
            f"`temperature` may only be set to 1 when thinking is enabled. Please consult our documentation {_GUIDE}"
        )
    if body.get("top_k") is not None:
        refuse(f"`top_k` must be unset when thinking is enabled. Please consult our documentation {_GUIDE}")
    if cast(float, body.get("top_p", 1)) < 0.95:
        refuse("`top_p` must be greater than or equal to 0.95 or unset when thinking is enabled.")


def _tokens(body: Block, kind: str, given: Block) -> int:
    effort = cast(Block, body.get("output_config") or {}).get("effort")
    if kind == "adaptive":
        return EFFORTS[str(effort or _DEFAULT_EFFORT)]
    most = EFFORTS[str(effort or "max")]
    return min(cast(int, given["budget_tokens"]) // THOUGHTS_OF_BUDGET, most)


def _blocks(messages: list[Block]) -> Iterator[tuple[str, Block]]:
    for number, message in enumerate(messages):
        if isinstance(message["content"], list):
            for index, block in enumerate(message["content"]):
                yield f"messages.{number}.content.{index}", block


def _check_signature(block: Block, path: str, made_by: Signer) -> None:
    signature = decoded_bytes(str(block["signature"]))
    if not signature or not made_by.made(signature, str(block["thinking"])):
        refuse(f"{path}: Invalid `signature` in `thinking` block")


def _check_redacted(block: Block, path: str, made_by: Signer) -> None:
    data = decoded_bytes(str(block["data"]))
    if not data or not made_by.made(data, REDACTED):
        refuse(f"{path}: Invalid `data` in `redacted_thinking` block")


def _current_turn(messages: list[Block]) -> list[tuple[int, list[Block]]]:
    """The assistant's messages, with their places, since the user last said something that is no tool's result."""
    turn: list[tuple[int, list[Block]]] = []
    for number in reversed(range(len(messages))):
        message = messages[number]
        content = cast("list[Block] | str", message["content"])
        if message["role"] == "assistant" and not isinstance(content, str):
            turn.insert(0, (number, content))
        elif message["role"] == "user" and not _has_results(content):
            break
    return turn


def _has_results(content: list[Block] | str) -> bool:
    return not isinstance(content, str) and any(block.get("type") == "tool_result" for block in content)


def _check_start(number: int, content: list[Block]) -> None:
    kind = content[0].get("type") if content else None
    if kind in _BLOCKS or not any(block.get("type") == "tool_use" for block in content):
        return
    refuse(
        f"messages.{number}.content.0.type: Expected `thinking` or `redacted_thinking`, but found `{kind}`. When "
        "`thinking` is enabled, a final `assistant` message must start with a thinking block (preceeding the lastmost "
        "set of `tool_use` and `tool_result` blocks). We recommend you include thinking blocks from previous turns. To "
        f"avoid this requirement, disable `thinking`. Please consult our documentation at {_GUIDE}"
    )


def _check_marked_calls(number: int, content: list[Block], model: Model) -> None:
    has_thought = False
    for index, block in enumerate(content):
        has_thought = has_thought or block.get("type") in _BLOCKS
        if str(block.get("id", "")).startswith(_marked(model)) and not has_thought:
            refuse(
                f"messages.{number}.content.{index}: `thinking` or `redacted_thinking` blocks in the latest assistant "
                "message cannot be modified. These blocks must remain as they were in the original response."
            )


def _marked(model: Model) -> str:
    """How the ids of calls begin that this model made after thinking."""
    return "toolu_01" + blake2b(signer(model).model.encode(), digest_size=3).hexdigest()
