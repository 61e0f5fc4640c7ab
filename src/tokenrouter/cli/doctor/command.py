"""The command: every check in turn, what each found, and an exit code by the worst of it."""

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from importlib import import_module
from typing import Final, cast

import click

from tokenrouter.cli.doctor.finding import LEVELS, Finding, Patient
from tokenrouter.cli.opening import CONFIG, JSON, counted, fail
from tokenrouter.observe.redaction import redact_text

CHECKS: Final = (
    "versions.check_versions",
    "configuration.check_configuration",
    "files.check_files",
    "machine.check_disk",
    "machine.check_open_files",
    "machine.check_ports",
    "database.check_database",
    "journals.check_journals",
    "redis.check_redis",
    "clock.check_clock",
    "certificates.check_certificates",
    "providers.check_providers",
    "server.check_server",
)
"""Loaded when they are wanted, so that no other command waits for their libraries."""
_MARKS: Final = {"ok": "ok     ", "note": "note   ", "warning": "WARNING", "problem": "PROBLEM"}
_COLOURS: Final = {"ok": "green", "note": "cyan", "warning": "yellow", "problem": "red"}


@click.command()
@CONFIG
@JSON
@click.option("--fix", is_flag=True, help="Mend what is safe to mend, which are permissions, and say so.")
@click.option("--offline", is_flag=True, help="Ask nobody outside of this installation, so no provider.")
def doctor(config: str | None, as_json: bool, fix: bool, offline: bool) -> None:
    """Look at everything that this installation needs, and say what is wrong and what to do.

    Exit codes: 0 no problem (there may be warnings), 1 at least one.
    """
    from structlog.testing import capture_logs

    patient = examine(config, offline=offline, fix=fix)
    found = []
    with capture_logs():  # what is wrong is told as findings
        for finding in _findings(patient):
            found.append(finding)
            if not as_json:
                _print(finding)
    if as_json:
        click.echo(json.dumps([asdict(one) for one in found]))
    else:
        counts = [counted(number, level) for level in LEVELS[1:] if (number := sum(f.level == level for f in found))]
        click.echo(f"{', '.join(counts) or 'Nothing is wrong'}.")
    sys.exit(1 if any(one.level == "problem" for one in found) else 0)


def examine(config: str | None, *, offline: bool = False, fix: bool = False) -> Patient:
    """Return what the checks look at; a configuration that is wrong is a finding of theirs."""
    from tokenrouter.cli.comparing import find_applied, server_environment
    from tokenrouter.config.load import load
    from tokenrouter.config.paths import find_paths
    from tokenrouter.config.problems import ConfigErrors

    server, applied = find_applied(config)
    environ, _ = server_environment(server, applied)
    named = config or (applied.config if server is not None and applied is not None else None)
    flags = {"listen_addr": applied.listen_addr} if server is not None and applied and applied.listen_addr else {}
    try:
        paths = find_paths(environ, named)
    except ConfigErrors as error:
        fail(str(error))
    try:
        settings, problems = load(config=named, environ=environ, overrides=flags), ()
    except ConfigErrors as error:
        return Patient(paths, environ, None, tuple(error.problems), server, applied, offline, fix)
    return Patient(paths, environ, settings, problems, server, applied, offline, fix)


def _findings(patient: Patient) -> Iterator[Finding]:
    """Yield what every check finds; one that fails itself does not keep the others from looking."""
    for name in CHECKS:
        module, _, function = name.partition(".")
        check = cast(
            "Callable[[Patient], Iterable[Finding]]",
            getattr(import_module(f"tokenrouter.cli.doctor.{module}"), function),
        )
        try:
            yield from check(patient)
        except Exception as error:  # noqa: BLE001 - the outermost edge, and there are others to look
            says = redact_text(f"this could not be looked at: {type(error).__name__}: {error}")
            yield Finding("problem", module, says, "please tell us, with this line")


def _print(finding: Finding) -> None:
    mark = click.style(_MARKS[finding.level], fg=_COLOURS[finding.level])
    mended = "mended: " if finding.mended else ""
    click.echo(f"{mark}  {finding.subject}: {mended}{finding.says}")
    if finding.do:
        click.echo(f"             -> {finding.do}")
