"""The wizard from its first question to the written file. Until the last moment nothing is changed anywhere."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NoReturn

import click

from tokenrouter.cli.opening import fail
from tokenrouter.cli.wizard.answers import Mistake, WrongAnswers, find_mistakes, provider_name
from tokenrouter.cli.wizard.asking import Stopped, confirm
from tokenrouter.cli.wizard.checks import machine_mistakes, warnings
from tokenrouter.cli.wizard.edits import EditFailed, parsed
from tokenrouter.cli.wizard.flow import ask_all
from tokenrouter.cli.wizard.outcome import Outcome, finish
from tokenrouter.cli.wizard.questions import Said
from tokenrouter.cli.wizard.saving import Draft, NotSaved, hidden, problems_of, read_text
from tokenrouter.cli.wizard.sources import gather
from tokenrouter.cli.wizard.writing import DEFAULT_ADDRESS, KEY_FOLDER, standing, written
from tokenrouter.config.paths import find_paths
from tokenrouter.config.problems import ConfigErrors

EXIT_USAGE: Final = 2
EXIT_STOPPED: Final = 130
"""What a shell says of a program that Ctrl-C ended."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How the wizard goes about it.

    Attributes:
        asks: whether there is somebody at a terminal who answers.
        network: whether providers, databases and names are tried.
        dry_run: whether the file is printed instead of written.
    """

    asks: bool
    network: bool = True
    dry_run: bool = False


def run_config(
    config: str | None, answers: str | None, *, yes: bool, no_test: bool, dry_run: bool, **flags: Any
) -> None:
    """Do what `torod config` without a further word does; ends the program when something is wrong."""
    try:
        said = gather(answers, flags, os.environ)
    except WrongAnswers as error:
        _refuse(error.mistakes)
    asks = is_terminal() and not (answers or yes)
    run_wizard(config, said, Manner(asks, network=not no_test, dry_run=dry_run))


def is_terminal() -> bool:
    """Whether somebody can be asked."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def run_wizard(config: str | None, said: Said, manner: Manner, *, goes_on: bool = False) -> None:
    """Ask, check, write and say what is next; `goes_on`: the server starts right behind it."""
    try:
        path = _path_of(config)
        before = read_text(path)
        known = standing(_read_as_toml(path, before))
        answers = _answers(said, known, before, manner)
        _check(answers, known, manner)
        if before is None:  # said or not, so that the file shows where it is
            answers.setdefault("listen_addr", DEFAULT_ADDRESS)
        outcome = _draft(path, before, answers)
        if manner.dry_run:
            click.echo(hidden(outcome.draft.text, outcome.draft.text), nl=False)
            return
        _show(outcome)
        if manner.asks and outcome.is_change and not confirm("Write it?", default=True):
            fail("nothing was written")
        finish(outcome, config, goes_on=goes_on)
    except Stopped:
        click.echo("Nothing was written.", err=True)
        sys.exit(EXIT_STOPPED)
    except (NotSaved, EditFailed) as error:
        fail(str(error))


def _path_of(config: str | None) -> Path:
    try:
        paths = find_paths(os.environ, config)
    except ConfigErrors as error:
        fail(str(error))
    return paths.config_file or paths.default_config_file


def _read_as_toml(path: Path, before: str | None) -> str:
    try:
        parsed(before or "")
    except EditFailed as error:
        raise NotSaved(f"{path} was left as it is: {error}") from None
    return before or ""


def _answers(said: Said, known: Said, before: str | None, manner: Manner) -> dict[str, Any]:
    """Return all answers: those of `said`, and the terminal's."""
    if not manner.asks:
        if not said:
            _tell_what_is_missing()
        return dict(said)
    if early := [one for one in find_mistakes(said, os.environ) if "is missing" not in one.message]:
        _refuse(early)
    click.echo("A few questions, and torod is ready. Ctrl-C at any of them leaves everything as it is.")
    return ask_all(said, known, before or "", network=manner.network)


def _tell_what_is_missing() -> NoReturn:
    fail(
        "there is no terminal to ask questions at, and no answers were given. At least provider_type is needed: "
        "--provider-type sandbox, TOROD_CONFIG_PROVIDER_TYPE, or a file for --answers; `torod config --help` lists all",
        code=EXIT_USAGE,
    )


def _check(answers: Said, known: Said, manner: Manner) -> None:
    """End the program where answers cannot be used; those of the terminal were checked one by one before."""
    mistakes = find_mistakes(answers, os.environ)
    if not known and "provider_type" not in answers and not manner.asks:
        mistakes.append(Mistake("provider_type", 'is missing; name a vendor, "local", "sandbox" or "none"'))
    if not mistakes and not manner.asks:
        mistakes = machine_mistakes(answers, known, network=manner.network)
    if mistakes:
        _refuse(mistakes)
    if manner.network and not manner.asks and provider_name(answers):
        from tokenrouter.cli.wizard.provider_check import try_provider

        tried = try_provider(answers, os.environ)
        if tried.problem:
            fail(f"{provider_name(answers)}: {tried.problem}; nothing was written (--no-test writes it untried)")
        click.echo(f"{provider_name(answers)}: {tried}", err=True)


def _refuse(mistakes: list[Mistake]) -> NoReturn:
    for mistake in mistakes:
        click.echo(str(mistake), err=True)
    fail("nothing was written", code=EXIT_USAGE)


def _draft(path: Path, before: str | None, answers: Said) -> Outcome:
    """Return what would be written, found right by the program that will read it."""
    key_file = path.parent / KEY_FOLDER / f"{provider_name(answers)}.key"
    text = written(before or "", answers, str(key_file))
    files = {}
    if answers.get("provider_key") and f"file:{key_file}" in text:
        files[key_file] = f"{answers['provider_key']}\n"
    outcome = Outcome(Draft(path, before, text), answers, files)
    environ = {**os.environ, **outcome.add_encryption_key(os.environ)}
    problems = problems_of(outcome.draft, environ, files)
    if problems:
        for problem in problems:
            click.echo(str(problem), err=True)
        fail("the configuration would not be right; nothing was written")
    return outcome


def _show(outcome: Outcome) -> None:
    draft = outcome.draft
    for warning in warnings(outcome.answers, os.environ):
        click.echo(f"note: {warning}", err=True)
    if not draft.is_change:
        click.echo(f"{draft.path} says all that already.", err=True)
    elif draft.before is None:
        click.echo(f"\n{draft.path}:\n")
        click.echo(hidden(draft.text, draft.text))
    else:
        click.echo(f"\nChanges in {draft.path}:\n")
        click.echo(draft.difference())
