from dataclasses import replace

import pytest

from tokenrouter.domain.people import Membership, User
from tokenrouter.store.accounts import (
    account_of,
    insert_account,
    link_identity,
    memberships_of,
    replace_rights,
    set_password,
    signed_in,
    use_password_link,
    user_of_identity,
    user_with_id,
)
from tokenrouter.store.audit import AuditFilter, audit_page
from tokenrouter.store.engine import Store
from tokenrouter.store.password_links import create_password_link, is_invited
from tokenrouter.store.schema import tr_users
from tokenrouter.store.sessions import SessionOwner, begin_session, find_session, list_sessions

ANN = User("usr_ann", "ann", "ann@example.org", password_hash="$argon2id$old", created_at_s=1.0)
OWNER = SessionOwner("person", ANN.id)


@pytest.fixture
def ann(store: Store) -> User:
    with store.write() as connection:
        insert_account(store, connection, ANN, (Membership("physics", "ann"),))
    return ANN


def begin(store: Store) -> str:
    return begin_session(store, OWNER, way="password", address="", agent="", now_s=0.0)


def change(store: Store, **values: object) -> None:
    with store.write() as connection:
        connection.execute(tr_users.update().values(values))


def test_a_person_is_found_however_the_address_is_typed(store: Store, ann: User) -> None:
    assert account_of(store, " Ann@Example.ORG ").user == ann
    assert account_of(store, "bob@example.org").user is None
    assert account_of(store, "").user is None


def test_it_is_told_whether_anybody_s_hash_was_imported(store: Store, ann: User) -> None:
    assert not account_of(store, "nobody").some_are_imported

    change(store, password_hash="$2a$10$abc")

    assert account_of(store, "nobody").some_are_imported


def test_a_new_password_ends_the_other_sessions_and_every_link(store: Store, ann: User) -> None:
    begin(store)
    cookie = begin(store)
    with store.read() as connection:
        mine = find_session(connection, cookie, now_s=1.0)
    assert mine is not None
    create_password_link(store, ann.id, ann.name, "invitation", now_s=0.0)

    set_password(store, ann, "$argon2id$new", but=mine.id)

    assert [one.id for one in list_sessions(store, OWNER, now_s=1.0)] == [mine.id]
    with store.read() as connection:
        assert not is_invited(connection, ann.id, now_s=1.0)
        changed = user_with_id(connection, ann.id)
    assert changed == replace(ann, password_hash="$argon2id$new")


def test_no_hash_gets_into_the_audit_log(store: Store, ann: User) -> None:
    set_password(store, ann, "$argon2id$new")

    entries = audit_page(store, AuditFilter(), limit=10)

    assert [one.action for one in entries] == ["user.password", "user.create"]
    assert "argon2" not in str(entries)


def test_a_link_sets_the_password_once(store: Store, ann: User) -> None:
    begin(store)
    token = create_password_link(store, ann.id, ann.name, "reset", now_s=0.0).partition("token=")[2]

    assert use_password_link(store, token, "$argon2id$new", now_s=1.0) == ann
    assert use_password_link(store, token, "$argon2id$more", now_s=1.0) is None
    assert list_sessions(store, OWNER, now_s=1.0) == ()
    assert account_of(store, "ann@example.org").user == replace(ann, password_hash="$argon2id$new")


def test_a_link_of_somebody_who_is_disabled_does_nothing(store: Store, ann: User) -> None:
    token = create_password_link(store, ann.id, ann.name, "reset", now_s=0.0).partition("token=")[2]
    change(store, enabled=False)

    assert use_password_link(store, token, "$argon2id$new", now_s=1.0) is None


def test_a_sign_in_is_noted_and_replaces_the_hash_of_the_same_password_only(store: Store, ann: User) -> None:
    signed_in(store, ann, now_s=5.0, new_hash="$argon2id$stronger")
    signed_in(store, ann, now_s=6.0, new_hash="$argon2id$too late")

    found = account_of(store, "ann@example.org").user
    assert found == replace(ann, signed_in_at_s=6.0, password_hash="$argon2id$stronger")


def test_an_account_elsewhere_is_linked_by_issuer_and_subject(store: Store, ann: User) -> None:
    with store.write() as connection:
        link_identity(store, connection, ann, "https://idp.example", "42")

    with store.read() as connection:
        found = user_of_identity(connection, "https://idp.example", "42")
        assert found is not None
        assert found.id == ann.id
        assert user_of_identity(connection, "https://other.example", "42") is None
        assert user_of_identity(connection, "", "") is None


def test_groups_replace_what_groups_gave_and_leave_what_people_gave(store: Store, ann: User) -> None:
    by = "oidc:corp"
    chem, bio = (Membership(team, "ann", given_by=by) for team in ("chemistry", "biology"))
    physics = Membership("physics", "ann", admin=True, given_by=by)

    with store.write() as connection:
        assert replace_rights(store, connection, ann, "admin", by, (chem, physics))
        assert memberships_of(connection, "ann") == (chem, Membership("physics", "ann"))
        now = user_with_id(connection, ann.id)
        assert now is not None
        assert now.role == "admin"
        assert not replace_rights(store, connection, now, "admin", by, (chem, physics))
        assert replace_rights(store, connection, now, "member", by, (bio,))
        assert memberships_of(connection, "ann") == (bio, Membership("physics", "ann"))
