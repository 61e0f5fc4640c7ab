"""`torod keys`: API keys of the database made, shown and revoked; those of the file are shown with them.

It works on the database itself, with or without a server, by the same rules as the admin API.
"""

import json
import time
from typing import TYPE_CHECKING, Any

import click

from tokenrouter.cli.opening import CONFIG, JSON, fail, open_database

if TYPE_CHECKING:
    from tokenrouter.config.settings import Settings
    from tokenrouter.domain.catalog import Key
    from tokenrouter.store.engine import Store


@click.group()
def keys() -> None:
    """Make, list and revoke API keys; a running server follows within a second."""


@keys.command("create")
@click.argument("name")
@click.option("--role", type=click.Choice(["inferrer", "keymaster", "admin"]), default="inferrer", show_default=True)
@click.option("--expires", metavar="WHEN", help="30d, 12h, or a date and time; never, when left out.")
@click.option("--team", default="", help="The team that its use is charged to.")
@click.option("--user", default="", help="The person that its use is charged to.")
@click.option("--parent", metavar="NAME", help="The key it descends from.")
@click.option("--allow", metavar="PATTERN", multiple=True, help="A model it may use, such as 'lab/*'; repeatable.")
@click.option("--passthrough", is_flag=True, help="It may ask providers raw, on their `passthrough_paths`.")
@click.option("--unpriced", type=click.Choice(["allow", "deny"]), help="Models without a price.")
@click.option("--allow-unpriced", is_flag=True, help="Models without a price, even under a hard limit of costs.")
@click.option("--clamp/--no-clamp", default=True, help="Shorten answers to fit hard limits (default), or refuse.")
@click.option(
    "--unbounded-input",
    type=click.Choice(["allow", "deny"]),
    help="Under hard limits: files by URL or id, the provider's own tools, …",
)
@click.option("--cache", type=click.Choice(["off", "read", "on"]), help="Answers kept for the team: off, read, or on.")
@click.option("--from", "allowed_ips", metavar="NETWORK", multiple=True, help="Where it may be used from; repeatable.")
@click.option("--comment", default="", help="A note for yourself.")
@JSON
@CONFIG
def create_command(
    parent: str | None, allow: tuple[str, ...], expires: str | None, as_json: bool, config: str | None, **said: Any
) -> None:
    """Make the key NAME and print it, and nothing else, on standard output. It is shown this once."""
    from tokenrouter.cli.times import parse_end
    from tokenrouter.store.errors import StoreError
    from tokenrouter.store.keys import KeyRequest, create_key

    settings, store = open_database(config)
    now_s = time.time()
    try:
        request = KeyRequest(
            parent=_parent(settings, store, parent),
            allowed_models=allow,
            expires_at_s=parse_end(expires, now_s) if expires else None,
            **{name: value for name, value in said.items() if value is not None},
        )
        made = create_key(store, request, pepper=_pepper(settings), now_s=now_s)
    except (StoreError, ValueError) as error:
        fail(str(error))
    if as_json:
        click.echo(json.dumps({**_shown(made.stored), "key": made.key}))
        return
    click.echo(f"Made the key {made.stored.name!r} ({made.stored.role}); it is shown only now:", err=True)
    click.echo(made.key)


@keys.command("list")
@JSON
@CONFIG
def list_command(as_json: bool, config: str | None) -> None:
    """List the keys of the file and of the database, without the keys themselves."""
    settings, store = open_database(config)
    found = _all(settings, store)
    if as_json:
        click.echo(json.dumps([_shown(key) for key in found]))
        return
    for key in found:
        end = _moment(key.expires_at_s) or "never ends"
        state = "" if key.enabled else "  disabled"
        click.echo(f"{key.name}  {key.role}  {key.hint}  {end}  from {key.origin}{state}{_policies(key)}")


@keys.command("show")
@click.argument("name")
@JSON
@CONFIG
def show_command(name: str, as_json: bool, config: str | None) -> None:
    """Show the key NAME (or with that id), all but the key itself."""
    settings, store = open_database(config)
    found = _all(settings, store)
    key = next((key for key in found if key.id == name), None) or next((k for k in found if k.name == name), None)
    if key is None:
        fail(f"there is no key named {name!r}; `torod keys list` shows them")
    if as_json:
        click.echo(json.dumps(_shown(key)))
        return
    for field, value in _shown(key).items():
        click.echo(f"{field}: {_text(value)}")


@keys.command("rotate")
@click.argument("name")
@click.option(
    "--overlap", metavar="TIME", default="24h", show_default=True, help="How long the old key stays good; 0s ends it."
)
@CONFIG
def rotate_command(name: str, overlap: str, config: str | None) -> None:
    """Put a new key in the place of the key NAME (or with that id), and print it; all else of it stays."""
    from tokenrouter.cli.times import parse_end
    from tokenrouter.store.errors import StoreError
    from tokenrouter.store.keys import rotate_key

    settings, store = open_database(config)
    now_s = time.time()
    try:
        overlap_s = 0.0 if overlap in ("0", "0s") else parse_end(overlap, now_s) - now_s
        made = rotate_key(store, name, overlap_s=overlap_s, pepper=_pepper(settings), now_s=now_s)
    except (StoreError, ValueError) as error:
        fail(str(error))
    click.echo(f"The new key of {made.stored.name!r} is shown only now; the old one ends {overlap} from now:", err=True)
    click.echo(made.key)


@keys.command("revoke")
@click.argument("name")
@CONFIG
def revoke_command(name: str, config: str | None) -> None:
    """End the key NAME (or with that id) and every key below it."""
    from tokenrouter.store.errors import StoreError
    from tokenrouter.store.keys import revoke_key

    settings, store = open_database(config)
    if any(name in (key.name, key.id) for key in settings.keys):
        where = settings.origins.get(f"incoming_tokens.{name}", str(settings.paths.config_file))
        fail(f"the key {name!r} is declared in {where}; remove it there and run `torod serve` with SIGHUP")
    try:
        ended = revoke_key(store, name)
    except StoreError as error:
        fail(str(error))
    click.echo("Revoked " + ", ".join(repr(key.name) for key in ended) + ".", err=True)


def _all(settings: "Settings", store: "Store") -> list["Key"]:
    from tokenrouter.jobs.catalog_builder import declared_key
    from tokenrouter.store.keys import list_keys

    pepper = _pepper(settings)
    return [*(declared_key(key, pepper) for key in settings.keys), *list_keys(store)]


def _parent(settings: "Settings", store: "Store", name: str | None) -> "Key | None":
    """Return the parent key, from the database or from the file."""
    from tokenrouter.jobs.catalog_builder import declared_key
    from tokenrouter.store.keys import find_key

    if name is None:
        return None
    declared = [declared_key(key, _pepper(settings)) for key in settings.keys if name in (key.name, key.id)]
    return declared[0] if declared else find_key(store, name)


def _pepper(settings: "Settings") -> bytes:
    from tokenrouter.config.keyfile import load_or_create_secret, pepper

    return pepper(load_or_create_secret(settings))


def _policies(key: "Key") -> str:
    """Return what a key says for itself, as its fields are called."""
    said = {
        "passthrough": key.passthrough,
        f"unpriced = {key.unpriced}": key.unpriced,
        "allow_unpriced": key.allow_unpriced,
        "clamp = false": not key.clamp,
        f"unbounded_input = {key.unbounded_input}": key.unbounded_input,
        f"cache = {key.cache}": key.cache,
        f"from {', '.join(key.allowed_ips)}": key.allowed_ips,
        "temporary": key.temporary,
        "suspended": key.suspended,
    }
    return "".join(f"  {words}" for words, applies in said.items() if applies)


def _shown(key: "Key") -> dict[str, Any]:
    return {
        "id": key.id,
        "name": key.name,
        "role": key.role,
        "origin": key.origin,
        "parent_id": key.parent_id,
        "team": key.team,
        "user": key.user,
        "allowed_models": list(key.allowed_models),
        "created_at": _moment(key.created_at_s or None),
        "expires_at": _moment(key.expires_at_s),
        "enabled": key.enabled,
        "hint": key.hint,
        "comment": key.comment,
        "passthrough": key.passthrough,
        "unpriced": key.unpriced,
        "allow_unpriced": key.allow_unpriced,
        "clamp": key.clamp,
        "unbounded_input": key.unbounded_input,
        "cache": key.cache,
        "allowed_ips": list(key.allowed_ips),
        "temporary": key.temporary,
        "heartbeat": key.heartbeat,
        "suspended": key.suspended,
        "previous_until": _moment(key.previous_until_s),
    }


def _text(value: Any) -> str:
    """Return a field's value as people read it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(value) or "-"
    return str(value) if value else "-"


def _moment(seconds: float | None) -> str | None:
    if seconds is None:
        return None
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
