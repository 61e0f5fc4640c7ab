"""The end of a Responses stream whose answer is not to become longer, as if `max_output_tokens` had been reached.

The terminal event repeats the response, which the first event of the stream showed. What the model said by then is in
the events before; it is not told once more, since nobody has kept it.
"""

import re
from typing import Any, Final

import msgspec

from tokenrouter.dialects.sse import payload_of
from tokenrouter.domain.ledger import Usage

_NUMBER: Final = re.compile(rb'"sequence_number"\s*:\s*(\d+)')


class _Created(msgspec.Struct):
    response: dict[str, Any] = msgspec.field(default_factory=dict)


_created: Final = msgspec.json.Decoder(_Created)


def cut_response(begun: bytes, last: bytes, usage: Usage) -> bytes:
    """Return the terminal event of a stream that began with the events `begun` and came to the events `last`."""
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
    numbers = _NUMBER.findall(last) or _NUMBER.findall(begun) or [b"-1"]
    event = {"type": "response.incomplete", "sequence_number": int(numbers[-1]) + 1, "response": response}
    return b"event: response.incomplete\ndata: " + msgspec.json.encode(event) + b"\n\n"


def _response_in(begun: bytes) -> dict[str, Any]:
    first = begun[: begun.find(b"\n\n") + 2] if b"\n\n" in begun else begun
    try:
        return _created.decode(payload_of(first)).response
    except (msgspec.DecodeError, RecursionError):
        return {}
