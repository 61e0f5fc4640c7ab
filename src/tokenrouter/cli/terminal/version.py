"""`toro version`: which toro this is, and which server it speaks to."""

import os
import sys

import click

from tokenrouter import __version__
from tokenrouter.cli.client import find_server
from tokenrouter.cli.client_options import CA_FILE, KEY, URL, print_json, typed_key, watched
from tokenrouter.cli.opening import JSON


@click.command()
@click.option("--server", "asks", is_flag=True, help="Ask the server for its version, too.")
@JSON
@URL
@KEY
@CA_FILE
def version(asks: bool, as_json: bool, url: str | None, key: str | None, ca_file: str | None) -> None:
    """Print the version."""
    told: dict[str, object] = {"version": __version__, "python": ".".join(map(str, sys.version_info[:3]))}
    if not as_json:
        click.echo(f"toro {__version__}")
    if asks:
        server = watched(find_server(url, typed_key(key), os.environ, ca_file=ca_file), quietly=as_json)
        from tokenrouter.cli.terminal.answers import Status, read

        found = read(server.ask("GET", "/v1/status"), Status).version
        told["server"] = {"url": server.url, "version": found}
        if not as_json:
            click.echo(f"TokenRouter {found} at {server.url}")
    if as_json:
        print_json(told)
