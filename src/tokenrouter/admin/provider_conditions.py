"""How a provider is now, beside what somebody said of it: health, keys, prices, quota, and what is left alone.

It stands in the provider's row, so that a list of providers is one question.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from tokenrouter.admin.amounts import time_text
from tokenrouter.admin.provider_bodies import ShownCondition, ShownCooling, ShownCredential
from tokenrouter.admin.state import ControlState
from tokenrouter.domain.catalog import Provider, account_name
from tokenrouter.jobs.pricing_cache import ProviderState
from tokenrouter.jobs.provider_status import CoolingTarget, ProviderStatus

_REFUSED: Final = "auth problem"


def condition_of(
    state: ControlState, provider: Provider, row: ProviderStatus, hints: Mapping[str, str]
) -> ShownCondition:
    """Return how `provider` is; `row` is what is known of it beside requests, `hints` are of its secrets, by field."""
    prices = state.pricing.cache.provider_states.get(provider.name, ProviderState())
    free, paid = _priced_models(state, provider)
    return ShownCondition(
        response_ms=row.response_ms or None,
        free_models=free,
        paid_models=paid,
        unpriced_models=len(provider.models) - free - paid,
        listed_at=time_text(row.listed_at_s or None),
        checked_at=time_text(row.checked_at_s or None),
        next_check_at=time_text(row.next_check_s or None),
        prices_updated_at=prices.last_update or None,
        prices_problem=prices.last_error,
        quota_left=row.left,
        credentials=_credentials(provider, row, hints),
        cooling=shown_cooling(row.cooling),
    )


def shown_cooling(targets: Sequence[CoolingTarget]) -> list[ShownCooling]:
    """Return what is left alone, as it is shown."""
    return [ShownCooling(model=one.model, reason=one.reason, until=time_text(one.until_s)) for one in targets]


def _priced_models(state: ControlState, provider: Provider) -> tuple[int, int]:
    """Return how many of its models are free, and how many cost something."""
    directory, free, paid = state.directory(), 0, 0
    for model in provider.models:
        price = directory.price(provider.name, model)
        if price is None:
            continue
        is_free = price.rates.input == price.rates.output == price.request_nano == 0
        free, paid = free + is_free, paid + (not is_free)
    return free, paid


def _credentials(provider: Provider, row: ProviderStatus, hints: Mapping[str, str]) -> list[ShownCredential]:
    """Return its keys; of one that is alone, everything that is left alone is its affair."""
    if not provider.secret:
        return []
    said = [hint for field, hint in hints.items() if field.partition(".")[0] in ("api_key", "api_keys")]
    if not provider.other_secrets:
        healthy = row.status != _REFUSED
        return [ShownCredential(name=provider.name, hint="".join(said[:1]), healthy=healthy, cooling=[])]
    count = len(provider.other_secrets) + 1
    told = said if len(said) == count else [""] * count
    return [_credential(provider, row, number, hint) for number, hint in enumerate(told, 1)]


def _credential(provider: Provider, row: ProviderStatus, number: int, hint: str) -> ShownCredential:
    cooling = shown_cooling([one for one in row.cooling if one.model.endswith(f"#{number}")])
    healthy = not cooling and row.status != _REFUSED
    return ShownCredential(name=account_name(provider.name, number), hint=hint, healthy=healthy, cooling=cooling)
