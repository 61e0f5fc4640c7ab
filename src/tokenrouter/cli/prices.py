"""`torod prices`: what models cost, as the operator says it; a running server follows within a second."""

import json
import time

import click

from tokenrouter.cli.opening import CONFIG, JSON, fail, open_installation


@click.group()
def prices() -> None:
    """Set and remove prices of your own; they count before those that are gathered."""


@prices.command("list")
@JSON
@CONFIG
def list_command(as_json: bool, config: str | None) -> None:
    """List the prices of the file and the database."""
    from tokenrouter.store.prices import prices_in

    installation = open_installation(config)
    with installation.store.read() as connection:
        stored = {one.name: one for one in prices_in(connection)}
    found = {name: price.dated for name, price in installation.settings.prices.items()}
    shadowed = [name for name in stored if name not in found]
    if as_json:
        rows = [{"name": name, "origin": origin} for name, origin in found.items()]
        click.echo(json.dumps([*rows, *({"name": name, "origin": "database", "shadowed": True} for name in shadowed)]))
        return
    for name, origin in sorted(found.items()):
        rates = installation.settings.prices[name].rates
        click.echo(f"{name}  input ${rates.input / 1e9:g}, output ${rates.output / 1e9:g} per million  from {origin}")
    for name in shadowed:
        click.echo(f"{name}  from database  shadowed")


@prices.command("set")
@click.argument("name", metavar="PROVIDER/MODEL")
@click.option("--input", "input_price", required=True, metavar="USD", help="For a million tokens of input.")
@click.option("--output", "output_price", required=True, metavar="USD", help="For a million tokens of output.")
@click.option("--cached-input", metavar="USD", help="For a million tokens that came from the vendor's cache.")
@click.option("--cache-write", metavar="USD", help="For a million tokens that were written into it.")
@click.option("--per-request", metavar="USD", help="For each request, whatever it uses.")
@click.option("--comment", default="", help="A note for yourself.")
@CONFIG
def set_command(
    name: str,
    input_price: str,
    output_price: str,
    cached_input: str | None,
    cache_write: str | None,
    per_request: str | None,
    comment: str,
    config: str | None,
) -> None:
    """Let PROVIDER/MODEL cost so much from now on; `*` in MODEL stands for anything."""
    from tokenrouter.config.load import provider_names
    from tokenrouter.config.prices import read_price_values
    from tokenrouter.config.problems import InvalidValues
    from tokenrouter.jobs.joined_settings import DATABASE
    from tokenrouter.store.prices import StoredPrice, put_price

    installation = open_installation(config)
    provider, _, model = name.partition("/")
    if provider not in provider_names(installation.settings):
        fail(f"there is no provider {provider!r}")
    if name in installation.declared.prices:
        fail(f"the price of {name!r} is declared at {installation.declared.prices[name].dated}; change it there")
    said = {
        "input_per_1m": input_price,
        "output_per_1m": output_price,
        "cached_input_per_1m": cached_input,
        "cache_write_per_1m": cache_write,
        "per_request": per_request,
    }
    values = {"provider": provider, "model": model, **{key: value for key, value in said.items() if value is not None}}
    try:
        read_price_values(values, DATABASE)
    except InvalidValues as error:
        fail(str(error))
    put_price(installation.store, StoredPrice(name, values, comment, changed_at_s=time.time()))
    click.echo(f"Set the price of {name!r}.", err=True)


@prices.command("remove")
@click.argument("name", metavar="PROVIDER/MODEL")
@CONFIG
def remove_command(name: str, config: str | None) -> None:
    """Remove the price of PROVIDER/MODEL from the database; what was gathered counts again."""
    from tokenrouter.store.errors import StoreError
    from tokenrouter.store.prices import remove_price

    try:
        remove_price(open_installation(config).store, name)
    except StoreError as error:
        fail(str(error))
    click.echo(f"Removed the price of {name!r}.", err=True)
