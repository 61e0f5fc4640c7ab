"""`torod limits`: limits of the database made, changed and removed, and any limit reset; a running server follows.

It works on the database itself, with or without a server, by the same rules as the admin API.
"""

import json
import time
from typing import TYPE_CHECKING, Any

import click

from tokenrouter.cli.opening import CONFIG, JSON, fail, open_database

if TYPE_CHECKING:
    from tokenrouter.config.settings import Settings
    from tokenrouter.domain.limits import Limit
    from tokenrouter.store.engine import Store
    from tokenrouter.store.limits import StoredLimit

MADE_BY = "command line"


@click.group()
def limits() -> None:
    """Make, change, boost and reset limits; a running server follows within a second."""


@limits.command("list")
@JSON
@CONFIG
def list_command(as_json: bool, config: str | None) -> None:
    """List the limits of the file, the environment and the database."""
    from tokenrouter.jobs.catalog_builder import unshadowed_limits

    settings, store = open_database(config)
    found = _all(settings, store)
    counting = {*settings.limits, *unshadowed_limits((one.limit for one in found), settings.limits)}
    if as_json:
        click.echo(json.dumps([_shown(one, is_shadowed=one.limit not in counting) for one in found]))
        return
    for one in found:
        note = "" if one.limit in counting else "  shadowed"
        click.echo(f"{_line(one.limit)}  from {one.limit.origin}{note}")


@limits.command("create")
@click.argument("scope")
@click.argument("metric")
@click.argument("amount")
@click.option("--window", default="lifetime", show_default=True, help="lifetime, 60s, hour, day, week, interval:1h, …")
@click.option("--mode", default="hard", show_default=True, help="hard refuses, soft only tells.")
@click.option("--tz", help="The time zone of calendar windows, such as Europe/Berlin; UTC, when left out.")
@click.option("--week-start", metavar="DAY", help="The first day of weeks; monday, when left out.")
@click.option("--carry-over", metavar="AMOUNT", help="The most that a window takes over from the one before.")
@click.option("--comment", default="", help="A note for yourself.")
@JSON
@CONFIG
def create_command(
    scope: str, metric: str, amount: str, comment: str, as_json: bool, config: str | None, **said: Any
) -> None:
    """Limit SCOPE to AMOUNT of METRIC, such as: key:alice tokens 100000 --window day."""
    from tokenrouter.domain.limit_checks import contradiction, subject_mistake
    from tokenrouter.domain.limit_text import InvalidLimit, read_limit
    from tokenrouter.store.errors import StoreError
    from tokenrouter.store.limits import create_limit

    settings, store = open_database(config)
    carry_over = said.pop("carry_over")
    values = {"scope": scope, "metric": metric, "amount": _number(amount, metric), **said}
    values["carry_over"] = None if carry_over is None else _number(carry_over, metric)
    try:
        limit = read_limit(values)
        for mistake in (subject_mistake(limit, _names(settings, store)), contradiction(limit, settings.limits)):
            if mistake is not None:
                raise InvalidLimit(mistake)
        made = create_limit(store, limit, comment=comment, now_s=time.time())
    except (InvalidLimit, StoreError) as error:
        fail(str(error).removeprefix(": "))
    _tell(settings, store, made, as_json=as_json)


@limits.command("set")
@click.argument("limit_id", metavar="ID")
@click.option("--amount", help="The new amount.")
@click.option("--carry-over", metavar="AMOUNT", help="The most that a window takes over from the one before.")
@click.option("--comment", help="A note for yourself.")
@JSON
@CONFIG
def set_command(
    limit_id: str, amount: str | None, carry_over: str | None, comment: str | None, as_json: bool, config: str | None
) -> None:
    """Change the limit ID (as `torod limits list` shows it); what was used stays used."""
    settings, store = open_database(config)
    limit = _own(settings, store, limit_id)
    said = {"amount": amount, "carry_over": carry_over}
    changes = {name: _number(text, limit.metric) for name, text in said.items() if text is not None}
    _update(settings, store, limit, changes, comment=comment, as_json=as_json)


@limits.command("boost")
@click.argument("limit_id", metavar="ID")
@click.argument("amount")
@click.option("--until", metavar="WHEN", help="12h, 7d, or a date and time; needed, unless the amount is 0.")
@click.option("--reason", default="", help="A note in the books.")
@JSON
@CONFIG
def boost_command(
    limit_id: str, amount: str, until: str | None, reason: str, as_json: bool, config: str | None
) -> None:
    """Allow AMOUNT more until a time, in place of the boost before; 0 ends that."""
    from tokenrouter.cli.times import parse_end

    settings, store = open_database(config)
    limit = _own(settings, store, limit_id)
    now_s = time.time()
    if until is None and amount != "0":
        fail("a boost ends: say --until WHEN")
    try:
        until_s = now_s if until is None else parse_end(until, now_s)
    except ValueError as error:
        fail(str(error))
    changes = {"boost": _number(amount, limit.metric), "boost_until": until_s}
    _update(settings, store, limit, changes, reason=reason, as_json=as_json)


@limits.command("remove")
@click.argument("limit_id", metavar="ID")
@CONFIG
def remove_command(limit_id: str, config: str | None) -> None:
    """Remove the limit ID; what was used stays in the books."""
    from tokenrouter.store.limits import remove_limit

    settings, store = open_database(config)
    limit = _own(settings, store, limit_id)
    remove_limit(store, limit.id)
    click.echo(f"Removed {_line(limit)}.", err=True)


@limits.command("reset")
@click.argument("limit_id", metavar="ID")
@click.option("--scope", help="One concrete scope of a template, such as key:alice; everybody, when left out.")
@click.option("--reason", default="", help="A note in the books.")
@JSON
@CONFIG
def reset_command(limit_id: str, scope: str | None, reason: str, as_json: bool, config: str | None) -> None:
    """Give back what was used of the limit ID in its window of now; limits of the file may be reset, too."""
    from tokenrouter.jobs.limit_adjustments import reset_limit
    from tokenrouter.limits.words import show

    settings, store = open_database(config)
    limit = _find(settings, store, limit_id).limit
    given_back = reset_limit(store, limit, scope, made_by=MADE_BY, reason=reason, now_s=time.time())
    if as_json:
        click.echo(json.dumps([{"scope": one, "amount": _amount(used, limit)} for one, used in given_back.items()]))
        return
    for one, used in given_back.items():
        click.echo(f"{one}: {show(used, limit.metric)} given back")
    if not given_back:
        click.echo("Nothing was used.", err=True)


def _update(
    settings: "Settings",
    store: "Store",
    limit: "Limit",
    changes: dict[str, object],
    *,
    comment: str | None = None,
    reason: str = "",
    as_json: bool,
) -> None:
    from dataclasses import replace

    from tokenrouter.domain.limit_text import InvalidLimit, limit_fields, read_limit
    from tokenrouter.store.adjustments import Adjustment
    from tokenrouter.store.limits import update_limit

    try:
        changed = replace(read_limit(limit_fields(limit) | changes), origin=limit.origin)
    except InvalidLimit as error:
        fail(str(error))
    now_us = int(time.time() * 1e6)
    written = Adjustment("boost", limit.id, limit.scope, changed.boost, now_us, now_us, MADE_BY, reason)
    updated = update_limit(store, changed, comment=comment, boosted=written if "boost" in changes else None)
    _tell(settings, store, updated, as_json=as_json)


def _tell(settings: "Settings", store: "Store", stored: "StoredLimit", *, as_json: bool) -> None:
    """Print a limit as it is now; what is odd about it goes to standard error."""
    from tokenrouter.domain.limit_checks import limit_warnings

    others = [one.limit for one in _all(settings, store)]
    warnings = limit_warnings(stored.limit, others, _names(settings, store), settings.prices, time.time())
    for warning in warnings:
        click.echo(f"warning: {stored.limit.scope}: {warning}", err=True)
    click.echo(json.dumps({**_shown(stored), "warnings": warnings}) if as_json else _line(stored.limit))


def _all(settings: "Settings", store: "Store") -> "list[StoredLimit]":
    from tokenrouter.store.limits import StoredLimit, list_limits

    return [*map(StoredLimit, settings.limits), *list_limits(store)]


def _find(settings: "Settings", store: "Store", limit_id: str) -> "StoredLimit":
    from tokenrouter.domain.limit_text import limit_handle

    found = [one for one in _all(settings, store) if limit_id in (limit_handle(one.limit.id), one.limit.id)]
    if found:
        return found[0]
    return fail(f"there is no limit {limit_id!r}; `torod limits list` shows them")


def _own(settings: "Settings", store: "Store", limit_id: str) -> "Limit":
    """Return a limit of the database; those that are declared are changed where that is."""
    limit = _find(settings, store, limit_id).limit
    if limit.origin != "database":
        fail(f"the {limit.metric} limit of {limit.scope} is declared at {limit.origin}; change it there")
    return limit


def _names(settings: "Settings", store: "Store") -> Any:
    from tokenrouter.jobs.catalog_builder import declared_key, subject_names
    from tokenrouter.store.aliases import list_aliases
    from tokenrouter.store.keys import list_keys
    from tokenrouter.store.teams import list_teams
    from tokenrouter.store.users import list_users

    return subject_names(
        settings,
        [*(declared_key(key, b"") for key in settings.keys), *list_keys(store)],
        settings.providers,
        [one.alias for one in list_aliases(store)],
        stored_users=[user.name for user in list_users(store)],
        stored_teams=[team.name for team in list_teams(store)],
    )


def _number(text: str, metric: str) -> object:
    """Return `text` as the metric's amounts are; what is no number stays, to be refused by name."""
    return int(text) if metric != "cost_usd" and text.removeprefix("-").isdecimal() else text


def _line(limit: "Limit") -> str:
    from tokenrouter.domain.limit_text import limit_handle
    from tokenrouter.limits.words import show, window_words

    extra = f" + {show(limit.boost, limit.metric)} boost" if limit.amount_at(time.time()) != limit.amount else ""
    what = f"{limit.metric} {show(limit.amount, limit.metric)}{extra} {window_words(limit.window)}"
    return f"{limit_handle(limit.id)}  {limit.scope}  {what}  {limit.mode}"


def _amount(amount: int, limit: "Limit") -> int | str:
    from tokenrouter.limits.words import show

    return show(amount, limit.metric).removeprefix("$") if limit.metric == "cost_usd" else amount


def _shown(stored: "StoredLimit", *, is_shadowed: bool = False) -> dict[str, Any]:
    from tokenrouter.domain.limit_text import limit_fields, limit_handle

    limit = stored.limit
    amounts = {name: _amount(getattr(limit, name), limit) for name in ("amount", "boost", "carry_over")}
    return {
        "id": limit_handle(limit.id),
        **limit_fields(limit),
        **amounts,
        "boost_until": _moment(limit.boost_until_s),
        "comment": stored.comment,
        "origin": limit.origin,
        "shadowed": is_shadowed,
        "created_at": _moment(stored.created_at_s),
    }


def _moment(seconds: float) -> str | None:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds)) if seconds else None
