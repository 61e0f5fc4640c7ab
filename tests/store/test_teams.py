from dataclasses import replace

import pytest

from tokenrouter.domain.people import Membership
from tokenrouter.store.audit import AuditFilter, audit_page
from tokenrouter.store.engine import Store
from tokenrouter.store.errors import InvalidField, TeamTaken, TeamUnknown
from tokenrouter.store.teams import (
    TeamChanges,
    create_team,
    find_team,
    list_teams,
    members_of,
    memberships_of,
    put_member,
    remove_member,
    remove_team,
    update_team,
)


def test_a_team_is_found_by_name_and_id_as_it_was_made(store: Store) -> None:
    made = create_team(store, "physics", comment="room 7", allowed_models=("lab/*",), now_s=5.0)

    assert find_team(store, "physics") == find_team(store, made.id) == made
    assert list_teams(store) == (made,)


def test_a_team_changes_where_it_is_told_to_and_nowhere_else(store: Store) -> None:
    made = create_team(store, "physics", comment="room 7", now_s=5.0)

    changed = update_team(store, "physics", TeamChanges(enabled=False, allowed_models=("a",)))

    assert changed == replace(made, enabled=False, allowed_models=("a",)) == find_team(store, made.id)


def test_two_teams_have_two_names(store: Store) -> None:
    create_team(store, "physics", now_s=5.0)

    with pytest.raises(TeamTaken):
        create_team(store, "physics", now_s=6.0)
    with pytest.raises(InvalidField):
        create_team(store, "team:*", now_s=6.0)


def test_what_is_not_there_is_said_so(store: Store) -> None:
    for act in (find_team, remove_team):
        with pytest.raises(TeamUnknown):
            act(store, "physics")


def test_members_come_change_and_go(store: Store) -> None:
    put_member(store, Membership("physics", "ann"))
    put_member(store, Membership("physics", "bob"))
    put_member(store, Membership("physics", "ann", admin=True))

    assert members_of(store, "physics") == (Membership("physics", "ann", True), Membership("physics", "bob"))
    assert remove_member(store, "physics", "ann")
    assert not remove_member(store, "physics", "ann")
    assert memberships_of(store, "ann") == ()


def test_a_team_takes_its_memberships_with_it(store: Store) -> None:
    create_team(store, "physics", now_s=5.0)
    put_member(store, Membership("physics", "ann"))

    remove_team(store, "physics")

    assert memberships_of(store, "ann") == ()


def test_each_change_is_in_the_audit_log_and_what_changes_nothing_is_not(store: Store) -> None:
    create_team(store, "physics", now_s=5.0)
    put_member(store, Membership("physics", "ann"))
    put_member(store, Membership("physics", "ann"))
    update_team(store, "physics", TeamChanges(enabled=False))
    remove_member(store, "physics", "ann")
    remove_team(store, "physics")

    entries = audit_page(store, AuditFilter(), limit=9)[::-1]

    assert [entry.action for entry in entries] == [
        "team.create",
        "member.put",
        "team.change",
        "member.remove",
        "team.remove",
    ]
    assert entries[2].after == {"enabled": False}


def test_whoever_objects_keeps_a_team_as_it_is(store: Store) -> None:
    made = create_team(store, "physics", now_s=5.0)

    def object_to(_: object) -> None:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        update_team(store, "physics", TeamChanges(enabled=False), check=object_to)
    with pytest.raises(RuntimeError):
        remove_team(store, "physics", check=object_to)

    assert list_teams(store) == (made,)
