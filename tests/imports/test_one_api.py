"""One API's and New API's databases."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.imports.conftest import BASE_URL, Here
from tests.imports.predecessors import ONE_API_KEY, build_one_api, build_one_api_dump
from tokenrouter.domain.keys import key_digest
from tokenrouter.imports.one_api_channels import NEW_API, ONE_API, kinds_of
from tokenrouter.imports.tables import open_tables
from tokenrouter.store.aliases import list_aliases
from tokenrouter.store.keys import list_keys
from tokenrouter.store.ledger import LedgerFilter, ledger_page
from tokenrouter.store.limit_use import limit_use
from tokenrouter.store.limits import list_limits
from tokenrouter.store.providers import list_providers
from tokenrouter.store.users import find_user

Build = Callable[[Path, str], Path]


@pytest.fixture(params=[build_one_api, build_one_api_dump], ids=["sqlite", "mysql dump"])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    build: Build = request.param
    return build(tmp_path / "one-api.db", BASE_URL)


def test_a_token_answers_with_its_prefix_and_without(here: Here, source: Path) -> None:
    here.bring("one-api", source)

    keys = {key.name: key for key in list_keys(here.store)}
    laptop, pepper = keys["eve laptop"], here.installation.pepper
    assert laptop.digest == key_digest(f"sk-{ONE_API_KEY}", pepper)
    assert laptop.previous_digest == key_digest(ONE_API_KEY, pepper)
    assert (laptop.user, laptop.allowed_models, laptop.expires_at_s) == ("eve", ("echo", "both"), None)
    assert not keys["eve off"].enabled


def test_quota_is_money_of_token_and_user_with_what_was_used(here: Here, source: Path) -> None:
    here.bring("one-api", source)

    amounts = {one.limit.id: one.limit.amount for one in list_limits(here.store)}
    with here.store.read() as connection:
        used = limit_use(connection)
    assert amounts["key:eve laptop|cost_usd|lifetime"] == 500_000_000
    assert amounts["user:eve|cost_usd|lifetime"] == 1_000_000_000
    assert used["key:eve laptop|cost_usd|lifetime", "key:eve laptop"] == {0: 100_000_000}
    assert used["user:eve|cost_usd|lifetime", "user:eve"] == {0: 200_000_000}


def test_channels_are_providers_and_their_models_aliases(here: Here, source: Path) -> None:
    outcome = here.bring("one-api", source)

    providers = {one.name: one.values for one in list_providers(here.store, here.installation.ring)}
    aliases = {one.alias.name: one.alias for one in list_aliases(here.store)}
    assert providers["first-channel"]["base_url"] == BASE_URL
    assert providers["second"]["api_keys"] == ["second"]
    assert [(target.name, target.weight) for target in aliases["both"].targets] == [
        ("first-channel/both", 3),
        ("second/both", 1),
    ]
    assert (aliases["both"].selection, aliases["echo"].selection) == ("weighted", "ordered")
    assert "the channel 'a vendor of its own' (#3)" in [one.what for one in outcome.left_behind]


def test_people_keep_their_roles_and_passwords(here: Here, source: Path) -> None:
    here.bring("one-api", source)

    assert find_user(here.store, "root").role == "owner"
    assert find_user(here.store, "eve@x.example").password_hash.startswith("$2b$")


def test_what_was_consumed_is_a_row_that_cost_what_it_cost(here: Here, source: Path) -> None:
    here.bring("one-api", source)

    (row,) = ledger_page(here.store, LedgerFilter(user="eve"), limit=5)
    assert (row.key_name, row.requested_model, row.model) == ("eve laptop", "both", "echo")
    assert (row.provider, row.cost_nano_usd) == ("first-channel", 10_000_000)


def test_where_there_are_groups_a_key_may_use_the_channels_of_its_own(here: Here, tmp_path: Path) -> None:
    file = build_one_api(tmp_path / "one-api.db", BASE_URL)
    with sqlite3.connect(file) as db:
        db.execute("UPDATE channels SET `group` = 'vip' WHERE id = 2")
        db.execute("UPDATE tokens SET models = NULL")
    db.close()

    here.bring("one-api", file)

    keys = {key.name: key for key in list_keys(here.store)}
    assert keys["eve laptop"].allowed_models == ("first-channel/*",)


def test_the_two_programs_are_told_apart_by_their_columns(tmp_path: Path) -> None:
    file = build_one_api(tmp_path / "one-api.db", BASE_URL)
    one_api = open_tables(str(file))
    assert kinds_of(one_api) is ONE_API
    one_api.close()
    with sqlite3.connect(file) as db:
        db.execute("ALTER TABLE tokens ADD COLUMN model_limits_enabled numeric")
    db.close()

    new_api = open_tables(str(file))
    assert kinds_of(new_api) is NEW_API
    new_api.close()
