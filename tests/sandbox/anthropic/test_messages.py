"""One platform's callers share a cache by their keys; counting leaves it alone; a message is told once."""

from typing import Any

from tests.sandbox.anthropic_wire import asking, headers, post, text, user
from tests.sandbox.wire import send
from tokenrouter.sandbox.anthropic.answer import NamedEvents
from tokenrouter.sandbox.anthropic.messages import Messages, count_tokens
from tokenrouter.sandbox.anthropic.terms import Terms
from tokenrouter.sandbox.catalog import find
from tokenrouter.sandbox.delivery import frames
from tokenrouter.sandbox.fields import Fields
from tokenrouter.sandbox.question import Question
from tokenrouter.testing.processes import SandboxProcess

TERMS = Terms(is_modern=False, betas=frozenset())


def question(body: dict[str, Any], owner: str = "k") -> Question:
    return Question(Fields(body), find(body["model"]), b"", 0, owner, lambda _: 0)


def long_body(**more: Any) -> dict[str, Any]:
    return asking(user("hi"), system=[text("S" * 8000, cache_control={"type": "ephemeral"})], **more)


def test_a_cache_is_its_callers_and_its_platforms_own() -> None:
    here, there = Messages(), Messages()
    body = long_body()
    here.answer(question(body), body, TERMS)

    assert here.answer(question(body), body, TERMS).usage.cached == 2000
    assert here.answer(question(body, "other"), body, TERMS).usage.cached == 0
    assert there.answer(question(body), body, TERMS).usage.cached == 0


def test_counting_neither_bills_nor_caches(sandbox: SandboxProcess) -> None:
    body = long_body()
    counted = {name: value for name, value in body.items() if name != "max_tokens"}
    key = {**headers(), "x-api-key": "counting"}

    assert count_tokens(question(counted), counted, TERMS).usage.total == 0
    send(sandbox.base_url, "/v1/messages/count_tokens", counted, key)
    usage = send(sandbox.base_url, "/v1/messages", body, key).json()["usage"]
    assert usage["cache_read_input_tokens"] == 0


def test_a_bearer_and_a_key_of_the_same_name_are_one_caller(sandbox: SandboxProcess) -> None:
    body = long_body(model="lorem-3")
    bearer = {"authorization": "Bearer same", "anthropic-version": "2023-06-01"}
    send(sandbox.base_url, "/v1/messages", body, bearer)

    usage = send(sandbox.base_url, "/v1/messages", body, {**headers(), "x-api-key": "same"}).json()["usage"]

    assert usage["cache_read_input_tokens"] == 2000


def test_the_path_may_say_how_to_answer_instead_of_the_body() -> None:
    body = asking(stream=False)

    made = Messages().answer(question(body), body, TERMS, streams=True)

    assert made.stream is not None
    assert Messages().answer(question(body), body, TERMS).stream is None
    assert NamedEvents().malformed() == made.broken()


def test_the_tokens_of_the_frames_add_up_to_the_bill() -> None:
    for model in ("echo", "thinker", "thinker-open", "refuser", "lorem-50"):
        for thinking in ("disabled", "adaptive"):
            body = asking(user("use tool, please"), model=model, thinking={"type": thinking}, stream=True)
            made = Messages().answer(question(body), body, TERMS)
            assert made.stream is not None
            assert sum(frame.tokens for frame in frames(made.stream)) == made.usage.completion, model


def test_a_failure_inside_a_whole_answer_has_anthropics_shape(sandbox: SandboxProcess) -> None:
    document = post(sandbox.base_url, asking(model="fault/error-event")).json()

    assert document["type"] == "error"


def test_lorem_goes_on_from_the_beginning_of_its_answer(sandbox: SandboxProcess) -> None:
    whole = send(sandbox.base_url, "/v1/messages", asking(user("hi"), model="lorem-30"), headers()).json()
    said = whole["content"][0]["text"]

    begun = {"role": "assistant", "content": said[:21]}
    rest = send(sandbox.base_url, "/v1/messages", asking(user("hi"), begun, model="lorem-30"), headers()).json()

    assert rest["content"][0]["text"] == said[21:]
    assert rest["usage"]["output_tokens"] < whole["usage"]["output_tokens"]
