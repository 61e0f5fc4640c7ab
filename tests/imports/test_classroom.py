"""The Classroom system's database."""

import hashlib
import sqlite3
from pathlib import Path

import pytest

from tests.imports.conftest import BASE_URL, Here
from tests.imports.predecessors import STARTED_S, TEAM_TOKEN, build_classroom
from tokenrouter.imports.found import SourceUnreadable
from tokenrouter.store.keys import list_keys
from tokenrouter.store.ledger import LedgerFilter, ledger_page
from tokenrouter.store.limit_use import limit_use
from tokenrouter.store.limits import list_limits
from tokenrouter.store.teams import find_team, memberships_of
from tokenrouter.store.users import find_user


def test_a_team_is_a_team_with_its_token_its_quota_and_what_it_used(here: Here, tmp_path: Path) -> None:
    outcome = here.bring("classroom", build_classroom(tmp_path, BASE_URL))

    physics = next(key for key in list_keys(here.store) if key.name == "physics")
    limits = {one.limit.id: one.limit.amount for one in list_limits(here.store)}
    with here.store.read() as connection:
        used = limit_use(connection)
    assert (physics.team, physics.user, physics.enabled) == ("physics", "physics", True)
    assert physics.digest == hashlib.sha256(TEAM_TOKEN.encode()).digest()
    assert find_user(here.store, "p@school.example").name == "physics"
    assert [one.team for one in memberships_of(here.store, "physics")] == ["physics"]
    assert limits["team:physics|tokens|lifetime"] == 100_000
    assert limits["team:physics|requests|sliding:60s"] == 30
    assert used["team:physics|tokens|lifetime", "team:physics"] == {0: 99_990}
    assert outcome.added["teams"] == 2


def test_a_disabled_team_with_a_name_that_cannot_be_stays_disabled_and_its_new_name_is_told(
    here: Here, tmp_path: Path
) -> None:
    outcome = here.bring("classroom", build_classroom(tmp_path, BASE_URL))

    art = next(key for key in list_keys(here.store) if key.team == "art- one")
    assert not art.enabled
    assert not find_team(here.store, "art- one").enabled
    assert "the name 'art: one'" in [one.what for one in outcome.left_behind]


def test_requests_are_ledger_rows_whose_tokens_are_what_the_quota_counted(here: Here, tmp_path: Path) -> None:
    outcome = here.bring("classroom", build_classroom(tmp_path, BASE_URL))

    rows = ledger_page(here.store, LedgerFilter(team="physics"), limit=10)
    assert outcome.added["requests"] == len(rows) == 3
    assert {row.started_us for row in rows} == {STARTED_S * 1_000_000}
    assert sorted((row.status, row.usage.input_tokens, row.usage.output_tokens) for row in rows) == [
        (200, 50, 50),
        (200, 100, 100),
        (502, 0, 0),
    ]
    assert {row.price_source for row in rows} == {"imported"}


def test_the_provider_comes_from_the_env_file_and_what_stays_in_it_is_named(here: Here, tmp_path: Path) -> None:
    outcome = here.bring("classroom", build_classroom(tmp_path, BASE_URL))

    left = {one.what for one in outcome.left_behind}
    assert outcome.added["providers"] == 1
    assert {"$ADMIN_PASSWORD", "prompts and answers in request_logs", f"asking {BASE_URL}"} <= left


def test_the_first_version_without_later_columns_is_read_too(here: Here, tmp_path: Path) -> None:
    file = build_classroom(tmp_path, BASE_URL)
    with sqlite3.connect(file) as db:
        for column in ("email", "max_requests_per_minute"):
            db.execute(f"ALTER TABLE teams DROP COLUMN {column}")
    db.close()

    outcome = here.bring("classroom", file)

    assert outcome.added["limits"] == 2
    assert "users" not in outcome.added


def test_another_programs_database_is_refused(here: Here, tmp_path: Path) -> None:
    file = tmp_path / "other.db"
    with sqlite3.connect(file) as db:
        db.execute("CREATE TABLE things (id INTEGER)")
    db.close()

    with pytest.raises(SourceUnreadable, match="Classroom"):
        here.bring("classroom", file)
