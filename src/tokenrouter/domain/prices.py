"""Prices: what a model costs, and what a request costs by them.

A rate is a whole number of nano-dollars per million tokens (1e-15 US dollars per token), so that every price a vendor
names is kept without rounding: the cheapest cached read of today, $0.0028 per million tokens, is 2,800,000. The cost of
a request is summed up in that unit, exactly, and rounded once, up to a whole nano-dollar: never less than it costs, and
never a nano-dollar more.

Vendors price the same request in three ways that must not be mixed up. Parts of the input and the output have rates of
their own (cached, sound, pictures, reasoning), and each token belongs to one part only. A long prompt moves the whole
request, output included, to dearer rates. And a service tier (flex, batch, priority) has a sheet of rates of its own.
"""

import zlib
from collections.abc import Iterable
from typing import Final, NamedTuple

from tokenrouter.domain.ledger import NanoUsd, Usage

MILLION: Final = 1_000_000
OPERATOR: Final = "operator"
"""The source of prices that were declared here."""
MAX_RATE: Final = 10**15
"""A million dollars per million tokens; a higher price is a mistake in its unit."""
MAX_COST: Final = 2**62
"""More than all money there is; a vendor that reports nonsense must not stop its request from being written down."""
STANDARD_TIERS: Final = frozenset(("", "auto", "default", "standard", "on_demand", "standard_only", "unspecified"))
"""What vendors call the service that costs the usual price (OpenAI, Anthropic, Google, Groq, Amazon; read 2026-11)."""


class Rates(NamedTuple):
    """Nano-dollars per million tokens of each kind.

    Attributes:
        cache_write: into a cache that lasts five minutes, or however long the vendor keeps it.
        cache_write_1h: into one that lasts an hour.
    """

    input: int
    output: int
    cached_input: int
    cache_write: int
    cache_write_1h: int
    reasoning: int
    audio_input: int
    audio_output: int
    image_input: int
    image_output: int


class Sheet(NamedTuple):
    """The rates of one service tier.

    Attributes:
        above: (input tokens, rates) in rising order: requests with more input than that cost these rates, all of it.
    """

    rates: Rates
    above: tuple[tuple[int, Rates], ...] = ()


class Price(NamedTuple):
    """What one model costs at one provider.

    Attributes:
        tiers: sheets of service tiers by name, where they differ from the usual one.
        request_nano: nano-dollars for each request, whatever it uses.
        source: who says so: `operator`, `provider`, `zen`, `genai-prices`, ….
        dated: since when it is known (`2026-11-21`), or where it is declared (`torod.toml:12`).
    """

    rates: Rates
    above: tuple[tuple[int, Rates], ...] = ()
    tiers: tuple[tuple[str, Sheet], ...] = ()
    request_nano: NanoUsd = 0
    source: str = OPERATOR
    dated: str = ""

    @property
    def label(self) -> str:
        """Source and date, for people."""
        return f"{self.source} {self.dated}" if self.dated else self.source

    @property
    def named(self) -> str:
        """The label and a mark of all rates, as a ledger row has it.

        A price may change twice a day, or in its place in a file; a row names the one that it was charged by.
        """
        rates = repr((self.rates, self.above, self.tiers, self.request_nano))
        return f"{self.label} #{zlib.crc32(rates.encode()):08x}"


class Ceiling(NamedTuple):
    """The most that a token can cost: what a request is held at before its parts are known.

    Attributes:
        steps: (input tokens, input rate, output rate) in rising order of all three.
    """

    steps: tuple[tuple[int, int, int], ...]
    request_nano: NanoUsd = 0


def rates_of(
    input: int,  # noqa: A002 - the vendors' word
    output: int,
    *,
    cached_input: int | None = None,
    cache_write: int | None = None,
    cache_write_1h: int | None = None,
    reasoning: int | None = None,
    audio_input: int | None = None,
    audio_output: int | None = None,
    image_input: int | None = None,
    image_output: int | None = None,
) -> Rates:
    """Return the rates; what has no price of its own costs what its side does, and a long cache what a short one."""
    short = input if cache_write is None else cache_write
    return Rates(
        input,
        output,
        input if cached_input is None else cached_input,
        short,
        short if cache_write_1h is None else cache_write_1h,
        output if reasoning is None else reasoning,
        input if audio_input is None else audio_input,
        output if audio_output is None else audio_output,
        input if image_input is None else image_input,
        output if image_output is None else image_output,
    )


def flat_price(input_nano: int, output_nano: int, source: str = OPERATOR) -> Price:
    """Return a price of two rates, in nano-dollars per token."""
    return Price(rates_of(input_nano * MILLION, output_nano * MILLION), source=source)


def scaled(sheet: Sheet, percent: int) -> Sheet:
    """Return `sheet` at so many percent of its rates, each rounded up to a whole unit."""
    return Sheet(_scaled(sheet.rates, percent), tuple((above, _scaled(rates, percent)) for above, rates in sheet.above))


def _scaled(rates: Rates, percent: int) -> Rates:
    return Rates(*(-(-rate * percent // 100) for rate in rates))


def since_when_known(price: Price, before: Price | None) -> Price:
    """Return `price` as it was known `before`, if nothing but the day has changed."""
    same = before is not None and before._replace(dated=price.dated) == price
    return before if same and before is not None else price


def in_batches(price: Price, percent: int) -> Price:
    """Return what requests of a batch cost: as the sheet `batch` says, else so many percent of the usual rates."""
    usual = Sheet(price.rates, price.above)
    rates, above = dict(price.tiers).get("batch") or (usual if percent == 100 else scaled(usual, percent))
    return price._replace(rates=rates, above=above, tiers=())


def billed_tier(word: str | None) -> str:
    """Return a vendor's word for a service tier as prices name it: lower case, "" for the usual one."""
    tier = (word or "").lower()
    return "" if tier in STANDARD_TIERS else tier[:32]


def cost(usage: Usage, price: Price) -> NanoUsd:
    """Return what `usage` costs, rounded up to a whole nano-dollar.

    A tier without a sheet of its own costs the usual rates. Cached reads and writes count in full, as they were
    reported (some vendors report more of them than of input); sound, pictures and plain text share what is left
    of the input in this order, and reasoning, sound, pictures and text the output, so that no token counts twice.
    """
    rates, above, tiers, request_nano, _, _ = price
    if above or tiers:
        rates = _rates(usage, price)
    if usage[2:10] == _NO_PARTS:
        total = usage[0] * rates[0] + usage[1] * rates[1]
    else:
        total = _cost_of_input(usage, rates) + _cost_of_output(usage, rates)
    spent = request_nano * usage[10] - (-total // MILLION)
    return spent if spent < MAX_COST else MAX_COST


_NO_PARTS: Final = (0,) * 8
"""What stands between the totals and the number of requests in a `Usage` of plain text: most are such."""


def _rates(usage: Usage, price: Price) -> Rates:
    rates, above, tier = price.rates, price.above, usage.tier
    if tier:
        for name, sheet in price.tiers:
            if name == tier:
                rates, above = sheet
                break
    if above:
        asked = usage.provider_requests
        length = usage.input_tokens if asked < 2 else usage.input_tokens // asked
        for least, dearer in above:
            if length > least:
                rates = dearer
    return rates


def _cost_of_input(usage: Usage, rates: Rates) -> int:
    total, _, read, written, _, sound, long, spoken, seen, _, _, _ = usage
    plain, _, cached, short_write, long_write, _, audio, _, image, _ = rates
    spent = read * cached + written * short_write
    if long:
        spent += min(long, written) * (long_write - short_write)
    left = max(0, total - read - written)
    if sound or seen:
        heard = min(max(0, sound - spoken), left)
        seen = min(seen, left - heard)
        spent += heard * audio + seen * image
        left -= heard + seen
    return spent + left * plain


def _cost_of_output(usage: Usage, rates: Rates) -> int:
    _, left, _, _, thought, _, _, spoken, _, drawn, _, _ = usage
    _, plain, _, _, _, reasoning, _, audio, _, image = rates
    if not (thought or spoken or drawn):
        return left * plain
    thought = min(thought, left)
    left -= thought
    spoken = min(spoken, left)
    drawn = min(drawn, left - spoken)
    return thought * reasoning + spoken * audio + drawn * image + (left - spoken - drawn) * plain


def ceiling_of(price: Price, tier: str = "") -> Ceiling:
    """Return the most that tokens of a request in `tier` can cost."""
    sheet = dict(price.tiers).get(tier) or Sheet(price.rates, price.above)
    steps: list[tuple[int, int, int]] = []
    for above, rates in ((0, sheet.rates), *sheet.above):
        _, most_input, most_output = steps[-1] if steps else (0, 0, 0)
        steps.append((above, max(most_input, _dearest_input(rates)), max(most_output, _dearest_output(rates))))
    return Ceiling(tuple(steps), price.request_nano)


def dearer_ceilings(price: Price) -> dict[str, Ceiling]:
    """Return the ceilings of those service tiers that can cost more than the usual one."""
    usual = ceiling_of(price)
    tiers = {name: ceiling_of(price, name) for name, _ in price.tiers}
    return {name: joined_ceiling(usual, tier) for name, tier in tiers.items() if joined_ceiling(usual, tier) != usual}


def joined_ceiling(one: Ceiling, other: Ceiling) -> Ceiling:
    """Return a ceiling that is no lower than either."""
    steps: list[tuple[int, int, int]] = []
    for start in sorted({above for above, _, _ in (*one.steps, *other.steps)}):
        reached = [step for step in (*one.steps, *other.steps) if step[0] <= start]
        steps.append((start, max(step[1] for step in reached), max(step[2] for step in reached)))
    return Ceiling(tuple(steps), max(one.request_nano, other.request_nano))


def _dearest_input(rates: Rates) -> int:
    return max(
        rates.input,
        rates.cached_input,
        rates.cache_write,
        rates.cache_write_1h,
        rates.audio_input,
        rates.image_input,
    )


def _dearest_output(rates: Rates) -> int:
    return max(rates.output, rates.reasoning, rates.audio_output, rates.image_output)


def most_cost(input_tokens: int, output_tokens: int, ceiling: Ceiling) -> NanoUsd:
    """Return a cost that no request of at most so many tokens exceeds."""
    steps, request_nano = ceiling
    _, input_rate, output_rate = steps[0]
    if len(steps) > 1:
        for above, dearer_input, dearer_output in steps:
            if input_tokens > above:
                input_rate, output_rate = dearer_input, dearer_output
    most = request_nano - (-(input_tokens * input_rate + output_tokens * output_rate) // MILLION)
    return most if most < MAX_COST else MAX_COST


def total_of(usages: Iterable[Usage]) -> Usage:
    """Return what several requests used together that had the same input; each costs as it would alone."""
    parts = list(usages)
    if not parts:
        return Usage()
    sums = (sum(counts) for counts in zip(*(part[:-1] for part in parts), strict=True))
    return Usage._make((*sums, next((part.tier for part in parts if part.tier), "")))
