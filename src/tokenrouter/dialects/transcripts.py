"""A request or an answer of any client dialect as people read it: who said what, in one shape for all of them.

It is made by the decoders that translation has, so what a vendor's field means is known once. A body that was cut off
is read as far as it goes, and one that nobody can read shows as no turns: the raw view still has it.
"""

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any, Final, Literal, cast

import msgspec

from tokenrouter.dialects import sse
from tokenrouter.dialects.client_codecs import CLIENT_CODECS
from tokenrouter.dialects.cut_json import readings_of
from tokenrouter.dialects.hub import ClientCodec, ProviderCodec, Target
from tokenrouter.dialects.told_answers import told_answer
from tokenrouter.domain.answers import Answer
from tokenrouter.domain.errors import GatewayError
from tokenrouter.domain.items import (
    Audio,
    Call,
    CallOutput,
    Document,
    Foreign,
    Image,
    Inline,
    Item,
    Message,
    Part,
    Reasoning,
    Refusal,
    Source,
    Text,
    Url,
    Video,
    text_of,
)

PieceKind = Literal["text", "thinking", "tool_call", "tool_result", "refusal", "media", "other"]
TurnRole = Literal["system", "user", "assistant", "tool"]
MAX_URL_CHARS: Final = 200
_CLIENT: Final = Target("client", "")
"""Stands for the provider where an answer is read that we gave ourselves."""


class Piece(msgspec.Struct, frozen=True):
    """One part of a turn.

    Attributes:
        text: what was said, thought, called with (JSON) or came back; of media what it is.
        name: of the tool.
        call_id: by which a call and its result belong together.
        is_error: whether a tool's result says that it failed.
    """

    kind: PieceKind
    text: str = ""
    name: str = ""
    call_id: str = ""
    is_error: bool = False


class Turn(msgspec.Struct, frozen=True):
    """What one participant said before the next one did."""

    role: TurnRole
    pieces: tuple[Piece, ...]

    @property
    def text(self) -> str:
        """Its words alone."""
        return "\n".join(piece.text for piece in self.pieces if piece.kind in ("text", "refusal") and piece.text)


class ReadAnswer(msgspec.Struct, frozen=True):
    """An answer: one turn, or several where alternatives were asked for.

    Attributes:
        id: by which a later request may go on from it, or "".
        stop: why it ended, in the dialects' common words, or "".
        problem: an error that it told instead, or in the middle.
    """

    turns: tuple[Turn, ...] = ()
    id: str = ""
    stop: str = ""
    problem: str = ""


def read_request(dialect: str, body: bytes, *, is_cut: bool = False) -> tuple[Turn, ...]:
    """Return the turns of a request, oldest first; those of the operator have the role `system`."""
    codec = CLIENT_CODECS.get(dialect)
    for readable in readings_of(body) if is_cut else (body,):
        turns = _other_request(readable) if codec is None else _request(codec, readable)
        if turns:
            return turns
    return ()


def _request(codec: ClientCodec, body: bytes) -> tuple[Turn, ...]:
    try:
        return tuple(_turns(codec.decode_request(body, model="-", stream=False).items))
    except (GatewayError, msgspec.MsgspecError, ValueError, RecursionError):
        return ()


def _other_request(body: bytes) -> tuple[Turn, ...]:
    """Return what is to be embedded, ranked or drawn: the texts of the fields that are called so."""
    try:
        fields = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return ()
    if not isinstance(fields, dict):
        return ()
    said = [text for name in ("input", "prompt", "query", "documents", "content") for text in _texts(fields.get(name))]
    return (Turn("user", tuple(Piece("text", text) for text in said)),) if said else ()


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)
    elif isinstance(value, dict):
        yield from _texts(value.get("text") or value.get("parts"))


def read_answer(dialect: str, body: bytes, *, status: int, is_stream: bool, sse: bool = True) -> ReadAnswer:
    """Return what an answer says; of one that was cut off or broke off, what came of it.

    `is_stream`: whether it came in pieces; `sse`: whether these were server-sent events, not an array's elements.
    """
    if status >= 400:
        return ReadAnswer(problem=_problem(body))
    codec = CLIENT_CODECS.get(dialect)
    if codec is None:
        return ReadAnswer()
    if not hasattr(codec, "decode_answer"):
        return _completion(body, is_stream=is_stream)
    provider = cast(ProviderCodec, codec)
    if is_stream:
        events = body if sse else as_events(body)
        answer, problem = told_answer(provider.stream_decoder(_CLIENT), events)
        return _read(answer, problem)
    for readable in (body, *readings_of(body)):
        try:
            return _read(provider.decode_answer(readable, _CLIENT), "")
        except (GatewayError, msgspec.MsgspecError, ValueError, RecursionError):
            continue
    return ReadAnswer()


def _read(answer: Answer, problem: str) -> ReadAnswer:
    turns = tuple(turn for choice in answer.choices for turn in _turns(choice.items))
    stop = answer.choices[0].stop.reason if answer.choices else ""
    return ReadAnswer(turns, answer.id, stop, problem)


def as_events(array: bytes) -> bytes:
    """Return the elements of a JSON array, whole or cut, as the server-sent events that they were made of."""
    try:
        elements = msgspec.json.decode(array, type=list[msgspec.Raw])
    except msgspec.DecodeError:
        wrapped = next(readings_of(b'{"e":' + array), b'{"e":[]}')
        try:
            elements = msgspec.json.decode(wrapped, type=dict[str, list[msgspec.Raw]])["e"]
        except (msgspec.DecodeError, KeyError):
            return b""
    return b"".join(b"data: %b\n\n" % bytes(one).replace(b"\r", b" ").replace(b"\n", b" ") for one in elements)


class _CompletionChoice(msgspec.Struct):
    text: str = ""
    finish_reason: str | None = None


class _Completion(msgspec.Struct):
    id: str = ""
    choices: tuple[_CompletionChoice, ...] = ()


_completion_of: Final = msgspec.json.Decoder(_Completion)


def _completion(body: bytes, *, is_stream: bool) -> ReadAnswer:
    """Read an answer of the old completions, which have texts and nothing else."""
    payloads = map(sse.payload_of, sse.split_events(body)) if is_stream else iter((body,))
    text, answer_id, stop = "", "", ""
    for payload in payloads:
        try:
            read = _completion_of.decode(payload)
        except msgspec.DecodeError:
            continue
        answer_id = read.id or answer_id
        for choice in read.choices[:1]:
            text, stop = text + choice.text, choice.finish_reason or stop
    turns = (Turn("assistant", (Piece("text", text),)),) if text else ()
    return ReadAnswer(turns, answer_id, stop)


def _problem(body: bytes) -> str:
    """Return the message of an error in any dialect."""
    try:
        told = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return body[:500].decode("utf-8", "replace")
    error = told.get("error", told) if isinstance(told, dict) else told
    message = error.get("message") or error.get("detail") if isinstance(error, dict) else error
    return message[:2000] if isinstance(message, str) else ""


def _turns(items: Iterable[Item]) -> Iterator[Turn]:
    """Yield the turns of items: what one role says in a row is one."""
    for role, together in groupby(items, key=_role_of):
        pieces = tuple(piece for item in together for piece in _pieces_of(item))
        if pieces:
            yield Turn(role, pieces)


def _role_of(item: Item) -> TurnRole:
    if isinstance(item, Message):
        return "system" if item.role in ("system", "developer") else item.role  # type: ignore[return-value]
    return "tool" if isinstance(item, CallOutput) else "assistant"


def _pieces_of(item: Item) -> Iterator[Piece]:
    match item:
        case Message():
            yield from map(_piece_of, item.parts)
        case Reasoning():
            if item.texts:
                yield Piece("thinking", "\n".join(item.texts))
        case Call():
            yield Piece("tool_call", item.arguments, item.name, item.call_id)
        case CallOutput():
            media = [_piece_of(part) for part in item.parts if not isinstance(part, Text | Refusal)]
            yield Piece("tool_result", text_of(item.parts), item.name, item.call_id, item.is_error)
            yield from (one for one in media if one.kind == "media")
        case Foreign():
            yield Piece("other", item.text or item.json.decode("utf-8", "replace")[:2000], item.kind)


def _piece_of(part: Part) -> Piece:
    match part:
        case Text():
            return Piece("text", part.text)
        case Refusal():
            return Piece("refusal", part.text)
        case Image():
            return Piece("media", f"image{_size(part.source)}")
        case Document():
            name = part.filename or part.title
            return Piece("media", f"document{f' {name}' if name else ''}{_size(part.source)}")
        case Audio():
            return Piece("media", f"audio{_size(part.source)} {part.transcript}".strip())
        case Video():
            return Piece("media", f"video{_size(part.source)}")
        case Foreign():
            return Piece("other", part.text or part.kind, part.kind)


def _size(source: Source) -> str:
    """Return, where the data is in the message, of which kind it is and how large; else where it is."""
    match source:
        case Inline():
            return f" ({source.media_type}, {len(source.base64) * 3 // 4 - source.base64[-2:].count('='):,} bytes)"
        case Url():
            return f" at {source.url[:MAX_URL_CHARS]}"
        case _:
            return ""
