"""`toro keys`: keys made, shown and ended over the server's API, as far as one's own key may."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import click

from tokenrouter.cli.client import Server
from tokenrouter.cli.client_errors import ClientMistake, Refused
from tokenrouter.cli.client_options import asks_server, print_json
from tokenrouter.cli.opening import JSON
from tokenrouter.cli.times import parse_end

if TYPE_CHECKING:
    from tokenrouter.cli.terminal.answers import Key

PATH = "/api/v1/keys"


@click.group()
def keys() -> None:
    """Make, list and revoke keys: an admin all, others those of their own and below."""


@keys.command("list")
@click.option("--search", metavar="TEXT", help="Words in name, hint, user, team or comment.")
@JSON
@asks_server
def list_command(server: Server, search: str | None, as_json: bool) -> None:
    """List the keys that you may see, without the keys themselves."""
    from tokenrouter.cli.terminal.answers import Key, read, rows
    from tokenrouter.cli.terminal.table import print_table

    found = list(rows(server, PATH, q=search))
    if as_json:
        print_json(found)
        return
    columns = ("NAME", "ROLE", "HINT", "TEAM", "USER", "ENDS (UTC)", "STATE")
    print_table(columns, map(_row, read(found, list[Key])))


@keys.command("create")
@click.argument("name")
@click.option("--role", type=click.Choice(["inferrer", "keymaster", "admin"]), help="inferrer, when left out.")
@click.option("--expires", metavar="WHEN", help="30d, 12h, or a date and time.")
@click.option("--team", help="The team that its use is charged to.")
@click.option("--user", help="The person that its use is charged to.")
@click.option("--parent", metavar="NAME", help="The key it descends from; your own, unless you may choose.")
@click.option("--allow", "allowed_models", metavar="PATTERN", multiple=True, help="A model it may use; repeatable.")
@click.option("--from", "allowed_ips", metavar="NETWORK", multiple=True, help="Where it may be used from; repeatable.")
@click.option("--comment", help="A note for yourself.")
@JSON
@asks_server
def create_command(server: Server, /, name: str, expires: str | None, as_json: bool, **said: Any) -> None:
    """Make the key NAME and print it, and nothing else, on standard output. It is shown this once."""
    _refuse_empty(name)
    wanted = {"name": name, "expires_at": _end(expires), **said}
    _print_made(server.ask("POST", PATH, {field: value for field, value in wanted.items() if value}), as_json)


@keys.command("show")
@click.argument("name")
@JSON
@asks_server
def show_command(server: Server, name: str, as_json: bool) -> None:
    """Show the key NAME (or with that id), all but the key itself."""
    from tokenrouter.cli.terminal.answers import read
    from tokenrouter.cli.terminal.texts import plain

    told = read(_ask(server, "GET", name), dict[str, Any])
    if as_json:
        print_json(told)
        return
    for field, value in told.items():
        if value not in (None, "", [], {}):
            text = "yes" if value is True else "no" if value is False else value
            words = ", ".join(map(str, text)) if isinstance(text, list) else str(text)
            click.echo(plain(f"{field}: {words}"))


@keys.command("rotate")
@click.argument("name")
@click.option("--overlap", metavar="TIME", default="24h", show_default=True, help="How long the old key stays good.")
@JSON
@asks_server
def rotate_command(server: Server, name: str, overlap: str, as_json: bool) -> None:
    """Put a new key in the place of the key NAME (or with that id), and print it; all else of it stays."""
    try:
        overlap_s = 0.0 if overlap in ("0", "0s") else parse_end(overlap, 0.0)
    except ValueError:
        raise ClientMistake(f"--overlap: {overlap!r} is no length of time, such as 24h or 0s") from None
    _print_made(_ask(server, "POST", name, "/rotate", {"overlap_s": overlap_s}), as_json)


@keys.command("revoke")
@click.argument("name")
@JSON
@asks_server
def revoke_command(server: Server, name: str, as_json: bool) -> None:
    """End the key NAME (or with that id) and every key below it."""
    from tokenrouter.cli.terminal.answers import Key, Page, read

    told = _ask(server, "DELETE", name)
    if as_json:
        print_json(told)
        return
    ended = read(read(told, Page).data, list[Key])
    click.echo("Revoked " + ", ".join(repr(key.name) for key in ended) + ".", err=True)


def _switch(word: str, enabled: bool) -> Callable[..., None]:
    @click.argument("name")
    @JSON
    @asks_server
    def switch(server: Server, name: str, as_json: bool) -> None:
        told = _ask(server, "PATCH", name, body={"enabled": enabled})
        if as_json:
            print_json(told)
        else:
            click.echo(f"The key {name!r} is {word}d.", err=True)

    return switch


keys.command("enable", help="Let the key NAME (or with that id) be used again.")(_switch("enable", True))
keys.command("disable", help="Let the key NAME (or with that id), and all below it, rest.")(_switch("disable", False))


def _path(server: Server, name: str) -> str:
    """Return where a key is; one whose name would end a part of a path is found by its id."""
    from tokenrouter.cli.terminal.answers import Key, read, rows

    _refuse_empty(name)
    if "/" in name or name in (".", ".."):
        found = read(list(rows(server, PATH, q=name)), list[Key])
        called = [key.id for key in found if key.name == name]
        if not called:
            raise _unknown(name)
        name = called[0]
    return f"{PATH}/{quote(name, safe='')}"


def _ask(server: Server, method: str, name: str, action: str = "", body: object = None) -> Any:
    """Ask something of the key NAME (or with that id).

    Raises:
        ClientMistake, NoAnswer, Refused: as everywhere.
    """
    path = _path(server, name)
    try:
        return server.ask(method, f"{path}{action}", body)
    except Refused as error:
        if error.status == 404:
            raise _unknown(name) from None
        raise


def _refuse_empty(name: str) -> None:
    if not name:
        raise ClientMistake("the key's name is empty")


def _unknown(name: str) -> Refused:
    return Refused(404, f"there is no key named {name!r}; `toro keys list` shows them")


def _end(expires: str | None) -> str | None:
    """Return the moment that was meant as the API wants it."""
    if expires is None:
        return None
    now_s = datetime.now(UTC).timestamp()
    try:
        return datetime.fromtimestamp(parse_end(expires, now_s), UTC).isoformat()
    except ValueError as error:
        raise ClientMistake(f"--expires: {error}") from None


def _print_made(told: Any, as_json: bool) -> None:
    from tokenrouter.cli.terminal.answers import MadeKey, read
    from tokenrouter.cli.terminal.texts import plain

    made = read(told, MadeKey)
    if as_json:
        print_json(told)
        return
    ends = f", ends {made.expires_at}" if made.expires_at else ""
    click.echo(plain(f"The key {made.name!r} ({made.role}{ends}) is shown only now:"), err=True)
    click.echo(plain(made.key))


def _row(key: "Key") -> tuple[str, ...]:
    from tokenrouter.cli.terminal.texts import moment

    state = [] if key.enabled else ["disabled"]
    state += ["temporary"] if key.temporary else []
    state += ["suspended"] if key.suspended else []
    return key.name, key.role, key.hint, key.team, key.user, moment(key.expires_at), ", ".join(state)
