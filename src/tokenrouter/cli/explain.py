"""`toro explain`: where a request would go and why, for people to read."""

import json
from collections.abc import Iterator, Sequence
from typing import Any, Final

import click

from tokenrouter.cli.client import Server
from tokenrouter.cli.client_errors import MISTAKE, REFUSED, NoAnswer, Refused, end
from tokenrouter.cli.client_options import asks_server, print_json
from tokenrouter.cli.opening import JSON
from tokenrouter.cli.terminal.texts import plain

PATH: Final = "/v1/route/explain"


@click.command()
@click.argument("model", required=False)
@click.option(
    "--file", "file", type=click.File("r", encoding="utf-8"), help="The request as JSON; - is standard input."
)
@click.option("--operation", metavar="NAME", help="Whose request it is: chat (when left out), messages, responses, ….")
@click.option("--input-tokens", type=click.IntRange(0), help="How long the request is, where there is none yet.")
@click.option("--output-tokens", type=click.IntRange(0), help="How long its answer is expected to be.")
@click.option("--stream", is_flag=True, help="The answer is to be streamed.")
@click.option("--as", "as_key", metavar="KEY", help="Name of another key that would ask; for admins.")
@JSON
@asks_server
def explain(
    server: Server,
    model: str | None,
    file: Any,
    operation: str | None,
    input_tokens: int | None,
    output_tokens: int | None,
    stream: bool,
    as_key: str | None,
    as_json: bool,
) -> None:
    """Say where a request for MODEL would go, why not elsewhere, and what it would cost. Nobody is asked."""
    question: dict[str, Any] = _read(file) if file is not None else {}
    said = {
        "model": model,
        "operation": operation,
        "input_tokens": input_tokens,
        "output_tokens": output_tokens,
        "key": as_key,
        "stream": stream or None,
    }
    question |= {name: value for name, value in said.items() if value is not None}
    if "model" not in question and "models" not in question:
        end("name a MODEL, or a --file that names one", MISTAKE)
    try:
        told = server.ask("POST", PATH, question)
    except Refused as error:
        if error.status == 401:  # which is about whoever asks, not about what is asked
            raise
        end(f"the request would be refused: {error}", REFUSED)
    if as_json:
        print_json(told)
        return
    try:
        lines = list(_lines(told))
    except (LookupError, TypeError, ValueError, AttributeError):
        raise NoAnswer(
            "the server's answer is not what toro expects; is it a TokenRouter, and not much older or newer?"
        ) from None
    click.echo(plain("\n".join(lines)))


def _read(file: Any) -> dict[str, Any]:
    try:
        question: object = json.load(file)
    except (ValueError, RecursionError) as error:
        end(f"{file.name}: is no JSON: {error}", MISTAKE)
    if not isinstance(question, dict):
        end(f"{file.name}: is no JSON object", MISTAKE)
    return question


def _lines(told: dict[str, Any]) -> Iterator[str]:
    """Yield what a person reads of an explanation."""
    yield f"{told['model']}, asked by {told['key']} ({told['operation']}{', streamed' if told['stream'] else ''})"
    yield f"found by {_how(told['decision'])}"
    yield ""
    places = told["places"]
    yield from _table([(str(number), *_place(place)) for number, place in enumerate(places, 1)])
    if told["left_out"]:
        yield from ("", "not asked:")
        yield from _table([("", one["target"], one["reason"]) for one in told["left_out"]])
    yield from _lost(places, told["unheard"])
    if told["limits"]:
        yield from ("", "limits:")
        yield from _table([_limit(limit) for limit in told["limits"]])


def _how(decision: dict[str, Any]) -> str:
    words = {
        "alias": "an alias",
        "prefix": "its prefix",
        "default_provider": "default_provider",
        "listed": "the only provider that lists it",
        "first_provider": "nobody lists it: the first provider",
        "request": "what the request wishes",
    }
    how = [words.get(decision["by"], decision["by"])]
    how += [f"profile {decision['profile']}"] if "profile" in decision else []
    how += [str(decision["selection"])] if "selection" in decision else []
    return ", ".join(how)


def _place(place: dict[str, Any]) -> tuple[str, str, str]:
    health, estimate = place["health"], place["estimate"] or {}
    state = health["state"]
    if "reason" in health:
        state += f" {health['for_s']:.0f} s ({health['reason']})" if health["for_s"] else f" ({health['reason']})"
    if health.get("provider", "unknown") not in ("unknown", "online"):
        state += f", {health['provider']}"
    return place["target"], state, _cost(estimate)


def _cost(estimate: dict[str, Any]) -> str:
    if not estimate:
        return ""
    if "cost_usd" not in estimate:
        return "no price known"
    low, high = estimate["cost_usd"]["low"], estimate["cost_usd"]["high"]
    return f"about ${_short(low)}, at most {'no bound' if high is None else '$' + _short(high)}"


def _short(dollars: str) -> str:
    """Return dollars without zeros at the end, but with the cents."""
    whole, _, rest = dollars.partition(".")
    return f"{whole}.{rest.rstrip('0').ljust(2, '0')}"


def _lost(places: Sequence[dict[str, Any]], unheard: Sequence[str]) -> Iterator[str]:
    rows = [("", place["target"], f"refuses the request: {place['refused']}") for place in places if "refused" in place]
    for fate in ("dropped", "emulated"):
        rows += [("", place["target"], f"{fate}: {', '.join(place[fate])}") for place in places if place.get(fate)]
    rows += [("", "everywhere", f"dropped: {', '.join(unheard)}")] if unheard else []
    if rows:
        yield from ("", "lost on the way:", *_table(rows))


def _limit(limit: dict[str, Any]) -> tuple[str, ...]:
    left = f"{limit['left']} of {limit['amount']} left"
    resets = limit["resets_in_s"]
    when = "" if resets is None else f"starts anew in {resets:.0f} s"
    return "", limit["scope"], f"{limit['metric']} {limit['window']}", left, when


def _table(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    """Yield rows with their columns below each other."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for first, *others in rows:
        cells = [first.rjust(widths[0]), *(cell.ljust(width) for cell, width in zip(others, widths[1:], strict=True))]
        yield "  ".join(cells).rstrip()
