"""Heartbeats of temporary keys, on every database."""

import pytest
from sqlalchemy import func, select

from tokenrouter.domain.catalog import Key
from tokenrouter.store.audit import AuditFilter, audit_page
from tokenrouter.store.catalog_version import catalog_version
from tokenrouter.store.engine import Store
from tokenrouter.store.errors import KeyUnknown
from tokenrouter.store.heartbeats import heartbeats, note_heartbeat, suspend_silent_keys
from tokenrouter.store.keys import KeyRequest, create_key, find_key, revoke_key
from tokenrouter.store.schema import tr_heartbeats

NOW_S = 1000.0


def make(store: Store, name: str = "run", **more: object) -> Key:
    wanted = {"heartbeat": True, **more}
    request = KeyRequest(name, temporary=True, expires_at_s=9000.0, **wanted)  # type: ignore[arg-type]
    return create_key(store, request, pepper=b"pepper", now_s=NOW_S).stored


def version(store: Store) -> int:
    with store.read() as connection:
        return catalog_version(connection)


def actions(store: Store) -> list[str]:
    return [entry.action for entry in reversed(audit_page(store, AuditFilter(), limit=100))]


def test_making_a_key_is_its_first_word_and_only_those_with_a_heartbeat_have_any(store: Store) -> None:
    key, _ = make(store), make(store, "plain", heartbeat=False)

    assert heartbeats(store) == {key.id: NOW_S}


def test_a_heartbeat_is_one_row_and_nobody_has_to_hear_of_it(store: Store) -> None:
    key = make(store)
    before = version(store)

    assert not note_heartbeat(store, key.id, now_s=1015.0).revived

    assert heartbeats(store) == {key.id: 1015.0}
    assert version(store) == before
    assert actions(store) == ["key.create"]


def test_a_key_that_is_silent_is_suspended_and_good_again_with_the_next_word(store: Store) -> None:
    key = make(store)
    before = version(store)

    assert [one.id for one in suspend_silent_keys(store, {key.id: NOW_S})] == [key.id]
    assert find_key(store, key.id).suspended
    assert (heartbeats(store), version(store)) == ({}, before + 1)
    assert suspend_silent_keys(store, {key.id: NOW_S}) == ()

    assert note_heartbeat(store, key.id, now_s=1200.0).revived
    assert not find_key(store, key.id).suspended
    assert (heartbeats(store), version(store)) == ({key.id: 1200.0}, before + 2)
    assert not note_heartbeat(store, key.id, now_s=1215.0).revived
    assert actions(store) == ["key.create", "key.suspend", "key.revive"]


def test_a_word_that_comes_just_before_is_heard(store: Store) -> None:
    key = make(store)
    note_heartbeat(store, key.id, now_s=1015.0)

    assert suspend_silent_keys(store, {key.id: NOW_S}) == ()
    assert not find_key(store, key.id).suspended


def test_a_key_that_is_gone_leaves_nothing_and_is_not_heard_of(store: Store) -> None:
    key = make(store)
    revoke_key(store, key.id)

    with pytest.raises(KeyUnknown):
        note_heartbeat(store, key.id, now_s=1015.0)
    assert suspend_silent_keys(store, {key.id: NOW_S}) == ()
    with store.read() as connection:
        assert connection.execute(select(func.count()).select_from(tr_heartbeats)).scalar() == 0
