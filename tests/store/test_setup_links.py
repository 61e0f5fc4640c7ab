"""Set-up links: one use, half an hour."""

from urllib.parse import parse_qs, urlsplit

from tokenrouter.store.engine import Store
from tokenrouter.store.setup_links import LINK_LIFETIME_S, create_setup_link, use_setup_token


def token_of(link: str) -> str:
    return parse_qs(urlsplit(link).query)["token"][0]


def test_a_link_works_once(store: Store) -> None:
    token = token_of(create_setup_link(store, now_s=0.0))

    assert [use_setup_token(store, token, now_s=1.0) for _ in range(2)] == [True, False]


def test_a_link_ends_after_half_an_hour(store: Store) -> None:
    token = token_of(create_setup_link(store, now_s=0.0))

    assert not use_setup_token(store, token, now_s=LINK_LIFETIME_S)


def test_a_token_that_was_never_given_out_is_refused(store: Store) -> None:
    create_setup_link(store, now_s=0.0)

    assert not use_setup_token(store, "guess", now_s=1.0)


def test_a_new_link_leaves_the_one_before_it_valid(store: Store) -> None:
    first, second = (token_of(create_setup_link(store, now_s=0.0)) for _ in range(2))

    assert use_setup_token(store, first, now_s=1.0)
    assert use_setup_token(store, second, now_s=1.0)
