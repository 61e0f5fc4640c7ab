import json
from typing import Any

import pytest

from tests.gateway.test_ownership import FILE, Paper
from tokenrouter.domain.errors import InvalidRequest, NotFound
from tokenrouter.gateway.account.references import require_own_references
from tokenrouter.gateway.ownership import Ownership

OWNERSHIP = Ownership(Paper(FILE))


def body(id_: str, place: int) -> bytes:
    places: list[Any] = [
        {"messages": [{"content": [{"type": "file", "file": {"file_id": id_}}]}]},
        {"input": [{"role": "user", "content": [{"type": "input_file", "file_id": id_}]}]},
        {"input": [{"content": [{"type": "input_image", "file_id": id_}]}]},
        {"tools": [{"type": "code_interpreter", "container": {"type": "auto", "file_ids": ["file-1", id_]}}]},
        {"messages": [{"content": [{"type": "document", "source": {"type": "file", "file_id": id_}}]}]},
        {"images": [{"file_id": id_}]},
    ]
    return json.dumps({"model": "m", **places[place]}).encode()


@pytest.mark.parametrize("place", range(6))
def test_a_foreign_file_is_not_there_wherever_it_is_named(place: int) -> None:
    require_own_references(body("file-1", place), "team:physics", "acme", OWNERSHIP)

    for owner, provider, id_ in [
        ("team:chemistry", "acme", "file-1"),
        ("team:physics", "other", "file-1"),
        ("team:physics", "acme", "file-2"),
    ]:
        with pytest.raises(NotFound):
            require_own_references(body(id_, place), owner, provider, OWNERSHIP)


def test_a_name_written_in_escapes_is_the_same_name() -> None:
    hidden = body("file-2", 1).replace(b'"file_id"', b'"f\\u0069le\\u005fid"')
    assert b"file_id" not in hidden

    with pytest.raises(NotFound):
        require_own_references(hidden, "team:physics", "acme", OWNERSHIP)


def test_of_two_names_either_may_count() -> None:
    twice = b'{"input":[{"type":"input_file","file_id":"file-2","file_id":"file-1"}]}'

    with pytest.raises(NotFound):
        require_own_references(twice, "team:physics", "acme", OWNERSHIP)


@pytest.mark.parametrize("told", [b'{"file_id": "\xff"}', b'{"file_id": ' + b"[" * 100_000])
def test_what_cannot_be_looked_through_goes_nowhere(told: bytes) -> None:
    with pytest.raises(InvalidRequest):
        require_own_references(told, "team:physics", "acme", OWNERSHIP)


@pytest.mark.parametrize(
    "told",
    [
        {"messages": [{"content": "the file_id of file-2, please"}]},
        {"messages": [{"role": "assistant", "tool_calls": [{"function": {"arguments": '{"file_id":"x"}'}}]}]},
        {"messages": [{"content": [{"type": "tool_use", "name": "read", "input": {"file_id": "x"}}]}]},
        {"tools": [{"function": {"parameters": {"properties": {"file_id": {"type": "string"}}}}}]},
        {"contents": [{"parts": [{"functionCall": {"args": {"file_id": "x"}}}]}]},
        {"metadata": {"file_id": "x"}},
        {"messages": [{"content": "Gr\u00fc\u00dfe"}]},
    ],
)
def test_what_users_write_is_no_reference(told: dict[str, Any]) -> None:
    require_own_references(json.dumps(told).encode(), "team:physics", "acme", OWNERSHIP)


def test_vector_stores_are_nobodys() -> None:
    asked = {"tools": [{"type": "file_search", "vector_store_ids": ["vs_1"]}]}

    with pytest.raises(NotFound, match="vector store"):
        require_own_references(json.dumps(asked).encode(), "team:physics", "acme", OWNERSHIP)


def test_a_form_brings_its_files_along() -> None:
    require_own_references(b'--b\r\nx: y\r\n\r\n"file_id"\r\n--b--', "team:physics", "acme", OWNERSHIP)
