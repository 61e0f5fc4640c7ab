"""The end of a stream of Messages events whose answer is not to become longer, as if `max_tokens` had been reached."""

import re
from typing import Final

import msgspec

from tokenrouter.dialects.anthropic.stream_encoder import MESSAGE_STOP
from tokenrouter.domain.ledger import Usage

_BLOCK: Final = re.compile(rb'"type"\s*:\s*"content_block_(start|delta|stop)"')
_INDEX: Final = re.compile(rb'"index"\s*:\s*(\d+)')


def cut_messages(last: bytes, usage: Usage) -> bytes:
    """Return the last events of a stream whose events before were `last`: an open block ends first."""
    delta: dict[str, object] = {
        "type": "message_delta",
        "delta": {"stop_reason": "max_tokens", "stop_sequence": None},
        "usage": {"output_tokens": usage.output_tokens},
    }
    return _closing(last) + _event(b"message_delta", delta) + MESSAGE_STOP


def _closing(last: bytes) -> bytes:
    """Return what ends the block that is open, if one is."""
    blocks = list(_BLOCK.finditer(last))
    if not blocks or blocks[-1][1] == b"stop":
        return b""
    line = last[last.rfind(b"\n", 0, blocks[-1].start()) + 1 :]
    index = _INDEX.search(line)
    number = 0 if index is None else int(index[1])
    return _event(b"content_block_stop", {"type": "content_block_stop", "index": number})


def _event(name: bytes, payload: dict[str, object]) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (name, msgspec.json.encode(payload))
