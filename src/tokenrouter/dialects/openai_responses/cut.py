"""The end of a Responses stream that its provider has not ended: by a bound, or by an error.

The terminal event repeats the response, which the first event of the stream showed: clients check that it is the same
one (OpenAI's SDK: "Lifecycle response identity changed"). What the model said by then is in the events before; it is
not told once more, since nobody has kept it.
"""

import re
from typing import Any, Final

import msgspec

from tokenrouter.dialects.sse import payload_of
from tokenrouter.domain.errors import GatewayError
from tokenrouter.domain.ledger import Usage

_NUMBER: Final = re.compile(rb'"sequence_number"\s*:\s*(\d+)')


class _Created(msgspec.Struct):
    response: dict[str, Any] = msgspec.field(default_factory=dict)


_created: Final = msgspec.json.Decoder(_Created)


def cut_response(begun: bytes, last: bytes, usage: Usage) -> bytes:
    """Return the terminal event of a stream that began with the events `begun` and came to the events `last`.

    It ends as if `max_output_tokens` had been reached.
    """
    told, said = usage.input_tokens, usage.output_tokens
    response = {
        "object": "response",
        "output": [],
        **_response_in(begun),
        "status": "incomplete",
        "incomplete_details": {"reason": "max_output_tokens"},
        "usage": {
            "input_tokens": told,
            "input_tokens_details": {"cached_tokens": usage.cached_input_tokens},
            "output_tokens": said,
            "output_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
            "total_tokens": told + said,
        },
    }
    return _terminal("response.incomplete", response, begun + last)


def failed_response(told: bytes, request_id: str, error: GatewayError) -> bytes:
    """Return the event that ends by `error` a stream of which `told` are the first and the last events, if any."""
    response = {
        "id": request_id,
        "object": "response",
        "output": [],
        **_response_in(told),
        "status": "failed",
        "error": {"code": error.code, "message": error.message},
    }
    return _terminal("response.failed", response, told)


def _terminal(kind: str, response: dict[str, Any], told: bytes) -> bytes:
    numbers = _NUMBER.findall(told) or [b"-1"]
    event = {"type": kind, "sequence_number": int(numbers[-1]) + 1, "response": response}
    return b"event: %b\ndata: %b\n\n" % (kind.encode(), msgspec.json.encode(event))


def _response_in(begun: bytes) -> dict[str, Any]:
    first = begun[: begun.find(b"\n\n") + 2] if b"\n\n" in begun else begun
    try:
        return _created.decode(payload_of(first)).response
    except (msgspec.DecodeError, RecursionError):
        return {}
