"""Names that can be ours."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenrouter.config.providers import PROVIDER_NAME
from tokenrouter.imports.naming import Naming, ProviderNaming, check_usable


@given(st.lists(st.text(max_size=150), max_size=8))
def test_every_name_can_be_one_and_each_is_given_once(wanted: list[str]) -> None:
    naming = Naming("the team")
    names = [naming.name(one, f"#{number}") for number, one in enumerate(wanted)]

    assert len(set(names)) == len(names)
    for name in names:
        check_usable(name)


@given(st.lists(st.text(max_size=100), max_size=8))
def test_every_provider_gets_a_name_that_may_be_a_prefix(wanted: list[str]) -> None:
    naming = ProviderNaming()
    names = [naming.name(one, str(number)) for number, one in enumerate(wanted)]

    assert len(set(names)) == len(names)
    assert all(PROVIDER_NAME.fullmatch(name) for name in names)


def test_a_good_name_stays_and_another_is_told() -> None:
    naming = Naming("the team")

    assert naming.name("physics", "#1") == "physics"
    assert naming.renamed == []
    assert naming.name("physics", "#2") == "physics #2"
    assert [one.what for one in naming.renamed] == ["the name 'physics'"]


def test_what_no_name_can_be_is_a_readers_mistake() -> None:
    with pytest.raises(ValueError, match="character"):
        check_usable("a:b")
