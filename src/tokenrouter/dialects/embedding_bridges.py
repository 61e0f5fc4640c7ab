"""Embeddings asked for in one vendor's words and made by another: bridges beside those of conversations."""

from dataclasses import dataclass
from typing import Final

from tokenrouter.dialects.alternatives import AlternativesDecoder
from tokenrouter.dialects.bridge import Asked, Bridge
from tokenrouter.dialects.delivered import Delivered
from tokenrouter.dialects.gemini import embeddings as gemini_embeddings
from tokenrouter.dialects.hub import Target
from tokenrouter.dialects.losses import Loss
from tokenrouter.dialects.openai import usage as openai_usage
from tokenrouter.dialects.relay import Relay
from tokenrouter.dialects.translate import TranslatedAnswer
from tokenrouter.domain.ledger import Operation

_NO_STREAM: Final = "embeddings have no stream"


@dataclass(frozen=True, slots=True)
class ToGemini:
    """An OpenAI client's request for a provider that speaks Gemini. It reports no usage, so tokens are estimated."""

    target: Target

    def cross(self, body: bytes, asked: Asked) -> "ToGeminiCrossing":
        request = gemini_embeddings.batch_request(body, self.target.model)
        return ToGeminiCrossing(self.target, request.body, request.packed)


@dataclass(frozen=True, slots=True)
class ToGeminiCrossing:
    """See `bridge.Crossing`."""

    target: Target
    body: bytes
    packed: bool
    headers: bytes = b""
    losses: tuple[Loss, ...] = ()

    @property
    def copies(self) -> int:
        return 1

    def alternatives(self) -> AlternativesDecoder:
        raise NotImplementedError(_NO_STREAM)

    def answer(self, *bodies: bytes) -> TranslatedAnswer:
        target = self.target
        told = gemini_embeddings.openai_answer(
            bodies[0], packed=self.packed, model=target.model, usage=None, provider=target.provider
        )
        return TranslatedAnswer(told, None, 0)

    def relay(self, delivered: Delivered | None = None) -> Relay:
        raise NotImplementedError(_NO_STREAM)


@dataclass(frozen=True, slots=True)
class FromGemini:
    """A Gemini client's request for a provider that speaks OpenAI's words."""

    target: Target
    batch: bool

    def cross(self, body: bytes, asked: Asked) -> "FromGeminiCrossing":
        request = gemini_embeddings.openai_request(body, self.target.model, batch=self.batch)
        return FromGeminiCrossing(self.target, self.batch, request)


@dataclass(frozen=True, slots=True)
class FromGeminiCrossing:
    """See `bridge.Crossing`."""

    target: Target
    batch: bool
    body: bytes
    headers: bytes = b""
    losses: tuple[Loss, ...] = ()

    @property
    def copies(self) -> int:
        return 1

    def alternatives(self) -> AlternativesDecoder:
        raise NotImplementedError(_NO_STREAM)

    def answer(self, *bodies: bytes) -> TranslatedAnswer:
        told = gemini_embeddings.gemini_answer(bodies[0], batch=self.batch, provider=self.target.provider)
        return TranslatedAnswer(told, openai_usage.usage_of(bodies[0]), 0)

    def relay(self, delivered: Delivered | None = None) -> Relay:
        raise NotImplementedError(_NO_STREAM)


def embedding_bridge(ours: Operation, target: Target) -> tuple[Operation, Bridge] | None:
    """Return the operation that could make embeddings for `ours`, with the bridge to it; None for anything else."""
    if ours == "embeddings":
        return "batch_embed_contents", ToGemini(target)
    if ours in ("embed_content", "batch_embed_contents"):
        return "embeddings", FromGemini(target, batch=ours == "batch_embed_contents")
    return None
