import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from tokenrouter.domain.catalog import Provider
from tokenrouter.domain.prices import Price, flat_price
from tokenrouter.jobs.pricing import EVERY_S, Pricing
from tokenrouter.jobs.pricing_sources import Gathered

ACME = Provider("acme", "openai-compatible", "http://127.0.0.1:9/v1", models=("small",))
OFF = replace(ACME, name="off", enabled=False)
NOON_S = 1_795_262_400.0


@dataclass
class Said:
    """A source that says what it is told to."""

    name: str
    answers: Gathered = field(default_factory=dict)
    asks_network: bool = True
    asked: list[tuple[tuple[str, ...], bool]] = field(default_factory=list)

    async def gather(self, providers: Sequence[Provider], *, again: bool) -> Gathered:
        self.asked.append((tuple(each.name for each in providers), again))
        return self.answers


def price(source: str, nano: int = 1, dated: str = "2026-11-20") -> Price:
    return flat_price(nano, nano, source)._replace(dated=dated)


async def test_the_most_trusted_source_counts_model_by_model() -> None:
    first = Said("provider", {"acme": {"small": price("provider", 1)}})
    second = Said("genai-prices", {"acme": {"small": price("genai-prices", 2), "*": price("genai-prices", 3)}})
    pricing = Pricing(sources=(first, second), clock=lambda: NOON_S)

    assert await pricing.refresh([ACME, OFF]) == ()

    assert pricing.prices() == {"acme/small": price("provider", 1), "acme/*": price("genai-prices", 3)}
    assert first.asked == second.asked == [(("acme",), False)]
    assert pricing.cache.updated_at == "2026-11-21T12:00:00Z"
    assert pricing.cache.provider_states["acme"].last_update == "2026-11-21T12:00:00Z"


async def test_what_a_source_cannot_say_stays_what_it_said_and_tells_why(tmp_path: Path) -> None:
    first = Said("provider", {"acme": {"small": price("provider", 1)}})
    second = Said("genai-prices", {"acme": {"large": price("genai-prices", 2)}})
    now = [NOON_S]
    pricing = Pricing(tmp_path / "p.json", (first, second), clock=lambda: now[0])
    await pricing.refresh([ACME])

    first.answers, now[0] = {"acme": "it is away"}, NOON_S + 60
    second.answers = {"acme": {"large": price("genai-prices", 5)}}
    assert await pricing.refresh([ACME], again=True) == ("acme",)

    assert pricing.prices() == {"acme/small": price("provider", 1), "acme/large": price("genai-prices", 5)}
    state = pricing.cache.provider_states["acme"]
    assert (state.last_attempt, state.last_error) == ("2026-11-21T12:01:00Z", "it is away")
    assert first.asked[-1] == (("acme",), True)
    assert Pricing(tmp_path / "p.json").prices() == pricing.prices()


async def test_a_first_start_has_the_prices_that_ask_no_network_and_a_later_one_what_it_remembers(
    tmp_path: Path,
) -> None:
    away = Said("provider", {"acme": {"small": price("provider")}})
    here = Said("genai-prices", {"acme": {"large": price("genai-prices")}}, asks_network=False)
    first = Pricing(tmp_path / "p.json", (away, here))
    await first.begin([ACME])
    await Pricing(tmp_path / "p.json", (away, here)).begin([ACME])

    assert first.prices() == {"acme/large": price("genai-prices")}
    assert (away.asked, len(here.asked)) == ([], 1)


async def test_a_provider_that_is_gone_has_no_prices_any_more() -> None:
    source = Said("provider", {"acme": {"small": price("provider")}})
    pricing = Pricing(sources=(source,))
    await pricing.refresh([ACME])

    source.answers = {}
    await pricing.refresh([])

    assert pricing.prices() == {}
    assert pricing.cache.provider_states == {}


async def test_a_price_is_dated_since_when_it_is_known_and_only_a_change_is_told() -> None:
    source = Said("provider", {"acme": {"small": price("provider", 1, "2026-11-20")}})
    told: list[None] = []
    pricing = Pricing(sources=(source,), on_change=lambda: told.append(None))

    await pricing.refresh([ACME])
    source.answers = {"acme": {"small": price("provider", 1, "2026-11-21")}}
    await pricing.refresh([ACME])
    assert pricing.prices()["acme/small"].dated == "2026-11-20"
    assert len(told) == 1

    source.answers = {"acme": {"small": price("provider", 2, "2026-11-22")}}
    await pricing.refresh([ACME])
    assert pricing.prices()["acme/small"].dated == "2026-11-22"
    assert len(told) == 2


async def test_it_is_asked_on_the_half_hour_and_whenever_a_provider_has_changed() -> None:
    source = Said("provider")
    now, providers = [NOON_S + 1], [ACME]
    pricing = Pricing(sources=(source,), clock=lambda: now[0])
    running = asyncio.create_task(pricing.run(lambda: providers, look_s=0.001))

    async def asked(times: int) -> None:
        async with asyncio.timeout(60):
            while len(source.asked) < times:
                await asyncio.sleep(0.001)

    await asked(1)
    now[0] = NOON_S + EVERY_S
    await asked(2)
    providers[0] = replace(ACME, models=("small", "large"))
    await asked(3)
    running.cancel()

    assert len(source.asked) == 3
