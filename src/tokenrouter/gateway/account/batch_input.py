"""The input file of a batch: what it will ask for, and under which names (pure).

Each line is a request to a model (platform.openai.com/docs/guides/batch, read 2026-11: `custom_id`, `method`, `url`,
`body`, one model for the whole file). It is read once, when the file is uploaded: the model's name is replaced by the
provider's, every other byte stays, and what the lines may consume is added up, to be held when a batch is made of it.
"""

from collections.abc import Callable
from typing import Final

import msgspec

from tokenrouter.dialects.json import JsonObject, peek_object
from tokenrouter.domain.errors import InvalidRequest
from tokenrouter.domain.ownership import BatchInput

MAX_LINES: Final = 100_000
"""Most lines of a file; vendors allow 50,000."""

_SILENT: Final = ("/embeddings", "/moderations")
"""Operations that produce no tokens."""
_BOUNDS: Final = ("max_completion_tokens", "max_tokens", "max_output_tokens")
_text: Final = msgspec.json.Decoder(str)
_count: Final = msgspec.json.Decoder(int | None)

Resolve = Callable[[str], tuple[str, str]]
"""Returns under which name a model is found here, and the provider's name for it; raises a ClientError."""


class BatchReader:
    """Reads the lines of one file."""

    def __init__(self, resolve: Resolve, check: Callable[[bytes], None]) -> None:
        """`check` looks at each request's body, and raises a ClientError where it may not be sent."""
        self._resolve = resolve
        self._check = check
        self._names: dict[str, tuple[str, str]] = {}
        self._requests = self._body_bytes = self._output_tokens = self._unlimited = 0

    def read(self, content: bytes) -> tuple[BatchInput, bytes]:
        """Return what `content` asks for, and the file as the provider gets it.

        Raises:
            InvalidRequest: it is no input file of a batch, or asks two models; the message names the line.
            ModelNotFound, ModelNotAllowed: as `resolve` says.
        """
        lines = [self._line(number, line) for number, line in enumerate(content.splitlines(keepends=True), 1)]
        if not self._requests:
            raise InvalidRequest("The batch's input file has no requests.", param="file")
        requested, model = next(iter(self._names.values()))
        asks = BatchInput(requested, model, self._requests, self._body_bytes, self._output_tokens, self._unlimited)
        return asks, b"".join(lines)

    def _line(self, number: int, line: bytes) -> bytes:
        if not line.strip():
            return line
        if number > MAX_LINES:
            raise InvalidRequest(f"The batch's input file has more than {MAX_LINES} lines.", param="file")
        try:
            outer = peek_object(line.strip())
            body = peek_object(bytes(outer.fields["body"]))
            requested, url = _text.decode(body.fields["model"]), _text.decode(outer.fields["url"])
        except (KeyError, InvalidRequest, msgspec.DecodeError):
            raise InvalidRequest(
                f"Line {number} of the batch's input file is no request with a url and a body that names a model.",
                param="file",
            ) from None
        self._check(body.body)
        model = self._name(requested, number)
        self._add(url, body, number)
        if model == requested:
            return line
        changed = b"".join(body.with_value("model", msgspec.json.encode(model)))
        return b"".join(outer.with_value("body", changed)) + line[len(line.rstrip()) :]

    def _name(self, requested: str, number: int) -> str:
        if requested not in self._names:
            self._names[requested] = self._resolve(requested)
            if len({model for _, model in self._names.values()}) > 1:
                raise InvalidRequest(f"Line {number} asks another model; a batch is for one model only.", param="file")
        return self._names[requested][1]

    def _add(self, url: str, body: JsonObject, number: int) -> None:
        self._requests += 1
        self._body_bytes += len(body.body)
        bounds = [bound for name in _BOUNDS if (bound := _number(body, name, number)) is not None]
        if bounds:
            self._output_tokens += min(bounds) * (_number(body, "n", number) or 1)
        elif not url.endswith(_SILENT):
            self._unlimited += 1


def _number(body: JsonObject, name: str, number: int) -> int | None:
    raw = body.fields.get(name)
    if raw is None:
        return None
    try:
        value: int | None = _count.decode(raw)
    except msgspec.DecodeError:
        value = -1
    if value is not None and value < 0:
        raise InvalidRequest(f"Line {number} of the batch's input file: {name!r} must be a number.", param="file")
    return value
