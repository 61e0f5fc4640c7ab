"""Many writes as one transaction."""

import pytest

from tokenrouter.domain.actors import Actor
from tokenrouter.store.audit import AuditFilter, audit_page
from tokenrouter.store.engine import Store
from tokenrouter.store.errors import TeamTaken
from tokenrouter.store.joined import JoinedStore
from tokenrouter.store.keys import KeyRequest, create_key, list_keys
from tokenrouter.store.teams import create_team, list_teams


def write_two(store: Store) -> None:
    create_team(store, "physics", now_s=1.0)
    create_key(store, KeyRequest("alice", team="physics"), pepper=b"", now_s=1.0)


def test_all_is_committed_together_and_read_within(store: Store) -> None:
    with store.write() as connection:
        joined = JoinedStore(store, connection)
        write_two(joined)
        seen = [team.name for team in list_teams(joined)]
        joined.close()

    assert seen == ["physics"]
    assert [key.name for key in list_keys(store)] == ["alice"]


def test_what_fails_leaves_nothing_of_all(store: Store) -> None:
    def write_them_twice() -> None:
        with store.write() as connection:
            for _ in range(2):
                write_two(JoinedStore(store, connection))

    with pytest.raises(TeamTaken):
        write_them_twice()

    assert (list_keys(store), list_teams(store)) == ((), ())


def test_an_actor_stands_in_what_it_writes(store: Store) -> None:
    with store.write() as connection:
        joined = JoinedStore(store, connection).acting(Actor("command", name="root"))
        joined.append(lambda _: write_two(joined))

    assert {entry.actor.name for entry in audit_page(store, AuditFilter(), limit=10)} == {"root"}
