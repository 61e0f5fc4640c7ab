"""The books know the requests of every vendor."""

from typing import Any

import pytest

from tests.sandbox.google.asking import asking, generate
from tests.sandbox.wire import converse, send
from tokenrouter.testing.processes import SandboxProcess, wait_until

HELLO: Any = {"messages": [{"role": "user", "content": [{"text": "hello"}]}]}


def last_line(sandbox: SandboxProcess, model: str) -> dict[str, Any]:
    """The last line about `model`, once it is the one of an end."""

    def of_it() -> list[dict[str, Any]]:
        return [line for line in sandbox.booked() if line["model"] == model]

    wait_until(f"the end of what {model} was asked", lambda: [line["event"] for line in of_it()[-1:]] == ["end"])
    found = of_it()
    return {**next(each for each in found if each["id"] == found[-1]["id"]), **found[-1]}


def test_a_gemini_stream_is_booked(sandbox: SandboxProcess) -> None:
    generate(sandbox.base_url, "lorem-11", asking(), "streamGenerateContent", "?alt=sse")

    line = last_line(sandbox, "lorem-11")
    assert line["path"] == "/v1beta/models/lorem-11:streamGenerateContent"
    assert line["stream"] is True
    assert (line["prompt_tokens"], line["completion_tokens"], line["tokens_written"]) == (8, 11, 11)


def test_a_converse_is_booked(sandbox: SandboxProcess) -> None:
    converse(sandbox.base_url, "lorem-12", HELLO)

    line = last_line(sandbox, "lorem-12")
    assert line["fields"] == ["messages"]
    assert (line["prompt_tokens"], line["completion_tokens"], line["end"]) == (8, 12, "completed")


def test_a_deployments_chat_is_booked(sandbox: SandboxProcess) -> None:
    path = "/openai/deployments/lorem-13/chat/completions?api-version=2024-10-21"
    send(sandbox.base_url, path, {"messages": [{"role": "user", "content": "hello"}]}, {"api-key": "k"})

    assert last_line(sandbox, "lorem-13")["completion_tokens"] == 13


@pytest.mark.parametrize(("model", "status"), [("nobody-14", 404), ("lorem-14", 400)])
def test_a_refusal_is_booked_and_costs_nothing(sandbox: SandboxProcess, model: str, status: int) -> None:
    generate(sandbox.base_url, model, {"contents": []})

    line = last_line(sandbox, model)
    assert line["status"] == status
    assert (line["prompt_tokens"], line["completion_tokens"]) == (0, 0)


def test_counting_costs_nothing(sandbox: SandboxProcess) -> None:
    generate(sandbox.base_url, "lorem-15", asking(), "countTokens")

    assert last_line(sandbox, "lorem-15")["prompt_tokens"] == 0
