"""What a request itself says of where it wants to go: other models, which providers, cheapest or fastest first.

OpenRouter's clients know these words, so they mean here what they mean there (openrouter.ai/docs, "Provider Routing"
and "Model Fallbacks", read 2026-11), of the providers that are here. They choose among what a key may use anyway and
never add to it.
"""

from dataclasses import dataclass
from typing import Final, Literal

MAX_MODELS: Final = 8
"""Most models that one request may name; as many places as it is ever sent to."""
MAX_PROVIDERS: Final = 64
"""Longest list of providers."""

SortBy = Literal["", "price", "throughput", "latency"]
SORTS: Final[tuple[SortBy, ...]] = ("price", "throughput", "latency")
SUFFIXES: Final[dict[str, SortBy]] = {":floor": "price", ":nitro": "throughput"}
"""What may follow a model's name."""
_ENDS: Final = tuple(SUFFIXES)


@dataclass(frozen=True, slots=True)
class MaxPrice:
    """The most that a model may cost, in nano-dollars for each million tokens or each request; None: any price."""

    input: int | None = None
    output: int | None = None
    request_nano: int | None = None


@dataclass(frozen=True, slots=True)
class Preferences:
    """The wishes of one request.

    Attributes:
        models: to be asked in this order, each when those before it have failed; none: the one that `model` names.
        order: providers that come first, in this order.
        only: providers to which it may go; none: all.
        ignore: providers to which it must not go.
        sort: what comes first among the others.
        sorts_models: whether `sort` goes before the order of `models`.
        allow_fallbacks: whether, of one model, another provider is asked than the first or those in `order`.
        max_price: what is dearer, or has no price, is left out.
        unheard: fields that say what cannot be done here, which the client is told.
    """

    models: tuple[str, ...] = ()
    order: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    sort: SortBy = ""
    sorts_models: bool = False
    allow_fallbacks: bool = True
    max_price: MaxPrice | None = None
    unheard: tuple[str, ...] = ()

    @property
    def chooses_providers(self) -> bool:
        """Whether they say anything of providers, so that every one that lists a model is looked at."""
        return bool(self.order or self.only or self.ignore or self.sort or self.max_price) or not self.allow_fallbacks


def split_suffix(model: str) -> tuple[str, SortBy]:
    """Return a model's name without a suffix, and what the suffix wants to come first."""
    if not model.endswith(_ENDS):
        return model, ""
    for suffix, sort in SUFFIXES.items():
        if model.endswith(suffix) and len(model) > len(suffix):
            return model.removesuffix(suffix), sort
    return model, ""
