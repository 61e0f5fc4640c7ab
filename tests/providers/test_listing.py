import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenrouter.domain.errors import ProviderProtocolError
from tokenrouter.providers.listing import MAX_MODELS, read_model_ids


@pytest.mark.parametrize(
    ("body", "ids"),
    [
        (b'{"object":"list","data":[{"id":"a","object":"model"},{"id":"b/c"}]}', ("a", "b/c")),
        (b'[{"id":"a"},{"id":"b"}]', ("a", "b")),
        (b'{"models":[{"name":"llama3:8b","model":"llama3:8b"}]}', ("llama3:8b",)),
        (b'{"data":[]}', ()),
        (b"[]", ()),
    ],
)
def test_the_three_shapes_are_understood(body: bytes, ids: tuple[str, ...]) -> None:
    assert read_model_ids("acme", body) == ids


def test_a_prefix_that_is_no_part_of_the_name_is_taken_off() -> None:
    body = b'{"data":[{"id":"models/gemini-x"},{"id":"gemini-y"},{"id":"models/models/z"}]}'

    assert read_model_ids("acme", body, id_prefix="models/") == ("gemini-x", "gemini-y", "models/z")
    assert read_model_ids("acme", body)[0] == "models/gemini-x"


def test_each_id_is_listed_once_in_the_vendors_order() -> None:
    assert read_model_ids("acme", b'[{"id":"b"},{"id":"a"},{"id":"b"}]') == ("b", "a")


def test_entries_without_a_usable_id_are_left_out() -> None:
    entries = [{"id": "a"}, {"id": 7}, {"id": ""}, {}, "b", None, {"id": "x" * 513}, {"id": "c\r\nd"}]

    assert read_model_ids("acme", json.dumps(entries).encode()) == ("a",)


def test_a_list_is_bounded() -> None:
    body = json.dumps([{"id": f"m{n}"} for n in range(MAX_MODELS + 5)]).encode()

    assert len(read_model_ids("acme", body)) == MAX_MODELS


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b'{"error":{}}', b'{"data":{}}', b"7", b'"a"', b"null", b'[{"x":1}]', b'"\xff"', b"[" * 100_000],
)
def test_what_is_no_list_of_models_is_the_providers_fault(body: bytes) -> None:
    with pytest.raises(ProviderProtocolError, match="'acme'"):
        read_model_ids("acme", body)


@given(st.binary(max_size=200))
def test_whatever_comes_is_a_list_or_the_providers_fault(body: bytes) -> None:
    try:
        ids = read_model_ids("acme", body)
    except ProviderProtocolError:
        return

    assert all(isinstance(name, str) for name in ids)
