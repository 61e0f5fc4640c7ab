from dataclasses import replace

import pytest

from tokenrouter.domain.people import Membership, User
from tokenrouter.store.audit import AuditFilter, audit_page
from tokenrouter.store.engine import Store
from tokenrouter.store.errors import PersonRefused, UserTaken, UserUnknown
from tokenrouter.store.teams import memberships_of, put_member
from tokenrouter.store.users import (
    NewUser,
    UserChanges,
    create_user,
    find_user,
    has_user_in_role,
    list_users,
    remove_user,
    signed_in,
    update_user,
    user_of_account,
)

HASH = "$argon2id$secret-hash"


def made(store: Store, name: str = "ann", **fields: str) -> User:
    return create_user(store, NewUser(name, **fields), now_s=5.0)  # type: ignore[arg-type]


def test_a_user_is_found_by_name_id_address_and_account(store: Store) -> None:
    ann = made(store, email="Ann@School.org", oidc_issuer="https://id", oidc_subject="7")

    assert ann.email == "ann@school.org"
    assert all(find_user(store, by) == ann for by in ("ann", ann.id, "ANN@school.org"))
    assert user_of_account(store, "https://id", "7") == ann
    assert user_of_account(store, "https://other", "7") is None
    assert list_users(store) == (ann,)


def test_names_and_addresses_are_of_one_each_and_many_may_have_none(store: Store) -> None:
    made(store, "ann", email="ann@school.org")
    made(store, "bob")
    made(store, "eve")

    with pytest.raises(UserTaken, match="named 'ann'"):
        made(store, "ann")
    with pytest.raises(UserTaken, match="e-mail"):
        made(store, "carl", email="ANN@school.org")
    with pytest.raises(UserTaken, match="e-mail"):
        update_user(store, "bob", UserChanges(email="ann@school.org"))


def test_a_user_changes_where_it_is_told_to_and_nowhere_else(store: Store) -> None:
    ann = made(store, email="ann@school.org")

    changed = update_user(store, "ann", UserChanges(email="", enabled=False))

    assert changed == replace(ann, email=None, enabled=False) == find_user(store, "ann")


def test_the_last_owner_stays(store: Store) -> None:
    made(store, "ann", role="owner")
    for changes in (UserChanges(role="admin"), UserChanges(enabled=False)):
        with pytest.raises(PersonRefused):
            update_user(store, "ann", changes)
    with pytest.raises(PersonRefused):
        remove_user(store, "ann")

    made(store, "bob", role="owner")

    remove_user(store, "ann")
    assert [user.name for user in list_users(store)] == ["bob"]


def test_a_user_takes_their_memberships_with_them(store: Store) -> None:
    made(store)
    put_member(store, Membership("physics", "ann"))

    remove_user(store, "ann")

    assert memberships_of(store, "ann") == ()
    with pytest.raises(UserUnknown):
        find_user(store, "ann")


def test_no_hash_is_in_the_audit_log_nor_shown(store: Store) -> None:
    ann = made(store, password_hash=HASH)
    update_user(store, "ann", UserChanges(password_hash=HASH + "2"))
    signed_in(store, ann.id, now_s=9.0)

    entries = audit_page(store, AuditFilter(), limit=9)

    assert [entry.action for entry in entries] == ["user.password", "user.create"]
    assert "argon2id" not in repr(entries) + repr(find_user(store, "ann"))
    assert find_user(store, "ann").signed_in_at_s == 9.0


def test_only_users_who_are_enabled_count_in_a_role(store: Store) -> None:
    made(store, role="admin")
    assert has_user_in_role(store, ["owner", "admin"])
    assert not has_user_in_role(store, ["owner"])

    update_user(store, "ann", UserChanges(enabled=False))
    assert not has_user_in_role(store, ["owner", "admin"])
