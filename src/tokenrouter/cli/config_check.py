"""`torod config check`: everything that is wrong with the configuration, or what it would run."""

import json
import os
import sys
from typing import TYPE_CHECKING, Any

import click

from tokenrouter.cli.listening import listening_lines
from tokenrouter.cli.opening import CONFIG, JSON, counted, load_settings

if TYPE_CHECKING:
    from tokenrouter.config.problems import Problem
    from tokenrouter.config.settings import Settings


@click.command("check")
@CONFIG
@JSON
def check_command(config: str | None, as_json: bool) -> None:
    """Say what is wrong with the configuration, and what it would run."""
    if as_json:
        _check_as_json(config)
        return
    settings = load_settings(config)
    for notice in settings.notices:
        click.echo(f"note: {notice.where}: {notice.message}")
    click.echo(f"configuration: {settings.paths.config_file or 'none (defaults and environment)'}")
    click.echo(f"state: {settings.paths.state_dir}")
    for line in listening_lines(settings):
        click.echo(f"listens on: {line}")
    for line in _what_runs(settings):
        click.echo(line)
    click.echo(f"{counted(len(settings.keys), 'key')}, {counted(len(settings.limits), 'limit')} declared")
    if settings.alerts.webhooks:
        click.echo(f"alerts go to {counted(len(settings.alerts.webhooks), 'webhook')}")
    click.echo("The configuration is right.")


def _what_runs(settings: "Settings") -> list[str]:
    from tokenrouter.config.automatic import automatic_names

    lines = []
    for provider in settings.providers:
        origin = settings.origins.get(f"providers.{provider.name}", provider.origin)
        state = "" if provider.enabled else ", disabled"
        lines.append(f"provider {provider.name}: {provider.base_url} ({origin}{state})")
    if names := automatic_names(settings):
        lines.append(f"may join by themselves: {', '.join(names)}")
    lines += [f"guardrail {one.name}: {one.kind}, for {', '.join(one.scopes)}" for one in settings.guardrails]
    lines += [f"hook {one.name}: for {', '.join(one.scopes)}" for one in settings.hooks]
    return lines


def _check_as_json(config: str | None) -> None:
    from tokenrouter.config.load import load
    from tokenrouter.config.problems import ConfigErrors

    try:
        settings = load(config=config, environ=os.environ)
    except ConfigErrors as error:
        click.echo(json.dumps({"ok": False, "problems": [_row(one) for one in error.problems], "notices": []}))
        sys.exit(1)
    file = settings.paths.config_file
    told = {
        "ok": True,
        "problems": [],
        "notices": [{"where": one.where, "message": one.message} for one in settings.notices],
        "config_file": None if file is None else str(file),
        "state_dir": str(settings.paths.state_dir),
        "listen_addr": settings.listen_addr,
        "providers": [one.name for one in settings.providers],
        "keys": len(settings.keys),
        "limits": len(settings.limits),
    }
    click.echo(json.dumps(told))


def _row(problem: "Problem") -> dict[str, Any]:
    file, colon, line = problem.where.rpartition(":")
    has_line = bool(colon) and line.isdecimal()
    return {
        "where": problem.where,
        "file": file if has_line else None,
        "line": int(line) if has_line else None,
        "key": problem.key,
        "message": problem.message,
        "suggestion": problem.suggestion,
    }
