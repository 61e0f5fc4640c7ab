"""The input of a Responses request: its items, read in order, and whether they belong together.

From OpenAI's API reference ("Create a model response", `input`), the guides "Reasoning models" and "Conversation state"
(read 2026-11) and recorded refusals: every call needs its output and every output its call; reasoning comes back
unchanged and right before the item that it led to, or not at all.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, NoReturn

from tokenrouter.sandbox.errors import ApiError
from tokenrouter.sandbox.fields import Fields
from tokenrouter.sandbox.prompt import Turn
from tokenrouter.sandbox.responses.parts import SAID, TOLD, content
from tokenrouter.sandbox.responses.store import ResponseStore
from tokenrouter.sandbox.responses.thoughts import Json, Sealer, followed_by

ROLES: Final = ("user", "assistant", "system", "developer")
MAX_ID_LENGTH: Final = 64
_OTHERS: Final = (
    "file_search_call", "web_search_call", "computer_call", "computer_call_output", "image_generation_call",
    "code_interpreter_call", "local_shell_call", "local_shell_call_output", "shell_call", "shell_call_output",
    "apply_patch_call", "apply_patch_call_output", "mcp_list_tools", "mcp_approval_request", "mcp_approval_response",
    "mcp_call", "program", "program_output", "configuration_update", "compaction_trigger",
)  # fmt: skip
"""Items of the vendor's own tools: taken as they are, and weighed."""
_PREFIXES: Final = {"message": "msg", "function_call": "fc", "reasoning": "rs"}
_CALLS: Final = {
    "function_call": "function call",
    "custom_tool_call": "custom tool call",
    "tool_search_call": "tool search call",
}
_OUTPUTS: Final = {
    "function_call_output": "function call",
    "custom_tool_call_output": "custom tool call",
    "tool_search_output": "tool search call",
}


@dataclass(slots=True)
class Conversation:
    """What the items say. `brought` are the tools that items declare; `searched` says that the last is a search's."""

    items: tuple[Json, ...]
    turns: list[Turn] = field(default_factory=list)
    brought: list[Fields] = field(default_factory=list)
    searched: bool = False


@dataclass(frozen=True, slots=True)
class ItemReader:
    """Reads the items that one caller sends to one model."""

    sealer: Sealer
    store: ResponseStore
    owner: str

    def read(self, before: Sequence[Json], fields: Fields) -> Conversation:
        """The conversation: what was stored `before`, then the request's `input`. Raises: ApiError 400, 404."""
        old = [Fields(item, "input") for item in before]
        new = [self._resolved(item) for item in _given(fields)]
        items = [*old, *new]
        if not items:
            fields.refuse("input", "Invalid 'input': empty array. Expected an array with minimum length 1.")
        conversation = Conversation(tuple(item.values for item in items))
        for item in old:
            if item.values.get("type") != "reasoning":  # the sandbox's own, so never wrong
                self._add(conversation, item, {})
        for item, following in zip(new, [*new[1:], Fields({})], strict=True):
            self._add(conversation, item, following.values)
        _check_pairs(items)
        self._check_thoughts(new)
        conversation.searched = items[-1].values.get("type") == "tool_search_output"
        return conversation

    def _resolved(self, item: Fields) -> Fields:
        """The item itself where another one refers to it."""
        named = item.values.get("type")
        if named != "item_reference" and (named is not None or item.present("role")):
            return item
        found = self.store.item(self.owner, item.required_text("id"))
        return Fields(found, item.path("")[:-1]) if found is not None else _not_stored(item)

    def _add(self, conversation: Conversation, item: Fields, following: Json) -> None:
        kind = item.choice("type", _TYPES) if item.present("type") else "message"
        _check_id(item, kind)
        if kind == "reasoning":
            conversation.turns.append(self._thought(item, following))
        elif kind == "compaction":
            conversation.turns.append(Turn("developer", str(self._opened(item, kind)["text"])))
        elif kind == "tool_search_call":
            item.required_member("arguments")
        elif kind in ("tool_search_output", "additional_tools"):
            if kind == "additional_tools":
                item.choice("role", ("developer",))
            conversation.brought += item.objects("tools")
        else:
            conversation.turns.append(_READERS.get(kind, _other)(item))

    def _thought(self, item: Fields, following: Json) -> Turn:
        if item.array("summary") is None:
            message = f"Missing required parameter: '{item.path('summary')}'."
            item.refuse("summary", message, "missing_required_parameter")
        if not item.present("encrypted_content"):
            return self._stored_thought(item, following)
        thought = self._opened(item, "reasoning")
        if (item.text("id") or thought["id"]) != thought["id"]:
            _not_verified(item)
        if thought["next"] and followed_by(following) != thought["next"]:
            _without_following(str(thought["id"]))
        return Turn("assistant", "", int(str(thought["tokens"])))

    def _stored_thought(self, item: Fields, following: Json) -> Turn:
        name = item.required_text("id")
        if self.store.item(self.owner, name) is None:
            _not_stored(item)
        needed = self.store.item_after(self.owner, name)
        if needed is not None and following.get("id") != needed:
            _without_following(name)
        return Turn("assistant", "")

    def _opened(self, item: Fields, kind: str) -> Json:
        found = self.sealer.open(item.required_text("encrypted_content"))
        return found if found is not None and found["kind"] == kind else _not_verified(item)

    def _check_thoughts(self, items: Sequence[Fields]) -> None:
        """A stored item that followed a thought does not come back without it."""
        before: object = None
        for item in items:
            name, kind = item.text("id"), item.values.get("type", "message")
            thought = self.store.thought_before(self.owner, name) if name else None
            if thought is not None and before != thought:
                message = (
                    f"Item '{name}' of type '{kind}' was provided without its required 'reasoning' item: '{thought}'."
                )
                raise ApiError(400, message, param="input")
            sealed = kind == "reasoning" and item.present("encrypted_content")
            before = self._opened(item, "reasoning")["id"] if sealed else name


def _given(fields: Fields) -> list[Fields]:
    given = fields.values.get("input")
    if given is None:
        return []
    if isinstance(given, str):
        return [Fields({"type": "message", "role": "user", "content": given}, "input")]
    if not isinstance(given, list):
        fields.wrong_type("input", "one of an array of objects or string")
    return fields.objects("input")


def _check_id(item: Fields, kind: str) -> None:
    name, prefix = item.text("id"), _PREFIXES.get(kind, "")
    if name is None:
        return
    if len(name) > MAX_ID_LENGTH:
        _too_long(item, "id", name)
    if not name.startswith(prefix):
        message = f"Invalid '{item.path('id')}': '{name}'. Expected an ID that begins with '{prefix}'."
        item.refuse("id", message, "invalid_value")


def _call_id(item: Fields) -> str:
    name = item.required_text("call_id")
    if not name:
        message = f"Invalid '{item.path('call_id')}': empty string. Expected a string with minimum length 1."
        item.refuse("call_id", message, "empty_string")
    if len(name) > MAX_ID_LENGTH:
        _too_long(item, "call_id", name)
    return name


def _too_long(item: Fields, name: str, value: str) -> NoReturn:
    message = (
        f"Invalid '{item.path(name)}': string too long. Expected a string with maximum length {MAX_ID_LENGTH}, but got "
        f"a string with length {len(value)} instead."
    )
    item.refuse(name, message, "string_above_max_length")


def _message(item: Fields) -> Turn:
    role = item.choice("role", ROLES)
    return Turn(role, *content(item, "content", SAID if role == "assistant" else TOLD))


def _call(item: Fields) -> Turn:
    _call_id(item)
    return Turn("assistant", f"{item.required_text('name')}({item.required_text('arguments')})")


def _custom_call(item: Fields) -> Turn:
    _call_id(item)
    return Turn("assistant", f"{item.required_text('name')}({item.required_text('input')})")


def _other(item: Fields) -> Turn:
    return Turn("assistant", json.dumps(item.values, ensure_ascii=False))


def _output(item: Fields) -> Turn:
    _call_id(item)
    return Turn("tool", *content(item, "output", TOLD))


def _check_pairs(items: list[Fields]) -> None:
    waiting: dict[tuple[str, str], int] = {}
    for item in items:
        kind, call_id = str(item.values.get("type")), str(item.values.get("call_id"))
        if kind not in _CALLS and kind not in _OUTPUTS:
            continue
        if item.values.get("execution") == "server":
            continue
        call = (_CALLS.get(kind) or _OUTPUTS[kind], call_id)
        waiting[call] = waiting.get(call, 0) + (1 if kind in _CALLS else -1)
        if waiting[call] < 0:
            message = f"No tool call found for {call[0]} output with call_id {call_id}."
            raise ApiError(400, message, param="input")
    for (what, call_id), count in waiting.items():
        if count:
            raise ApiError(400, f"No tool output found for {what} {call_id}.", param="input")


def _not_stored(item: Fields) -> NoReturn:
    message = (
        f"Item with id '{item.values['id']}' not found. Items are not persisted when `store` is set to false. Try "
        "again with `store` set to true, or remove this item from your input."
    )
    raise ApiError(404, message, param="input")


def _not_verified(item: Fields) -> NoReturn:
    message = (
        f"The encrypted content for item {item.values.get('id')} could not be verified. Reason: Encrypted content "
        "could not be decrypted or parsed."
    )
    raise ApiError(400, message, code="invalid_encrypted_content")


def _without_following(name: str) -> NoReturn:
    message = f"Item '{name}' of type 'reasoning' was provided without its required following item."
    raise ApiError(400, message, param="input")


_READERS: Final[dict[str, Callable[[Fields], Turn]]] = {
    "message": _message,
    "function_call": _call,
    "custom_tool_call": _custom_call,
    "function_call_output": _output,
    "custom_tool_call_output": _output,
}
_TYPES: Final = (
    *_READERS,
    "reasoning",
    "compaction",
    "tool_search_call",
    "tool_search_output",
    "additional_tools",
    *_OTHERS,
)
