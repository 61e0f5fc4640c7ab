"""How a provider is asked for what a client wants: in the client's own dialect where it has it, else over a bridge."""

from dataclasses import dataclass
from typing import Final

from tokenrouter.dialects.base import Dialect
from tokenrouter.dialects.bridge import Bridge, HubBridge
from tokenrouter.dialects.client_codecs import CLIENT_CODECS
from tokenrouter.dialects.embedding_bridges import embedding_bridge
from tokenrouter.dialects.hub import Target
from tokenrouter.dialects.openai_responses.compaction import CompactBridge
from tokenrouter.dialects.state_memory import StateMemory
from tokenrouter.dialects.token_counts import COUNTED_BY, COUNTED_IN, CountBridge
from tokenrouter.domain.errors import InvalidRequest
from tokenrouter.domain.ledger import Operation
from tokenrouter.providers.compatible import CompatibleAdapter
from tokenrouter.providers.endpoints import Endpoint


@dataclass(frozen=True, slots=True)
class Way:
    """How one model is asked.

    Attributes:
        bridge: leads to the endpoint's dialect, and is None where that is the client's.
        is_estimate: nobody is asked: the provider has no way to count tokens, so we estimate.
    """

    endpoint: Endpoint
    bridge: Bridge | None = None
    is_estimate: bool = False


_NOWHERE: Final = Endpoint(b"", b"")


def way_of(
    adapter: CompatibleAdapter, provider: str, dialect: Dialect, model: str, *, memory: StateMemory, tenant: str
) -> Way:
    """Return how `model` of `provider` is asked for what a client of `tenant` wants in `dialect`.

    Raises:
        InvalidRequest: the provider has nothing that could serve it.
    """
    endpoint = adapter.endpoint(dialect.operation, model)
    if endpoint is not None:
        return Way(endpoint)
    target = Target(provider, model, adapter.origin_of(model))
    if dialect.operation in COUNTED_BY:
        return _counting(adapter, dialect.operation, target)
    if dialect.operation == "compact":
        return _compacting(adapter, target)
    other = embedding_bridge(dialect.operation, target)
    if other is not None and (endpoint := adapter.endpoint(other[0], model)) is not None:
        return Way(endpoint, other[1])
    client = CLIENT_CODECS.get(dialect.name)
    if client is not None:
        for operation in adapter.conversations(model):
            endpoint = adapter.endpoint(operation, model)
            if endpoint is not None and endpoint.codec is not None:
                return Way(endpoint, HubBridge(client, endpoint.codec, target, memory, tenant))
    raise InvalidRequest(
        f"Provider {provider!r} does not offer this operation ({dialect.operation}), nor one that could stand in.",
        param="model",
    )


def counting_way(
    adapter: CompatibleAdapter, provider: str, dialect: Dialect, model: str
) -> tuple[Operation, Way] | None:
    """Return how `model`'s provider counts what a client wants answered in `dialect`; None where it does not count."""
    found = None
    for counting, conversation in COUNTED_BY.items():
        endpoint = adapter.endpoint(counting, model)
        if endpoint is None:
            continue
        if conversation == dialect.operation:
            return counting, Way(endpoint)
        client, talk = CLIENT_CODECS.get(dialect.name), adapter.endpoint(conversation, model)
        if client is not None and talk is not None and talk.codec is not None:
            target = Target(provider, model, adapter.origin_of(model))
            found = counting, Way(endpoint, CountBridge(counting, counting, client, talk.codec, target))
    return found


def _compacting(adapter: CompatibleAdapter, target: Target) -> Way:
    """Return how a conversation is summed up by a model that only converses."""
    for operation in adapter.conversations(target.model):
        endpoint = adapter.endpoint(operation, target.model)
        if endpoint is not None and endpoint.codec is not None:
            return Way(endpoint, CompactBridge(CLIENT_CODECS["openai-responses"], endpoint.codec, target))
    raise InvalidRequest(f"Provider {target.provider!r} has no models that converse.", param="model")


def _counting(adapter: CompatibleAdapter, ours: Operation, target: Target) -> Way:
    """Return how tokens are counted where the provider does not count in the client's dialect."""
    client = CLIENT_CODECS[COUNTED_IN[ours]]
    for theirs, conversation in COUNTED_BY.items():
        endpoint, talk = adapter.endpoint(theirs, target.model), adapter.endpoint(conversation, target.model)
        if endpoint is not None and talk is not None and talk.codec is not None:
            return Way(endpoint, CountBridge(ours, theirs, client, talk.codec, target))
    return Way(_NOWHERE, is_estimate=True)
