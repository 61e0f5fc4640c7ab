"""What is kept of answers' heads, and what is read in them."""

from tests.gateway.fakes import catalog
from tokenrouter.domain.catalog import Provider
from tokenrouter.gateway.answer_heads import AnswerHeads, take_quotas
from tokenrouter.gateway.directory import Directory

NOW_S = 1_795_600_000.0
PROVIDERS = (
    Provider("fast", "groq", "https://api.groq.com/openai/v1", secret="k"),
    Provider("mine", "openai-compatible", "http://127.0.0.1:9/v1", allow_private=True),
)
LIMIT = {b"x-ratelimit-limit-requests": b"100", b"x-ratelimit-remaining-requests": b"40"}


def test_heads_are_read_by_the_habits_of_their_providers_and_forgotten() -> None:
    heads: AnswerHeads = {"fast": LIMIT, "mine": LIMIT}

    quotas = take_quotas(heads, Directory(catalog(providers=PROVIDERS), b"").providers, NOW_S)

    assert [metric.key for metric in quotas["fast"]] == ["requests_1d"]
    assert [metric.key for metric in quotas["mine"]] == ["requests"]
    assert heads == {}


def test_heads_of_several_accounts_of_a_provider_are_told_apart() -> None:
    heads: AnswerHeads = {"fast#1": LIMIT, "fast#2": LIMIT}

    quotas = take_quotas(heads, Directory(catalog(providers=PROVIDERS), b"").providers, NOW_S)

    assert set(quotas) == {"fast#1", "fast#2"}


def test_heads_that_say_nothing_and_providers_that_are_gone_are_left_out() -> None:
    heads: AnswerHeads = {"mine": {b"content-type": b"application/json"}, "gone": LIMIT}

    assert take_quotas(heads, Directory(catalog(providers=PROVIDERS), b"").providers, NOW_S) == {}
    assert heads == {}
