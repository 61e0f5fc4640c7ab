"""The end of a stream of chunks whose answer is not to become longer, as if its bound had been reached."""

from typing import Final

import msgspec

from tokenrouter.dialects.sse import payload_of
from tokenrouter.domain.ledger import Usage

_TEXT: Final = "text_completion"


class _Chunk(msgspec.Struct):
    """What all chunks of an answer share; `index` is that of a choice."""

    id: str | None = None
    object: str | None = None
    created: int | None = None
    model: str | None = None


_chunk: Final = msgspec.json.Decoder(_Chunk)


def cut_chunks(begun: bytes, usage: Usage | None, answers: int) -> bytes:
    """Return the last chunks of an answer that began with the events `begun`: each alternative ends by `length`.

    `usage` is told where the client asked for it.
    """
    shared = _shared(begun)
    said: dict[str, object] = {"text": ""} if shared["object"] == _TEXT else {"delta": {}}
    choices = [{"index": index, **said, "logprobs": None, "finish_reason": "length"} for index in range(answers)]
    last = _event({**shared, "choices": choices})
    if usage is not None:
        last += _event({**shared, "choices": [], "usage": _usage_object(usage)})
    return last + b"data: [DONE]\n\n"


def _shared(begun: bytes) -> dict[str, object]:
    first = begun[: begun.find(b"\n\n") + 2] if b"\n\n" in begun else begun
    try:
        chunk = _chunk.decode(payload_of(first))
    except (msgspec.DecodeError, RecursionError):
        chunk = _Chunk()
    return {
        "id": chunk.id or "",
        "object": chunk.object or "chat.completion.chunk",
        "created": chunk.created or 0,
        "model": chunk.model or "",
    }


def _usage_object(usage: Usage) -> dict[str, int]:
    told, said = usage.input_tokens, usage.output_tokens
    return {"prompt_tokens": told, "completion_tokens": said, "total_tokens": told + said}


def _event(chunk: dict[str, object]) -> bytes:
    return b"data: " + msgspec.json.encode(chunk) + b"\n\n"
