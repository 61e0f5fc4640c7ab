import json

import pytest

from tokenrouter.dialects.openai.embeddings import EMBEDDINGS
from tokenrouter.dialects.openai_chat.chat import CHAT
from tokenrouter.dialects.openai_chat.completions import COMPLETIONS
from tokenrouter.dialects.openai_responses.responses import RESPONSES
from tokenrouter.domain.errors import InvalidRequest, ModelNotFound

BODIES = {
    "chat": (CHAT, b'{"model":"m","messages":[]}'),
    "completions": (COMPLETIONS, b'{"model":"m","prompt":"x"}'),
    "embeddings": (EMBEDDINGS, b'{"model":"m","input":"x"}'),
    "responses": (RESPONSES, b'{"model":"m","input":"x"}'),
}


@pytest.mark.parametrize("operation", BODIES)
def test_each_operation_knows_its_name_and_reads_its_body(operation: str) -> None:
    dialect, body = BODIES[operation]

    assert dialect.operation == operation
    assert dialect.peek(body).model == "m"


def test_chat_needs_an_array_of_messages() -> None:
    for body in (b'{"model":"m"}', b'{"model":"m","messages":{}}'):
        with pytest.raises(InvalidRequest) as caught:
            CHAT.peek(body)
        assert caught.value.param == "messages"


def test_asking_for_usage_keeps_the_other_stream_options() -> None:
    head = CHAT.peek(b'{"model":"m","messages":[],"stream":true,"stream_options":{"include_obfuscation":false}}')

    assert json.loads(CHAT.asking_usage(head)["stream_options"]) == {
        "include_obfuscation": False,
        "include_usage": True,
    }


def test_a_bound_goes_under_the_name_that_the_client_used() -> None:
    own = CHAT.peek(b'{"model":"m","messages":[],"max_tokens":5}')
    none = CHAT.peek(b'{"model":"m","messages":[]}')

    assert CHAT.bounding_output(own, 3) == {"max_tokens": b"3"}
    assert CHAT.bounding_output(none, 3) == {"max_completion_tokens": b"3"}


def test_content_is_counted_as_it_is_written() -> None:
    assert CHAT.content_bytes(b'{"choices":[{"message":{"content":"a\\"b","refusal":null}}]}') == 4


def test_an_error_is_told_in_the_vendors_shape_and_a_broken_stream_by_its_own_event() -> None:
    error = ModelNotFound("No such model.", param="model")

    told = json.loads(CHAT.error_body(error, "req_1"))
    assert told["error"] == {
        "message": "No such model.",
        "type": "not_found_error",
        "param": "model",
        "code": "model_not_found",
    }
    assert CHAT.error_event(error, "req_1").startswith(b'data: {"error":')
    assert RESPONSES.error_event(error, "req_1").startswith(b"event: response.failed\ndata: ")
