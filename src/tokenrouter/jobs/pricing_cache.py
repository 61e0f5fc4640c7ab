"""The prices that were gathered, on disk: `pricing-cache.json`, as TokenRouter-Go has it.

Whoever reads that file there finds the same fields here, in US dollars per million tokens. They are rounded figures for
people, so each entry has its price a second time, exact and whole, as we read it again. A file without that is
TokenRouter-Go's own: it is replaced at the first refresh.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec
import structlog

from tokenrouter.domain.prices import Price

FILE_NAME: Final = "pricing-cache.json"
_NANO: Final = 10**9

log = structlog.get_logger(__name__)


class ProviderState(msgspec.Struct):
    """How asking for one provider's prices went. Times are RFC 3339 texts; "" is never."""

    last_attempt: str = ""
    last_update: str = ""
    last_error: str = ""


class PriceEntry(msgspec.Struct):
    """What one model costs at one provider; `*` in its name stands for anything."""

    provider: str
    model: str
    currency: str
    input_per_1m: float
    output_per_1m: float
    discovered_at: str
    source: str
    exact: Price | None = None


class PricingCache(msgspec.Struct):
    """The file. Entries are by `provider/model`."""

    updated_at: str = ""
    provider_states: dict[str, ProviderState] = {}
    entries: dict[str, PriceEntry] = {}

    def prices(self) -> dict[str, Price]:
        """Return the exact prices by `provider/model`."""
        return {name: entry.exact for name, entry in self.entries.items() if entry.exact is not None}


_decode: Final = msgspec.json.Decoder(PricingCache).decode


def entry_of(name: str, price: Price, discovered_at: str) -> PriceEntry:
    """Return the entry of `name`, a `provider/model`."""
    provider, _, model = name.partition("/")
    dollars = (price.rates.input / _NANO, price.rates.output / _NANO)
    return PriceEntry(provider, model, "USD", *dollars, discovered_at, price.source, price)


def read_cache(path: Path) -> PricingCache:
    """Return what is on disk; an empty cache where nothing usable is."""
    try:
        return _decode(path.read_bytes())
    except (OSError, msgspec.DecodeError):
        return PricingCache()


def write_cache(path: Path, cache: PricingCache) -> None:
    """Replace the file; one that cannot be written is no reason to stop."""
    fresh = path.with_suffix(f".{os.getpid()}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh.write_bytes(msgspec.json.encode(cache))
        fresh.replace(path)
    except OSError as error:
        log.warning("the price cache cannot be written", reason=str(error))


def entries_of(prices: Mapping[str, Price], before: PricingCache, now: str) -> dict[str, PriceEntry]:
    """Return entries for `prices`; what is as it was `before` was discovered then."""
    known = before.entries
    return {
        name: entry_of(name, price, known[name].discovered_at if _is_known(name, price, known) else now)
        for name, price in prices.items()
    }


def _is_known(name: str, price: Price, known: Mapping[str, PriceEntry]) -> bool:
    return name in known and known[name].exact == price
