"""Keys of the database."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from tokenrouter.domain.keys import key_digest
from tokenrouter.store.engine import Store
from tokenrouter.store.errors import InvalidField, KeyTaken, KeyUnknown, NameTaken, TooManyKeys
from tokenrouter.store.keys import (
    KeyChanges,
    KeyRequest,
    NewKey,
    child_ids,
    create_key,
    find_key,
    key_with_digest,
    keys_of_team,
    list_keys,
    remove_expired_keys,
    revoke_key,
    temporary_keys_beside,
    update_key,
)
from tokenrouter.store.schema import metadata

PEPPER = b"pepper"


def make(store: Store, request: KeyRequest) -> NewKey:
    return create_key(store, request, pepper=PEPPER, now_s=1000.0)


def test_what_is_stored_is_what_was_asked_for(store: Store) -> None:
    new = make(
        store,
        KeyRequest("alice", team="physics", allowed_models=("acme/*", "gpt"), expires_at_s=2000.0, comment="thesis"),
    )

    assert list_keys(store) == (new.stored,)
    assert find_key(store, "alice") == find_key(store, new.stored.id) == new.stored
    assert new.stored.digest == key_digest(new.key, PEPPER)
    assert (new.stored.team, new.stored.allowed_models, new.stored.comment) == ("physics", ("acme/*", "gpt"), "thesis")


def test_the_key_itself_is_nowhere_in_the_database(store: Store) -> None:
    new = make(store, KeyRequest("alice"))

    with store.read() as connection:
        rows = [row for table in metadata.sorted_tables for row in connection.execute(select(table))]
    assert new.stored.id in repr(rows)
    assert new.key not in repr(rows)
    assert new.key not in repr(new)


def test_keys_of_any_format_are_accepted(store: Store) -> None:
    assert make(store, KeyRequest("bob", key="llmp-0123456789abcdef")).key == "llmp-0123456789abcdef"


def test_a_child_has_the_team_and_user_of_its_parent(store: Store) -> None:
    parent = make(store, KeyRequest("parent", team="physics", user="ann")).stored

    child = make(store, KeyRequest("child", parent=parent, team="other")).stored

    assert (child.parent_id, child.team, child.user) == (parent.id, "physics", "ann")


def test_a_key_asks_providers_raw_only_where_its_parent_does(store: Store) -> None:
    parent = make(store, KeyRequest("parent")).stored
    raw_parent = make(store, KeyRequest("raw parent", passthrough=True)).stored

    assert not parent.passthrough
    assert make(store, KeyRequest("raw child", parent=raw_parent, passthrough=True)).stored.passthrough
    with pytest.raises(InvalidField, match="'parent' may not") as caught:
        make(store, KeyRequest("child", parent=parent, passthrough=True))
    assert caught.value.field == "passthrough"


def test_what_a_key_says_of_models_without_a_price_is_kept_and_can_change(store: Store) -> None:
    made = make(store, KeyRequest("alice", unpriced="deny", allow_unpriced=True)).stored

    assert find_key(store, "alice") == made
    assert (made.unpriced, made.allow_unpriced) == ("deny", True)
    assert update_key(store, "alice", KeyChanges(unpriced="", allow_unpriced=False)).unpriced == ""
    assert update_key(store, "alice", KeyChanges(comment="x")) == find_key(store, "alice")
    assert not find_key(store, "alice").allow_unpriced


def test_what_a_key_says_of_its_hard_limits_is_kept_and_can_change(store: Store) -> None:
    made = make(store, KeyRequest("alice", clamp=False, unbounded_input="deny", cache="read")).stored

    assert find_key(store, "alice") == made
    assert (made.clamp, made.unbounded_input, made.cache) == (False, "deny", "read")
    assert make(store, KeyRequest("bob")).stored.clamp
    changed = update_key(store, "alice", KeyChanges(clamp=True, unbounded_input="allow"))
    assert update_key(store, "alice", KeyChanges(comment="x")) == replace(changed, comment="x")


def test_asking_providers_raw_is_allowed_and_forbidden_later(store: Store) -> None:
    make(store, KeyRequest("alice"))

    assert update_key(store, "alice", KeyChanges(passthrough=True)).passthrough
    assert update_key(store, "alice", KeyChanges(comment="x")).passthrough
    assert not update_key(store, "alice", KeyChanges(passthrough=False)).passthrough
    assert not find_key(store, "alice").passthrough


def test_revoking_a_key_takes_its_descendants_along_and_nobody_else(store: Store) -> None:
    parent = make(store, KeyRequest("parent")).stored
    child = make(store, KeyRequest("child", parent=parent)).stored
    grandchild = make(store, KeyRequest("grandchild", parent=child)).stored
    other = make(store, KeyRequest("other")).stored

    assert revoke_key(store, "parent") == (parent, child, grandchild)
    assert list_keys(store) == (other,)


def test_expired_keys_are_removed_with_their_descendants(store: Store) -> None:
    parent = make(store, KeyRequest("parent", expires_at_s=1500.0)).stored
    make(store, KeyRequest("child", parent=parent))
    make(store, KeyRequest("later", expires_at_s=9000.0))

    assert remove_expired_keys(store, now_s=1499.0) == ()
    assert {key.name for key in remove_expired_keys(store, now_s=1500.0)} == {"parent", "child"}
    assert [key.name for key in list_keys(store)] == ["later"]


def test_temporary_keys_are_removed_when_their_time_is_over_whatever_becomes_of_the_others(store: Store) -> None:
    make(store, KeyRequest("plain", expires_at_s=1500.0))
    run = make(store, KeyRequest("run", expires_at_s=1500.0, temporary=True)).stored
    make(store, KeyRequest("below", parent=run, expires_at_s=1500.0, temporary=True))

    assert remove_expired_keys(store, now_s=1499.0, only_temporary=True) == ()
    removed = remove_expired_keys(store, now_s=1500.0, only_temporary=True)
    assert {key.name for key in removed} == {"run", "below"}
    assert [key.name for key in list_keys(store)] == ["plain"]


def test_temporary_keys_are_counted_from_the_key_that_they_all_come_from(store: Store) -> None:
    boss = make(store, KeyRequest("boss")).stored
    few = {"temporary": True, "expires_at_s": 1500.0, "most_temporary": 3}
    first = make(store, KeyRequest("1", parent=boss, **few)).stored  # type: ignore[arg-type]
    second = make(store, KeyRequest("2", parent=first, **few)).stored  # type: ignore[arg-type]
    make(store, KeyRequest("lasting", parent=boss))
    assert temporary_keys_beside(store, second, 1499.0) == temporary_keys_beside(store, boss, 1499.0) == 2
    assert temporary_keys_beside(store, boss, 1500.0) == 0
    make(store, KeyRequest("3", parent=second, **few))  # type: ignore[arg-type]

    for parent in (boss, first, second):
        with pytest.raises(TooManyKeys, match="there are 3 temporary keys"):
            make(store, KeyRequest("4", parent=parent, **few))  # type: ignore[arg-type]
    of_the_file = replace(boss, id="declared", name="declared", origin="file")
    make(store, KeyRequest("4", parent=of_the_file, **few))  # type: ignore[arg-type]
    assert temporary_keys_beside(store, of_the_file, 1499.0) == 1


def test_a_name_is_free_again_after_its_key_was_revoked(store: Store) -> None:
    make(store, KeyRequest("alice"))
    with pytest.raises(NameTaken, match="alice"):
        make(store, KeyRequest("alice"))

    revoke_key(store, "alice")

    assert make(store, KeyRequest("alice")).stored.name == "alice"


def test_the_same_key_cannot_be_had_twice(store: Store) -> None:
    make(store, KeyRequest("alice", key="the-very-same-key-0000"))

    with pytest.raises(KeyTaken):
        make(store, KeyRequest("bob", key="the-very-same-key-0000"))


def test_changes_change_only_what_they_name(store: Store) -> None:
    before = make(store, KeyRequest("alice", comment="thesis", expires_at_s=2000.0)).stored

    disabled = update_key(store, "alice", KeyChanges(enabled=False))
    endless = update_key(store, before.id, KeyChanges(never_expires=True, comment=""))

    assert (disabled.enabled, disabled.comment, disabled.expires_at_s) == (False, "thesis", 2000.0)
    assert (endless.enabled, endless.comment, endless.expires_at_s) == (False, "", None)
    assert find_key(store, "alice") == endless


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        (KeyRequest(""), "name"),
        (KeyRequest("x" * 101), "name"),
        (KeyRequest("*"), "name"),
        (KeyRequest("key:alice"), "name"),
        (KeyRequest(" alice"), "name"),
        (KeyRequest("al\nice"), "name"),
        (KeyRequest("alice", key="short"), "key"),
        (KeyRequest("alice", key="with a space in it"), "key"),
        (KeyRequest("alice", key="ключ-по-русски-0000"), "key"),
        (KeyRequest("alice", expires_at_s=999.0), "expires_at"),
        (KeyRequest("alice", allowed_models=("",)), "allowed_models"),
        (KeyRequest("alice", comment="x" * 1001), "comment"),
    ],
)
def test_a_field_that_cannot_be_used_is_named(store: Store, request_: KeyRequest, field: str) -> None:
    with pytest.raises(InvalidField) as refused:
        make(store, request_)

    assert refused.value.field == field
    assert list_keys(store) == ()


@pytest.mark.parametrize("name", ["a", "Zoë Müller", "a.b@example.org", "team 7 / bot", "学生"])
def test_names_may_be_what_people_call_things(store: Store, name: str) -> None:
    assert make(store, KeyRequest(name)).stored.name == name


def test_a_key_that_is_not_there_cannot_be_found_changed_or_revoked(store: Store) -> None:
    with pytest.raises(KeyUnknown):
        find_key(store, "nobody")
    with pytest.raises(KeyUnknown):
        update_key(store, "nobody", KeyChanges(enabled=False))
    with pytest.raises(KeyUnknown, match="nobody"):
        revoke_key(store, "nobody")


def test_keys_are_found_by_parent_digest_and_team(store: Store) -> None:
    parent = make(store, KeyRequest("parent", team="physics"))
    child = make(store, KeyRequest("child", parent=parent.stored)).stored
    make(store, KeyRequest("other"))

    assert child_ids(store, [parent.stored.id, "key_none"]) == {child.id}
    assert key_with_digest(store, parent.stored.digest) == parent.stored
    assert key_with_digest(store, b"") is None
    with store.read() as connection:
        assert set(keys_of_team(connection, "physics")) == {parent.stored, child}


def test_below_a_key_that_was_revoked_meanwhile_none_is_made(store: Store) -> None:
    parent = make(store, KeyRequest("parent")).stored
    revoke_key(store, "parent")

    with pytest.raises(KeyUnknown, match="'parent' was revoked"):
        make(store, KeyRequest("child", parent=parent))

    assert list_keys(store) == ()


def test_of_two_who_make_the_last_key_of_a_person_at_once_one_is_told(store: Store) -> None:
    make(store, KeyRequest("one", user="ann", most_of_user=2))
    make(store, KeyRequest("bob's", user="bob", most_of_user=2))
    make(store, KeyRequest("two", user="ann", most_of_user=2))

    with pytest.raises(TooManyKeys, match="'ann' has 2 keys"):
        make(store, KeyRequest("three", user="ann", most_of_user=2))
    assert len(list_keys(store)) == 3
