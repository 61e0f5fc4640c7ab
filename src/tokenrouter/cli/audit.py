"""`torod audit`: who changed what, and whether anybody altered that log since."""

import json
import sys
import time

import click

from tokenrouter.cli.opening import CONFIG, JSON, fail, open_database


@click.group()
def audit() -> None:
    """Read the audit log, and verify that nobody has altered it."""


@audit.command("list")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="Most entries.")
@click.option("--actor", default="", help="Only what this person or key (name or id) has done.")
@click.option("--action", default="", help="Only this action, such as key.revoke.")
@click.option("--subject", default="", help="Only what was done to this subject (name or id).")
@JSON
@CONFIG
def list_command(limit: int, actor: str, action: str, subject: str, as_json: bool, config: str | None) -> None:
    """Print the last changes, newest first."""
    from dataclasses import asdict

    from tokenrouter.store.audit import AuditFilter, audit_page

    _, store = open_database(config)
    entries = audit_page(store, AuditFilter(actor=actor, action=action, subject=subject), limit=limit)
    if as_json:
        click.echo(json.dumps([asdict(entry) for entry in entries]))
        return
    for entry in entries:
        at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(entry.at_us / 1e6))
        who = f"{entry.actor.kind} {entry.actor.name}".strip() + (
            f" from {entry.actor.address}" * bool(entry.actor.address)
        )
        click.echo(f"{at}  {entry.action}  {entry.subject[2]}  by {who}")


@audit.command("verify")
@click.option("--head", default="", metavar="HASH", help="What an earlier verification printed; it must be there.")
@JSON
@CONFIG
def verify_command(head: str, as_json: bool, config: str | None) -> None:
    """Go through the whole log. Ends with code 1 where an entry was altered or removed, or HASH is missing."""
    from dataclasses import asdict

    from tokenrouter.store.audit import verify_audit

    _, store = open_database(config)
    found = verify_audit(store, noted=head)
    is_whole = found.broken_at is None and found.noted
    if as_json:
        click.echo(json.dumps({"ok": is_whole, **asdict(found)}))
        sys.exit(0 if is_whole else 1)
    if found.broken_at is not None:
        fail(f"entry {found.broken_at} is not as it was written, or an entry before it was removed")
    if not found.noted:
        fail("the hash is not in the log: its end was cut off, or it is another log")
    click.echo(f"{found.entries} entries, all as they were written")
    if found.head:
        click.echo(f"note this somewhere else, and give it as --head the next time: {found.head}")
