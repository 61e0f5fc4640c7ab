import pytest

from tokenrouter.edge.callers import dialect_of, dialect_of_path
from tokenrouter.edge.request import RequestHead


@pytest.mark.parametrize(
    ("path", "operation"),
    [
        (b"/v1/messages", "messages"),
        (b"/anthropic/nowhere", "messages"),
        (b"/v1beta/models", "generate_content"),
        (b"/gemini/v1/models", "generate_content"),
        (b"/v1/models/m:streamGenerateContent", "generate_content"),
        (b"/v1/responses", "responses"),
        (b"/openai/nowhere", "chat"),
    ],
)
def test_a_path_may_tell_the_dialect(path: bytes, operation: str) -> None:
    dialect = dialect_of_path(path)

    assert dialect is not None
    assert dialect.operation == operation


@pytest.mark.parametrize(
    ("headers", "query", "operation"),
    [
        ({b"x-goog-api-key": b"k"}, b"", "generate_content"),
        ({b"x-goog-api-client": b"google-genai-sdk/3"}, b"", "generate_content"),
        ({}, b"key=k", "generate_content"),
        ({b"anthropic-version": b"2023-06-01"}, b"", "messages"),
        ({b"authorization": b"Bearer k"}, b"", "chat"),
    ],
)
def test_else_its_headers_tell(headers: dict[bytes, bytes], query: bytes, operation: str) -> None:
    assert dialect_of(RequestHead(path=b"/v1/models", headers=headers, query=query)).operation == operation


def test_a_path_counts_more_than_headers() -> None:
    head = RequestHead(path=b"/v1/chat/completions", headers={b"anthropic-version": b"2023-06-01"})

    assert dialect_of(head).operation == "chat"
