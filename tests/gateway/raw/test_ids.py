import json

import pytest

from tests.gateway.test_ownership import FILE, Paper
from tokenrouter.domain.errors import InvalidRequest, NotFound
from tokenrouter.gateway.ownership import Ownership
from tokenrouter.gateway.raw.ids import RawIds

UUID = "0b3a8f3e-5d0a-4a0e-9a55-0f3f8f7f1c11"
THING = "ftjob-abcdefghij0123456789abcd"
OWN = FILE._replace(kind="other", id=THING)
OWN_UUID = FILE._replace(kind="other", id=UUID)
IDS = RawIds(Ownership(Paper(FILE, OWN, OWN_UUID)), "team:physics", "acme")
OTHERS = RawIds(Ownership(Paper(FILE, OWN, OWN_UUID)), "team:chemistry", "acme")


@pytest.mark.parametrize("id_", ["file-1", THING, UUID])
def test_the_owner_may_name_it_and_nobody_else(id_: str) -> None:
    IDS.require_in_path([id_])
    IDS.require_in_body(json.dumps({"x": [{"y": id_}]}).encode())
    assert IDS.is_visible({"id": id_})

    with pytest.raises(NotFound):
        OTHERS.require_in_path([id_])
    with pytest.raises(NotFound):
        OTHERS.require_in_body(json.dumps({"x": [{"y": id_}]}).encode())
    assert not OTHERS.is_visible({"id": id_})


@pytest.mark.parametrize(
    "id_",
    [
        "file-011CNha8iCJcU1wXNR6q4V8w",
        "batch_66f4c2b1d8a48190b7a0d8a1f0e3a3d2",
        "resp_67ccd2bed1ec8190b14f964abc0542670bb6a6b452d3795b",
        "vs_67ccd2bed1ec8190b14f964a",
        "msgbatch_013Zva2CMHLNnXjNJJKqJ2EF",
    ],
)
def test_what_looks_like_an_id_and_is_nobodys_may_not_be_named(id_: str) -> None:
    with pytest.raises(NotFound):
        IDS.require_in_path(["things", id_])
    with pytest.raises(NotFound):
        IDS.require_in_body(json.dumps({"x": id_}).encode())
    assert not IDS.is_visible({"id": id_})


@pytest.mark.parametrize(
    "text",
    [
        *("gpt-4o-mini-2024-07-18", "claude-3-5-sonnet-20241022", "text-embedding-3-large", "v1", "chat", "things"),
        *(
            "call_abcdefghij0123456789abcd",
            "toolu_01A09q90qw90lq917835lq9",
            "Please read file-011CNha8iCJcU1wXNR6q4V8w",
        ),
        *("dall-e-2", "whisper-1", "", "x" * 5000),
    ],
)
def test_names_of_models_and_ordinary_words_may(text: str) -> None:
    IDS.require_in_path([text])
    IDS.require_in_body(json.dumps({"x": text}).encode())
    assert IDS.is_visible({"id": text})


def test_a_uuid_in_a_body_is_a_text_and_in_a_path_an_id() -> None:
    other = UUID.replace("0b", "0c")
    IDS.require_in_body(json.dumps({"x": other}).encode())

    with pytest.raises(NotFound):
        IDS.require_in_path([other])


def test_names_of_fields_are_looked_at_too() -> None:
    with pytest.raises(NotFound):
        OTHERS.require_in_body(b'{"files": {"file-1": true}}')


def test_what_cannot_be_read_does_not_pass() -> None:
    with pytest.raises(InvalidRequest):
        IDS.require_in_body(b'{"x": ')
