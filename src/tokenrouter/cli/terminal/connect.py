"""`toro connect` and `toro set-key`: which server and which key, asked for, tried, and kept in `toro.toml`."""

import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import click

from tokenrouter.cli.client import DEFAULT_URL, Server, server_at
from tokenrouter.cli.client_errors import ClientMistake, NoAnswer, Refused, explained
from tokenrouter.cli.client_file import client_file, read_client_file, write_client_file
from tokenrouter.cli.client_options import CA_FILE, KEY, URL, has_terminal, print_json, typed_key, watched
from tokenrouter.cli.opening import JSON, counted

if TYPE_CHECKING:
    from tokenrouter.cli.terminal.introduction import Introduction

CLEAR: Final = "-"


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be kept; "" is what is not in the file."""

    url: str
    key: str
    ca_file: str

    def server(self) -> Server:
        """Return the server that this names.

        Raises:
            ClientMistake: it names none.
        """
        return server_at(self.url or DEFAULT_URL, self.key, self.ca_file)

    def at(self, url: str) -> "Wish":
        """Return what is to be kept for `url`: a key and a certificate stay with the server that they are for.

        Raises:
            ClientMistake: it is no address.
        """
        meant = server_at(url or DEFAULT_URL, "").url
        try:
            same = server_at(self.url or DEFAULT_URL, "").url == meant
        except ClientMistake:
            same = False
        return replace(self, url=url and meant) if same else Wish(url and meant, "", "")


@click.command()
@click.option("--server-config", metavar="PATH", help="A torod.toml whose address and key are proposed.")
@URL
@KEY
@CA_FILE
@click.option("--no-check", is_flag=True, help="Keep it without asking the server.")
@JSON
def connect(
    server_config: str | None, url: str | None, key: str | None, ca_file: str | None, no_check: bool, as_json: bool
) -> None:
    """Choose the server and the key that toro uses, try them, and keep them in toro.toml.

    On a terminal it asks for what no flag says: Enter keeps what is proposed, - clears it. What is proposed comes from
    toro.toml, or from this machine's torod.toml.
    """
    file = client_file(os.environ)
    key = typed_key(key)
    asks = has_terminal() and not as_json and (url is None or key is None)
    wish = _proposed(read_client_file(file), server_config)
    if url is not None or asks:
        wish = wish.at(_asked_url(wish.url) if url is None else url)
    if ca_file is not None:
        wish = replace(wish, ca_file=os.path.abspath(os.path.expanduser(ca_file)) if ca_file else "")
    if key is not None or asks:
        wish = replace(wish, key=_asked_key(wish.key) if key is None else key)
    known = None if no_check else _checked(watched(wish.server(), quietly=as_json), may_keep_anyway=asks)
    write_client_file(file, {"server_url": wish.url, "api_key": wish.key, "ca_file": wish.ca_file})
    if as_json:
        print_json(_told(wish, known, str(file)))
        return
    if known is not None:
        click.echo(_sentence(wish, known))
    click.echo(f"Saved in {file}.", err=True)


@click.command("set-key")
@click.argument("key", required=False)
def set_key(key: str | None) -> None:
    """Keep another KEY in toro.toml; - reads it from standard input, and without one it is asked for, unseen."""
    file = client_file(os.environ)
    if key is None:
        key = click.prompt("API key", hide_input=True) if has_terminal() else CLEAR
    key = (typed_key(key) or "").strip()
    if not key:
        raise ClientMistake('no key was given; `toro connect --key ""` takes the one that is kept out of toro.toml')
    server_at(read_client_file(file).get("server_url") or DEFAULT_URL, key)
    write_client_file(file, {"api_key": key})
    click.echo(f"Saved in {file}; `toro status` tries it.", err=True)


def _proposed(said: dict[str, str], server_config: str | None) -> Wish:
    """Return what `server_config` says, else `toro.toml`, else this machine's own server."""
    from tokenrouter.cli.terminal.local_server import find_local_server

    if said and server_config is None:
        return Wish(said.get("server_url", ""), said.get("api_key", ""), said.get("ca_file", ""))
    local = find_local_server(server_config)
    if local.file:
        found = [f"the address {local.url}"] if local.url else []
        found += [f"the key {local.key_name!r}"] if local.key else []
        click.echo(f"{local.file} has {' and '.join(found)}.", err=True)
    return Wish(local.url, local.key, local.ca_file)


def _asked_url(proposed: str) -> str:
    """Return the address that somebody at a terminal wants; one that is none is asked for again."""
    while True:
        answer = click.prompt(f"Server URL ({CLEAR} for {DEFAULT_URL})", default=proposed or DEFAULT_URL)
        url = "" if answer.strip() == CLEAR else answer
        try:
            return url and server_at(url, "").url
        except ClientMistake as error:
            click.echo(str(error), err=True)


def _asked_key(proposed: str) -> str:
    """Return the key that somebody at a terminal wants; nobody else sees it."""
    while True:
        answer = click.prompt(_question(proposed), default=proposed, hide_input=True, show_default=False).strip()
        key = "" if answer == CLEAR else answer
        try:
            return server_at(DEFAULT_URL, key).key
        except ClientMistake as error:
            click.echo(str(error), err=True)


def _question(key: str) -> str:
    if not key:
        return "API key (not shown; Enter for none)"
    return f"API key (not shown; Enter keeps {key[:6]}…{key[-4:] if len(key) > 16 else ''}, - clears it)"


def _checked(server: Server, *, may_keep_anyway: bool) -> "Introduction | None":
    """Return who the server is; None where it was not well, but is to be kept.

    Raises:
        NoAnswer, Refused: it is not to be kept.
    """
    from tokenrouter.cli.terminal.introduction import introduce

    try:
        return introduce(server)
    except (NoAnswer, Refused) as error:
        if not may_keep_anyway:
            click.echo("Nothing was saved; --no-check saves without asking the server.", err=True)
            raise
        click.echo(explained(error) if isinstance(error, Refused) else str(error), err=True)
        if not click.confirm("Save it nevertheless?", default=False):
            click.echo("Nothing was saved.", err=True)
            raise
        return None


def _sentence(wish: Wish, known: "Introduction") -> str:
    from tokenrouter.cli.terminal.texts import plain

    who = f", as {known.name} ({known.role})" if known.name else ""
    told = f"Connected to TokenRouter {known.version} at {wish.server().url}{who}: {counted(known.models, 'model')}."
    return plain(told)


def _told(wish: Wish, known: "Introduction | None", file: str) -> dict[str, object]:
    return {
        "server": wish.server().url,
        "file": file,
        "checked": known is not None,
        "version": known and known.version,
        "name": known and (known.name or None),
        "role": known and (known.role or None),
        "models": known and known.models,
    }
