"""Paths, keys, and bodies that are none."""

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from openai import AuthenticationError, OpenAI

from tests.sandbox.program import running
from tokenrouter.testing.processes import SandboxProcess


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The base URL of a sandbox that knows two keys."""
    folder: Path = tmp_path_factory.mktemp("guarded")
    with running("--api-key", "sk-one", "--api-key", "sk-two", "--books", str(folder / "books.jsonl")) as program:
        yield program.base_url


@pytest.mark.parametrize("key", ["sk-one", "sk-two"])
def test_a_known_key_is_let_in(guarded: str, key: str) -> None:
    with OpenAI(base_url=guarded, api_key=key, max_retries=0) as client:
        answer = client.chat.completions.create(model="echo", messages=[{"role": "user", "content": "x"}])

    assert answer.choices[0].message.content == "x"


def test_an_unknown_key_is_not(guarded: str) -> None:
    with OpenAI(base_url=guarded, api_key="sk-secret-three", max_retries=0) as client:
        with pytest.raises(AuthenticationError) as caught:
            client.chat.completions.create(model="echo", messages=[{"role": "user", "content": "x"}])
        with pytest.raises(AuthenticationError):
            client.models.list()

    assert caught.value.code == "invalid_api_key"
    assert "secret" not in caught.value.message


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b'"text"', b'{"model": NaN}', b"\xff", b'{"model":"echo","messages":' + b"[" * 10_000, b"null"],
)
def test_a_body_that_is_no_json_object_is_refused(sandbox: SandboxProcess, body: bytes) -> None:
    with pytest.raises(HTTPError) as caught:
        urlopen(Request(sandbox.base_url + "/chat/completions", body))

    assert caught.value.code == 400
    assert json.load(caught.value)["error"]["type"] == "invalid_request_error"


def status_of(request: Request) -> int:
    try:
        with urlopen(request) as page:
            return int(page.status)
    except HTTPError as error:
        return error.code


def test_a_body_as_deep_as_can_be_read_is_no_failure(sandbox: SandboxProcess) -> None:
    for depth in range(100, 1000, 20):
        nested = "[" * depth + "]" * depth
        tool = '{"type":"function","function":{"name":"x","parameters":{"enum":' + nested + "}}}"
        body = f'{{"model":"echo","messages":[{{"role":"user","content":"use tool"}}],"tools":[{tool}]}}'
        assert status_of(Request(sandbox.base_url + "/chat/completions", body.encode())) in (200, 400)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/chat/completions", 405), ("GET", "/nothing", 404), ("POST", "/models", 404), ("DELETE", "/models", 404)],
)
def test_a_wrong_path_or_method_is_refused(sandbox: SandboxProcess, method: str, path: str, status: int) -> None:
    with pytest.raises(HTTPError) as caught:
        urlopen(Request(sandbox.base_url + path, method=method))

    assert caught.value.code == status
