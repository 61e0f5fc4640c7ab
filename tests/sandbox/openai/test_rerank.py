"""Reranking over plain HTTP; the vendor's SDK has none."""

import pytest

from tests.sandbox.openai_wire import call, refusal
from tokenrouter.testing.processes import SandboxProcess

DOCUMENTS = ["cats and dogs", "a dog barks", "ships"]


def test_the_most_relevant_comes_first(sandbox: SandboxProcess) -> None:
    body = {"model": "lorem", "query": "dog barks", "documents": DOCUMENTS, "return_documents": True}

    answer = call(sandbox.base_url, "/rerank", body).json()

    assert [(each["index"], each["relevance_score"]) for each in answer["results"]] == [(1, 1.0), (0, 0.0), (2, 0.0)]
    assert answer["results"][0]["document"] == {"text": "a dog barks"}
    assert answer["model"] == "lorem"
    assert answer["meta"]["billed_units"] == {"search_units": 1}


def test_only_the_top_is_told(sandbox: SandboxProcess) -> None:
    body = {"model": "lorem", "query": "ships", "documents": [{"text": each} for each in DOCUMENTS], "top_n": 1}

    [result] = call(sandbox.base_url, "/rerank", body).json()["results"]

    assert result == {"index": 2, "relevance_score": 1.0}


def test_query_and_documents_are_billed(sandbox: SandboxProcess) -> None:
    body = {"model": "lorem", "query": "x" * 8, "documents": ["y" * 4, "z" * 12]}

    assert call(sandbox.base_url, "/rerank", body).json()["usage"] == {"prompt_tokens": 8, "total_tokens": 8}


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"query": None}, "query"),
        ({"documents": []}, "documents"),
        ({"documents": ["a", 5]}, "documents[1]"),
        ({"documents": [{"title": "a"}]}, "documents[0].text"),
        ({"top_n": 0}, "top_n"),
        ({"stream": True}, "stream"),
    ],
)
def test_a_wrong_field_is_named(sandbox: SandboxProcess, body: dict[str, object], param: str) -> None:
    whole = {"model": "lorem", "query": "x", "documents": ["y"], **body}

    assert refusal(call(sandbox.base_url, "/rerank", whole))["param"] == param
