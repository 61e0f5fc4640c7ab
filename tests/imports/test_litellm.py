"""LiteLLM's configuration and database."""

from pathlib import Path

import pytest

from tests.imports.conftest import BASE_URL, Here
from tests.imports.predecessors import LITELLM_KEY, build_litellm
from tokenrouter.domain.keys import key_digest
from tokenrouter.store.keys import list_keys
from tokenrouter.store.ledger import LedgerFilter, ledger_page
from tokenrouter.store.limit_use import first_uses, limit_use
from tokenrouter.store.limits import list_limits
from tokenrouter.store.teams import members_of
from tokenrouter.store.users import find_user


@pytest.fixture
def sources(foreign_url: str, tmp_path: Path) -> tuple[Path, str]:
    return build_litellm(tmp_path / "litellm", foreign_url, BASE_URL), foreign_url


def test_a_key_is_known_by_its_hash(here: Here, sources: tuple[Path, str]) -> None:
    here.bring("litellm", *sources)

    keys = {key.name: key for key in list_keys(here.store)}
    laptop = keys["dana-laptop"]
    assert laptop.digest == key_digest(LITELLM_KEY, here.installation.pepper)
    assert (laptop.team, laptop.user, laptop.hint) == ("research", "dana@x.example", "sk-…cdef")
    assert laptop.allowed_models == ("gpt-4o", "claude")
    assert keys["litellm-master"].role == "admin"


def test_budgets_and_rates_are_limits_with_what_was_spent_in_the_window_that_runs(
    here: Here, sources: tuple[Path, str]
) -> None:
    here.bring("litellm", *sources)

    amounts = {one.limit.id: one.limit.amount for one in list_limits(here.store)}
    counter = "key:dana-laptop|cost_usd|interval:2592000s", "key:dana-laptop"
    with here.store.read() as connection:
        used, began = limit_use(connection), first_uses(connection)
    assert amounts[counter[0]] == 10_000_000_000
    assert amounts["key:dana-laptop|requests|sliding:60s"] == 60
    assert amounts["team:research|cost_usd|lifetime"] == 25_500_000_000
    assert used[counter] == {began[counter]: 9_999_999_900}
    assert used["team:research|cost_usd|lifetime", "team:research"] == {0: 1_250_000_000}


def test_people_and_teams_are_there_with_who_leads_them(here: Here, sources: tuple[Path, str]) -> None:
    outcome = here.bring("litellm", *sources)

    assert find_user(here.store, "dana@x.example").role == "admin"
    assert [(one.user, one.admin) for one in members_of(here.store, "research")] == [("dana@x.example", True)]
    assert "the password of 'dana@x.example'" in [one.what for one in outcome.left_behind]


def test_spend_is_rows(here: Here, sources: tuple[Path, str]) -> None:
    here.bring("litellm", *sources)

    (row,) = ledger_page(here.store, LedgerFilter(team="research"), limit=5)
    assert (row.cost_nano_usd, row.usage.input_tokens, row.usage.output_tokens) == (1_250_000, 20, 10)
    assert (row.operation, row.requested_model, row.latency_us, row.client_ip) == (
        "chat",
        "gpt-4o",
        500_000,
        "10.0.0.9",
    )


def test_the_file_alone_brings_what_it_has_and_says_that_keys_need_the_database(
    here: Here, sources: tuple[Path, str]
) -> None:
    outcome = here.bring("litellm", sources[0].parent)

    assert (outcome.added["providers"], outcome.added["keys"]) == (2, 1)
    assert "virtual keys, teams and users" in [one.what for one in outcome.left_behind]
