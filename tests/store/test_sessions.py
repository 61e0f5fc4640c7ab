from dataclasses import replace

import pytest
from sqlalchemy import select

from tokenrouter.domain.actors import Actor
from tokenrouter.store import sessions
from tokenrouter.store.audit import AuditFilter, audit_page
from tokenrouter.store.engine import Store
from tokenrouter.store.schema import tr_sessions
from tokenrouter.store.sessions import (
    IDLE_S,
    LONGEST_S,
    Session,
    SessionOwner,
    begin_session,
    csrf_token,
    end_session,
    end_sessions,
    find_session,
    list_sessions,
    refuse_session,
    see_session,
)

ANN = SessionOwner("person", "usr_ann")
BOB = SessionOwner("person", "usr_bob")
ROOT = SessionOwner("key", key_digest=b"k" * 32)


def begin(store: Store, owner: SessionOwner = ANN, *, now_s: float = 0.0, before: str = "", agent: str = "a") -> str:
    return begin_session(store, owner, way="password", address="192.0.2.1", agent=agent, now_s=now_s, before=before)


def find(store: Store, cookie: str, *, now_s: float = 1.0) -> Session | None:
    with store.read() as connection:
        return find_session(connection, cookie, now_s=now_s)


def test_a_session_is_found_by_its_cookie_and_by_nothing_else(store: Store) -> None:
    cookie = begin(store)

    found = find(store, cookie)

    assert found is not None
    assert (found.owner, found.way, found.address, found.agent) == (ANN, "password", "192.0.2.1", "a")
    assert found.csrf == csrf_token(cookie)
    for other in ("", found.id, found.csrf, f"{cookie}x", "\ud800"):
        assert find(store, other) is None


def test_neither_the_cookie_nor_its_token_is_in_the_database(store: Store) -> None:
    cookie = begin(store)

    with store.read() as connection:
        row = connection.execute(select(tr_sessions)).one()

    assert cookie not in str(row)
    assert csrf_token(cookie) not in str(row)
    assert csrf_token(cookie) not in repr(find(store, cookie))
    assert cookie not in str(audit_page(store, AuditFilter(), limit=10))


def test_it_is_over_after_twelve_hours_without_a_request(store: Store) -> None:
    cookie = begin(store)

    assert find(store, cookie, now_s=IDLE_S - 1)
    assert find(store, cookie, now_s=IDLE_S) is None


def test_used_now_and_then_it_lasts_until_its_absolute_end(store: Store) -> None:
    cookie, now_s = begin(store), 0.0
    while now_s + IDLE_S / 2 < LONGEST_S:
        now_s += IDLE_S / 2
        found = find(store, cookie, now_s=now_s)
        assert found is not None
        see_session(store, found, now_s=now_s)

    assert find(store, cookie, now_s=LONGEST_S) is None


def test_a_request_soon_after_another_writes_nothing(store: Store) -> None:
    cookie = begin(store)
    found = find(store, cookie)
    assert found is not None

    see_session(store, found, now_s=30.0)

    assert find(store, cookie) == found


def test_a_sign_in_ends_the_session_that_the_browser_had(store: Store) -> None:
    planted = begin(store, BOB)

    fresh = begin(store, ANN, before=planted)

    assert fresh != planted
    assert find(store, planted) is None
    assert find(store, fresh)


def test_one_of_one_s_own_sessions_can_be_ended_and_nobody_else_s(store: Store) -> None:
    ann, bob = begin(store), begin(store, BOB)
    (of_bob,) = list_sessions(store, BOB, now_s=1.0)

    assert not end_session(store, of_bob.id, ANN)
    assert find(store, bob)
    assert end_session(store, list_sessions(store, ANN, now_s=1.0)[0].id, ANN)
    assert find(store, ann) is None


def test_signing_out_everywhere_may_leave_one(store: Store) -> None:
    first, second, bob = begin(store), begin(store), begin(store, BOB)
    kept = find(store, second)
    assert kept is not None

    assert end_sessions(store, ANN, but=kept.id) == 1

    assert find(store, first) is None
    assert find(store, second)
    assert find(store, bob)


def test_sessions_of_keys_and_of_the_password_are_told_apart_by_their_digest(store: Store) -> None:
    other = replace(ROOT, key_digest=b"o" * 32)
    begin(store, ROOT)
    begin(store, other)
    begin(store, SessionOwner("password", key_digest=ROOT.key_digest))

    assert [one.owner for one in list_sessions(store, ROOT, now_s=1.0)] == [ROOT]


def test_the_session_that_was_not_used_for_longest_gives_way(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "MAX_SESSIONS", 2)

    first, second, third = (begin(store, now_s=float(number)) for number in range(3))

    assert find(store, first, now_s=5.0) is None
    assert find(store, second, now_s=5.0)
    assert find(store, third, now_s=5.0)


def test_what_a_browser_calls_itself_is_bounded_and_storable(store: Store) -> None:
    begin(store, agent="nul\0 half \ud800 " + "x" * 1000)

    assert len(list_sessions(store, ANN, now_s=1.0)[0].agent) == 200


def test_who_came_in_and_who_did_not_is_written_down(store: Store) -> None:
    acting = store.acting(Actor("person", "usr_ann", "ann", "192.0.2.1"))
    begin(acting)
    end_sessions(acting, ANN)
    refuse_session(acting, way="password", account="eve@example.org", reason="wrong password")

    entries = audit_page(store, AuditFilter(), limit=10)

    assert [one.action for one in entries] == ["session.refuse", "session.end", "session.create"]
    assert entries[0].subject == ("session", "", "eve@example.org")
    assert {one.actor.address for one in entries} == {"192.0.2.1"}
