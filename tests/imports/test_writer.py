"""What every import has in common: all or nothing, again and again, and nobody else's names."""

import hashlib
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from tests.imports.conftest import BASE_URL, NOW_S, Here
from tests.imports.predecessors import TEAM_TOKEN, build_classroom
from tokenrouter.domain.aliases import Alias, Target
from tokenrouter.domain.catalog import Provider
from tokenrouter.domain.ledger import LedgerEntry, Usage
from tokenrouter.domain.limits import LimitTable
from tokenrouter.imports.found import Found, FoundKey, FoundTeam, FoundUser, SourceUnreadable
from tokenrouter.imports.outcome import ImportConflicts
from tokenrouter.imports.terms import LIFETIME, found_limit, imported_row
from tokenrouter.jobs.limit_use import ChargeReader, follow_limits
from tokenrouter.store.aliases import list_aliases
from tokenrouter.store.audit import AuditFilter, audit_page, verify_audit
from tokenrouter.store.keys import KeyRequest, create_key, list_keys
from tokenrouter.store.ledger import LedgerFilter, ledger_page
from tokenrouter.store.limit_use import limit_use
from tokenrouter.store.limits import list_limits
from tokenrouter.store.schema import metadata
from tokenrouter.store.teams import list_teams
from tokenrouter.store.users import NewUser, create_user, list_users

KEY = FoundKey("alice", secret="alice-key-0123456789-abcdef", team="physics", user="alice")


pytestmark = pytest.mark.parametrize("here", ["sqlite", "postgresql"], indirect=True)


def contents(here: Here) -> list[list[tuple[object, ...]]]:
    """Return every row of every table."""
    with here.store.read() as connection:
        return [sorted(map(tuple, connection.execute(select(table))), key=repr) for table in metadata.sorted_tables]


def test_a_dry_run_tells_the_same_and_changes_nothing(here: Here, tmp_path: Path) -> None:
    file = build_classroom(tmp_path, BASE_URL)
    before = contents(here)

    tried = here.bring("classroom", file, dry_run=True)

    assert contents(here) == before
    assert audit_page(here.store, AuditFilter(), limit=5) == []
    assert tried == here.bring("classroom", file)


def test_a_second_run_adds_nothing(here: Here, tmp_path: Path) -> None:
    file = build_classroom(tmp_path, BASE_URL)
    first = here.bring("classroom", file)
    with here.store.read() as connection:
        used = limit_use(connection)

    second = here.bring("classroom", file)

    with here.store.read() as connection:
        assert limit_use(connection) == used
    assert not any(second.added.values())
    assert second.present == {name: number for name, number in first.added.items() if number}


def test_what_was_used_after_the_first_run_is_brought_by_the_second(here: Here, tmp_path: Path) -> None:
    file = build_classroom(tmp_path, BASE_URL)
    here.bring("classroom", file)
    with sqlite3.connect(file) as db:
        db.execute(
            "INSERT INTO request_logs SELECT 99, team_id, timestamp, model, 1, 1, 2, status, '', '', '' "
            "FROM request_logs WHERE id = 1"
        )
    db.close()

    assert here.bring("classroom", file).added["requests"] == 1


def test_what_breaks_in_the_middle_leaves_nothing(here: Here) -> None:
    def broken() -> Iterator[LedgerEntry]:
        yield imported_row(("x", 1), int(NOW_S * 1e6), Usage(1, 1))
        raise SourceUnreadable("the disk is gone")

    before = contents(here)

    with pytest.raises(SourceUnreadable):
        here.write(Found("classroom", teams=(FoundTeam("physics"),), keys=(KEY,), history=broken))

    assert contents(here) == before


def test_a_name_that_is_another_keys_is_a_conflict_and_nothing_is_written(here: Here) -> None:
    create_key(here.store, KeyRequest("alice"), pepper=b"", now_s=NOW_S)

    with pytest.raises(ImportConflicts) as refused:
        here.write(Found("classroom", teams=(FoundTeam("physics"),), keys=(KEY,)))

    assert [one.what for one in refused.value.conflicts] == ["the key 'alice'"]
    assert list_teams(here.store) == ()


def test_conflicts_can_be_left_out_with_all_that_would_count_for_somebody_else(here: Here) -> None:
    create_user(here.store, NewUser("alice", "her@x.example"), now_s=NOW_S)
    found = Found(
        "classroom",
        users=(FoundUser("alice", email="other@x.example"),),
        keys=(KEY,),
        limits=(found_limit("user:alice", "tokens", LIFETIME, 5),),
        aliases=(Alias("a", (Target("lab/echo"),), scope="user:alice"),),
    )

    outcome = here.write(found, skip_conflicts=True)

    assert [one.what for one in outcome.conflicts] == ["the user 'alice'"]
    assert (list_keys(here.store), list_limits(here.store), list_aliases(here.store)) == ((), (), ())


def test_an_address_that_is_somebody_elses_is_a_conflict(here: Here) -> None:
    create_user(here.store, NewUser("ann", "her@x.example"), now_s=NOW_S)

    with pytest.raises(ImportConflicts, match=r"has the address her@x\.example"):
        here.write(Found("classroom", users=(FoundUser("alice", email="her@x.example"),)))


def test_a_key_that_the_file_declares_is_there_already_and_its_name_is_taken(here: Here) -> None:
    same = FoundKey("whatever", secret="declared-key-0123456789")
    other = FoundKey("declared", secret="another-key-0123456789")

    assert here.write(Found("classroom", keys=(same,))).present == {"keys": 1}
    with pytest.raises(ImportConflicts):
        here.write(Found("classroom", keys=(other,)))


def test_a_key_that_cannot_be_one_is_left_behind_with_its_children(here: Here) -> None:
    short = FoundKey("short", secret="abc")
    child = FoundKey("child", secret="child-key-0123456789", parent="short")

    outcome = here.write(Found("tokenrouter-go", keys=(child, short)))

    assert [one.what for one in outcome.left_behind] == ["the key 'short'", "the key 'child'"]
    assert "abc" not in str(outcome)


def test_an_alias_that_leads_nowhere_is_left_behind_and_what_leads_to_it_too(here: Here) -> None:
    good = Alias("good", (Target("lab/echo"),))
    found = Found(
        "one-api",
        providers=(Provider("lab", "openai-compatible", BASE_URL, "secret-secret"),),
        aliases=(Alias("x", (Target("y"),)), Alias("y", (Target("z"),)), good),
    )

    outcome = here.write(found)

    assert [one.alias.name for one in list_aliases(here.store)] == ["good"]
    assert len([one for one in outcome.left_behind if "alias" in one.what]) == 2


def test_a_provider_or_an_alias_that_cannot_be_is_left_behind_and_the_rest_is_not(here: Here) -> None:
    found = Found(
        "one-api",
        providers=(
            Provider("lab", "openai-compatible", "https://lab.example/v1", "secret-secret"),
            Provider("bad", "openai-compatible", "no address", "secret-secret"),
        ),
        aliases=(Alias("a*b*c", (Target("lab/echo"),)), Alias("fine", (Target("lab/echo"),))),
    )

    outcome = here.write(found)

    assert (outcome.added["providers"], outcome.added["aliases"]) == (1, 1)
    assert [one.what for one in outcome.left_behind] == ["the provider 'bad'", "the alias 'a*b*c' of global"]
    assert "secret" not in str(outcome)


def test_rows_count_in_sums_and_limits_have_only_what_the_source_said(here: Here) -> None:
    row = imported_row(("r", 1), int(NOW_S * 1e6), Usage(600, 400), key_id=KEY.id, key_name="alice", team="physics")
    limit = found_limit("team:physics", "tokens", LIFETIME, 5000, used=70)
    found = Found("classroom", teams=(FoundTeam("physics"),), keys=(KEY,), limits=(limit,), history=lambda: (row,))

    here.write(found)
    table = LimitTable([limit.limit])
    follow_limits(here.store, table, ChargeReader(table, lambda _: "alice"), NOW_S)

    with here.store.read() as connection:
        assert limit_use(connection) == {(limit.limit.id, "team:physics"): {0: 70}}
    assert ledger_page(here.store, LedgerFilter(team="physics"), limit=5)[0].usage.input_tokens == 600


def test_every_change_is_in_the_audit_log_without_a_secret(here: Here, tmp_path: Path) -> None:
    here.bring("classroom", build_classroom(tmp_path, BASE_URL))

    entries = audit_page(here.store, AuditFilter(), limit=100)
    assert {"team.create", "user.create", "key.create", "limit.create", "provider.create", "import.run"} <= {
        e.action for e in entries
    }
    assert verify_audit(here.store).broken_at is None
    assert TEAM_TOKEN not in str(entries)
    assert hashlib.sha256(TEAM_TOKEN.encode()).hexdigest() not in str(entries)


def test_teams_of_a_user_are_memberships_and_a_switched_off_user_stays_so(here: Here) -> None:
    here.write(Found("litellm", users=(FoundUser("ann", enabled=False, teams=("a",), leads=("a",)),)))

    (ann,) = list_users(here.store)
    assert not ann.enabled


def test_an_address_that_is_none_is_left_behind_and_the_user_is_not(here: Here) -> None:
    outcome = here.write(Found("one-api", users=(FoundUser("ann", email="not an address"),)))

    assert [user.email for user in list_users(here.store)] == [None]
    assert outcome.left_behind[0].what == "the address of 'ann'"


def test_a_limit_that_is_here_stays_as_it_is(here: Here) -> None:
    first = found_limit("team:physics", "tokens", LIFETIME, 100, used=10)
    here.write(Found("classroom", limits=(first,)))

    outcome = here.write(Found("classroom", limits=(replace(first, limit=replace(first.limit, amount=900)),)))

    assert [one.limit.amount for one in list_limits(here.store)] == [100]
    assert "stays so" in outcome.left_behind[0].why
