import json
from typing import Any

from tokenrouter.dialects.hub import Reply
from tokenrouter.dialects.openai_responses.object import ResponseObject
from tokenrouter.domain.answers import Begun, Stop
from tokenrouter.domain.ledger import Usage
from tokenrouter.domain.requests import Request


def begun(echo: dict[str, bytes] | None = None, **told: Any) -> ResponseObject:
    response = ResponseObject(Reply(Request("asked", (), echo=echo or {}), "r1", 9))
    response.begin(Begun(**told))
    return response


def test_what_the_client_left_out_has_its_default() -> None:
    response = json.loads(bytes(begun().going()))

    assert (response["temperature"], response["tool_choice"], response["tools"]) == (1.0, "auto", [])
    assert (response["top_p"], response["top_logprobs"], response["parallel_tool_calls"]) == (1.0, 0, True)
    assert (response["store"], response["metadata"], response["truncation"]) == (False, {}, "disabled")
    assert (response["status"], response["output"], response["usage"]) == ("in_progress", [], None)


def test_what_the_client_sent_is_repeated() -> None:
    echo = {
        "reasoning": b'{"effort":"low"}',
        "tool_choice": b'{"type":"custom","name":"p"}',
        "tools": b'[{"type":"function","name":"f","strict":true},{"type":"web_search"}]',
        "temperature": b"null",
        "include": b"[]",
    }
    response = json.loads(bytes(begun(echo).going()))

    assert response["reasoning"] == {"effort": "low", "summary": None}
    assert response["tool_choice"] == {"type": "custom", "name": "p"}
    assert response["tools"] == [
        {"description": None, "parameters": None, "strict": True, "type": "function", "name": "f"},
        {"type": "web_search"},
    ]
    assert response["temperature"] == 1.0
    assert "include" not in response


def test_what_the_provider_tells_of_itself_goes_before_what_was_asked() -> None:
    quiet = json.loads(bytes(begun().going()))
    told = json.loads(bytes(begun({"service_tier": b'"auto"'}, model="m-1", created_s=7, tier="flex").going()))

    assert (quiet["model"], quiet["created_at"], quiet["service_tier"]) == ("asked", 9, "default")
    assert (told["model"], told["created_at"], told["service_tier"]) == ("m-1", 7, "flex")
    assert quiet["id"] == told["id"] == "resp_r1"


def test_its_end_has_output_usage_and_reason() -> None:
    status, whole = begun().ended([{"a": 1}], Stop("length"), Usage(7, 5))
    response = json.loads(bytes(whole))

    assert status == response["status"] == "incomplete"
    assert response["incomplete_details"] == {"reason": "max_output_tokens"}
    assert (response["output"], response["usage"]["total_tokens"], response["error"]) == ([{"a": 1}], 12, None)


def test_its_failure_has_code_and_message() -> None:
    response = json.loads(bytes(begun().failed([], "server_error", "no", None)))

    assert (response["status"], response["error"]) == ("failed", {"code": "server_error", "message": "no"})
