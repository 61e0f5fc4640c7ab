"""`toro status`: how the server is, what one used of it lately, and what is left."""

from typing import TYPE_CHECKING, Any, Final

import click

from tokenrouter.cli.client import Server
from tokenrouter.cli.client_errors import REFUSED, ClientMistake, Refused, end
from tokenrouter.cli.client_options import asks_server, print_json
from tokenrouter.cli.opening import JSON
from tokenrouter.cli.times import length

if TYPE_CHECKING:
    from tokenrouter.cli.terminal.answers import Limit

USUAL_PERIOD_S: Final = 3600


@click.command()
@click.option("--period", metavar="TIME", help="How far back usage is summed: 1h (when left out), 8h, 7d, …")
@click.option("--period-seconds", type=click.IntRange(1), help="The same in seconds.")
@JSON
@asks_server
def status(server: Server, period: str | None, period_seconds: int | None, as_json: bool) -> None:
    """Show the server's health, providers and models, your usage, and the limits that hold you."""
    told = gather(server, _seconds(period, period_seconds))
    if as_json:
        print_json(told)
    else:
        _print(told)
    if not told["healthy"]:
        end("the server says of itself that it is not well", REFUSED)


def gather(server: Server, period_s: int) -> dict[str, Any]:
    """Return all that the key may know; what it may not is null."""
    from tokenrouter.cli.terminal.answers import ModelList, Status, read

    healthy = server.is_healthy()
    usage = server.ask("GET", f"/v1/status?period_seconds={period_s}")
    read(usage, Status)
    models = read(server.ask("GET", "/v1/models"), ModelList)
    me = if_allowed(server, "/api/v1/me")
    providers = if_allowed(server, "/api/v1/providers/status")
    return {
        "server": server.url,
        "healthy": healthy,
        "version": usage["version"],
        "key": me and {name: me.get(name) for name in ("name", "role", "user", "teams")},
        "models": len(models.data),
        "usage": usage,
        "providers": providers and providers.get("data"),
        "limits": me and me.get("limits"),
    }


def if_allowed(server: Server, path: str) -> Any:
    """Return an answer, None where the key may not have it or the server has none such (TokenRouter-Go's)."""
    try:
        told = server.ask("GET", path)
    except Refused as error:
        if error.status in (401, 403, 404, 405):
            return None
        raise
    return told if isinstance(told, dict) else None


def _seconds(period: str | None, seconds: int | None) -> int:
    from tokenrouter.cli.times import parse_end

    if period is None:
        return seconds or USUAL_PERIOD_S
    if seconds is not None:
        raise ClientMistake("--period and --period-seconds say the same; give one of them")
    try:
        return max(1, int(parse_end(period, 0.0)))
    except ValueError:
        raise ClientMistake(f"--period: {period!r} is no length of time, such as 1h or 7d") from None


def _print(told: dict[str, Any]) -> None:
    from tokenrouter.cli.terminal.answers import Limit, Me, Provider, Status, read
    from tokenrouter.cli.terminal.table import print_table
    from tokenrouter.cli.terminal.texts import count, milliseconds

    usage = read(told["usage"], Status)
    rows = [("server", told["server"]), ("health", "ok" if told["healthy"] else "NOT WELL")]
    rows.append(("version", usage.version))
    if told["key"]:
        rows.append(("key", _who(read(told["key"], Me))))
    rows.append(("models", count(told["models"])))
    rows.append(("providers", f"{usage.providers_online} of {usage.providers_available} online"))
    requests = f"{count(usage.requests)} requests, {count(usage.failed_requests)} failed"
    tokens = f"{count(usage.prompt_tokens)} tokens in, {count(usage.completion_tokens)} out"
    speed = f", {milliseconds(usage.avg_latency_ms)} on average" if usage.requests else ""
    rows.append((f"last {length(usage.period_seconds)}", f"{requests}, {tokens}{speed}"))
    _print_pairs(rows)
    if told["providers"]:
        click.echo()
        providers = read(told["providers"], list[Provider])
        print_table(
            ("PROVIDER", "STATUS", ">MODELS", ">ANSWERS IN", "PROBLEM"),
            [(p.name, p.status, count(p.model_count), milliseconds(p.response_ms), p.problem) for p in providers],
        )
    if told["limits"]:
        click.echo()
        print_table(("LIMIT", ">LEFT", ">OF", "RESETS (UTC)", "STATE"), map(_limit, read(told["limits"], list[Limit])))


def _print_pairs(pairs: list[tuple[str, str]]) -> None:
    from tokenrouter.cli.terminal.texts import plain

    width = max(len(name) for name, _ in pairs)
    for name, value in pairs:
        click.echo(f"{name.ljust(width)}  {plain(value)}")


def _who(me: Any) -> str:
    of = [f"of {me.user}"] if me.user else []
    of += [f"team {', '.join(me.teams)}"] if me.teams else []
    return ", ".join([f"{me.name} ({me.role})", *of])


def _limit(limit: "Limit") -> tuple[str, ...]:
    from tokenrouter.cli.terminal.texts import moment

    soft = "" if limit.mode == "hard" else f", {limit.mode}"
    name = f"{limit.scope} {limit.metric} {limit.window}{soft}"
    return name, _amount(limit.left), _amount(limit.allowed), moment(limit.resets_at), limit.state


def _amount(amount: int | str | None) -> str:
    return "" if amount is None else f"{amount:,}" if isinstance(amount, int) else amount
