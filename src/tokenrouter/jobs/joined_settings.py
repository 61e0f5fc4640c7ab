"""The settings that count: what is declared, joined with what was said at run time (pure).

What the file and the environment declare comes first, and shadows what has its name. The result is `Settings` like any
other, so whoever reads settings sees a provider, a price or a switch that was set over the API without knowing where it
came from.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import structlog

from tokenrouter.config.changeable import with_changes
from tokenrouter.config.problems import InvalidValues
from tokenrouter.config.providers import ReadProvider
from tokenrouter.config.settings import Settings
from tokenrouter.domain.catalog import Catalog, Provider
from tokenrouter.domain.prices import Price
from tokenrouter.jobs.catalog_builder import joined_prices

DATABASE: Final = "database"
"""The origin of what the database adds, and what its prices say of since when they are known."""

log = structlog.get_logger(__name__)


def join_settings(
    declared: Settings,
    providers: Sequence[ReadProvider],
    prices: Mapping[str, Price],
    switched: Mapping[str, bool],
    changed: Mapping[str, Any],
) -> Settings:
    """Return what counts.

    `providers` are those of the database, oldest first; `switched` says which declared ones are on in spite of what is
    declared, `changed` what settings are, by path. A change that cannot be (any more) is passed over, and told.
    """
    settings = _with_changes(declared, changed)
    own = [_on_or_off(provider, switched) for provider in settings.providers]
    taken = {provider.name for provider in own}
    added = [read for read in providers if read.provider.name not in taken]
    return replace(
        settings,
        providers=(
            *(provider for provider in own if provider.origin != "sandbox"),
            *(read.provider for read in added),
            *(provider for provider in own if provider.origin == "sandbox"),
        ),
        report_keys={read.provider.name: read.report_key for read in added if read.report_key} | settings.report_keys,
        quota_probes={read.provider.name: read.quota_probe for read in added if read.quota_probe is not None}
        | settings.quota_probes,
        prices=joined_prices(settings.prices, prices),
    )


def remembered_settings(declared: Settings, last: Catalog) -> Settings:
    """Return what counted when `last` was made, as far as it has not been declared otherwise since."""
    stored = [ReadProvider(provider) for provider in last.providers if provider.origin == DATABASE]
    prices = {name: price for name, price in last.prices.items() if price.dated == DATABASE}
    return join_settings(declared, stored, prices, last.switched, last.changed)


def _on_or_off(provider: Provider, switched: Mapping[str, bool]) -> Provider:
    return replace(provider, enabled=switched[provider.name]) if provider.name in switched else provider


def _with_changes(settings: Settings, changed: Mapping[str, Any]) -> Settings:
    for name, value in changed.items():
        try:
            settings = with_changes(settings, {name: value})
        except InvalidValues as error:
            log.warning("a setting of the database is passed over", setting=name, reason=str(error))
    return settings
