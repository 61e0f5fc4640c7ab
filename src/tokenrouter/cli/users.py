"""`torod users`: people of the database made, listed, switched off and removed, let in and signed out.

It works on the database itself, with or without a server; a running one follows within a second.
"""

import json
import time
from typing import Any

import click

from tokenrouter.cli.opening import CONFIG, JSON, counted, done, fail, open_database


@click.group()
def users() -> None:
    """Make, list, disable and remove people, let them in and sign them out."""


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


@users.command("create")
@click.argument("name")
@click.option("--email", help="What they sign in with.")
@click.option("--role", type=click.Choice(["member", "admin", "owner"]), default="member", show_default=True)
@click.option("--comment", default="", help="A note for yourself.")
@CONFIG
def create_user_command(name: str, config: str | None, **said: Any) -> None:
    """Make the user NAME."""
    from tokenrouter.store.users import NewUser, create_user

    _, store = open_database(config)
    done(lambda: create_user(store, NewUser(name, **said), now_s=time.time()))
    click.echo(f"Made the user {name!r}.", err=True)


@users.command("list")
@JSON
@CONFIG
def list_users_command(as_json: bool, config: str | None) -> None:
    """List the people of the database."""
    from tokenrouter.store.users import list_users, told

    _, store = open_database(config)
    found = list_users(store)
    if as_json:
        click.echo(json.dumps([told(user) for user in found]))
        return
    for user in found:
        state = "" if user.enabled else "  disabled"
        click.echo(f"{user.name}  {user.role}  {user.email or '-'}{state}")


@users.command("enable")
@click.argument("name")
@CONFIG
def enable_user(name: str, config: str | None) -> None:
    """Let the user NAME sign in and use their keys again."""
    _change_user(name, config, enabled=True)


@users.command("disable")
@click.argument("name")
@CONFIG
def disable_user(name: str, config: str | None) -> None:
    """Let the user NAME neither sign in nor use any key, until they are enabled."""
    _change_user(name, config, enabled=False)


@users.command("role")
@click.argument("name")
@click.argument("role", type=click.Choice(["member", "admin", "owner"]))
@CONFIG
def change_role(name: str, role: str, config: str | None) -> None:
    """Make the user NAME a member, an admin or an owner."""
    _change_user(name, config, role=role)


@users.command("remove")
@click.argument("name")
@CONFIG
def remove_user_command(name: str, config: str | None) -> None:
    """Remove the user NAME; their keys stay, and are charged to the name."""
    from tokenrouter.store.users import remove_user

    _, store = open_database(config)
    done(lambda: remove_user(store, name))


def _change_user(name: str, config: str | None, **changes: Any) -> None:
    from tokenrouter.store.users import UserChanges, update_user

    _, store = open_database(config)
    done(lambda: update_user(store, name, UserChanges(**changes)))
