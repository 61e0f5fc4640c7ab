"""Google Vertex AI: one address for the models of several publishers, each in its own dialect.

Google's own are asked by generateContent, Anthropic's by rawPredict with a Messages body whose model is in the path,
all others by an OpenAI-compatible endpoint (cloud.google.com/vertex-ai/generative-ai/docs: model reference, partner
models "use Claude", "call open models"; read 2026-11). The publisher shows in the model's name.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Final
from urllib.parse import quote

from tokenrouter.dialects.anthropic.losses import MessagesQuirks
from tokenrouter.dialects.gemini.losses import VERTEX
from tokenrouter.domain.catalog import Provider
from tokenrouter.domain.ledger import Operation
from tokenrouter.providers.access_tokens import TokenSource
from tokenrouter.providers.compatible import CompatibleAdapter
from tokenrouter.providers.endpoints import Endpoint
from tokenrouter.providers.google_tokens import GoogleTokens, read_service_account
from tokenrouter.providers.presets import Preset

_OPENAPI: Final = "/endpoints/openapi"
_MESSAGES: Final = MessagesQuirks(platform_version="vertex-2023-10-16")
_VERSION: Final = {"anthropic_version": b'"vertex-2023-10-16"'}
"""What a Messages body has in the place of its model, and of the header that names a version."""
_PATHS: Final[dict[Operation, tuple[str, str]]] = {
    "generate_content": (
        "publishers/google/models/{model}:generateContent",
        "publishers/google/models/{model}:streamGenerateContent?alt=sse",
    ),
    "count_content_tokens": ("publishers/google/models/{model}:countTokens",) * 2,
    "messages": (
        "publishers/anthropic/models/{model}:rawPredict",
        "publishers/anthropic/models/{model}:streamRawPredict",
    ),
    "count_tokens": ("publishers/anthropic/models/count-tokens:rawPredict",) * 2,
    "chat": ("endpoints/openapi/chat/completions",) * 2,
}
"""Of whole answers and of streams, below the location."""
_OF_PUBLISHER: Final[dict[str, tuple[Operation, ...]]] = {
    "google": ("generate_content", "count_content_tokens"),
    "anthropic": ("messages", "count_tokens"),
    "": ("chat",),
}


class VertexAdapter(CompatibleAdapter):
    """Requests to one project in one location. The secret is a service account's key file, or a token as it is."""

    __slots__ = ("_tokens",)

    def __init__(self, provider: Provider, preset: Preset) -> None:
        secret = (provider.secret or "").strip()
        self._tokens: TokenSource | None = None
        if secret.startswith("{"):
            account = read_service_account(secret)
            self._tokens = GoogleTokens(provider.name, account, provider.allow_private)
            provider = replace(provider, secret=None)
        address = provider.base_url.removesuffix(_OPENAPI)
        super().__init__(replace(provider, base_url=address), replace(preset, messages=_MESSAGES, gemini=VERTEX))

    def endpoint(self, operation: Operation, model: str) -> Endpoint | None:
        publisher, name = publisher_of(model)
        if operation not in _OF_PUBLISHER[publisher] or not self.offers(operation):
            return None
        head, stream_head = [self._head_of(path.replace("{model}", quote(name, safe=""))) for path in _PATHS[operation]]
        endpoint = Endpoint(head, stream_head, self._codecs.get(operation), tokens=self._tokens)
        if operation == "messages":
            return replace(endpoint, adds=_VERSION, drops=frozenset({"model"}))
        return endpoint

    def endpoint_at(self, method: str, path: str) -> Endpoint | None:
        plain = super().endpoint_at(method, path)
        return None if plain is None else replace(plain, tokens=self._tokens)

    def conversations(self, model: str) -> Iterable[Operation]:
        return _OF_PUBLISHER[publisher_of(model)[0]][:1]


def publisher_of(model: str) -> tuple[str, str]:
    """Return who publishes `model` and its name there; the publisher is empty for those behind the open endpoint."""
    publisher, slash, name = model.partition("/")
    if slash and publisher in ("google", "anthropic"):
        return publisher, name
    if slash:
        return "", model
    return ("anthropic" if model.startswith("claude") else "google"), model
