"""Reading `[[prices]]`: what the operator says that models cost.

Prices are read strictly, because a price that was half understood is a wrong bill: what has a rate of its own in the
price has one in each of its tiers too, and a number that is finer than can be counted is refused, not rounded.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from tokenrouter.config.problems import InvalidValues, Problem, refuse_problems
from tokenrouter.config.table import Table
from tokenrouter.domain.limit_text import Mistake, parse_usd
from tokenrouter.domain.prices import MAX_RATE, STANDARD_TIERS, Price, Rates, Sheet, rates_of, scaled

KINDS: Final = Rates._fields
_SUFFIX: Final = "_per_1m"
_NEEDED: Final = ("input", "output")
_MAX_PERCENT: Final = 10_000
_TIER: Final = re.compile(r"[a-z0-9][a-z0-9_.-]{0,31}")
_MAX_ABOVE: Final = 10**9
"""No model reads a thousand million tokens; more is a mistake."""

_Given = dict[str, int]


def read_price(table: Table) -> tuple[str, Price] | None:
    """Return what is priced (`provider/model`, where `*` may stand in the model) and its price.

    None where a mistake was noted. Whether there is such a provider is not known here.
    """
    known = len(table.problems)
    name = read_model_name(table)
    usual = _sheet(table, given := _rates(table, {}))
    price = Price(
        usual.rates,
        usual.above,
        tuple(_service_tiers(table.table("service_tiers"), usual, given)),
        _money(table, "per_request", MAX_RATE),
        dated=table.where(),
    )
    table.finish()
    return None if len(table.problems) > known else (name, price)


def read_price_values(values: Mapping[str, Any], dated: str) -> Price:
    """Return the price that `values` make, in the file's words but no file's; `dated` says whose it is.

    Raises:
        InvalidValues: with everything that is wrong.
    """
    problems: list[Problem] = []
    found = read_price(Table(values, "", "", {}, problems))
    refuse_problems(problems)
    if found is None:
        raise InvalidValues([Mistake("model", "cannot be priced so")])
    return found[1]._replace(dated=dated)


def read_model_name(table: Table) -> str:
    """Return the `provider/model` that a table is about; mistakes are noted in it."""
    return f"{_needed(table, 'provider')}/{_needed(table, 'model')}"


def _needed(table: Table, key: str) -> str:
    name = table.text(key)
    if not name:
        table.problem(key, "is missing")
    return name


def _sheet(table: Table, given: _Given) -> Sheet:
    """Return the rates that were `given`, with what they become above some length."""
    above: dict[int, Rates] = {}
    for tier in table.tables("tiers"):
        tokens = tier.count("above_tokens", 0, least=1)
        if not tier.has("above_tokens"):
            tier.problem("above_tokens", "is missing")
        elif tokens in above:
            tier.problem("above_tokens", f"{tokens} stands twice in this price")
        elif tokens > _MAX_ABOVE:
            tier.problem("above_tokens", f"{tokens} is more than any request has")
        above[tokens] = rates_of(**_rates(tier, given))
        tier.finish()
    return Sheet(rates_of(**given), tuple(sorted(above.items())))


def _rates(table: Table, needed: _Given) -> _Given:
    """Read rates; `needed` are the kinds that must have one."""
    given: _Given = {}
    for kind in KINDS:
        key = f"{kind}{_SUFFIX}"
        if table.has(key):
            given[kind] = _money(table, key, MAX_RATE)
        elif kind in _NEEDED:
            table.problem(key, "is missing")
        elif kind in needed:
            table.problem(key, "is missing here, but the price has one outside of this tier")
    return {"input": 0, "output": 0, **given}


def _service_tiers(table: Table, usual: Sheet, needed: _Given) -> list[tuple[str, Sheet]]:
    tiers: list[tuple[str, Sheet]] = []
    for name in table.names():
        if name in STANDARD_TIERS or _TIER.fullmatch(name) is None:
            table.problem(name, f"{name!r} is no service tier with prices of its own", "use flex, batch, priority, …")
        tiers.append((name, _service_tier(table.table(name), usual, needed)))
    return tiers


def _service_tier(table: Table, usual: Sheet, needed: _Given) -> Sheet:
    if not table.has("percent"):
        sheet = _sheet(table, _rates(table, needed))
    else:
        percent = table.count("percent", 100)
        if percent > _MAX_PERCENT:
            table.problem("percent", f"{percent} is more than {_MAX_PERCENT}")
        for key in table.names():
            if key != "percent":
                table.problem(key, "cannot stand beside `percent`: a tier has rates of its own or a share of the usual")
        sheet = scaled(usual, percent)
    table.finish()
    return sheet


def _money(table: Table, key: str, most: int) -> int:
    """Read US dollars; return nano-dollars, 0 where it is absent or a mistake was noted."""
    value: Any = table.raw(key)
    if value is None:
        return 0
    try:
        nano = parse_usd(value)
    except ValueError as error:
        table.problem(key, str(error))
        return 0
    if not 0 <= nano <= most:
        table.problem(key, f"{value} is negative" if nano < 0 else f"{value} is more than a million dollars")
        return 0
    return nano
