import pytest

from tokenrouter.domain.limit_text import limit_handle, read_limit
from tokenrouter.store.engine import Store
from tokenrouter.store.key_pages import KeySight
from tokenrouter.store.keys import KeyRequest, create_key
from tokenrouter.store.limit_pages import LimitFilter, LimitSight, limit_page
from tokenrouter.store.limits import create_limit


@pytest.fixture
def limited(store: Store) -> Store:
    create_key(store, KeyRequest("Ärzte", team="physics"), pepper=b"p", now_s=1.0)
    for number, scope in enumerate(("key:Ärzte", "key:bob", "team:physics", "user:ann")):
        limit = read_limit({"scope": scope, "metric": "tokens", "window": "1d", "amount": 1000})
        create_limit(store, limit, comment="TERM 2026" if number else "", now_s=float(number))
    return store


def scopes(store: Store, wanted: LimitFilter) -> list[str]:
    return [one.limit.scope for _, one in limit_page(store, wanted, None, 10)]


def test_pages_follow_one_another_and_hold_every_limit_once(limited: Store) -> None:
    first = limit_page(limited, LimitFilter(), None, 3)
    second = limit_page(limited, LimitFilter(), first[-1][0], 3)

    assert [one.limit.scope for _, one in first + second] == ["key:Ärzte", "key:bob", "team:physics", "user:ann"]


def test_words_are_found_in_scope_and_comment_in_any_case(limited: Store) -> None:
    assert scopes(limited, LimitFilter("ÄRZTE")) == ["key:Ärzte"]
    assert scopes(limited, LimitFilter("term")) == ["key:bob", "team:physics", "user:ann"]
    assert scopes(limited, LimitFilter("%")) == []


def test_one_is_found_by_its_id_and_by_its_name_in_paths(limited: Store) -> None:
    limit_id = limit_page(limited, LimitFilter(scope="user:ann"), None, 1)[0][1].limit.id

    assert scopes(limited, LimitFilter(handle=limit_id)) == ["user:ann"]
    assert scopes(limited, LimitFilter(handle=limit_handle(limit_id))) == ["user:ann"]
    assert scopes(limited, LimitFilter(scope="user:ann", metric="requests")) == []


def test_of_keys_that_are_seen_the_limits_are_seen_and_no_others(limited: Store) -> None:
    of_team = LimitSight(frozenset({"user:ann"}), KeySight(teams=frozenset({"physics"})))

    assert scopes(limited, LimitFilter(sight=of_team)) == ["key:Ärzte", "user:ann"]
    assert scopes(limited, LimitFilter(sight=LimitSight())) == []
