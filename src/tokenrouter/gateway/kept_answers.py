"""An answer as it is kept, and the port to where it lies.

What is kept is what went to the first client: its status, its body byte for byte, and those of its headers that are
true of the answer whoever reads it. Ids, limits and costs are of one request, and are told anew each time.
"""

import time
from typing import Final, Protocol

import msgspec

from tokenrouter.domain.ledger import AnsweredBy, Borrowed
from tokenrouter.gateway.ports import Responder

_LASTING: Final = frozenset(
    {
        b"content-type",
        b"openai-version",
        b"x-tokenrouter-provider",
        b"x-tokenrouter-dropped",
        b"x-tokenrouter-emulated",
        b"x-tokenrouter-changed",
        b"x-tokenrouter-output-limit",
    }
)
"""Headers that belong to an answer, not to one request for it."""


class KeptAnswer(msgspec.Struct, frozen=True, array_like=True):
    """One answer.

    Attributes:
        headers: lines, each ended by CRLF; only those that last.
        is_stream: whether it was sent in pieces, without its length.
        origin_id: the request that was asked for it, of the ledger.
        cost_nano_usd: what that one cost, 0 where nobody knows.
        made_at_s: seconds since the epoch.
    """

    status: int
    headers: bytes
    body: bytes
    is_stream: bool
    origin_id: str
    cost_nano_usd: int
    made_at_s: float

    def borrowed(self, how: AnsweredBy) -> Borrowed:
        """Return what the ledger says of a request that gets it."""
        return Borrowed(how, self.origin_id, self.cost_nano_usd)

    def age_s(self) -> int:
        """Return how old it is, in whole seconds."""
        return max(0, int(time.time() - self.made_at_s))

    def tell(self, responder: Responder, lines: bytes) -> None:
        """Send it, with `lines` among its headers."""
        if not self.is_stream:
            responder.answer(self.status, self.headers + lines, self.body)
            return
        responder.start(self.status, self.headers + lines, None)
        responder.write(self.body)
        responder.finish()


class AnswerStore(Protocol):
    """Where answers lie, by name. It may lose any of them; nothing it does takes longer than a moment."""

    @property
    def max_entry_bytes(self) -> int:
        """Longest entry that it takes."""

    async def get(self, name: bytes) -> bytes | None:
        """Return the entry, None where there is none or nobody can say."""

    async def claim(self, name: bytes, mark: bytes) -> bytes | None:
        """Return the entry; where there is none, put `mark` there for as long as this process lives, and return None.

        None too when nobody can say: then this process goes on by itself.
        """

    async def put(self, name: bytes, entry: bytes, ttl_s: float) -> None:
        """Keep `entry` for so long, in the place of what was there."""

    async def drop(self, name: bytes) -> None:
        """Forget it."""


def lasting(lines: bytes) -> bytes:
    """Return those of an answer's header lines that are true of it whoever reads it."""
    kept = [line for line in lines.split(b"\r\n") if line.partition(b":")[0].lower() in _LASTING]
    return b"".join(line + b"\r\n" for line in kept)


encode_answer: Final = msgspec.msgpack.Encoder().encode
_decoder: Final = msgspec.msgpack.Decoder(KeptAnswer)


def decode_answer(entry: bytes) -> KeptAnswer | None:
    """Return the answer that `entry` is; None where another version wrote it."""
    try:
        return _decoder.decode(entry)
    except msgspec.DecodeError:
        return None
