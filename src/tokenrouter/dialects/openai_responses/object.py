"""The response object: what was asked, repeated, and what has become of it.

OpenAI's schema requires the settings of the request in every answer, those that the client left out with their
defaults (API reference, read 2026-11). They are gathered once for an answer; a stream tells them three times.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from tokenrouter.dialects.hub import Reply
from tokenrouter.dialects.openai.tiers import told_tier
from tokenrouter.dialects.openai_responses.stops import incomplete_reason
from tokenrouter.dialects.openai_responses.usage import usage_object
from tokenrouter.domain.answers import Begun, Stop
from tokenrouter.domain.items import RawJson
from tokenrouter.domain.ledger import Usage

_DEFAULTS: Final[Mapping[str, object]] = {
    "instructions": None,
    "max_output_tokens": None,
    "max_tool_calls": None,
    "metadata": {},
    "parallel_tool_calls": True,
    "previous_response_id": None,
    "prompt_cache_key": None,
    "prompt_cache_retention": None,
    "reasoning": {"effort": None, "summary": None},
    "safety_identifier": None,
    "service_tier": "default",
    "store": False,
    "temperature": 1.0,
    "text": {"format": {"type": "text"}},
    "tool_choice": "auto",
    "tools": [],
    "top_logprobs": 0,
    "top_p": 1.0,
    "truncation": "disabled",
    "user": None,
}
_INNER: Final[Mapping[str, Mapping[str, object]]] = {
    "reasoning": {"effort": None, "summary": None},
    "text": {"format": {"type": "text"}},
}
_FUNCTION: Final[Mapping[str, object]] = {"description": None, "parameters": None, "strict": False}
"""What a function's declaration must hold; a strictness that nobody asked for is not kept to elsewhere."""
_object: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_objects: Final = msgspec.json.Decoder(list[dict[str, msgspec.Raw]])


class ResponseObject:
    """One answer's response object; `begin` comes first."""

    __slots__ = ("_lead", "_reply")

    def __init__(self, reply: Reply) -> None:
        self._reply = reply
        self._lead = b""

    def begin(self, begun: Begun) -> None:
        """Take what the provider tells of itself."""
        reply = self._reply
        told = {
            "id": f"resp_{reply.id}",
            "object": "response",
            "created_at": begun.created_s or reply.created_s,
            "background": False,
            "model": begun.model or reply.request.model,
            **_settings(reply.request.echo),
        }
        if tier := told_tier(begun.tier):
            told["service_tier"] = tier
        self._lead = msgspec.json.encode(told)[:-1] + b","

    def going(self) -> msgspec.Raw:
        """Return it as it is before anything was said."""
        return self._told("in_progress", (), None)

    def ended(self, output: Sequence[object], stop: Stop, usage: Usage | None) -> tuple[str, msgspec.Raw]:
        """Return its last status, and the object."""
        reason = incomplete_reason(stop)
        status = "completed" if reason is None else "incomplete"
        return status, self._told(status, output, usage, reason=reason)

    def failed(self, output: Sequence[object], code: str, message: str, usage: Usage | None) -> msgspec.Raw:
        """Return it with an error."""
        return self._told("failed", output, usage, error={"code": code, "message": message})

    def _told(
        self,
        status: str,
        output: Sequence[object],
        usage: Usage | None,
        *,
        reason: str | None = None,
        error: Mapping[str, str] | None = None,
    ) -> msgspec.Raw:
        changing = {
            "status": status,
            "error": error,
            "incomplete_details": None if reason is None else {"reason": reason},
            "output": output,
            "usage": None if usage is None else usage_object(usage),
        }
        return msgspec.Raw(self._lead + msgspec.json.encode(changing)[1:])


def _settings(echo: Mapping[str, RawJson]) -> dict[str, object]:
    settings: dict[str, object] = {}
    for name, default in _DEFAULTS.items():
        raw = echo.get(name, b"null")
        if raw == b"null":
            settings[name] = default
        elif name in _INNER:
            settings[name] = {**_INNER[name], **_object.decode(raw)}
        elif name == "tools":
            settings[name] = [_tool(tool) for tool in _objects.decode(raw)]
        else:
            settings[name] = msgspec.Raw(raw)
    return settings


def _tool(tool: dict[str, msgspec.Raw]) -> dict[str, object]:
    is_function = bytes(tool.get("type", b"")) == b'"function"'
    return {**_FUNCTION, **tool} if is_function else {**tool}
