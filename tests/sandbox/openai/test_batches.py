"""Batches as the vendor's SDK sees them."""

import json
from typing import Any

import pytest
from openai import BadRequestError, NotFoundError, OpenAI
from openai.types import Batch

from tests.sandbox.openai_wire import call, refusal
from tokenrouter.testing.processes import SandboxProcess

CHAT: Any = "/v1/chat/completions"


def line(name: str, url: str = CHAT, **body: object) -> dict[str, Any]:
    asked = {"messages": [{"role": "user", "content": name}]} if url == CHAT else {}
    return {"custom_id": name, "method": "POST", "url": url, "body": {"model": "echo", **asked, **body}}


def uploaded(client: OpenAI, *lines: object) -> str:
    data = "\n".join(each if isinstance(each, str) else json.dumps(each) for each in lines)
    return client.files.create(file=("in.jsonl", data.encode()), purpose="batch").id


def made(client: OpenAI, *lines: object, endpoint: Any = CHAT, **more: Any) -> Batch:
    return client.batches.create(
        input_file_id=uploaded(client, *lines), endpoint=endpoint, completion_window="24h", **more
    )


def results(client: OpenAI, name: str | None) -> list[Any]:
    return [json.loads(each) for each in client.files.content(name or "").text.splitlines()]


def test_each_line_is_answered(client: OpenAI) -> None:
    expiry: Any = {"anchor": "created_at", "seconds": 3600}
    begun = made(client, line("one"), line("two"), metadata={"a": "b"}, output_expires_after=expiry)
    done = client.batches.retrieve(begun.id)

    assert (begun.status, begun.output_file_id, begun.metadata) == ("validating", None, {"a": "b"})
    assert (done.status, done.error_file_id, done.model) == ("completed", None, "echo")
    assert done.request_counts is not None
    assert (done.request_counts.total, done.request_counts.completed, done.request_counts.failed) == (2, 2, 0)
    output = client.files.retrieve(done.output_file_id or "")
    assert (output.purpose, output.expires_at) == ("batch_output", output.created_at + 3600)
    first, second = results(client, done.output_file_id)
    assert (first["custom_id"], second["custom_id"]) == ("one", "two")
    assert first["response"]["status_code"] == 200
    assert first["response"]["body"]["choices"][0]["message"]["content"] == "one"
    assert done.usage is not None
    told = [each["response"]["body"]["usage"]["total_tokens"] for each in (first, second)]
    assert done.usage.total_tokens == sum(told) == done.usage.input_tokens + done.usage.output_tokens


@pytest.mark.parametrize(
    ("endpoint", "body"),
    [
        ("/v1/responses", {"model": "thinker", "input": "x"}),
        ("/v1/embeddings", {"model": "embed-small", "input": "x"}),
        ("/v1/completions", {"prompt": "x"}),
        ("/v1/moderations", {"input": "x"}),
        ("/v1/images/generations", {"prompt": "x", "quality": "low"}),
    ],
)
def test_other_endpoints_are_answered_too(client: OpenAI, endpoint: str, body: dict[str, object]) -> None:
    done = client.batches.retrieve(made(client, line("one", endpoint, **body), endpoint=endpoint).id)

    [result] = results(client, done.output_file_id)
    usage = result["response"]["body"].get("usage", {})
    assert done.usage is not None
    assert done.usage.total_tokens == usage.get("total_tokens", 0)
    assert done.usage.output_tokens_details.reasoning_tokens == usage.get("output_tokens_details", {}).get(
        "reasoning_tokens", 0
    )


def test_what_is_refused_goes_to_the_error_file(client: OpenAI) -> None:
    done = client.batches.retrieve(made(client, line("good"), line("bad", n=0), line("streamed", stream=True)).id)

    assert done.request_counts is not None
    assert (done.request_counts.completed, done.request_counts.failed) == (1, 2)
    bad, streamed = results(client, done.error_file_id)
    assert (bad["custom_id"], bad["response"]["status_code"]) == ("bad", 400)
    assert bad["response"]["body"]["error"]["param"] == "n"
    assert streamed["response"]["body"]["error"]["param"] == "stream"
    assert [each["custom_id"] for each in results(client, done.output_file_id)] == ["good"]


def test_a_batch_of_unknown_models_has_only_errors(client: OpenAI) -> None:
    done = client.batches.retrieve(made(client, line("one", model="gpt-none")).id)

    assert (done.status, done.output_file_id) == ("completed", None)
    assert results(client, done.error_file_id)[0]["response"]["status_code"] == 404


@pytest.mark.parametrize(
    ("lines", "code", "number"),
    [
        ([""], "empty_file", None),
        (["{"], "invalid_json_line", 1),
        ([line("one"), "[]"], "invalid_json_line", 2),
        ([line("one"), line("one")], "duplicate_custom_id", 2),
        ([line("one"), line("two", "/v1/responses")], "url_mismatch", 2),
        ([line("one"), line("two", model="lorem")], "model_mismatch", 2),
        ([{**line("one"), "method": "GET"}], "invalid_value", 1),
        ([{**line("one"), "body": None}], "missing_required_parameter", 1),
    ],
)
def test_a_wrong_file_fails_and_says_where(client: OpenAI, lines: list[object], code: str, number: int | None) -> None:
    failed = client.batches.retrieve(made(client, *lines).id)

    assert failed.status == "failed"
    assert failed.errors is not None
    assert failed.errors.data is not None
    assert [(error.code, error.line) for error in failed.errors.data] == [(code, number)]


def test_only_what_runs_can_be_cancelled(client: OpenAI) -> None:
    waiting = made(client, line("one"), metadata={"sandbox": "waits"})
    done = made(client, line("one"))

    assert client.batches.retrieve(waiting.id).status == "in_progress"
    assert client.batches.cancel(waiting.id).status == "cancelling"
    assert client.batches.retrieve(waiting.id).status == "cancelled"
    for each in (waiting, done):
        with pytest.raises(BadRequestError, match="Cannot cancel a batch"):
            client.batches.cancel(each.id)


def test_batches_and_files_are_their_owners(client: OpenAI, sandbox: SandboxProcess) -> None:
    mine = made(client, line("one"))
    with OpenAI(base_url=sandbox.base_url, api_key="sk-other-batches", max_retries=0) as other:
        theirs = made(other, line("one"))

        assert [each.id for each in other.batches.list()] == [theirs.id]
        for ask in (other.batches.retrieve, other.batches.cancel):
            with pytest.raises(NotFoundError):
                ask(mine.id)
        with pytest.raises(NotFoundError, match="No such File object"):
            other.batches.create(input_file_id=mine.input_file_id, endpoint=CHAT, completion_window="24h")


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"endpoint": "/v1/files"}, "endpoint"),
        ({"completion_window": "1h"}, "completion_window"),
        ({"model": "echo"}, "model"),
        ({"input_file_id": None}, "input_file_id"),
    ],
)
def test_a_wrong_field_is_named(client: OpenAI, body: dict[str, object], param: str) -> None:
    with pytest.raises(BadRequestError) as caught:
        made(client, line("one"), extra_body=body)

    assert caught.value.param == param


def test_a_file_for_another_purpose_is_refused(client: OpenAI) -> None:
    file = client.files.create(file=("in.jsonl", b"{}"), purpose="user_data")

    with pytest.raises(BadRequestError, match="Invalid file purpose"):
        client.batches.create(input_file_id=file.id, endpoint=CHAT, completion_window="24h")


def test_the_books_hold_each_line(client: OpenAI, sandbox: SandboxProcess) -> None:
    done = client.batches.retrieve(made(client, line("one", user="batch-books"), line("two", user="batch-books")).id)

    lines = sandbox.booked()
    begun = {each["id"]: each for each in lines if each["event"] == "begin" and each["user"] == "batch-books"}
    ended = [each for each in lines if each["event"] == "end" and each["id"] in begun]
    assert {(each["dialect"], each["path"]) for each in begun.values()} == {("batches", CHAT)}
    assert done.usage is not None
    assert sum(each["prompt_tokens"] + each["completion_tokens"] for each in ended) == done.usage.total_tokens


def test_other_methods_are_refused(sandbox: SandboxProcess) -> None:
    refusal(call(sandbox.base_url, "/batches/batch_1", method="DELETE"), 405)
    refusal(call(sandbox.base_url, "/batches/batch_1", method="GET"), 404)
