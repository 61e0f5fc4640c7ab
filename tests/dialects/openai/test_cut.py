import json

from tokenrouter.dialects.openai.cut import cut_chunks
from tokenrouter.domain.ledger import Usage

CHUNK = b'data: {"id":"c1","object":"chat.completion.chunk","created":5,"model":"m","choices":[{"index":0}]}\n\n'
TEXT = b'data: {"id":"c2","object":"text_completion","created":6,"model":"m","choices":[{"text":"x","index":0}]}\n\n'


def chunks(wire: bytes) -> list[object]:
    *events, done = wire.removesuffix(b"\n\n").split(b"\n\n")
    assert done == b"data: [DONE]"
    return [json.loads(event.removeprefix(b"data: ")) for event in events]


def test_each_alternative_ends_by_length_under_the_names_of_the_first_chunk() -> None:
    (last,) = chunks(cut_chunks(CHUNK + CHUNK, None, 2))

    ended: dict[str, object] = {"delta": {}, "logprobs": None, "finish_reason": "length"}
    choices = [{"index": index, **ended} for index in (0, 1)]
    assert last == {"id": "c1", "object": "chat.completion.chunk", "created": 5, "model": "m", "choices": choices}


def test_legacy_completions_end_in_their_own_shape() -> None:
    (last,) = chunks(cut_chunks(TEXT, None, 1))

    assert last["choices"] == [{"index": 0, "text": "", "logprobs": None, "finish_reason": "length"}]  # type: ignore[index]


def test_usage_is_told_where_it_was_asked_for() -> None:
    _, usage = chunks(cut_chunks(CHUNK, Usage(3, 4), 1))

    assert usage["usage"] == {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}  # type: ignore[index]


def test_a_beginning_that_cannot_be_read_still_ends() -> None:
    (last,) = chunks(cut_chunks(b"data: {\n\n", None, 1))

    assert last["id"] == ""  # type: ignore[index]
