import re

from hypothesis import given
from hypothesis import strategies as st

from tokenrouter.dialects.call_ids import client_call_id, made_call_id, provider_call_id


def test_ordinary_ids_stay_as_they_are() -> None:
    for call_id in ("call_abc", "toolu_01", "gSIMJiOkT"):
        assert client_call_id(call_id) == call_id
        assert provider_call_id(call_id, "safe") == call_id


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40))
def test_clients_get_ids_of_a_kind_that_every_dialect_takes(call_id: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,64}", client_call_id(call_id))


@given(st.text(st.characters(codec="ascii"), min_size=1, max_size=40))
def test_a_provider_gets_its_own_odd_id_back(call_id: str) -> None:
    assert provider_call_id(client_call_id(call_id), "any") == call_id


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=80))
def test_strict_vendors_get_nine_letters_and_digits(call_id: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9]{9}", provider_call_id(call_id, "nine"))


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=80))
def test_chat_gets_no_more_than_forty_characters_and_always_the_same(call_id: str) -> None:
    short = provider_call_id(call_id, "forty")

    assert re.fullmatch(r"[A-Za-z0-9_-]{1,40}", short)
    assert provider_call_id(call_id, "forty") == short
    assert provider_call_id(client_call_id(call_id), "forty") == provider_call_id(call_id, "forty")


def test_made_ids_differ_by_answer_and_place() -> None:
    assert len({made_call_id("a", 0), made_call_id("a", 1), made_call_id("b", 0)}) == 3
