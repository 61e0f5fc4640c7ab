"""OpenAI's paths: who is let in, and what is nobody's."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sandbox.openai_wire import call, refusal
from tests.sandbox.program import running
from tokenrouter.testing.processes import SandboxProcess


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The base URL of a sandbox that knows one key."""
    folder: Path = tmp_path_factory.mktemp("guarded")
    with running("--api-key", "sk-known", "--books", str(folder / "books.jsonl")) as program:
        yield program.base_url


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/files"), ("POST", "/batches"), ("GET", "/vector_stores"), ("GET", "/responses/resp_1"),
        ("POST", "/responses"), ("POST", "/rerank"), ("POST", "/audio/speech"), ("GET", "/models"),
    ],
)  # fmt: skip
def test_only_known_keys_are_let_in_anywhere(guarded: str, method: str, path: str) -> None:
    assert refusal(call(guarded, path, {"model": "echo"}, method=method), 401)["code"] == "invalid_api_key"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/audio/speech", 405),
        ("GET", "/rerank", 405),
        ("POST", "/audio/dubbing", 404),
        ("GET", "/fine_tuning/jobs", 404),
        ("PUT", "/files", 405),
    ],
)
def test_what_is_not_there_is_refused(sandbox: SandboxProcess, method: str, path: str, status: int) -> None:
    refusal(call(sandbox.base_url, path, method=method), status)


def test_a_model_is_needed_where_the_vendor_has_no_choice_of_its_own(sandbox: SandboxProcess) -> None:
    assert refusal(call(sandbox.base_url, "/rerank", {"query": "x", "documents": ["y"]}))["param"] == "model"
    assert call(sandbox.base_url, "/images/generations", {"prompt": "x"}).status == 200


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/responses", {"input": "x"}),
        ("/moderations", {"input": "x"}),
        ("/images/generations", {"prompt": "x"}),
        ("/audio/speech", {"input": "x", "voice": "alloy"}),
        ("/rerank", {"query": "x", "documents": ["y"]}),
    ],
)
def test_embeddings_models_do_nothing_else(sandbox: SandboxProcess, path: str, body: dict[str, object]) -> None:
    error = refusal(call(sandbox.base_url, path, {"model": "embed-small", **body}))

    assert error["param"] == "model"
