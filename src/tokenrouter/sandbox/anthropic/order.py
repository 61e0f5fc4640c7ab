"""Who may speak when in a Messages request, and what has to follow a call of a tool.

From the API reference ("Messages"), the guides "Handle tool calls" and "Mid-conversation system messages"
(platform.claude.com, as of 2026-11) and the API's refusals (seen 2025-2026). Neighbours of one role are one turn. A
message of the system follows a user's (or a tool that Anthropic ran) and ends the conversation or precedes the
assistant; models of the manual kind take it with a beta only.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, cast

from tokenrouter.sandbox.anthropic.errors import refuse
from tokenrouter.sandbox.anthropic.fields import SERVER_RESULTS
from tokenrouter.sandbox.anthropic.json import Block
from tokenrouter.sandbox.anthropic.terms import Terms
from tokenrouter.sandbox.models import Model

MAX_MESSAGES: Final = 100_000

_ONLY_IN: Final = {
    "tool_use": "assistant",
    "server_tool_use": "assistant",
    "thinking": "assistant",
    "redacted_thinking": "assistant",
    "tool_result": "user",
    "image": "user",
    "search_result": "user",
}
_IN_SYSTEM: Final = ("text", "tool_addition", "tool_removal")


@dataclass(slots=True)
class _Turn:
    """Messages of one role, one after the other: the number of the last, and each block with its path."""

    role: str
    last: int
    blocks: list[tuple[str, Block]] = field(default_factory=list)


def check_order(messages: list[Block], terms: Terms, model: Model) -> None:
    """Raises: AnthropicError 400."""
    if not messages:
        refuse("messages: at least one message is required")
    if len(messages) > MAX_MESSAGES:
        refuse(f"messages: at most {MAX_MESSAGES} messages are allowed")
    for number, message in enumerate(messages):
        _check_role(messages, number, terms, model)
        _check_blocks(message, number, terms, is_last=number == len(messages) - 1)
    if messages[0]["role"] != "user":
        refuse('messages: first message must use the "user" role')
    _check_tools(_turns(messages))
    _check_prefill(messages[-1], model)


def content(message: Block) -> list[Block]:
    """The blocks of a message; a string is one block of text."""
    given = message["content"]
    return [{"type": "text", "text": given}] if isinstance(given, str) else cast(list[Block], given)


def _check_role(messages: list[Block], number: int, terms: Terms, model: Model) -> None:
    role = messages[number]["role"]
    if role in ("user", "assistant"):
        return
    if role != "system":
        refuse(f'messages: Unexpected role "{role}". Allowed roles are "user" or "assistant".')
    if not (model.adaptive or terms.has("mid-conversation-")):
        refuse(
            'messages: Unexpected role "system". The Messages API accepts a top-level `system` parameter, not "system" '
            "as an input message role."
        )
    if number == 0:
        refuse("messages.0: role 'system' is not allowed as the first message; use the top-level 'system' parameter")
    before = messages[number - 1]
    if before["role"] != "user" and not _ends_with_server_tool(before):
        refuse(f"messages.{number}: role 'system' must follow a user message or a server tool's result")
    if number + 1 < len(messages) and messages[number + 1]["role"] != "assistant":
        refuse(f"messages.{number}: role 'system' must be the last message or be followed by an assistant message")


def _ends_with_server_tool(message: Block) -> bool:
    blocks = content(message)
    return message["role"] == "assistant" and bool(blocks) and blocks[-1].get("type") in SERVER_RESULTS


def _check_blocks(message: Block, number: int, terms: Terms, *, is_last: bool) -> None:
    role, blocks = str(message["role"]), content(message)
    if (not blocks or message["content"] == "") and not (is_last and role == "assistant"):
        refuse(
            f"messages.{number}: all messages must have non-empty content except for the optional final assistant "
            "message"
        )
    for index, block in enumerate(blocks):
        kind = str(block["type"])
        if _ONLY_IN.get(kind, role) != role:
            refuse(f"messages.{number}: `{kind}` blocks can only be in `{_ONLY_IN[kind]}` messages")
        if role == "system" and kind not in _IN_SYSTEM:
            refuse(f"messages.{number}: `{kind}` blocks are not allowed in `system` messages")
        if terms.is_modern:
            _check_modern(block, role, f"messages.{number}.content.{index}")


def _check_modern(block: Block, role: str, path: str) -> None:
    """What version 2026-10-21 no longer takes."""
    if role == "assistant" and block["type"] == "document":
        refuse(f"{path}: `document` blocks are not allowed in `assistant` messages")
    if role == "user" and block["type"] == "text" and block.get("citations"):
        refuse(f"{path}.text.citations: citations are not allowed on text blocks in `user` messages")


def _turns(messages: Sequence[Block]) -> list[_Turn]:
    """The turns of user and assistant; what the system says between them is left out."""
    turns: list[_Turn] = []
    for number, message in enumerate(messages):
        role = str(message["role"])
        if role == "system":
            continue
        if not turns or turns[-1].role != role:
            turns.append(_Turn(role, number))
        turns[-1].last = number
        turns[-1].blocks += [(f"messages.{number}.content.{n}", block) for n, block in enumerate(content(message))]
    return turns


def _check_tools(turns: Sequence[_Turn]) -> None:
    seen: set[str] = set()
    for number, turn in enumerate(turns):
        _check_unique(turn, seen)
        before = turns[number - 1] if number else _Turn("", -1)
        _check_results(turn, [str(block["id"]) for _, block in _named(before, "tool_use")])
        after = turns[number + 1] if number + 1 < len(turns) else _Turn("", -1)
        _check_answered(turn, after)


def _check_unique(turn: _Turn, seen: set[str]) -> None:
    for path, block in _named(turn, "tool_use"):
        if block["id"] in seen:
            refuse(f"{path}: `tool_use` ids must be unique")
        seen.add(str(block["id"]))


def _check_results(turn: _Turn, asked: list[str]) -> None:
    results = list(_named(turn, "tool_result"))
    counted = Counter(str(block["tool_use_id"]) for _, block in results)
    for path, block in results:
        name = str(block["tool_use_id"])
        if name not in asked:
            refuse(
                f"{path}: unexpected `tool_use_id` found in `tool_result` blocks: {name}. Each `tool_result` block "
                "must have a corresponding `tool_use` block in the previous message."
            )
        if counted[name] > 1:
            refuse(
                f"{path}: each tool_use must have a single result. Found multiple `tool_result` blocks with id: {name}"
            )


def _check_answered(turn: _Turn, after: _Turn) -> None:
    """Each call has its result in the blocks with which the next turn begins."""
    answered = []
    for _, block in after.blocks:
        if block["type"] != "tool_result":
            break
        answered.append(block["tool_use_id"])
    missing = [str(block["id"]) for _, block in _named(turn, "tool_use") if block["id"] not in answered]
    if missing:
        refuse(
            f"messages.{turn.last}: `tool_use` ids were found without `tool_result` blocks immediately after: "
            f"{', '.join(missing)}. Each `tool_use` block must have a corresponding `tool_result` block in the next "
            "message."
        )


def _named(turn: _Turn, kind: str) -> Iterator[tuple[str, Block]]:
    return ((path, block) for path, block in turn.blocks if block["type"] == kind)


def _check_prefill(last: Block, model: Model) -> None:
    if last["role"] != "assistant":
        return
    if model.adaptive:
        refuse("This model does not support assistant message prefill. The conversation must end with a user message.")
    blocks = content(last)
    text = str(blocks[-1].get("text") or "") if blocks else ""
    if text != text.rstrip():
        refuse("messages: final assistant content cannot end with trailing whitespace")
