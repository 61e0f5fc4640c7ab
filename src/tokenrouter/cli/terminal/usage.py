"""`toro usage`: requests, tokens and cost by day, model or whoever, as far as the key may see."""

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

import click

from tokenrouter.cli.client import Server
from tokenrouter.cli.client_errors import ClientMistake
from tokenrouter.cli.client_options import asks_server, print_json
from tokenrouter.cli.opening import JSON

if TYPE_CHECKING:
    from tokenrouter.cli.terminal.answers import Sums

USUAL_DAYS: Final = 30
GROUPS: Final = ("model", "provider", "key", "user", "team", "day")


@click.command()
@click.option("--days", type=click.IntRange(1, 3660), help="The last DAYS days, today included; 30, when left out.")
@click.option("--from", "since", metavar="DAY", help="The first day instead (UTC), such as 2026-11-01.")
@click.option("--to", "until", metavar="DAY", help="The last day; today, when left out.")
@click.option("--by", type=click.Choice(GROUPS), default="model", show_default=True, help="What it is summed by.")
@JSON
@asks_server
def usage(server: Server, days: int | None, since: str | None, until: str | None, by: str, as_json: bool) -> None:
    """Show what was used and what it cost."""
    from tokenrouter.cli.terminal.answers import read

    first, last = _days(days, since, until)
    question = {"by": by, "from": first, "to": last}
    path = "/api/v1/usage?" + urlencode({name: day for name, day in question.items() if day})
    told = read(server.ask("GET", path), dict[str, Any])
    if as_json:
        print_json({"from": str(first), "to": str(last) if last else None, **told})
        return
    _print(told, by, f"from {first} to {last or 'today'} (UTC)")


def _days(days: int | None, since: str | None, until: str | None) -> tuple[date, date | None]:
    if days is not None and since:
        raise ClientMistake("--days and --from say both when it begins; give one of them")
    last = _day("--to", until) if until else None
    usual = _before(last or datetime.now(UTC).date(), (days or USUAL_DAYS) - 1)
    first = _day("--from", since) if since else usual
    if last is not None and last < first:
        raise ClientMistake(f"--to: {last} is before {first}")
    return first, last


def _before(day: date, days: int) -> date:
    try:
        return day - timedelta(days=days)
    except OverflowError:
        return date.min


def _day(option: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ClientMistake(f"{option}: {text!r} is no day, such as 2026-11-01") from None


def _print(told: object, by: str, period: str) -> None:
    from tokenrouter.cli.terminal.answers import Usage, read
    from tokenrouter.cli.terminal.table import print_table

    found = read(told, Usage)
    if not found.groups:
        click.echo(f"nothing was used {period}", err=True)
        return
    columns = (by.upper(), ">REQUESTS", ">FAILED", ">TOKENS IN", ">CACHED", ">TOKENS OUT", ">COST", ">WITHOUT PRICE")
    rows = [_row(group.name or group.key_id or "(none)", group) for group in found.groups]
    print_table(columns, [*rows, _row("total", found.total)], last_is_total=True)
    click.echo(f"\n{period}")


def _row(name: str, sums: "Sums") -> tuple[str, ...]:
    from tokenrouter.cli.terminal.texts import count, dollars

    amounts = (sums.requests, sums.failed, sums.input_tokens, sums.cached_input_tokens, sums.output_tokens)
    unpriced = count(sums.unpriced_requests) if sums.unpriced_requests else ""
    return name, *map(count, amounts), dollars(sums.cost_usd), unpriced
