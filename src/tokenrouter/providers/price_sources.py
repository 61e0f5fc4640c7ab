"""Where the prices of a provider come from, beside what its operator says.

Prices are a vendor's own, so they hold for its own address only: what stands behind another one, a proxy or a server of
somebody's, may cost anything.
"""

from typing import Final
from urllib.parse import urlsplit

from tokenrouter.domain.catalog import Provider
from tokenrouter.providers.presets import Preset, preset, presets

_DOMAIN_LABELS: Final = 2


def price_vendor(provider: Provider) -> str:
    """Return what the bundled price data call the vendor of `provider`, or ""."""
    row = preset(provider.kind)
    if row is not None and row.price_data:
        return row.price_data if _is_at(provider, row) else ""
    host = _host(provider.base_url)
    same = (each for each in presets().values() if each.price_data and not each.is_template)
    return next((each.price_data for each in same if _host(each.base_url) == host), "")


def price_page(provider: Provider) -> str:
    """Return the address of the page that has the prices of `provider`, or ""."""
    row = preset(provider.kind)
    return row.price_page if row is not None and _is_at(provider, row) else ""


def lists_prices(provider: Provider) -> bool:
    """Whether the provider's own list of models is said to have prices."""
    row = preset(provider.kind)
    return row is not None and bool(row.listed_prices)


def costs_nothing(provider: Provider) -> bool:
    """Whether it is a server on the operator's own machine."""
    row = preset(provider.kind)
    return row is not None and row.local


def _is_at(provider: Provider, row: Preset) -> bool:
    """Whether `provider` is at the domain of the vendor itself; accounts differ in what stands before it."""
    return not provider.base_url or _domain(_host(provider.base_url)) == _domain(_host(row.base_url))


def _host(url: str) -> str:
    try:
        return urlsplit(url.replace("{", "").replace("}", "")).hostname or ""
    except ValueError:
        return ""


def _domain(host: str) -> str:
    return ".".join(host.split(".")[-_DOMAIN_LABELS:])
