"""`torod config plan` and `apply`: what a change of the configuration would do to the running server, and doing it."""

import json
import signal
import sys
import time
from typing import TYPE_CHECKING, Final

import click

from tokenrouter.cli.comparing import Compared, change_rows, compare
from tokenrouter.cli.opening import CONFIG, JSON, fail

if TYPE_CHECKING:
    from tokenrouter.config.applied import Applied

APPLY_S: Final = 60.0
"""Longest wait for the server to take in what it was told to: it may be starting, or its database slow."""
LOOK_S: Final = 0.05
CHANGES: Final = 2
"""The exit code of `plan --detailed-exitcode` that says that there are changes, as that of Terraform."""
WAITS: Final = 3
"""The exit code of `apply` that says that all is taken but what waits for a restart."""


@click.command("plan")
@CONFIG
@JSON
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 2 where there are changes: 0 none, 1 an error.")
def plan_command(config: str | None, as_json: bool, detailed_exitcode: bool) -> None:
    """Say what the configuration would change in the running server, or since the last start. Nothing is changed."""
    compared = compare(config)
    if as_json:
        click.echo(json.dumps(_as_json(compared)))
    else:
        _tell_plan(compared)
    sys.exit(CHANGES if detailed_exitcode and compared.changes else 0)


@click.command("apply")
@CONFIG
@JSON
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
def apply_command(config: str | None, as_json: bool, yes: bool) -> None:
    """Check the configuration, show the plan, and have the running server take it in.

    Exit codes: 0 taken, 1 not taken, 3 taken but for settings that wait for a restart.
    """
    compared = compare(config)
    _refuse_what_nobody_reads(compared, config)
    if not as_json:
        _tell_plan(compared)
    if not compared.changes and not (compared.applied is not None and compared.applied.problems):
        if as_json:
            click.echo(json.dumps({**_as_json(compared), "taken": True, "waiting": []}))
        return
    if not yes:
        _ask()
    taken = _signal_and_wait(compared)
    _tell_outcome(compared, taken, as_json=as_json)


def _tell_plan(compared: Compared) -> None:
    for note in compared.notes:
        click.echo(f"note: {note}", err=True)
    against = _against(compared)
    if not compared.changes:
        click.echo(f"No changes: {against} is what the configuration says.")
        return
    click.echo(f"Changes against {against}:")
    for change in compared.changes:
        for line in change.lines():
            click.echo(line)
    counts = {act: sum(one.act == act for one in compared.changes) for act in ("add", "change", "remove")}
    waiting = sum(one.needs_restart for one in compared.changes)
    click.echo(
        f"Plan: {counts['add']} to add, {counts['change']} to change, {counts['remove']} to remove"
        + (f"; {waiting} of them only at the next start." if waiting else ".")
    )


def _against(compared: Compared) -> str:
    if compared.applied is None:
        why = "no server has run here yet" if compared.server is None else "the server has not said yet what it has"
        return f"the defaults ({why})"
    when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(compared.applied.at_s))
    if compared.server is None:
        return f"what the last server had (of {when}; none runs now)"
    return f"what the running server has (process {compared.server.pid or 'unknown'}, since {when})"


def _as_json(compared: Compared) -> dict[str, object]:
    return {
        "running": compared.server is not None,
        "pid": compared.server.pid if compared.server is not None else None,
        "applied_at_s": compared.applied.at_s if compared.applied is not None else None,
        "changes": change_rows(compared.changes),
        "notes": list(compared.notes),
    }


def _refuse_what_nobody_reads(compared: Compared, config: str | None) -> None:
    """End where there is nobody to apply to, or the server reads another file than the one that was named."""
    from pathlib import Path

    if compared.server is None:
        fail("no server runs here, so there is nothing to apply to; it reads its configuration when it starts")
    if compared.applied is None:
        fail(
            "the server has not said yet what it has: it is starting, or of an older version. Try again, or restart it"
        )
    read = compared.applied.config_file
    if config is not None and (read is None or Path(config).expanduser().absolute() != Path(read)):
        fail(
            f"the running server reads {read or 'no file'}, not {config}; change that one, or restart it with --config"
        )
    if not compared.server.pid:
        fail("the server's process cannot be told from here: run this where it runs, in the same container")


def _ask() -> None:
    if not sys.stdin.isatty():
        fail("nobody can be asked without a terminal; say --yes", code=2)
    if not click.confirm("Apply this?"):
        fail("nothing was applied")


def _signal_and_wait(compared: Compared) -> "Applied":
    """Have the server read its configuration, and return what it says it has then."""
    from tokenrouter.app.running import find_server
    from tokenrouter.config.applied import read_applied

    state_dir = compared.settings.paths.state_dir
    server, before = find_server(state_dir), read_applied(state_dir)
    told_s = time.monotonic()
    if server is None or not server.signal(signal.SIGHUP):
        fail("the server has ended meanwhile, or may not be told; nothing was applied")
    while (applied := read_applied(state_dir)) is None or applied == before or applied.began_s < told_s:
        if time.monotonic() > told_s + APPLY_S:
            fail(f"the server has not said within {APPLY_S:.0f} s that it has taken it in; its log says why")
        if find_server(state_dir) is None:
            fail("the server ended while it was to take in the configuration; its log says why")
        time.sleep(LOOK_S)
    return applied


def _tell_outcome(compared: Compared, taken: "Applied", *, as_json: bool) -> None:
    from tokenrouter.config.differences import differences

    left = tuple(differences(taken.outline, compared.wanted))
    missing = [one for one in left if not one.needs_restart]
    is_taken = not taken.problems and not missing
    if as_json:
        outcome = {"taken": is_taken, "problems": list(taken.problems), "waiting": list(taken.waiting)}
        click.echo(json.dumps({**_as_json(compared), **outcome}))
    elif is_taken:
        click.echo("The server has taken it in.")
        for name in taken.waiting:
            click.echo(f"  {name} waits for a restart")
    if taken.problems:
        fail("the server has not taken it in: " + "; ".join(taken.problems))
    if missing:
        fail("the server has taken in something else: the configuration was changed meanwhile. Look at the plan again")
    sys.exit(WAITS if taken.waiting else 0)
