"""`torod`: the server and what its operator does beside it.

Each command imports what it needs when it runs, so that `torod version` does not wait for a database
library and `torod serve` is serving a moment after it was typed.
"""

import json
import os
import sys
import tempfile
import time
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, NoReturn

import click

from tokenrouter import __version__
from tokenrouter.cli.aliases import aliases, profile
from tokenrouter.cli.audit import audit
from tokenrouter.cli.completion import completion_command
from tokenrouter.cli.config_check import check_command
from tokenrouter.cli.config_plan import apply_command, plan_command
from tokenrouter.cli.config_show import show_command
from tokenrouter.cli.config_values import get_command, set_command, unset_command
from tokenrouter.cli.conversations import conversations
from tokenrouter.cli.doctor.command import doctor
from tokenrouter.cli.imports import import_command
from tokenrouter.cli.keys import keys
from tokenrouter.cli.ledger import ledger
from tokenrouter.cli.limits import limits
from tokenrouter.cli.logs import logs
from tokenrouter.cli.opening import CONFIG as _CONFIG
from tokenrouter.cli.opening import JSON as _JSON
from tokenrouter.cli.opening import fail as _fail
from tokenrouter.cli.opening import load_settings as _load
from tokenrouter.cli.opening import open_database as _open
from tokenrouter.cli.output import WritingGroup
from tokenrouter.cli.prices import prices
from tokenrouter.cli.providers import providers
from tokenrouter.cli.quota import quota
from tokenrouter.cli.roster import roster
from tokenrouter.cli.secrets import secrets
from tokenrouter.cli.settings import settings as settings_group
from tokenrouter.cli.store import store
from tokenrouter.cli.teams import teams
from tokenrouter.cli.tls import tls
from tokenrouter.cli.users import users
from tokenrouter.cli.wizard.options import wizard_options

if TYPE_CHECKING:
    from tokenrouter.config.settings import Settings


@click.group("torod", cls=WritingGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "--version", message="torod %(version)s")
@click.pass_context
def main(context: click.Context) -> None:
    """One endpoint for all AI providers.

    Start with `torod serve --sandbox`, or put a provider's key in the environment and run `torod serve`. `torod config`
    asks what else matters.
    """
    if context.invoked_subcommand != "version" and find_spec("fcntl") is None:
        _fail("the server runs on Linux and macOS; on Windows use it inside WSL. `toro` runs here, see docs/install.md")


@main.command()
@_JSON
def version(as_json: bool) -> None:
    """Print the version."""
    python = ".".join(map(str, sys.version_info[:3]))
    click.echo(json.dumps({"version": __version__, "python": python}) if as_json else f"torod {__version__}")


@main.command()
@_CONFIG
@click.option("--listen-addr", metavar="HOST:PORT", help="Where to listen, instead of 127.0.0.1:8080.")
@click.option("--sandbox", is_flag=True, help="Start the offline provider beside it, as sandbox/….")
@click.option("--workers", type=click.IntRange(1, 64), help="Data processes that share the work; needs redis_url.")
@click.option("--no-wizard", is_flag=True, help="Never ask questions, also on a terminal.")
@click.option("--reload", is_flag=True, help="For development: follow changes of the configuration and the program.")
def serve(
    config: str | None, listen_addr: str | None, sandbox: bool, workers: int | None, no_wizard: bool, reload: bool
) -> None:
    """Serve until stopped. SIGTERM and Ctrl-C let running requests end; SIGHUP reads the configuration again."""
    from tokenrouter.app.plan import Plan
    from tokenrouter.cli.listening import own_certificate, planned_listeners, prepare_tls
    from tokenrouter.observe.log_files import FOLDER

    flags = {"listen_addr": listen_addr, "sandbox": sandbox, "workers": workers}
    settings = _load(config, flags)
    if _has_nobody(settings, config) and settings.paths.config_file is None and not no_wizard:
        settings = _after_wizard(settings, flags)
    if _has_nobody(settings, config):
        _fail(_nothing_to_serve(settings), code=2)
    sandbox = settings.sandbox
    tls_lines = prepare_tls(settings)
    module = [sys.executable, "-m"]
    plan = Plan(
        state_dir=str(settings.paths.state_dir),
        listeners=planned_listeners(settings),
        name=next(iter(settings.tls.domains), ""),
        config=config,
        listen_addr=listen_addr,
        data=[*module, "tokenrouter.app.data"],
        control=[*module, "tokenrouter.app.control"],
        sandbox=[*module, "tokenrouter.sandbox", "--port", "0"] if sandbox else [],
        watcher=[*module, "tokenrouter.app.watching"] if reload else [],
        lines=[*tls_lines, *_start_lines(settings, sandbox=sandbox)],
        model=_first_model(settings, sandbox=sandbox),
        ca_file=own_certificate(settings),
        drain_s=settings.drain_s,
        workers=settings.workers,
        log_folder=str(settings.paths.state_dir / FOLDER),
        log_lines=settings.logs.max_lines,
        log_bytes=settings.logs.max_bytes,
    )
    _become_supervisor(plan.to_json())


def _has_nobody(settings: "Settings", config: str | None) -> bool:
    """Return whether there is no provider, and none to be expected."""
    is_somebody = settings.providers or settings.sandbox or _may_somebody_join(settings)
    return not (is_somebody or _has_stored_providers(settings, config))


def _after_wizard(settings: "Settings", flags: dict[str, Any]) -> "Settings":
    """Ask somebody at the terminal how it shall be, and return what was written; without one, `settings`."""
    from tokenrouter.cli.wizard.command import Manner, is_terminal, run_wizard

    if not is_terminal():
        return settings
    said = {"listen_addr": settings.listen_addr} if flags["listen_addr"] else {}
    run_wizard(None, said, Manner(asks=True), goes_on=True)
    return _load(None, flags)


def _may_somebody_join(settings: "Settings") -> bool:
    """Return whether there may be a provider that joins by itself; somebody may have said that one will."""
    from tokenrouter.jobs.local_servers import is_anybody_there, looking_of

    looking = looking_of(settings)
    is_wanted = "settings.auto_detect_local_servers" in settings.origins
    return settings.auto_enable_public_free_models or (looking is not None and (is_wanted or is_anybody_there(looking)))


def _has_stored_providers(settings: "Settings", config: str | None) -> bool:
    """Return whether the database has a provider; one that is not there yet is not made for the question."""
    from tokenrouter.store.errors import StoreError
    from tokenrouter.store.prepare import find_revision

    try:
        is_there = find_revision(settings.database_url) is not None
    except StoreError:
        return True  # the start says what is wrong with it
    return is_there and bool(_open(config)[0].providers)


def _nothing_to_serve(settings: "Settings") -> str:
    return (
        "there is no provider yet. Put a provider's key in the environment (OPENAI_API_KEY=…), start a local server "
        f"such as Ollama, have {settings.paths.default_config_file} written by `torod config`, or try it without an "
        "account: torod serve --sandbox"
    )


def _start_lines(settings: "Settings", *, sandbox: bool) -> list[str]:
    lines = [
        f"provider {provider.name} ({settings.origins.get(f'providers.{provider.name}', provider.origin)})"
        for provider in settings.providers
    ]
    if sandbox:
        lines.append("provider sandbox (offline, no account needed)")
    return [*lines, *(f"note: {notice.where}: {notice.message}" for notice in settings.notices)]


def _first_model(settings: "Settings", *, sandbox: bool) -> str:
    for provider in settings.providers:
        if provider.enabled and provider.models:
            return f"{provider.name}/{provider.models[0]}"
    return "sandbox/echo" if sandbox else ""


def _become_supervisor(plan: str) -> NoReturn:
    """Replace this process by the supervisor, which needs none of what was loaded to make its plan."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 - it is inherited, not closed
    file.write(plan.encode())
    file.seek(0)
    os.set_inheritable(file.fileno(), True)
    os.execv(sys.executable, [sys.executable, "-m", "tokenrouter.app.supervisor", str(file.fileno())])  # noqa: S606


@main.group("config", invoke_without_command=True)
@click.option(
    "--config",
    "--server-config",
    "config",
    metavar="FILE",
    help="The configuration to write, instead of the usual one; --server-config is TokenRouter-Go's word for it.",
)
@wizard_options
@click.pass_context
def config_group(context: click.Context, /, config: str | None, **said: Any) -> None:
    """Answer a few questions, and have the configuration written; or look at it, or change one value.

    Every flag that is a question's answers it beforehand; so does a variable of its name, TOROD_CONFIG_LISTEN_ADDR for
    --listen-addr. Secrets are taken from --answers, from variables, or from the terminal only.
    """
    if context.invoked_subcommand is None:
        from tokenrouter.cli.wizard.command import run_config

        run_config(config, **said)
    elif config or any(value not in (None, (), False) for value in said.values()):
        raise click.UsageError(f"Write flags behind {context.invoked_subcommand!r}, not before it.")


config_group.add_command(check_command)
config_group.add_command(show_command)
config_group.add_command(plan_command)
config_group.add_command(apply_command)
config_group.add_command(get_command)
config_group.add_command(set_command)
config_group.add_command(unset_command)


main.add_command(keys)
main.add_command(store)
main.add_command(import_command)
main.add_command(ledger)
main.add_command(limits)
main.add_command(logs)
main.add_command(aliases)
main.add_command(profile)
main.add_command(conversations)
main.add_command(doctor)
main.add_command(quota)
main.add_command(providers)
main.add_command(audit)
main.add_command(teams)
main.add_command(tls)
main.add_command(users)
main.add_command(prices)
main.add_command(settings_group)
main.add_command(secrets)
main.add_command(roster)
main.add_command(completion_command("torod"))


@main.group()
def admin() -> None:
    """The administrator's way in."""


@admin.command("setup-link")
@_CONFIG
def setup_link(config: str | None) -> None:
    """Print a new link that makes the owner's account, or an administrator's key. It works once, for 30 minutes."""
    from tokenrouter.cli.listening import own_url
    from tokenrouter.store.setup_links import create_setup_link

    settings, store = _open(config)
    link = create_setup_link(store, now_s=time.time())
    click.echo(f"{own_url(settings)}{link}")


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), required=True, help="Where to listen; 0 takes a free one.")
@click.option("--books", metavar="FILE", help="Where it writes down what it was asked and what it delivered.")
@click.option("--api-key", metavar="KEY", multiple=True, help="Accept only this key; repeatable.")
def sandbox(host: str, port: int, books: str | None, api_key: tuple[str, ...]) -> None:
    """Serve the offline provider alone, for tests of your own."""
    command = [sys.executable, "-m", "tokenrouter.sandbox", "--host", host, "--port", str(port)]
    command += ["--books", books] if books else []
    command += [part for key in api_key for part in ("--api-key", key)]
    os.execv(sys.executable, command)  # noqa: S606


if __name__ == "__main__":
    main()
