from collections.abc import Sequence

from tokenrouter.dialects.anthropic.codec import MESSAGES_CODEC
from tokenrouter.dialects.hub import Target
from tokenrouter.dialects.openai_chat.codec import CHAT_CODEC
from tokenrouter.dialects.told_answers import told_answer
from tokenrouter.domain.answers import Answer
from tokenrouter.domain.items import Call, Message, Reasoning, text_of

TARGET = Target("client", "")


def chat(*payloads: str) -> bytes:
    return "".join(f"data: {payload}\n\n" for payload in payloads).encode()


def words(answer: Answer) -> Sequence[str]:
    return [text_of(item.parts) for choice in answer.choices for item in choice.items if isinstance(item, Message)]


HELLO = chat(
    '{"id":"chatcmpl-1","choices":[{"index":0,"delta":{"role":"assistant","reasoning_content":"Hm."}}]}',
    '{"id":"chatcmpl-1","choices":[{"index":0,"delta":{"content":"Hel"}}]}',
    '{"id":"chatcmpl-1","choices":[{"index":0,"delta":{"content":"lo"}}]}',
    '{"id":"chatcmpl-1","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}',
    "[DONE]",
)


def test_a_stream_comes_to_the_answer_that_it_tells() -> None:
    answer, problem = told_answer(CHAT_CODEC.stream_decoder(TARGET), HELLO)

    assert (answer.id, problem, words(answer)) == ("chatcmpl-1", "", ["Hello"])
    assert answer.choices[0].stop.reason == "end"
    assert [item.texts for item in answer.choices[0].items if isinstance(item, Reasoning)] == [("Hm.",)]


def test_a_stream_that_was_cut_comes_to_what_there_is() -> None:
    for at in range(len(HELLO)):
        answer, _ = told_answer(CHAT_CODEC.stream_decoder(TARGET), HELLO[:at])
        assert all("Hello".startswith(text) for text in words(answer))


def test_an_error_in_a_stream_is_its_problem_and_what_came_before_stands() -> None:
    events = (
        'event: message_start\ndata: {"type":"message_start","message":{"id":"msg_1","model":"m","usage":{}}}\n\n'
        'event: content_block_start\ndata: {"type":"content_block_start","index":0,"content_block":'
        '{"type":"tool_use","id":"c1","name":"look","input":{}}}\n\n'
        'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":'
        '{"type":"input_json_delta","partial_json":"{\\"at\\":1}"}}\n\n'
        'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"busy"}}\n\n'
    )

    answer, problem = told_answer(MESSAGES_CODEC.stream_decoder(TARGET), events.encode())

    assert problem == "busy"
    assert [(item.name, item.arguments) for item in answer.choices[0].items if isinstance(item, Call)] == [
        ("look", '{"at":1}')
    ]
