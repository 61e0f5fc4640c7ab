"""`torod aliases` and `torod profile`: names for models, and which of their targets count; a running server follows.

They work on the database itself, with or without a server, by the same rules as the admin API.
"""

import json
import time
from typing import TYPE_CHECKING, Any

import click

from tokenrouter.cli.alias_conduct import conduct_options
from tokenrouter.cli.opening import CONFIG, JSON, fail, open_database

if TYPE_CHECKING:
    from tokenrouter.config.settings import Settings
    from tokenrouter.domain.aliases import Alias
    from tokenrouter.store.aliases import StoredAlias
    from tokenrouter.store.engine import Store

SCOPE = click.option("--scope", default="global", show_default=True, help="Whose it is: global, team:NAME, user:NAME.")


@click.group()
def aliases() -> None:
    """Make, change and remove names for models; a running server follows within a second."""


@aliases.command("list")
@JSON
@CONFIG
def list_command(as_json: bool, config: str | None) -> None:
    """List the aliases of the file and the database."""
    settings, store = open_database(config)
    found = _all(settings, store)
    if as_json:
        click.echo(json.dumps([_shown(one, settings) for one in found]))
        return
    for one in found:
        note = "  shadowed" if _is_shadowed(one.alias, settings) else ""
        click.echo(f"{_line(one.alias)}  from {one.alias.origin}{note}")


@aliases.command("set")
@click.argument("name")
@click.argument("targets", nargs=-1, required=True, metavar="TARGET...")
@SCOPE
@click.option("--weights", metavar="N,N,…", help="One for each target: choose by weight, not the first usable one.")
@click.option("--fallback", default="", metavar="TARGET", help="Where to go when no target can be used.")
@click.option("--light-model", default="", metavar="TARGET", help="Where short requests go.")
@click.option("--light-threshold", type=int, metavar="TOKENS", help="Which are short: fewer estimated tokens; 100.")
@click.option("--comment", default="", help="A note for yourself.")
@conduct_options
@JSON
@CONFIG
def set_command(
    name: str,
    targets: tuple[str, ...],
    weights: str | None,
    light_threshold: int | None,
    light_model: str,
    comment: str,
    as_json: bool,
    config: str | None,
    **said: object,
) -> None:
    """Let NAME lead to TARGET, which is PROVIDER/MODEL, another alias, or PROFILE=TARGET for one profile.

    Of several targets the first usable one counts. An alias of the database that is there is replaced.
    """
    from tokenrouter.domain.alias_text import InvalidAlias, read_alias
    from tokenrouter.store.errors import StoreError

    settings, store = open_database(config)
    values: dict[str, object] = {"name": name, "targets": _targets(targets, weights), **said}
    values |= {"use_light_model": bool(light_model), "light_model": light_model}
    values["light_model_threshold"] = light_threshold
    try:
        alias = read_alias(values)
        _refuse_declared(settings, alias.scope, name)
        stored = _keep(settings, store, alias, comment)
    except (InvalidAlias, StoreError) as error:
        fail(str(error))
    click.echo(json.dumps(_shown(stored, settings)) if as_json else _line(stored.alias))


@aliases.command("remove")
@click.argument("name")
@SCOPE
@CONFIG
def remove_command(name: str, scope: str, config: str | None) -> None:
    """Remove the alias NAME, to which no other leads."""
    from tokenrouter.domain.aliases import Alias
    from tokenrouter.jobs.alias_changes import alias_check
    from tokenrouter.store.aliases import remove_alias
    from tokenrouter.store.errors import StoreError

    settings, store = open_database(config)
    _refuse_declared(settings, scope, name)
    try:
        gone = remove_alias(store, Alias(name, (), scope), alias_check(settings, None))
    except StoreError as error:
        fail(str(error))
    click.echo(f"Removed {_line(gone.alias)}.", err=True)


@click.group()
def profile() -> None:
    """Which targets of the aliases count; a running server follows within a second."""


@profile.command("show")
@JSON
@CONFIG
def show_command(as_json: bool, config: str | None) -> None:
    """Show the profile that counts, and those that there are."""
    from tokenrouter.domain.aliases import DEFAULT_PROFILE
    from tokenrouter.store.aliases import chosen_profile

    settings, store = open_database(config)
    chosen, declared = chosen_profile(store), settings.active_model_profile or DEFAULT_PROFILE
    known = _profiles(settings, store)
    if as_json:
        value = {"value": chosen or declared, "declared": declared, "overridden": bool(chosen), "profiles": known}
        click.echo(json.dumps(value))
        return
    note = f"  instead of {declared!r}, which the configuration says" if chosen else ""
    click.echo(f"{chosen or declared}{note}")
    click.echo(f"profiles: {', '.join(known)}")


@profile.command("use")
@click.argument("name")
@CONFIG
def use_command(name: str, config: str | None) -> None:
    """Let the profile NAME count from now on, whatever the configuration says."""
    from tokenrouter.domain.limit_text import suggestion
    from tokenrouter.store.aliases import choose_profile

    settings, store = open_database(config)
    known = _profiles(settings, store)
    if name not in known:
        fail(f"no alias has a profile {name!r}; {suggestion(name, tuple(known))}")
    choose_profile(store, name)
    click.echo(f"The profile {name!r} counts.", err=True)


@profile.command("reset")
@CONFIG
def reset_command(config: str | None) -> None:
    """Let the profile of the configuration count again."""
    from tokenrouter.store.aliases import choose_profile

    _, store = open_database(config)
    choose_profile(store, "")
    click.echo("The profile of the configuration counts.", err=True)


def _targets(texts: tuple[str, ...], weights: str | None) -> list[dict[str, object]]:
    """Read `PROFILE=TARGET`; a `=` after a slash is the model's own."""
    numbers = [int(number) if number.strip().isdecimal() else None for number in weights.split(",")] if weights else []
    if weights and (len(numbers) != len(texts) or None in numbers):
        fail(f"--weights must be {len(texts)} whole numbers, one for each target, such as 3,1")
    found: list[dict[str, object]] = []
    for text, weight in zip(texts, numbers or [None] * len(texts), strict=True):
        before, equals, after = text.partition("=")
        has_profile = bool(equals) and "/" not in before
        found.append(
            {
                "target": after if has_profile else text,
                "profile": before if has_profile else None,
                "weight": weight,
            }
        )
    return found


def _keep(settings: "Settings", store: "Store", alias: "Alias", comment: str) -> "StoredAlias":
    from tokenrouter.jobs.alias_changes import alias_check
    from tokenrouter.store.aliases import create_alias, list_aliases, update_alias

    check = alias_check(settings, alias)
    known = [(one.alias.scope, one.alias.name) for one in list_aliases(store)]
    if (alias.scope, alias.name) in known:
        return update_alias(store, alias, check, comment=comment or None)
    return create_alias(store, alias, check, comment=comment, now_s=time.time())


def _all(settings: "Settings", store: "Store") -> "list[StoredAlias]":
    from tokenrouter.store.aliases import StoredAlias, list_aliases

    return [*map(StoredAlias, settings.aliases), *list_aliases(store)]


def _profiles(settings: "Settings", store: "Store") -> list[str]:
    from tokenrouter.domain.aliases import profiles_of

    return list(profiles_of(one.alias for one in _all(settings, store)))


def _refuse_declared(settings: "Settings", scope: str, name: str) -> None:
    for one in settings.aliases:
        if (one.scope, one.name) == (scope, name):
            fail(f"the alias {name!r} of {scope} is declared at {one.origin}; change it there")


def _is_shadowed(alias: "Alias", settings: "Settings") -> bool:
    places = [(one.scope, one.name) for one in settings.aliases]
    return alias.origin == "database" and (alias.scope, alias.name) in places


def _line(alias: "Alias") -> str:
    from tokenrouter.domain.aliases import DEFAULT_PROFILE
    from tokenrouter.domain.conduct_text import said_of

    is_weighted = alias.selection == "weighted"
    shown = [
        ("" if target.profile == DEFAULT_PROFILE else f"{target.profile}=")
        + target.name
        + (f" ({target.weight})" if is_weighted else "")
        for target in alias.targets
    ]
    more = [f"else {alias.fallback}"] if alias.fallback else []
    if alias.use_light_model:
        more.append(f"below {alias.light_model_threshold} tokens {alias.light_model}")
    more += [f"{name}={value}" for name, value in said_of(alias.conduct).items()]
    return "  ".join([alias.name, alias.scope, ", ".join(shown), *more])


def _shown(stored: "StoredAlias", settings: "Settings") -> dict[str, Any]:
    from tokenrouter.domain.alias_text import alias_fields

    return {
        **alias_fields(stored.alias),
        "comment": stored.comment,
        "origin": stored.alias.origin,
        "shadowed": _is_shadowed(stored.alias, settings),
    }
