import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenrouter.store.errors import InvalidField
from tokenrouter.store.names import check_comment, check_models, check_name, normal_email


@pytest.mark.parametrize("name", ["", " a", "a ", "a:b", "a*", "a\nb", "x" * 101])
def test_names_that_nobody_could_type_or_limit_are_refused(name: str) -> None:
    with pytest.raises(InvalidField) as refused:
        check_name(name, "team")

    assert refused.value.field == "name"


@pytest.mark.parametrize("name", ["a", "Ann Müller", "class 7b", "日本", "o'neill"])
def test_names_as_people_have_them_are_good(name: str) -> None:
    check_name(name)


@pytest.mark.parametrize("address", ["", "ann", "@x.org", "ann@", "a b@x.org", "ann@x..org", "<ann@x.org>", "a" * 300])
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(InvalidField, match="e-mail"):
        normal_email(address)


@given(st.from_regex(r"[A-Za-z0-9.+_-]{1,20}@[A-Za-z0-9]{1,10}\.[a-z]{2,5}", fullmatch=True))
def test_one_person_has_one_address_however_it_is_written(address: str) -> None:
    if ".." not in address:
        assert normal_email(f" {address.upper()} ") == normal_email(address.lower())


def test_what_is_too_long_or_empty_is_refused() -> None:
    with pytest.raises(InvalidField):
        check_comment("x" * 1001)
    with pytest.raises(InvalidField):
        check_models([" "])
    with pytest.raises(InvalidField):
        check_models(["x"] * 1001)
