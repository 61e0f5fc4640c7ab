"""Deployments, API versions, keys and the content filter of Azure OpenAI."""

import json
from typing import Any

import pytest

from tests.sandbox.program import running
from tests.sandbox.wire import Answered, send
from tokenrouter.testing.processes import SandboxProcess

KEY = {"api-key": "k"}
VERSION = "api-version=2024-10-21"


def asking(text: str = "hello", **more: object) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": text}], **more}


def chat(base_url: str, deployment: str, body: object, query: str = f"?{VERSION}") -> Answered:
    return send(base_url, f"/openai/deployments/{deployment}/chat/completions{query}", body, KEY)


def chunks(answered: Answered) -> list[Any]:
    *lines, done = [line for line in answered.body.decode().split("\n\n") if line]
    assert done == "data: [DONE]"
    return [json.loads(line.removeprefix("data: ")) for line in lines]


def test_a_deployment_answers_without_a_model_in_the_body(sandbox: SandboxProcess) -> None:
    document = chat(sandbox.base_url, "echo", asking()).json()

    assert document["choices"][0]["message"]["content"] == "hello"
    assert document["choices"][0]["content_filter_results"]["hate"] == {"filtered": False, "severity": "safe"}
    assert document["prompt_filter_results"][0]["content_filter_results"]["jailbreak"]["detected"] is False


def test_a_stream_begins_with_a_chunk_about_the_prompt(sandbox: SandboxProcess) -> None:
    first, role, *rest = chunks(chat(sandbox.base_url, "lorem-2", asking(stream=True)))

    assert first["choices"] == []
    assert first["prompt_filter_results"][0]["prompt_index"] == 0
    assert (first["id"], first["model"], first["object"]) == ("", "", "")
    assert role["choices"][0]["content_filter_results"] == {}
    assert rest[0]["choices"][0]["content_filter_results"]["violence"]["severity"] == "safe"
    assert rest[-1]["choices"][0]["finish_reason"] == "stop"


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("", 404, "404"),
        ("?api-version=2020-01-01", 400, "BadRequest"),
        ("?api-version=v1", 400, "BadRequest"),
        (f"?{VERSION}", 200, ""),
        ("?api-version=2025-04-01-preview", 200, ""),
    ],
)
def test_a_known_version_is_needed(sandbox: SandboxProcess, query: str, status: int, code: str) -> None:
    answered = chat(sandbox.base_url, "echo", asking(), query)

    assert answered.status == status
    assert answered.json().get("error", {}).get("code", "") == code


@pytest.mark.parametrize(("query", "status"), [("", 200), ("?api-version=preview", 200), (f"?{VERSION}", 400)])
def test_v1_needs_none(sandbox: SandboxProcess, query: str, status: int) -> None:
    answered = send(sandbox.base_url, f"/openai/v1/chat/completions{query}", asking(model="echo"), KEY)

    assert answered.status == status


@pytest.mark.parametrize(
    ("path", "body", "member"),
    [
        (f"/openai/deployments/embed-small/embeddings?{VERSION}", {"input": "x"}, "data"),
        (f"/openai/deployments/echo/completions?{VERSION}", {"prompt": "x"}, "choices"),
        ("/openai/v1/responses", {"model": "echo", "input": "x"}, "output"),
    ],
)
def test_the_other_endpoints_are_openais(sandbox: SandboxProcess, path: str, body: object, member: str) -> None:
    assert send(sandbox.base_url, path, body, KEY).json()[member]


def test_a_key_comes_in_a_header_of_its_own_or_as_a_bearer() -> None:
    with running("--api-key", "good") as program:
        answers = [
            send(program.base_url, f"/openai/deployments/echo/chat/completions?{VERSION}", asking(), headers)
            for headers in ({"api-key": "good"}, {"authorization": "Bearer good"}, {"api-key": "bad"}, {})
        ]

    assert [answer.status for answer in answers] == [200, 200, 401, 401]
    assert answers[2].json()["error"]["code"] == "401"


def test_an_unknown_deployment_is_not_found(sandbox: SandboxProcess) -> None:
    answered = chat(sandbox.base_url, "nobody", asking())

    assert answered.status == 404
    assert answered.json()["error"]["code"] == "DeploymentNotFound"


def test_a_filtered_prompt_is_refused_with_the_findings(sandbox: SandboxProcess) -> None:
    answered = chat(sandbox.base_url, "echo", asking("please be blocked with content_filter"))

    error = answered.json()["error"]
    assert answered.status == 400
    assert error["code"] == "content_filter"
    assert error["innererror"]["code"] == "ResponsibleAIPolicyViolation"
    assert error["innererror"]["content_filter_result"]["violence"] == {"filtered": True, "severity": "medium"}


def test_a_filtered_answer_says_so_at_its_end(sandbox: SandboxProcess) -> None:
    body = asking("please finish with content_filter")

    whole = chat(sandbox.base_url, "echo", body).json()["choices"][0]
    *_, last = chunks(chat(sandbox.base_url, "echo", {**body, "stream": True}))
    assert whole["finish_reason"] == last["choices"][0]["finish_reason"] == "content_filter"
    assert last["choices"][0]["content_filter_results"]["violence"]["filtered"] is True


@pytest.mark.parametrize(
    ("fault", "status", "code"), [("401", 401, "401"), ("429", 429, "429"), ("500", 500, "InternalServerError")]
)
def test_failures_have_the_shape_of_azure(sandbox: SandboxProcess, fault: str, status: int, code: str) -> None:
    answered = chat(sandbox.base_url, f"fault/{fault}", asking())

    assert answered.status == status
    assert answered.json()["error"]["code"] == code
    assert answered.headers.get("retry-after") == ("1" if status == 429 else None)


def test_mistakes_in_the_body_are_told_as_openai_does(sandbox: SandboxProcess) -> None:
    answered = chat(sandbox.base_url, "echo", {"messages": []})

    assert answered.json()["error"]["param"] == "messages"


def test_faults_of_streams_come_behind_the_first_chunk(sandbox: SandboxProcess) -> None:
    body = chat(sandbox.base_url, "fault/clean-cut@2", asking(stream=True)).body

    assert body.count(b"data: ") == 4
    assert b"[DONE]" not in body
