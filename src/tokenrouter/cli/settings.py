"""`torod settings`: every setting that counts and who says so, and those that are changed while a server runs."""

import json

import click

from tokenrouter.cli.opening import CONFIG, JSON, Installation, fail, open_installation


@click.group()
def settings() -> None:
    """Look at the settings, and change some of them; a running server follows within a second."""


@settings.command("list")
@JSON
@CONFIG
def list_command(as_json: bool, config: str | None) -> None:
    """List every setting with its value and where that comes from; of what is secret, that it is set."""
    from dataclasses import asdict

    from tokenrouter.config.shown import shown_settings
    from tokenrouter.store.settings import changed_settings

    installation = open_installation(config)
    changed = changed_settings(installation.store)
    found = shown_settings(installation.settings, installation.declared, changed)
    if as_json:
        click.echo(json.dumps([asdict(one) for one in found]))
        return
    for one in found:
        over = f", instead of {json.dumps(one.declared)}" if one.origin == "database" else ""
        click.echo(f"{one.name} = {json.dumps(one.value)}  from {one.origin}{over}")


@settings.command("set")
@click.argument("name")
@click.argument("value")
@CONFIG
def set_command(name: str, value: str, config: str | None) -> None:
    """Let the setting NAME be VALUE, a number, true, false, an array such as [80, 100], or a text."""
    try:
        wanted = json.loads(value)
    except ValueError:
        wanted = value
    _change(open_installation(config), name, wanted)
    click.echo(f"{name} = {json.dumps(wanted)}", err=True)


@settings.command("reset")
@click.argument("name")
@CONFIG
def reset_command(name: str, config: str | None) -> None:
    """Let the setting NAME be what the configuration says."""
    _change(open_installation(config), name, None)
    click.echo(f"{name} is as it is declared.", err=True)


def _change(installation: Installation, name: str, value: object) -> None:
    from tokenrouter.config.problems import InvalidValues
    from tokenrouter.jobs.setting_changes import setting_check
    from tokenrouter.store.settings import change_settings

    check = setting_check(installation.declared, installation.settings)
    try:
        change_settings(installation.store, {name: value}, check)
    except InvalidValues as error:
        fail(str(error))
