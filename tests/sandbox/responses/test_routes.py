"""The paths below `/v1/responses`, and what is remembered there."""

from typing import Any

import pytest
from openai import BadRequestError, NotFoundError, OpenAI

from tests.sandbox.openai_wire import call, refusal, respond
from tests.sandbox.wire import send
from tokenrouter.testing.processes import SandboxProcess


def test_a_stored_response_is_shown_again(client: OpenAI) -> None:
    made = client.responses.create(model="thinker", input="hello", metadata={"a": "b"})

    assert client.responses.retrieve(made.id) == made


def test_a_deleted_one_is_gone(client: OpenAI, sandbox: SandboxProcess) -> None:
    made = client.responses.create(model="echo", input="hello")

    deleted = call(sandbox.base_url, f"/responses/{made.id}", key="sk-sandbox", method="DELETE")

    assert deleted.json() == {"id": made.id, "object": "response", "deleted": True}
    with pytest.raises(NotFoundError, match=f"Response with id '{made.id}' not found."):
        client.responses.retrieve(made.id)
    with pytest.raises(NotFoundError):
        client.responses.delete(made.id)


def test_what_was_not_to_be_stored_is_not(client: OpenAI) -> None:
    made = client.responses.create(model="echo", input="hello", store=False)

    with pytest.raises(NotFoundError):
        client.responses.retrieve(made.id)


def test_another_caller_does_not_see_it(client: OpenAI, sandbox: SandboxProcess) -> None:
    made = client.responses.create(model="echo", input="hello")

    for method, path in (("GET", ""), ("DELETE", ""), ("GET", "/input_items"), ("POST", "/cancel")):
        refusal(call(sandbox.base_url, f"/responses/{made.id}{path}", key="sk-other", method=method), 404)
    error = refusal(respond(sandbox.base_url, {"previous_response_id": made.id}, key="sk-other"))
    assert error["code"] == "previous_response_not_found"


def test_input_items_are_listed_with_what_came_before(client: OpenAI) -> None:
    first = client.responses.create(model="echo", input="one")
    turns: Any = [{"role": "user", "content": "two"}, {"role": "user", "content": "three"}]
    second = client.responses.create(model="echo", input=turns, previous_response_id=first.id)

    items = list(client.responses.input_items.list(second.id, limit=2, order="asc"))

    texts = [item.content[0].text for item in items if item.type == "message" and item.content[0].type != "refusal"]  # type: ignore[union-attr]
    assert texts == ["one", "one", "two", "three"]
    newest = client.responses.input_items.list(second.id).data[0]
    assert newest.type == "message"
    assert newest.content[0].text == "three"  # type: ignore[union-attr]


def test_only_what_runs_in_the_background_can_be_cancelled(client: OpenAI) -> None:
    plain = client.responses.create(model="echo", input="hello")
    background = client.responses.create(model="echo", input="hello", background=True)
    seen = client.responses.create(model="echo", input="hello", background=True)

    with pytest.raises(BadRequestError, match="Cannot cancel a synchronous response"):
        client.responses.cancel(plain.id)
    assert (background.status, background.output) == ("queued", [])
    assert client.responses.cancel(background.id).status == "cancelled"
    assert client.responses.retrieve(background.id).status == "cancelled"
    assert client.responses.retrieve(seen.id).output_text == "hello"
    assert client.responses.cancel(seen.id).status == "completed"


def test_a_websocket_is_refused_and_post_goes_on(sandbox: SandboxProcess) -> None:
    upgrade = {
        "connection": "Upgrade",
        "upgrade": "websocket",
        "sec-websocket-version": "13",
        "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
    }

    answered = send(sandbox.base_url, "/v1/responses", None, upgrade, "GET")

    refusal(answered, 426)
    assert answered.headers["upgrade"]
    assert respond(sandbox.base_url, {}).status == 200


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/responses", 405),
        ("GET", "/responses/resp_none", 404),
        ("GET", "/responses/input_tokens", 405),
        ("DELETE", "/responses/compact", 405),
        ("POST", "/responses/resp_none", 404),
        ("POST", "/responses/resp_none/cancel", 404),
        ("GET", "/responses/resp_none/other", 404),
    ],
)
def test_other_paths_and_methods_are_refused(sandbox: SandboxProcess, method: str, path: str, status: int) -> None:
    refusal(call(sandbox.base_url, path, method=method), status)


def test_a_response_is_not_streamed_twice(client: OpenAI) -> None:
    made = client.responses.create(model="echo", input="hello")

    with pytest.raises(BadRequestError):
        client.responses.retrieve(made.id, stream=True)
