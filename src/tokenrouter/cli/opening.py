"""What most commands begin with: the settings, the database, and ending with a message that says what is wrong."""

import getpass
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NoReturn

import click

if TYPE_CHECKING:
    from collections.abc import Callable

    from tokenrouter.config.keyring import KeyRing
    from tokenrouter.config.settings import Settings
    from tokenrouter.store.engine import Store

CONFIG: Final = click.option("--config", metavar="FILE", help="The configuration to read, instead of the usual one.")
JSON: Final = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")


def fail(message: str, code: int = 1) -> NoReturn:
    """End the program with `message` on standard error."""
    click.echo(f"torod: {message}", err=True)
    sys.exit(code)


def load_settings(
    config: str | None,
    overrides: Mapping[str, Any] | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    error_code: int = 1,
) -> "Settings":
    """Return the settings, or end with everything that is wrong with them; `environ` is another than our own."""
    from tokenrouter.config.load import load
    from tokenrouter.config.problems import ConfigErrors

    try:
        return load(config=config, environ=os.environ if environ is None else environ, overrides=overrides)
    except ConfigErrors as error:
        for problem in error.problems:
            click.echo(str(problem), err=True)
        fail(f"the configuration has {counted(len(error.problems), 'mistake')}; nothing was done", code=error_code)


@dataclass(frozen=True, slots=True)
class Installation:
    """What commands work with.

    Attributes:
        declared: what the file and the environment say; `settings` are those that count, the database's joined in.
        unusable: why providers of the database cannot be used, by name.
        ring: the keys of the database's secrets.
    """

    declared: "Settings"
    settings: "Settings"
    unusable: Mapping[str, str]
    store: "Store"
    ring: "KeyRing"


def open_installation(config: str | None) -> Installation:
    """Return the settings and the open database, which is made when it is missing."""
    from tokenrouter.config.keyfile import fingerprint
    from tokenrouter.domain.actors import Actor
    from tokenrouter.jobs.stored_configuration import join_configuration, read_stored
    from tokenrouter.store.errors import StoreError
    from tokenrouter.store.prepare import prepare_store

    declared = load_settings(config)
    ring = open_ring(declared)
    mark = fingerprint(ring.secrets[0])
    try:
        store = prepare_store(declared.database_url, fingerprint=mark, migrate_on_start=declared.migrate_on_start)
    except StoreError as error:
        fail(str(error))
    joined = join_configuration(declared, read_stored(store, ring))
    acting = store.acting(Actor("command", name=_operator()))
    return Installation(declared, joined.settings, joined.unusable, acting, ring)


def open_database(config: str | None) -> tuple["Settings", "Store"]:
    """Return the settings that count and the open database, which is made when it is missing."""
    installation = open_installation(config)
    return installation.settings, installation.store


def open_ring(settings: "Settings") -> "KeyRing":
    """Return the installation's keys; its secret is made when it is missing."""
    from tokenrouter.config.keyring import ring_of

    settings.paths.state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        return ring_of(settings)
    except (OSError, ValueError) as error:
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
    from tokenrouter.config.keyfile import fingerprint

    return fingerprint(open_ring(settings).secrets[0])


def counted(number: int, noun: str) -> str:
    """Return `1 key`, `2 keys`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
