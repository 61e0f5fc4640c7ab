"""The output file of a batch: what its requests used (pure).

One line for each request, with the answer that the model gave and the usage in it. Files are long, so lines are read
as they come and none is kept.
"""

from typing import Final

import msgspec

from tokenrouter.dialects.openai.usage import ReportedUsage
from tokenrouter.domain.errors import ProviderProtocolError
from tokenrouter.domain.ledger import NanoUsd, Usage
from tokenrouter.domain.prices import Price, cost, total_of

MAX_LINE_BYTES: Final = 32 * 2**20
"""Longest line: an answer with some pictures in it."""


class _Body(msgspec.Struct):
    usage: ReportedUsage | None = None


class _Response(msgspec.Struct):
    body: _Body | None = None


class _Line(msgspec.Struct):
    response: _Response | None = None


_line: Final = msgspec.json.Decoder(_Line)


class ResultCounter:
    """Adds up the usage of a file that arrives in pieces.

    Attributes:
        usage: of the lines that are whole.
        spent: what they cost together, each by itself, since a long one is dearer; 0 without a price.
        lines: how many there were.
        silent: how many answers among them told no usage.
    """

    def __init__(self, provider: str, price: Price | None = None) -> None:
        self._provider = provider
        self._price = price
        self._pending = b""
        self.usage = Usage(provider_requests=0)
        self.spent: NanoUsd = 0
        self.lines = self.silent = 0

    def feed(self, piece: bytes) -> None:
        """Take in the next piece.

        Raises:
            ProviderProtocolError: a line is no result.
        """
        *whole, self._pending = (self._pending + piece).split(b"\n")
        for line in whole:
            self._count(line)
        if len(self._pending) > MAX_LINE_BYTES:
            raise ProviderProtocolError("A line of the batch's results has no end.", provider=self._provider)

    def close(self) -> None:
        """Take in the last line, which may lack its line break."""
        line, self._pending = self._pending, b""
        self._count(line)

    def _count(self, line: bytes) -> None:
        if not line.strip():
            return
        self.lines += 1
        try:
            response = _line.decode(line).response
        except msgspec.DecodeError as error:
            raise ProviderProtocolError(
                f"Line {self.lines} of the batch's results cannot be read: {error}.", provider=self._provider
            ) from None
        body = None if response is None else response.body
        usage = None if body is None or body.usage is None else body.usage.usage()
        if usage is None:
            self.silent += body is not None
            return
        self.usage = total_of((self.usage, usage))
        if self._price is not None:
            self.spent += cost(usage, self._price)
