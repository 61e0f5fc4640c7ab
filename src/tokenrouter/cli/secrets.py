"""`torod secrets`: what the database keeps encrypted, whether it can be read, and new keys for it while servers run."""

import json

import click

from tokenrouter.cli.opening import CONFIG, JSON, counted, fail, open_installation


@click.group()
def secrets() -> None:
    """Look at the secrets that the database keeps, and encrypt them under a new key."""


@secrets.command("list")
@JSON
@CONFIG
def list_command(as_json: bool, config: str | None) -> None:
    """List whose secrets there are, under which key, and whether they can be decrypted; never what they are."""
    from tokenrouter.store.secrets import list_secrets

    installation = open_installation(config)
    found = list_secrets(installation.store, installation.ring)
    if as_json:
        rows = [
            {**one.place._asdict(), "hint": one.hint, "key_id": one.key_id, "problem": one.problem} for one in found
        ]
        click.echo(json.dumps(rows))
        return
    for one in found:
        state = f"cannot decrypt: {one.problem}" if one.problem else "ok"
        click.echo(f"{one.place.kind} {one.place.id}  {one.place.field}  {one.hint}  key {one.key_id}  {state}")


@secrets.command("check")
@CONFIG
def check_command(config: str | None) -> None:
    """Say whether every secret can be decrypted; ends with status 1 where one cannot."""
    from tokenrouter.store.secrets import list_secrets

    installation = open_installation(config)
    found = list_secrets(installation.store, installation.ring)
    broken = [one for one in found if one.problem]
    for one in broken:
        click.echo(f"{one.place.kind} {one.place.id}  {one.place.field}: cannot decrypt: {one.problem}", err=True)
    if broken:
        fail(f"{counted(len(broken), 'secret')} of {len(found)} cannot be decrypted; give them again")
    click.echo(f"{counted(len(found), 'secret')}, all of which can be decrypted.")


@secrets.command("rotate")
@CONFIG
def rotate_command(config: str | None) -> None:
    """Encrypt every secret under a new key, while servers run; one that was broken off is taken up."""
    from tokenrouter.jobs.secret_rotation import NothingToRotate, rotate_secrets
    from tokenrouter.store.errors import StoreError

    installation = open_installation(config)
    try:
        done = rotate_secrets(installation.declared, installation.store, installation.ring)
    except (NothingToRotate, StoreError, OSError, ValueError) as error:
        fail(str(error))
    for place, problem in done.problems.items():
        click.echo(f"{place.kind} {place.id}  {place.field}: cannot decrypt: {problem}", err=True)
    how = "took up a rotation that had been broken off; " if done.resumed else ""
    click.echo(f"{how}{counted(done.rewrapped, 'secret')} encrypted under the key {done.key_id}".capitalize() + ".")
    if done.problems:
        fail(f"{counted(len(done.problems), 'secret')} cannot be decrypted, and stayed; give them again")
