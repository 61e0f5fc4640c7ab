"""`torod teams`: teams of the database made, listed, switched off and removed, and who is in them.

It works on the database itself, with or without a server; a running one follows within a second.
"""

import json
import time
from typing import Any

import click

from tokenrouter.cli.opening import CONFIG, JSON, done, fail, open_database


@click.group()
def teams() -> None:
    """Make, list, disable and remove teams, and say who is in them."""


@teams.command("create")
@click.argument("name")
@click.option("--comment", default="", help="A note for yourself.")
@click.option("--allow", metavar="PATTERN", multiple=True, help="A model its keys may use; repeatable.")
@CONFIG
def create_team_command(name: str, comment: str, allow: tuple[str, ...], config: str | None) -> None:
    """Make the team NAME."""
    from tokenrouter.store.teams import create_team

    settings, store = open_database(config)
    if name in settings.teams:
        fail(f"the team {name!r} is declared in the configuration")
    done(lambda: create_team(store, name, comment=comment, allowed_models=allow, now_s=time.time()))
    click.echo(f"Made the team {name!r}.", err=True)


@teams.command("list")
@JSON
@CONFIG
def list_teams_command(as_json: bool, config: str | None) -> None:
    """List the teams of the file and of the database, with who is in them."""
    from tokenrouter.store.teams import list_teams, members_of

    settings, store = open_database(config)
    stored = {team.name: team for team in list_teams(store)}
    found: list[dict[str, Any]] = [
        {
            "name": name,
            "enabled": stored[name].enabled if name in stored else True,
            "allowed_models": list(stored[name].allowed_models) if name in stored else [],
            "members": {member.user: member.admin for member in members_of(store, name)},
            "origin": "file" if name in settings.teams else "database",
        }
        for name in dict.fromkeys((*settings.teams, *stored))
    ]
    if as_json:
        click.echo(json.dumps(found))
        return
    for team in found:
        members = ", ".join(f"{user} (admin)" if admin else user for user, admin in team["members"].items())
        click.echo(f"{team['name']}{'' if team['enabled'] else '  disabled'}  {members or 'nobody'}")


@teams.command("enable")
@click.argument("name")
@CONFIG
def enable_team(name: str, config: str | None) -> None:
    """Let the keys of the team NAME be good again."""
    _switch_team(name, True, config)


@teams.command("disable")
@click.argument("name")
@CONFIG
def disable_team(name: str, config: str | None) -> None:
    """Refuse all keys of the team NAME, until it is enabled."""
    _switch_team(name, False, config)


@teams.command("remove")
@click.argument("name")
@CONFIG
def remove_team_command(name: str, config: str | None) -> None:
    """Remove the team NAME; its keys stay, and are charged to its name."""
    from tokenrouter.store.teams import remove_team

    _, store = open_database(config)
    done(lambda: remove_team(store, name))


@teams.command("add")
@click.argument("team")
@click.argument("user")
@click.option("--admin", is_flag=True, help="They administer the team.")
@CONFIG
def add_member(team: str, user: str, admin: bool, config: str | None) -> None:
    """Let USER (name, id or e-mail address) be in TEAM."""
    from tokenrouter.domain.people import Membership
    from tokenrouter.store.teams import find_team, put_member
    from tokenrouter.store.users import find_user

    settings, store = open_database(config)

    def put() -> None:
        name = team if team in settings.teams else find_team(store, team).name
        put_member(store, Membership(name, find_user(store, user).name, admin))

    done(put)


@teams.command("take-out")
@click.argument("team")
@click.argument("user")
@CONFIG
def take_out(team: str, user: str, config: str | None) -> None:
    """Take USER out of TEAM."""
    from tokenrouter.store.teams import remove_member

    _, store = open_database(config)
    if not remove_member(store, team, user):
        fail(f"{user!r} is not in the team {team!r}")


def _switch_team(name: str, enabled: bool, config: str | None) -> None:
    from tokenrouter.store.teams import TeamChanges, update_team

    _, store = open_database(config)
    done(lambda: update_team(store, name, TeamChanges(enabled=enabled)))
