"""`torod config show`: what the file says, or what counts and who says so; of what is secret, that it is set."""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import click

from tokenrouter.cli.comparing import compare
from tokenrouter.cli.opening import CONFIG, JSON, fail, load_settings

if TYPE_CHECKING:
    from tokenrouter.config.settings import Settings


@dataclass(frozen=True, slots=True)
class Line:
    """One value.

    Attributes:
        name: its path.
        value: for programs; a secret is `(secret)`.
        origin: `default`, a place in the file, a `$VARIABLE`, a `--flag`, `database`, or where a subject comes from.
        takes_effect: `reload`, or `restart`.
        running: what the server has, where that was asked for and is something else; None where it is the same.
    """

    name: str
    value: Any
    origin: str
    takes_effect: str = "reload"
    running: str | None = None


@click.command("show")
@click.argument("names", nargs=-1, metavar="[KEY]...")
@click.option("--effective", is_flag=True, help="Every setting that counts, defaults and what the database says too.")
@click.option("--running", is_flag=True, help="Beside it what the running server has, where that is something else.")
@JSON
@CONFIG
def show_command(names: tuple[str, ...], effective: bool, running: bool, as_json: bool, config: str | None) -> None:
    """Show what the configuration file says; only KEYs, where some are named, and what is below them.

    Each value is shown with where it comes from, and whether a running server takes it by a reload or a restart.
    """
    if running:
        lines = _beside_running(config)
    else:
        lines = list(_effective(load_settings(config)) if effective else _of_file(config))
    found = [line for line in lines if not names or any(_is_within(line.name, name) for name in names)]
    if names and not found:
        _fail_unknown(names, effective or running)
    if as_json:
        click.echo(json.dumps([asdict(line) for line in found]))
        return
    for line in found:
        click.echo(_in_words(line))
    if not found:
        click.echo("There is no configuration file, or nothing in it; `--effective` shows what counts.", err=True)


def _in_words(line: Line) -> str:
    value = line.value if line.value == "(secret)" else json.dumps(line.value, ensure_ascii=False)
    restart = ", needs a restart to change" if line.takes_effect == "restart" else ""
    has = "" if line.running is None else f"  !! the server has {line.running}"
    return f"{line.name} = {value}  ({line.origin}{restart}){has}"


def _is_within(path: str, name: str) -> bool:
    return path == name or path.startswith((f"{name}.", f"{name}["))


def _of_file(config: str | None) -> Iterator[Line]:
    """Yield what stands in the file, in its order."""
    from tokenrouter.config.file_values import file_values
    from tokenrouter.config.paths import find_paths
    from tokenrouter.config.problems import ConfigErrors
    from tokenrouter.config.restarts import needs_restart

    try:
        file = find_paths(os.environ, config).config_file
        values = () if file is None else tuple(file_values(file))
    except ConfigErrors as error:
        fail(str(error))
    for value in values:
        effect = "restart" if needs_restart(value.path) else "reload"
        yield Line(value.path, value.value, value.where, effect)


def _effective(declared: "Settings") -> Iterator[Line]:
    """Yield every setting that counts, then every subject that is declared."""
    from tokenrouter.config.differences import in_words, opened
    from tokenrouter.config.outline import SETTINGS, outline_of
    from tokenrouter.config.restarts import needs_restart
    from tokenrouter.config.shown import SECRET, shown_settings

    settings, changed = _with_database(declared)
    for one in shown_settings(settings, declared, changed):
        value = "(secret)" if one.name in SECRET and one.value else one.value
        yield Line(one.name, value, one.origin, "restart" if needs_restart(one.name) else "reload")
    for kind, subjects in outline_of(declared, b"only shown").items():
        if kind == SETTINGS:
            continue
        for name, fields in subjects.items():
            origin = _origin(kind, name, declared)
            shown = {field: opened(value) for field, value in fields.items() if in_words(value) != "nothing"}
            yield Line(f"{kind}.{name}", shown, origin)


def _origin(kind: str, name: str, settings: "Settings") -> str:
    """Return where a subject is declared."""
    tables = {"provider": "providers", "key": "incoming_tokens", "team": "teams", "user": "users"}
    if (found := settings.origins.get(f"{tables.get(kind, kind)}.{name}")) is not None:
        return found
    named: dict[tuple[str, str], str] = {
        **{("limit", one.id): one.origin for one in settings.limits},
        **{("alias", one.name): one.origin for one in settings.aliases},
        **{("price", model): price.dated for model, price in settings.prices.items()},
        **{("guardrail", one.name): one.origin for one in settings.guardrails},
        **{("hook", one.name): one.origin for one in settings.hooks},
        **{("identity provider", one.name): one.origin for one in settings.oidc},
    }
    return named.get((kind, name)) or "torod.toml"


def _with_database(declared: "Settings") -> "tuple[Settings, Mapping[str, Any]]":
    """Return the settings that count; a database that is not there, or cannot be asked, has changed none."""
    from sqlalchemy.exc import SQLAlchemyError

    from tokenrouter.config.changeable import with_changes
    from tokenrouter.config.problems import InvalidValues
    from tokenrouter.store.engine import open_store
    from tokenrouter.store.errors import StoreError
    from tokenrouter.store.prepare import find_revision
    from tokenrouter.store.settings import changed_settings

    try:
        if find_revision(declared.database_url) is None:
            return declared, {}
        store = open_store(declared.database_url)
        try:
            changed = changed_settings(store)
        finally:
            store.close()
        return with_changes(declared, changed), changed
    except (StoreError, SQLAlchemyError, InvalidValues) as error:
        click.echo(f"note: what was changed at run time is not shown: {error}", err=True)
        return declared, {}


def _beside_running(config: str | None) -> list[Line]:
    """Return what counts, with what the server has where that is something else, and what only it has."""
    from tokenrouter.config.outline import SETTINGS

    compared = compare(config)
    if compared.server is None or compared.applied is None:
        fail("no server runs here that could be asked; --effective shows what it would have")
    has: dict[str, str] = {}
    for change in compared.changes:
        name = change.name if change.kind == SETTINGS else f"{change.kind}.{change.name}"
        was = ", ".join(
            before if change.kind == SETTINGS else f"{field} {before}" for field, before, _ in change.fields
        )
        has[name] = was or ("nothing of it" if change.act == "add" else "it still")
    lines = list(_effective(compared.settings))
    known = {line.name for line in lines}
    only_there = [Line(name, None, "no longer declared", running=was) for name, was in has.items() if name not in known]
    return [*(replace(line, running=has.get(line.name)) for line in lines), *only_there]


def _fail_unknown(names: tuple[str, ...], every: bool) -> None:
    from tokenrouter.config.shown import SHOWN

    known = (*SHOWN, *(name.partition(".")[0] for name in SHOWN))
    near = [close for name in names for close in get_close_matches(name, known, n=1) if close != name]
    hint = f'; did you mean "{near[0]}"?' if near else "" if every else "; --effective shows what counts"
    fail(f"there is nothing of {', '.join(names)}{hint}")
