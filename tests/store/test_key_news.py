"""Whoever follows the news has what whoever reads everything has."""

import pytest

from tokenrouter.domain.catalog import Key
from tokenrouter.store.catalog_version import MAX_NOTED_KEYS, NOTED_VERSIONS, raise_catalog_version
from tokenrouter.store.engine import Store
from tokenrouter.store.key_news import read_key_news
from tokenrouter.store.keys import KeyChanges, KeyRequest, create_key, list_keys, revoke_key, update_key


def make(store: Store, name: str, parent: Key | None = None) -> Key:
    return create_key(store, KeyRequest(name, parent=parent), pepper=b"", now_s=1.0).stored


def test_who_knows_nothing_is_told_everything(store: Store) -> None:
    make(store, "ann")
    news = read_key_news(store, None)

    assert (news.put, news.is_whole, news.others) == (list_keys(store), True, True)
    assert read_key_news(store, news.version) == read_key_news(store, news.version)
    assert not read_key_news(store, news.version).put


def test_a_change_of_one_key_is_told_and_nothing_else(store: Store) -> None:
    ann = make(store, "ann")
    since = read_key_news(store, None).version
    child = make(store, "child", ann)
    changed = update_key(store, "ann", KeyChanges(enabled=False))
    news = read_key_news(store, since)

    assert (set(news.put), news.gone, news.is_whole, news.others) == ({child, changed}, frozenset(), False, False)
    revoke_key(store, "ann")
    news = read_key_news(store, news.version)
    assert (news.put, news.gone) == ((), frozenset({ann.id, child.id}))


def test_a_change_of_something_else_reads_no_key(store: Store) -> None:
    make(store, "ann")
    since = read_key_news(store, None).version
    with store.write() as connection:
        raise_catalog_version(connection, keys=())

    news = read_key_news(store, since)

    assert (news.put, news.is_whole, news.others) == ((), False, True)


@pytest.mark.parametrize("noted", [None, range(MAX_NOTED_KEYS + 1)])
def test_a_writer_that_cannot_say_which_keys_has_all_of_them_read(store: Store, noted: range | None) -> None:
    ann = make(store, "ann")
    since = read_key_news(store, None).version
    with store.write() as connection:
        raise_catalog_version(connection, keys=None if noted is None else [str(number) for number in noted])

    news = read_key_news(store, since)

    assert (news.put, news.is_whole) == ((ann,), True)


def test_who_has_missed_too_much_or_comes_from_elsewhere_reads_everything(store: Store) -> None:
    ann = make(store, "ann")
    since = read_key_news(store, None).version
    with store.write() as connection:
        for _ in range(NOTED_VERSIONS + 1):
            raise_catalog_version(connection, keys=())

    assert read_key_news(store, since).is_whole
    assert not read_key_news(store, since + 1).is_whole
    assert read_key_news(store, since + 10**6).put == (ann,)
