"""`toro models`: what may be asked, and what it costs."""

from typing import TYPE_CHECKING, Any

import click

from tokenrouter.cli.client import Server
from tokenrouter.cli.client_errors import Refused
from tokenrouter.cli.client_options import asks_server, print_json
from tokenrouter.cli.opening import JSON

if TYPE_CHECKING:
    from tokenrouter.cli.terminal.answers import Model


@click.command()
@click.option("--provider", metavar="NAME", help="Only models of this provider.")
@click.option("--search", metavar="TEXT", help="Only models with this in their name, vendor or alias.")
@JSON
@asks_server
def models(server: Server, provider: str | None, search: str | None, as_json: bool) -> None:
    """List the models that your key may use, with context and prices (US dollars for a million tokens)."""
    from tokenrouter.cli.terminal.answers import Model, read
    from tokenrouter.cli.terminal.table import print_table

    found = find_models(server, provider, search)
    if as_json:
        print_json(found)
        return
    if not found:
        click.echo("no model fits" if provider or search else "there is no model that this key may use", err=True)
        return
    columns = ("MODEL", ">CONTEXT", ">IN $/1M", ">OUT $/1M", "STATUS", "ALSO CALLED")
    print_table(columns, map(_row, read(found, list[Model])))


def find_models(server: Server, provider: str | None = None, search: str | None = None) -> list[dict[str, Any]]:
    """Return the models as the server tells them; a server that has no prices to tell says their names."""
    from tokenrouter.cli.terminal.answers import ModelList, read, rows

    try:
        return list(rows(server, "/api/v1/models", provider=provider, q=search))
    except Refused as error:
        if error.status not in (403, 404, 405):
            raise
    told = server.ask("GET", "/v1/models")
    read(told, ModelList)
    return [model for model in told["data"] if _fits(model["id"], provider, search)]


def _fits(name: str, provider: str | None, search: str | None) -> bool:
    return name.startswith(f"{provider}/" if provider else "") and (search or "").lower() in name.lower()


def _row(model: "Model") -> tuple[str, ...]:
    from tokenrouter.cli.terminal.texts import size

    prices = ("free", "free") if model.free else (model.input_per_1m or "", model.output_per_1m or "")
    status = "" if model.status == "online" else model.status
    return model.id, size(model.context_tokens), *prices, status, ", ".join(alias.name for alias in model.aliases)
