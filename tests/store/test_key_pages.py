import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tokenrouter.domain.catalog import Key
from tokenrouter.store.engine import Store
from tokenrouter.store.key_pages import KeyFilter, key_page
from tokenrouter.store.keys import KeyChanges, KeyRequest, create_key, list_keys, update_key

NOW_S = 1_000.0


@pytest.fixture
def keys(store: Store) -> tuple[Key, ...]:
    """Ann's keys of physics, Bob's of chemistry, one of each kind."""

    def make(name: str, **said: object) -> Key:
        return create_key(store, KeyRequest(name=name, **said), pepper=b"", now_s=NOW_S).stored  # type: ignore[arg-type]

    ann = make("Ann", user="ann", team="physics", role="keymaster", comment="of the 3rd floor")
    make("ann's child", parent=ann)
    make("bob 100%", user="bob", team="chemistry", expires_at_s=NOW_S + 10)
    make("off", user="bob", comment="Underscore_d")
    update_key(store, "off", KeyChanges(enabled=False))
    return list_keys(store)


def names(store: Store, wanted: KeyFilter) -> list[str]:
    return [key.name for _, key in key_page(store, wanted, None, 100)]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (KeyFilter(), ["Ann", "ann's child", "bob 100%", "off"]),
        (KeyFilter(words="ANN"), ["Ann", "ann's child"]),
        (KeyFilter(words="3rd"), ["Ann"]),
        (KeyFilter(words="0%"), ["bob 100%"]),
        (KeyFilter(words="SCORE_"), ["off"]),
        (KeyFilter(words="chem"), ["bob 100%"]),
        (KeyFilter(words="nobody"), []),
        (KeyFilter(role="keymaster"), ["Ann"]),
        (KeyFilter(team="physics"), ["Ann", "ann's child"]),
        (KeyFilter(user="bob"), ["bob 100%", "off"]),
        (KeyFilter(user="bob", words="off"), ["off"]),
        (KeyFilter(state="disabled"), ["off"]),
        (KeyFilter(state="enabled", now_s=NOW_S + 11), ["Ann", "ann's child"]),
        (KeyFilter(state="enabled", now_s=NOW_S + 9), ["Ann", "ann's child", "bob 100%"]),
        (KeyFilter(state="expired", now_s=NOW_S + 11), ["bob 100%"]),
        (KeyFilter(state="expired", now_s=NOW_S + 9), []),
    ],
)
def test_filters_leave_what_they_name_in_the_database_as_elsewhere(
    store: Store, keys: tuple[Key, ...], wanted: KeyFilter, expected: list[str]
) -> None:
    assert sorted(names(store, wanted)) == expected
    assert sorted(key.name for key in keys if wanted.fits(key)) == expected


def test_the_children_of_a_key_are_a_list_of_their_own(store: Store, keys: tuple[Key, ...]) -> None:
    parent = next(key for key in keys if key.name == "Ann")
    wanted = KeyFilter(parent_id=parent.id)

    assert names(store, wanted) == ["ann's child"]
    assert [key.name for key in keys if wanted.fits(key)] == ["ann's child"]


def test_those_that_stand_below_none_are_the_tops_of_the_tree(store: Store, keys: tuple[Key, ...]) -> None:
    tops = ["Ann", "bob 100%", "off"]

    assert sorted(names(store, KeyFilter(top=True))) == tops
    assert sorted(key.name for key in keys if KeyFilter(top=True).fits(key)) == tops


@settings(deadline=None, max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(1, 5))
def test_pages_follow_each_other_without_gap_or_repeat(store: Store, keys: tuple[Key, ...], rows: int) -> None:
    seen: list[Key] = []
    after = None
    while page := key_page(store, KeyFilter(), after, rows):
        seen += [key for _, key in page]
        after = page[-1][0]

    assert tuple(seen) == keys
