"""Providers as TokenRouter-Go shows them: in its list, and beside each of their models."""

from collections.abc import Mapping
from typing import Any, Final

from tokenrouter.admin.amounts import time_text
from tokenrouter.admin.provider_views import display_name
from tokenrouter.admin.state import ControlState
from tokenrouter.domain.catalog import Provider
from tokenrouter.domain.price_table import ANY
from tokenrouter.jobs.provider_status import ProviderStatus
from tokenrouter.providers.urls import shown_url

_NANO: Final = 10**9
Statuses = Mapping[str, ProviderStatus]


def is_managed(provider: Provider) -> bool:
    """Whether somebody has set it up: it did not join by itself."""
    return provider.origin in ("file", "environment", "database")


def shown_providers(state: ControlState, statuses: Statuses) -> list[Provider]:
    """Return the providers that are shown: one that joined by itself is not while it is away."""
    return [
        provider
        for provider in state.catalog().providers
        if is_managed(provider) or provider.name not in statuses or statuses[provider.name].status != "offline"
    ]


def price_of(state: ControlState, provider: str, model: str) -> dict[str, Any]:
    """Return what a model costs, in US dollars per million tokens; nothing where nobody said."""
    price = state.directory().price(provider, model)
    if price is None:
        return {}
    rates = price.rates
    return {"currency": "USD", "input_per_1m": rates.input / _NANO, "output_per_1m": rates.output / _NANO}


def provider_row(state: ControlState, provider: Provider, status: ProviderStatus | None) -> dict[str, Any]:
    """Return its row of the list; there is no secret in it."""
    prices = [
        price
        for name, price in state.catalog().prices.items()
        if name.startswith(f"{provider.name}/") and ANY not in name
    ]
    pricing = state.pricing.cache.provider_states.get(provider.name)
    return {
        "display_name": display_name(provider),
        "name": provider.name,
        "provider_type": provider.kind,
        "base_url": shown_url(provider.base_url),
        "timeout_seconds": int(provider.timeouts.first_byte_s),
        "status": status.status if status else "unknown" if provider.enabled else "disabled",
        "model_count": len(provider.models),
        "priced_models": len(prices),
        "free_models": sum(price.rates.input == price.rates.output == 0 for price in prices),
        "pricing_last_update": pricing.last_update if pricing else "",
        "response_ms": round(status.response_ms) if status else 0,
        "checked_at": (time_text(status.checked_at_s or None) or "") if status else "",
        "managed": is_managed(provider),
    }
