import pytest

from tokenrouter.dialects.anthropic.messages import COUNT_TOKENS, MESSAGES
from tokenrouter.dialects.base import Dialect
from tokenrouter.dialects.bridge import HubBridge
from tokenrouter.dialects.embedding_bridges import FromGemini, ToGemini
from tokenrouter.dialects.gemini.content import EMBED_CONTENT, GENERATE_CONTENT
from tokenrouter.dialects.openai.embeddings import EMBEDDINGS
from tokenrouter.dialects.openai_chat.chat import CHAT
from tokenrouter.dialects.openai_chat.completions import COMPLETIONS
from tokenrouter.dialects.openai_responses.responses import RESPONSES
from tokenrouter.dialects.state_memory import StateMemory
from tokenrouter.dialects.token_counts import CountBridge
from tokenrouter.domain.catalog import Provider
from tokenrouter.domain.errors import InvalidRequest
from tokenrouter.domain.ledger import Operation
from tokenrouter.gateway.ways import Way, counting_way, way_of
from tokenrouter.providers import adapter


def way(kind: str, dialect: Dialect, *operations: Operation) -> Way:
    provider = Provider("p", kind, "http://127.0.0.1:9", secret="k", operations=operations)
    return way_of(adapter(provider), "p", dialect, "m", memory=StateMemory(), tenant="t")


@pytest.mark.parametrize(
    ("kind", "dialect"),
    [("openai", CHAT), ("openai", RESPONSES), ("anthropic", MESSAGES), ("google-gemini", GENERATE_CONTENT)],
)
def test_the_same_dialect_needs_no_bridge(kind: str, dialect: Dialect) -> None:
    assert way(kind, dialect).bridge is None


@pytest.mark.parametrize(
    ("kind", "dialect", "provider"),
    [
        ("openai-compatible", RESPONSES, "openai-chat"),
        ("openai-compatible", MESSAGES, "openai-chat"),
        ("openai", MESSAGES, "openai-responses"),
        ("openai", GENERATE_CONTENT, "openai-responses"),
        ("anthropic", CHAT, "anthropic-messages"),
        ("anthropic", COMPLETIONS, "anthropic-messages"),
        ("google-gemini", RESPONSES, "gemini"),
    ],
)
def test_a_conversation_is_translated_to_what_the_provider_speaks(kind: str, dialect: Dialect, provider: str) -> None:
    bridge = way(kind, dialect).bridge

    assert isinstance(bridge, HubBridge)
    assert (bridge.client.name, bridge.provider.name) == (dialect.name, provider)


def test_nobody_is_asked_for_responses_who_does_not_have_them() -> None:
    """A request for Messages must not end at a path that the server does not have."""
    found = way("openai-compatible", MESSAGES)

    assert b"POST /v1/chat/completions " in found.endpoint.head


@pytest.mark.parametrize(
    ("kind", "dialect", "counting", "is_bridged"),
    [
        ("anthropic", MESSAGES, "count_tokens", False),
        ("anthropic", CHAT, "count_tokens", True),
        ("openai", RESPONSES, "count_input_tokens", False),
        ("openai", CHAT, "count_input_tokens", True),
        ("google-gemini", GENERATE_CONTENT, "count_content_tokens", False),
        ("google-gemini", MESSAGES, "count_content_tokens", True),
    ],
)
def test_what_a_client_wants_answered_is_counted_as_its_provider_counts(
    kind: str, dialect: Dialect, counting: Operation, is_bridged: bool
) -> None:
    found = counting_way(adapter(Provider("p", kind, "http://127.0.0.1:9", secret="k")), "p", dialect, "m")

    assert found is not None
    assert (found[0], found[1].bridge is not None) == (counting, is_bridged)


@pytest.mark.parametrize(("kind", "dialect"), [("openai-compatible", CHAT), ("openai", EMBEDDINGS)])
def test_what_nobody_counts_has_no_way_to_be_counted(kind: str, dialect: Dialect) -> None:
    assert counting_way(adapter(Provider("p", kind, "http://127.0.0.1:9", secret="k")), "p", dialect, "m") is None


def test_embeddings_have_bridges_of_their_own() -> None:
    assert isinstance(way("google-gemini", EMBEDDINGS).bridge, ToGemini)
    assert isinstance(way("openai", EMBED_CONTENT).bridge, FromGemini)
    with pytest.raises(InvalidRequest, match="embeddings"):
        way("anthropic", EMBEDDINGS)


def test_tokens_are_counted_by_the_provider_or_else_here() -> None:
    assert way("anthropic", COUNT_TOKENS).bridge is None
    assert isinstance(way("google-gemini", COUNT_TOKENS).bridge, CountBridge)
    assert way("openai-compatible", COUNT_TOKENS).is_estimate


def test_a_provider_that_offers_nothing_of_the_kind_is_named() -> None:
    with pytest.raises(InvalidRequest, match="'p' does not offer") as caught:
        way("openai", CHAT, "embeddings")

    assert caught.value.param == "model"
