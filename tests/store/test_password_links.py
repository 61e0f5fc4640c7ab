from urllib.parse import parse_qs, urlsplit

import pytest

from tokenrouter.store.engine import Store
from tokenrouter.store.password_links import (
    LIFETIME_S,
    LinkKind,
    PasswordLink,
    create_password_link,
    find_password_link,
    is_invited,
    use_up_links,
)


def token_of(link: str) -> str:
    return parse_qs(urlsplit(link).query)["token"][0]


def make(store: Store, kind: LinkKind = "invitation") -> str:
    return token_of(create_password_link(store, "usr_ann", "ann", kind, now_s=0.0))


def find(store: Store, token: str, *, now_s: float = 1.0) -> PasswordLink | None:
    with store.read() as connection:
        return find_password_link(connection, token, now_s=now_s)


@pytest.mark.parametrize("kind", ["invitation", "reset"])
def test_a_link_is_good_until_its_end(store: Store, kind: LinkKind) -> None:
    token = make(store, kind)

    assert find(store, token, now_s=LIFETIME_S[kind] - 1) == PasswordLink("usr_ann", kind, LIFETIME_S[kind])
    assert find(store, token, now_s=LIFETIME_S[kind]) is None
    assert find(store, "guess") is None


def test_an_invitation_lasts_seven_days() -> None:
    assert LIFETIME_S["invitation"] == 7 * 24 * 3600


def test_a_new_link_replaces_the_one_before_it(store: Store) -> None:
    first, second = make(store), make(store)

    assert find(store, first) is None
    assert find(store, second)


def test_using_one_up_uses_up_all_of_that_person(store: Store) -> None:
    invitation, reset = make(store), make(store, "reset")

    with store.write() as connection:
        use_up_links(connection, "usr_ann")

    assert find(store, invitation) is None
    assert find(store, reset) is None


def test_whether_somebody_is_invited_follows_from_the_link(store: Store) -> None:
    make(store)

    with store.read() as connection:
        assert is_invited(connection, "usr_ann", now_s=1.0)
        assert not is_invited(connection, "usr_ann", now_s=LIFETIME_S["invitation"])
        assert not is_invited(connection, "usr_bob", now_s=1.0)
