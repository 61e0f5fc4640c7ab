from dataclasses import replace

import pytest

from tokenrouter.domain.people import Membership, User
from tokenrouter.store.accounts import (
    account_of,
    link_identity,
    replace_hash,
    replace_rights,
    set_password,
    use_password_link,
    user_with_id,
)
from tokenrouter.store.audit import AuditFilter, audit_page
from tokenrouter.store.engine import Store
from tokenrouter.store.password_links import create_password_link, is_invited
from tokenrouter.store.schema import tr_users
from tokenrouter.store.sessions import SessionOwner, begin_session, find_session, list_sessions
from tokenrouter.store.teams import memberships_of, put_member
from tokenrouter.store.users import NewUser, create_user, find_user, user_of_account


@pytest.fixture
def ann(store: Store) -> User:
    made = create_user(store, NewUser("ann", "ann@example.org", password_hash="$argon2id$old"), now_s=1.0)
    put_member(store, Membership("physics", "ann"))
    return made


def begin(store: Store, user: User) -> str:
    return begin_session(store, SessionOwner("person", user.id), way="password", address="", agent="", now_s=0.0)


def change(store: Store, **values: object) -> None:
    with store.write() as connection:
        connection.execute(tr_users.update().values(values))


def test_a_person_is_found_however_the_address_is_typed(store: Store, ann: User) -> None:
    assert account_of(store, " Ann@Example.ORG ").user == ann
    assert account_of(store, "bob@example.org").user is None
    assert account_of(store, "").user is None
    assert account_of(store, "ann@example.org\0 \ud800").user is None


def test_it_is_told_whether_anybody_s_hash_was_imported(store: Store, ann: User) -> None:
    assert not account_of(store, "nobody").some_are_imported

    change(store, password_hash="$2a$10$abc")

    assert account_of(store, "nobody").some_are_imported


def test_a_new_password_ends_the_other_sessions_and_every_link(store: Store, ann: User) -> None:
    begin(store, ann)
    cookie = begin(store, ann)
    with store.read() as connection:
        mine = find_session(connection, cookie, now_s=1.0)
    assert mine is not None
    create_password_link(store, ann.id, ann.name, "invitation", now_s=0.0)

    set_password(store, ann, "$argon2id$new", but=mine.id)

    assert [one.id for one in list_sessions(store, SessionOwner("person", ann.id), now_s=1.0)] == [mine.id]
    with store.read() as connection:
        assert not is_invited(connection, ann.id, now_s=1.0)
        changed = user_with_id(connection, ann.id)
    assert changed == replace(ann, password_hash="$argon2id$new")


def test_no_hash_gets_into_the_audit_log(store: Store, ann: User) -> None:
    set_password(store, ann, "$argon2id$new")

    entries = audit_page(store, AuditFilter(), limit=10)

    assert [one.action for one in entries] == ["user.password", "member.put", "user.create"]
    assert "argon2" not in str(entries)


def test_a_link_sets_the_password_once(store: Store, ann: User) -> None:
    begin(store, ann)
    token = create_password_link(store, ann.id, ann.name, "reset", now_s=0.0).partition("token=")[2]

    assert use_password_link(store, token, "$argon2id$new", now_s=1.0) == ann
    assert use_password_link(store, token, "$argon2id$more", now_s=1.0) is None
    assert list_sessions(store, SessionOwner("person", ann.id), now_s=1.0) == ()
    assert account_of(store, "ann@example.org").user == replace(ann, password_hash="$argon2id$new")


def test_a_link_of_somebody_who_is_disabled_does_nothing(store: Store, ann: User) -> None:
    token = create_password_link(store, ann.id, ann.name, "reset", now_s=0.0).partition("token=")[2]
    change(store, enabled=False)

    assert use_password_link(store, token, "$argon2id$new", now_s=1.0) is None


def test_a_hash_is_replaced_for_the_same_password_only(store: Store, ann: User) -> None:
    replace_hash(store, ann, "$argon2id$stronger")
    replace_hash(store, ann, "$argon2id$too late")

    assert find_user(store, "ann") == replace(ann, password_hash="$argon2id$stronger")


def test_an_account_elsewhere_is_linked_and_the_invitation_used_up(store: Store, ann: User) -> None:
    create_password_link(store, ann.id, ann.name, "invitation", now_s=0.0)
    with store.write() as connection:
        linked = link_identity(store, connection, ann, "https://idp.example", "42")

    assert user_of_account(store, "https://idp.example", "42") == linked
    with store.read() as connection:
        assert not is_invited(connection, ann.id, now_s=1.0)


def test_groups_replace_what_groups_gave_and_leave_what_people_gave(store: Store, ann: User) -> None:
    by = "oidc:corp"
    chem, bio = (Membership(team, "ann", given_by=by) for team in ("chemistry", "biology"))
    physics = Membership("physics", "ann", admin=True, given_by=by)

    with store.write() as connection:
        promoted = replace_rights(store, connection, ann, "admin", by, (chem, physics))
    assert (promoted.role, memberships_of(store, "ann")) == ("admin", (chem, Membership("physics", "ann")))
    noted = len(audit_page(store, AuditFilter(), limit=50))
    with store.write() as connection:
        assert replace_rights(store, connection, promoted, "admin", by, (chem, physics)) == promoted
    assert len(audit_page(store, AuditFilter(), limit=50)) == noted
    with store.write() as connection:
        replace_rights(store, connection, promoted, "member", by, (bio,))
    assert memberships_of(store, "ann") == (bio, Membership("physics", "ann"))
