"""Several calls that a model has wrapped in one.

Some of OpenAI's models know a function `multi_tool_use.parallel` from their training and call it under that name,
or as `parallel`, though nobody has declared it: its argument lists the calls that are meant
(recorded in 2026 as `responses--parallel-tool-call-wrapper`). Clients answer such a call with "unknown tool".
"""

from typing import Final

import msgspec
from msgspec.structs import replace

from tokenrouter.domain.items import Call

_WRAPPERS: Final = frozenset(("parallel", "multi_tool_use.parallel"))
_DEFAULT_SPACE: Final = "functions"
"""What OpenAI's prompt format calls the namespace of functions that stand in none."""


class _Use(msgspec.Struct):
    recipient_name: str
    parameters: msgspec.Raw = msgspec.Raw(b"{}")


class _Uses(msgspec.Struct, forbid_unknown_fields=True):
    tool_uses: list[_Use]


_uses: Final = msgspec.json.Decoder(_Uses)


def may_wrap(name: str) -> bool:
    """Whether a call of that name may hold others; its arguments tell for sure."""
    return name in _WRAPPERS


def unwrapped(call: Call) -> list[Call]:
    """Return the calls that `call` holds, or itself where it is one of its own kind."""
    if not may_wrap(call.name) or call.kind != "function":
        return [call]
    try:
        uses = _uses.decode(call.arguments).tool_uses
    except (msgspec.DecodeError, RecursionError):
        return [call]
    calls = [_meant(call, use, number) for number, use in enumerate(uses)]
    return calls or [call]


def _meant(call: Call, use: _Use, number: int) -> Call:
    """The first keeps the id of the whole, so that what names it goes on naming something."""
    space, _, name = use.recipient_name.rpartition(".")
    return replace(
        call,
        call_id=call.call_id if number == 0 else f"{call.call_id}_{number}",
        name=name,
        namespace="" if space == _DEFAULT_SPACE else space,
        arguments=bytes(use.parameters).decode(),
        id="",
    )
