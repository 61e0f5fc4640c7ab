"""Counting and embedding over Google's paths."""

from typing import Any

import pytest

from tests.sandbox.google.asking import asking, generate, said, vertex
from tokenrouter.testing.processes import SandboxProcess

CONTENT: Any = {"parts": [{"text": "hello"}]}


def test_a_prompt_counts_what_generation_bills(sandbox: SandboxProcess) -> None:
    body = asking("hello there", systemInstruction=CONTENT)

    counted = generate(sandbox.base_url, "echo", {"generateContentRequest": body}, "countTokens").json()
    billed = generate(sandbox.base_url, "echo", body).json()["usageMetadata"]
    at_vertex = vertex(sandbox.base_url, "echo", body, "countTokens").json()

    assert counted["totalTokens"] == billed["promptTokenCount"] == at_vertex["totalTokens"]
    assert counted["promptTokensDetails"] == billed["promptTokensDetails"]


def test_contents_alone_can_be_counted_but_not_twice(sandbox: SandboxProcess) -> None:
    alone = generate(sandbox.base_url, "echo", {"contents": [said("x")]}, "countTokens")
    twice = {"contents": [said("x")], "generateContentRequest": asking()}

    assert alone.json()["totalTokens"] == 7
    assert generate(sandbox.base_url, "echo", twice, "countTokens").status == 400


def test_an_embedding_has_the_size_asked_for(sandbox: SandboxProcess) -> None:
    body = {"content": CONTENT, "taskType": "RETRIEVAL_QUERY", "outputDimensionality": 8}

    one = generate(sandbox.base_url, "embed-small", body, "embedContent").json()["embedding"]["values"]
    full = generate(sandbox.base_url, "embed-small", {"content": CONTENT}, "embedContent").json()["embedding"]["values"]

    assert (len(one), len(full)) == (8, 1536)


def test_a_batch_has_a_vector_for_each_request(sandbox: SandboxProcess) -> None:
    requests = [{"model": "models/embed-small", "content": CONTENT, "outputDimensionality": 4} for _ in range(3)]

    answered = generate(sandbox.base_url, "embed-small", {"requests": requests}, "batchEmbedContents").json()

    assert [len(each["values"]) for each in answered["embeddings"]] == [4, 4, 4]


@pytest.mark.parametrize(
    ("model", "method", "body"),
    [
        ("embed-small", "batchEmbedContents", {"requests": []}),
        ("embed-small", "batchEmbedContents", {"requests": [{"model": "models/embed-large", "content": CONTENT}]}),
        ("embed-small", "embedContent", {"content": {"parts": []}}),
        ("embed-small", "embedContent", {"content": CONTENT, "outputDimensionality": 9999}),
        ("embed-small", "embedContent", {"content": CONTENT, "dimensions": 8}),
        ("echo", "embedContent", {"content": CONTENT}),
        ("embed-small", "generateContent", asking()),
    ],
)
def test_what_google_refuses(sandbox: SandboxProcess, model: str, method: str, body: object) -> None:
    answered = generate(sandbox.base_url, model, body, method)

    assert answered.status == 400
    assert answered.json()["error"]["status"] == "INVALID_ARGUMENT"


def test_vertex_predicts_embeddings(sandbox: SandboxProcess) -> None:
    body = {"instances": [{"content": "hello", "task_type": "CLUSTERING"}], "parameters": {"outputDimensionality": 4}}

    [prediction] = vertex(sandbox.base_url, "embed-small", body, "predict").json()["predictions"]

    assert len(prediction["embeddings"]["values"]) == 4
    assert prediction["embeddings"]["statistics"] == {"token_count": 2, "truncated": False}
