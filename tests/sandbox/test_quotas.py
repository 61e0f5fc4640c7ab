"""What the sandbox says of a caller's account in the headers of its answers."""

from collections.abc import Mapping

import pytest

from tests.sandbox.wire import send
from tokenrouter.testing.processes import SandboxProcess

QUESTION = {"model": "echo", "messages": [{"role": "user", "content": "x"}]}


def headers_for(sandbox: SandboxProcess, key: str) -> Mapping[str, str]:
    return send(sandbox.base_url, "/v1/chat/completions", QUESTION, {"authorization": f"Bearer {key}"}).headers


def test_a_usual_key_has_nearly_all(sandbox: SandboxProcess) -> None:
    headers = headers_for(sandbox, "sk-usual")

    assert (headers["x-ratelimit-limit-requests"], headers["x-ratelimit-remaining-requests"]) == ("10000", "9999")
    assert headers["x-ratelimit-reset-tokens"] == "30ms"


def test_a_key_may_say_what_is_left(sandbox: SandboxProcess) -> None:
    headers = headers_for(sandbox, "sk-x@12.5")

    assert headers["x-ratelimit-remaining-requests"] == "1250"
    assert headers["x-ratelimit-remaining-tokens"] == "250000"


@pytest.mark.parametrize(
    ("words", "name", "value"),
    [
        ("openai", "x-ratelimit-remaining-tokens", "60000"),
        ("groq", "x-ratelimit-reset-requests", "2h59m56.5s"),
        ("cerebras", "x-ratelimit-remaining-requests-day", "300"),
        ("mistral", "x-ratelimit-remaining-tokens-month", "60000"),
        ("huggingface", "ratelimit", '"api";r=15;t=189'),
        ("azure", "x-ratelimit-remaining-requests", "300"),
        ("openrouter", "x-ratelimit-remaining", "300"),
    ],
)
def test_a_key_may_name_whose_words_it_hears(sandbox: SandboxProcess, words: str, name: str, value: str) -> None:
    assert headers_for(sandbox, f"sk-{words}@3")[name] == value


def test_anthropics_answers_follow_the_key_too(sandbox: SandboxProcess) -> None:
    asked = {"x-api-key": "sk-x@50", "anthropic-version": "2023-06-01"}
    answered = send(sandbox.base_url, "/v1/messages", {**QUESTION, "max_tokens": 5}, asked)

    assert answered.headers["anthropic-ratelimit-requests-remaining"] == "2000"
