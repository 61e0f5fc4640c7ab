import json
import stat
from pathlib import Path

from tokenrouter.domain.prices import Price, Sheet, flat_price, rates_of
from tokenrouter.jobs.pricing_cache import PricingCache, ProviderState, entries_of, read_cache, write_cache

RATES = rates_of(150_000_000, 600_000_000, cached_input=15_000_000)
PRICE = Price(RATES, ((200_000, RATES),), (("flex", Sheet(RATES)),), 7, "genai-prices", "2026-11-09")


def test_what_is_written_is_read_exactly(tmp_path: Path) -> None:
    path = tmp_path / "cache" / "pricing-cache.json"
    states = {"acme": ProviderState("t1", "t0", "it was away")}
    cache = PricingCache("t1", states, entries_of({"acme/small": PRICE}, PricingCache(), "t1"))

    write_cache(path, cache)

    assert read_cache(path) == cache
    assert read_cache(path).prices() == {"acme/small": PRICE}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [each.name for each in path.parent.iterdir()] == ["pricing-cache.json"]


def test_the_file_has_the_fields_that_tokenrouter_go_has(tmp_path: Path) -> None:
    path = tmp_path / "pricing-cache.json"
    write_cache(
        path, PricingCache("t1", {"acme": ProviderState()}, entries_of({"acme/a/b": PRICE}, PricingCache(), "t"))
    )

    told = json.loads(path.read_bytes())

    assert told["updated_at"] == "t1"
    assert told["provider_states"]["acme"].keys() == {"last_attempt", "last_update", "last_error"}
    entry = told["entries"]["acme/a/b"]
    assert entry.pop("exact")
    assert entry == {
        "provider": "acme",
        "model": "a/b",
        "currency": "USD",
        "input_per_1m": 0.15,
        "output_per_1m": 0.6,
        "discovered_at": "t",
        "source": "genai-prices",
    }


def test_a_file_of_tokenrouter_gos_own_has_no_prices_that_count(tmp_path: Path) -> None:
    entry = {"provider": "a", "model": "m", "currency": "USD", "input_per_1m": 1, "output_per_1m": 2}
    theirs = {
        "updated_at": "t",
        "provider_states": {},
        "entries": {"a/m": {**entry, "discovered_at": "", "source": "x"}},
    }
    (tmp_path / "p.json").write_text(json.dumps(theirs))

    assert read_cache(tmp_path / "p.json").prices() == {}


def test_a_damaged_file_is_forgotten_and_an_unwritable_folder_is_no_reason_to_stop(tmp_path: Path) -> None:
    (tmp_path / "p.json").write_text("{broken")

    assert read_cache(tmp_path / "p.json") == PricingCache()
    write_cache(tmp_path / "p.json" / "below" / "x.json", PricingCache())


def test_what_has_not_changed_was_discovered_when_it_was() -> None:
    before = PricingCache("t1", {}, entries_of({"a/m": PRICE, "a/n": PRICE}, PricingCache(), "t1"))

    after = entries_of({"a/m": PRICE, "a/n": flat_price(1, 1), "a/o": PRICE}, before, "t2")

    assert {name: entry.discovered_at for name, entry in after.items()} == {"a/m": "t1", "a/n": "t2", "a/o": "t2"}
