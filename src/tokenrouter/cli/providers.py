"""`torod providers`: how every provider is, and those of the database made, changed, switched, tried and removed.

How they are is what the server on this machine found last. Changes work on the database itself, with or without a
server, by the same rules as the admin API; a running server follows within a second.
"""

import json
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from tokenrouter.cli.opening import CONFIG, JSON, Installation, fail, load_settings, open_installation
from tokenrouter.cli.provider_options import provider_options, said_of
from tokenrouter.cli.times import ago, length

if TYPE_CHECKING:
    from tokenrouter.config.providers import ReadProvider
    from tokenrouter.jobs.provider_status import ProviderStatus
    from tokenrouter.store.providers import StoredProvider

COLUMNS = ("PROVIDER", "STATUS", "MODELS", "LISTED", "ANSWERED", "CHECKED", "NOTE")


@click.group(invoke_without_command=True)
@JSON
@CONFIG
@click.pass_context
def providers(context: click.Context, as_json: bool, config: str | None) -> None:
    """Show which providers are online, what they offer, and what is left alone for now; or change them."""
    if context.invoked_subcommand is None:
        _show_status(as_json, config)


def _show_status(as_json: bool, config: str | None) -> None:
    import msgspec

    from tokenrouter.jobs.provider_status import FILE_NAME, read_statuses

    settings = load_settings(config)
    found = read_statuses(settings.paths.cache_dir / FILE_NAME)
    if found is None:
        fail("nothing is known yet: no server has run here; start one with `torod serve`")
    rows, age_s = found
    if as_json:
        click.echo(msgspec.json.encode(rows))
        return
    now_s = time.time()
    _print_table([COLUMNS, *(_cells(row, now_s) for row in rows)])
    click.echo(f"As of {length(age_s)} ago.", err=True)


@providers.command("add")
@click.argument("name")
@provider_options
@click.option("--disabled", is_flag=True, help="Keep it switched off for now.")
@CONFIG
def add_command(name: str, disabled: bool, config: str | None, **options: Any) -> None:
    """Make the provider NAME. A vendor that is known needs no more than a key."""
    from tokenrouter.store.errors import StoreError
    from tokenrouter.store.providers import StoredProvider, create_provider

    installation = open_installation(config)
    _refuse_declared(installation, name)
    said, comment = said_of(options)
    values = {"name": name, **said}
    _checked(installation, values)
    new = StoredProvider(name, values, enabled=not disabled, comment=comment or "")
    try:
        create_provider(installation.store, installation.ring, new, now_s=time.time())
    except StoreError as error:
        fail(str(error))
    click.echo(f"Made the provider {name!r}.", err=True)


@providers.command("change")
@click.argument("name")
@provider_options
@CONFIG
def change_command(name: str, config: str | None, **options: Any) -> None:
    """Change the provider NAME of the database; what is not said stays, secrets too unless it is asked elsewhere."""
    from dataclasses import replace

    from tokenrouter.config.stored_providers import changed_values

    installation = open_installation(config)
    _refuse_declared(installation, name)
    said, comment = said_of(options)

    def changed(before: "StoredProvider") -> "StoredProvider":
        values = changed_values(before.values, said, before.unreadable) if said else before.values
        if said:
            _checked(installation, values)
        return replace(before, values=values, comment=before.comment if comment is None else comment)

    _change(installation, name, changed)
    click.echo(f"Changed the provider {name!r}.", err=True)


@providers.command("remove")
@click.argument("name")
@CONFIG
def remove_command(name: str, config: str | None) -> None:
    """Remove the provider NAME of the database, with its secrets."""
    from tokenrouter.store.errors import StoreError
    from tokenrouter.store.providers import remove_provider

    installation = open_installation(config)
    try:
        remove_provider(installation.store, installation.ring, name)
    except StoreError as error:
        _refuse_declared(installation, name)
        fail(str(error))
    click.echo(f"Removed the provider {name!r}.", err=True)


@providers.command("enable")
@click.argument("name")
@CONFIG
def enable_command(name: str, config: str | None) -> None:
    """Switch the provider NAME on, whatever is declared."""
    _switch(name, config, enabled=True)


@providers.command("disable")
@click.argument("name")
@CONFIG
def disable_command(name: str, config: str | None) -> None:
    """Switch the provider NAME off, whatever is declared."""
    _switch(name, config, enabled=False)


@providers.command("reset")
@click.argument("name")
@CONFIG
def reset_command(name: str, config: str | None) -> None:
    """Let it count again whether the provider NAME is on as the configuration has it."""
    from tokenrouter.store.providers import override_enabled

    override_enabled(open_installation(config).store, name, None)
    click.echo(f"The provider {name!r} is as it is declared.", err=True)


@providers.command("test")
@click.argument("name")
@JSON
@CONFIG
def test_command(name: str, as_json: bool, config: str | None) -> None:
    """Ask the provider NAME for its models, with the key that it has."""
    import asyncio

    from tokenrouter.domain.catalog import Provider
    from tokenrouter.jobs.model_question import TEST_TIMEOUTS, Look, ask_for_models
    from tokenrouter.upstream.client import UpstreamClient

    installation = open_installation(config)
    found = next((one for one in installation.settings.providers if one.name == name), None)
    if found is None:
        fail(f"there is no provider {name!r}")
    if name in installation.unusable:
        fail(f"the provider {name!r} cannot be used: {installation.unusable[name]}")

    async def ask(provider: Provider) -> Look:
        async with UpstreamClient(installation.settings.proxies) as upstream:
            return await ask_for_models(upstream, provider, TEST_TIMEOUTS)

    look = asyncio.run(ask(found))
    if as_json:
        told = {"ok": look.models is not None, "status": look.status, "model_count": len(look.models or ())}
        click.echo(json.dumps({**told, "error": look.problem}))
        return
    if look.models is None:
        fail(f"{name}: {look.status}: {look.problem}")
    click.echo(f"{name}: {look.status}, {len(look.models)} models")


@providers.command("presets")
@click.argument("words", default="")
def presets_command(words: str) -> None:
    """List the vendors that are known, or those whose name has WORDS in it."""
    from tokenrouter.providers import presets

    for row in presets().values():
        if words.lower() in f"{row.name}\n{row.display_name}".lower():
            click.echo(f"{row.name:24} {row.display_name:28} {row.base_url}")


def _switch(name: str, config: str | None, *, enabled: bool) -> None:
    from dataclasses import replace

    from tokenrouter.store.providers import override_enabled

    installation = open_installation(config)
    if name in {provider.name for provider in installation.declared.providers}:
        override_enabled(installation.store, name, enabled)
    else:
        _change(installation, name, lambda before: replace(before, enabled=enabled))
    click.echo(f"The provider {name!r} is {'on' if enabled else 'off'}.", err=True)


def _change(installation: Installation, name: str, changed: Any) -> None:
    from tokenrouter.config.problems import InvalidValues
    from tokenrouter.store.errors import StoreError
    from tokenrouter.store.providers import change_provider

    try:
        change_provider(installation.store, installation.ring, name, changed, now_s=time.time())
    except (StoreError, InvalidValues) as error:
        fail(str(error))


def _checked(installation: Installation, values: Mapping[str, Any]) -> "ReadProvider":
    """Return the provider that `values` make, or end with what is wrong with it."""
    from tokenrouter.config.keyfile import pepper
    from tokenrouter.config.problems import InvalidValues
    from tokenrouter.jobs.catalog_builder import declared_key
    from tokenrouter.jobs.provider_checks import check_provider
    from tokenrouter.jobs.stored_configuration import read_provider_values
    from tokenrouter.store.keys import list_keys

    salt = pepper(installation.ring.secrets[0])
    keys = [*(declared_key(key, salt) for key in installation.declared.keys), *list_keys(installation.store)]
    try:
        read = read_provider_values(values, installation.settings)
        check_provider(read, installation.settings, keys, salt)
    except InvalidValues as error:
        fail(str(error))
    return read


def _refuse_declared(installation: Installation, name: str) -> None:
    for provider in installation.declared.providers:
        if provider.name == name:
            where = installation.declared.origins.get(f"providers.{name}", provider.origin)
            fail(f"the provider {name!r} is declared at {where}; change it there")


def _print_table(rows: list[tuple[str, ...]]) -> None:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo(line.rstrip())


def _cells(row: "ProviderStatus", now_s: float) -> tuple[str, ...]:
    return (
        row.name,
        row.status,
        str(row.model_count),
        ago(row.listed_at_s, now_s),
        f"{row.response_ms:.0f} ms" if row.response_ms else "-",
        ago(row.checked_at_s, now_s),
        _note(row, now_s),
    )


def _note(row: "ProviderStatus", now_s: float) -> str:
    left = [f"{row.left:.0%} of a quota left"] if row.left is not None else []
    cooling = [
        f"{one.model} left alone for {length(one.until_s - now_s)} ({one.reason})"
        for one in row.cooling
        if one.until_s > now_s
    ]
    return "; ".join([*([row.problem] if row.problem else []), *left, *cooling])
