"""What most commands begin with: the settings, the database, and ending with a message that says what is wrong."""

import getpass
import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, NoReturn

import click

if TYPE_CHECKING:
    from collections.abc import Callable

    from tokenrouter.config.settings import Settings
    from tokenrouter.store.engine import Store

CONFIG: Final = click.option("--config", metavar="FILE", help="The configuration to read, instead of the usual one.")
JSON: Final = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")


def fail(message: str, code: int = 1) -> NoReturn:
    """End the program with `message` on standard error."""
    click.echo(f"torod: {message}", err=True)
    sys.exit(code)


def load_settings(config: str | None, overrides: Mapping[str, Any] | None = None) -> "Settings":
    """Return the settings, or end with everything that is wrong with them."""
    from tokenrouter.config.load import load
    from tokenrouter.config.problems import ConfigErrors

    try:
        return load(config=config, environ=os.environ, overrides=overrides)
    except ConfigErrors as error:
        for problem in error.problems:
            click.echo(str(problem), err=True)
        fail(f"the configuration has {counted(len(error.problems), 'mistake')}; nothing was started")


def open_database(config: str | None) -> tuple["Settings", "Store"]:
    """Return the settings and the open database, which is made when it is missing."""
    from tokenrouter.domain.actors import Actor
    from tokenrouter.store.errors import StoreError
    from tokenrouter.store.prepare import prepare_store

    settings = load_settings(config)
    try:
        store = prepare_store(
            settings.database_url, fingerprint=secret_mark(settings), migrate_on_start=settings.migrate_on_start
        )
        return settings, store.acting(Actor("command", name=_operator()))
    except StoreError as error:
        fail(str(error))


def _operator() -> str:
    """Return the user of the operating system who runs the command, for the audit log."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container's user may have no name
        return f"uid {os.getuid()}"


def done(act: "Callable[[], object]") -> None:
    """Do `act`, or end with what the store says is wrong."""
    from tokenrouter.store.errors import StoreError

    try:
        act()
    except StoreError as error:
        fail(str(error))


def secret_mark(settings: "Settings") -> str:
    """Return the fingerprint of the installation's secret, which is made when it is missing."""
    from tokenrouter.config.keyfile import fingerprint, load_or_create_secret

    settings.paths.state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        return fingerprint(load_or_create_secret(settings))
    except (OSError, ValueError) as error:
        fail(str(error))


def counted(number: int, noun: str) -> str:
    """Return `1 key`, `2 keys`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
