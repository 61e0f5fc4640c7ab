"""TokenTracer's database."""

import bcrypt
import pytest

from tests.imports.conftest import Here
from tests.imports.predecessors import JWT, PASSWORD, TRACER_ENCRYPTION_KEY, build_tokentracer, tracer_sealed
from tokenrouter.domain.keys import key_digest
from tokenrouter.imports.tokentracer import KEY_LIFE_S, NOTHING, _decrypted, _People
from tokenrouter.store.aliases import list_aliases
from tokenrouter.store.keys import list_keys
from tokenrouter.store.ledger import LedgerFilter, ledger_page
from tokenrouter.store.limits import list_limits
from tokenrouter.store.providers import list_providers
from tokenrouter.store.users import find_user


@pytest.fixture
def source(foreign_url: str) -> str:
    build_tokentracer(foreign_url)
    return foreign_url


def test_a_jwt_key_is_known_by_the_hash_that_was_kept_and_may_use_its_users_providers(here: Here, source: str) -> None:
    here.bring("tokentracer", source, encryption_key=TRACER_ENCRYPTION_KEY)

    (key,) = list_keys(here.store)
    assert key.digest == key_digest(JWT, here.installation.pepper)
    assert (key.user, key.allowed_models, key.hint) == ("ann@x.example", ("openai/*",), "eyJhbGci…")
    assert key.expires_at_s == key.created_at_s + KEY_LIFE_S


def test_passwords_are_kept_as_they_are(here: Here, source: str) -> None:
    here.bring("tokentracer", source)

    user = find_user(here.store, "ann@x.example")
    assert bcrypt.checkpw(PASSWORD.encode(), user.password_hash.encode())


def test_providers_keys_are_decrypted_and_sealed_as_ours(here: Here, source: str) -> None:
    here.bring("tokentracer", source, encryption_key=TRACER_ENCRYPTION_KEY)

    secrets = {one.name: one.values.get("api_key") for one in list_providers(here.store, here.installation.ring)}
    assert secrets == {"openai": "sandbox", "openai-2": "sandbox"}


@pytest.mark.parametrize(("key", "words"), [("", "is needed"), ("another", "does not decrypt")])
def test_without_the_right_key_the_providers_are_there_and_their_secrets_are_told_missing(
    here: Here, source: str, key: str, words: str
) -> None:
    outcome = here.bring("tokentracer", source, encryption_key=key)

    assert outcome.added["providers"] == 2
    assert sum(words in one.why for one in outcome.left_behind) == 2


def test_aliases_are_their_users_with_fallback_and_light_model(here: Here, source: str) -> None:
    here.bring("tokentracer", source)

    aliases = {one.alias.name: one.alias for one in list_aliases(here.store)}
    prod = aliases["prod"]
    assert (prod.scope, prod.targets[0].name, prod.fallback) == ("user:ann@x.example", "openai/verbose", "spare")
    assert (prod.use_light_model, prod.light_model, prod.light_model_threshold) == (True, "echo", 100)


def test_rates_are_limits_of_the_user_and_below_zero_is_none_at_all(here: Here, source: str) -> None:
    here.bring("tokentracer", source)

    limits = {one.limit.id: one.limit.amount for one in list_limits(here.store)}
    assert limits["user:ann@x.example|requests|day"] == 3
    assert limits["user:bob@x.example|requests|sliding:60s"] > 10**15


def test_requests_are_the_users(here: Here, source: str) -> None:
    here.bring("tokentracer", source)

    (row,) = ledger_page(here.store, LedgerFilter(user="ann@x.example"), limit=5)
    assert (row.alias, row.model, row.usage.input_tokens, row.key_id) == ("prod", "verbose", 30, "")


def test_a_user_without_a_provider_may_use_nothing_and_not_everything() -> None:
    assert _People().allowed(7) == (NOTHING,)


def test_what_is_no_sealed_secret_is_none() -> None:
    assert _decrypted(tracer_sealed("x"), TRACER_ENCRYPTION_KEY) == "x"
    for broken in ("", "!", "AAAA", tracer_sealed("x")[:-8] + "AAAAAAA="):
        assert _decrypted(broken, TRACER_ENCRYPTION_KEY) is None
