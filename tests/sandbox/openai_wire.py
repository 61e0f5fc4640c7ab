"""Speaks to the sandbox's OpenAI API over plain HTTP, with a key of the caller's own."""

from typing import Any

from tests.sandbox.wire import Answered, send


def call(base_url: str, path: str, body: object = None, *, key: str = "sk-wire", method: str = "POST") -> Answered:
    """One request below `/v1` with a JSON body."""
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    return send(base_url, f"/v1{path}", body, headers, method)


def respond(base_url: str, body: dict[str, object], **more: Any) -> Answered:
    """`POST /v1/responses`, of the model `echo` unless the body names one."""
    return call(base_url, "/responses", {"model": "echo", "input": "x", **body}, **more)


def refusal(answered: Answered, status: int = 400) -> dict[str, Any]:
    """The error object of an answer that has that status."""
    assert answered.status == status, answered.body
    error = answered.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    return dict(error)
