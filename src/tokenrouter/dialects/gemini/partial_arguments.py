"""A call's arguments as Vertex AI streams them: one leaf after another, each with its place (`partialArgs`).

`$.steps[0].name` names the place (RFC 9535); a text may come in pieces. The leaves are put together here and told
when the call is whole, since nothing says that they come in the order of the JSON text.
"""

import re
from itertools import pairwise
from typing import Any, Final

import msgspec

from tokenrouter.dialects.gemini.wire import WirePartialArg

_STEP: Final = re.compile(r"""\.([^.\[\]]+)|\[(\d{1,6})\]|\[(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")\]""")
_ESCAPE: Final = re.compile(r"\\(.)")


class UnreadablePath(ValueError):
    """A place that cannot be: no JSON path, or one that leads through a leaf or past the end of a list."""


class PartialArguments:
    """Puts one call's arguments together."""

    __slots__ = ("_grows", "_root")

    def __init__(self) -> None:
        self._root: dict[str, Any] = {}
        self._grows = ""

    def take(self, piece: WirePartialArg) -> None:
        """Take the next piece.

        Raises:
            UnreadablePath: its place cannot be.
        """
        path = piece.json_path or ""
        steps = _steps(path)
        holder: Any = self._root
        for step, following in pairwise(steps):
            holder = _child(holder, step, [] if isinstance(following, int) else {})
        _put(holder, steps[-1], _value(piece), grows=self._grows == path)
        self._grows = path if piece.will_continue else ""

    def text(self) -> str:
        """Return what there is of the arguments as JSON."""
        return msgspec.json.encode(self._root).decode()


def _steps(path: str) -> list[str | int]:
    steps: list[str | int] = []
    at = 1
    while at < len(path) and (match := _STEP.match(path, at)) is not None:
        name, number, single, double = match.groups()
        quoted = single if single is not None else double
        if number is not None:
            steps.append(int(number))
        else:
            steps.append(name if name is not None else _ESCAPE.sub(r"\1", quoted))
        at = match.end()
    if not steps or at != len(path) or not path.startswith("$"):
        raise UnreadablePath(path)
    return steps


def _child(holder: Any, step: str | int, new: Any) -> Any:
    if isinstance(holder, dict) and isinstance(step, str):
        child = holder.setdefault(step, new)
    elif isinstance(holder, list) and isinstance(step, int) and step <= len(holder):
        if step == len(holder):
            holder.append(new)
        child = holder[step]
    else:
        raise UnreadablePath(step)
    return child


def _put(holder: Any, step: str | int, value: Any, *, grows: bool) -> None:
    before = _child(holder, step, None)
    holder[step] = before + value if grows and isinstance(before, str) and isinstance(value, str) else value


def _value(piece: WirePartialArg) -> Any:
    """Return the leaf; one without any value is null (`nullValue`)."""
    if piece.string_value is not None:
        return piece.string_value
    if piece.number_value is not None:
        return piece.number_value
    return piece.bool_value
