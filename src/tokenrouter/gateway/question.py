"""What `POST /v1/route/explain` is asked: a request as it would be sent, or as much of it as is known.

The body is the request itself, in any dialect, with a few fields of ours beside it. Where it has no content yet, only
the tokens that are expected of it, an empty one stands in for it, so that the same code can look at it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, TypeVar

import msgspec

from tokenrouter.dialects.base import Dialect
from tokenrouter.dialects.json import RawObject, peek_object, write_object
from tokenrouter.domain.errors import InvalidRequest
from tokenrouter.domain.ledger import Operation
from tokenrouter.gateway.call import Call

OWN_FIELDS: Final = ("operation", "key", "input_tokens", "output_tokens", "request")
MAX_TOKENS: Final = 10**9
CONTENT: Final[Mapping[Operation, tuple[str, bytes]]] = {
    "chat": ("messages", b"[]"),
    "completions": ("prompt", b'""'),
    "responses": ("input", b"[]"),
    "messages": ("messages", b"[]"),
    "generate_content": ("contents", b"[]"),
    "embeddings": ("input", b'""'),
    "embed_content": ("content", b"{}"),
    "images": ("prompt", b'""'),
    "speech": ("input", b'""'),
    "moderations": ("input", b'""'),
}
"""Operations that can be asked about, and where their content stands."""
_PATH_FIELDS: Final = ("model", "stream")
"""What Gemini's clients say in the path."""
_IN_PATH: Final[frozenset[Operation]] = frozenset(("generate_content", "embed_content"))

Value = TypeVar("Value")
_text: Final = msgspec.json.Decoder(str)
_count: Final = msgspec.json.Decoder(int | None)
_flag: Final = msgspec.json.Decoder(bool | None)


@dataclass(frozen=True, slots=True)
class Question:
    """A request to explain.

    Attributes:
        call: as it would come.
        key: name of the key that would ask; "" for the one that asks here.
        input_tokens, output_tokens: how many are expected, where that was said.
        has_content: whether it is a whole request.
    """

    call: Call
    key: str = ""
    input_tokens: int | None = None
    output_tokens: int | None = None
    has_content: bool = True


def read_question(call: Call, dialects: Mapping[str, Dialect]) -> Question:
    """Return what `call` asks; its dialect is meant where its body names no operation. `dialects` are by operation.

    Raises:
        InvalidRequest: it cannot be read; the error names the field.
    """
    outer = peek_object(call.body).fields
    dialect = _dialect(outer, call.head.dialect, dialects)
    inner = peek_object(bytes(outer["request"])).fields if "request" in outer else _without(outer, OWN_FIELDS)
    name, empty = CONTENT[dialect.operation]
    has_content = name in inner
    body: dict[str, msgspec.Raw | bytes] = dict(inner)
    head = replace(call.head, dialect=dialect, model=None, stream=None)
    if dialect.operation in _IN_PATH:
        said = {**outer, **inner}
        head = replace(head, model=_read(said, "model", _text, ""), stream=bool(_read(said, "stream", _flag, None)))
        body = {key: raw for key, raw in body.items() if key not in _PATH_FIELDS}
    if not has_content:
        body[name] = empty
    return Question(
        replace(call, head=head, body=b"".join(write_object(body))),
        _read(outer, "key", _text, ""),
        _tokens(outer, "input_tokens"),
        _tokens(outer, "output_tokens"),
        has_content,
    )


def _dialect(fields: RawObject, usual: Dialect, dialects: Mapping[str, Dialect]) -> Dialect:
    operation = _read(fields, "operation", _text, usual.operation)
    if operation not in CONTENT:
        raise InvalidRequest(f"The field 'operation' must be one of {', '.join(CONTENT)}.", param="operation")
    return dialects[operation]


def _without(fields: RawObject, names: tuple[str, ...]) -> RawObject:
    return {name: raw for name, raw in fields.items() if name not in names}


def _tokens(fields: RawObject, name: str) -> int | None:
    count: int | None = _read(fields, name, _count, None)
    if count is not None and not 0 <= count <= MAX_TOKENS:
        raise InvalidRequest(f"The field {name!r} must be from 0 to {MAX_TOKENS}.", param=name)
    return count


def _read(fields: RawObject, name: str, decoder: msgspec.json.Decoder[Value], usual: Value) -> Value:
    if name not in fields:
        return usual
    try:
        return decoder.decode(fields[name])
    except msgspec.DecodeError as error:
        raise InvalidRequest(f"The field {name!r} cannot be read: {error}.", param=name) from None
