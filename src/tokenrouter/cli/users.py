"""`torod users`: what the operator of the server does about how people sign in."""

import json
import time

import click

from tokenrouter.cli.opening import CONFIG, JSON, counted, fail, open_database


@click.group()
def users() -> None:
    """Let people in who cannot sign in, and sign people out."""


@users.command("password")
@click.argument("name")
@JSON
@CONFIG
def password_command(name: str, as_json: bool, config: str | None) -> None:
    """Print a link with which the person NAME (or with that e-mail address) sets a new password.

    It works once, for a day; their sessions go on until it is used.
    """
    from tokenrouter.store.errors import StoreError
    from tokenrouter.store.password_links import create_password_link
    from tokenrouter.store.users import find_user

    settings, store = open_database(config)
    try:
        user = find_user(store, name)
    except StoreError as error:
        fail(str(error))
    if not user.enabled:
        fail(f"{user.name!r} is disabled; a link would not work")
    link = f"http://{settings.listen_addr}{create_password_link(store, user.id, user.name, 'reset', now_s=time.time())}"
    if as_json:
        click.echo(json.dumps({"name": user.name, "link": link}))
        return
    click.echo(f"A link for {user.name!r}; it works once, for a day:", err=True)
    click.echo(link)


@users.command("sign-out")
@click.argument("name")
@CONFIG
def sign_out_command(name: str, config: str | None) -> None:
    """End every session of the person NAME (or with that e-mail address), at once and on every node."""
    from tokenrouter.store.errors import StoreError
    from tokenrouter.store.sessions import SessionOwner, end_sessions
    from tokenrouter.store.users import find_user

    _, store = open_database(config)
    try:
        user = find_user(store, name)
    except StoreError as error:
        fail(str(error))
    ended = end_sessions(store, SessionOwner("person", user.id))
    click.echo(f"Ended {counted(ended, 'session')} of {user.name!r}.", err=True)
