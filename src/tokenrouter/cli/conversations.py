"""`torod conversations`: whose conversations are kept, and reading and deleting those that are.

It works on the database itself, with or without a server; a running server follows within a second. What was said is
encrypted, so this needs the installation's secret, as the server does.
"""

import json
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from tokenrouter.cli.opening import CONFIG, JSON, counted, fail, open_database

if TYPE_CHECKING:
    from tokenrouter.config.sealing import Sealing
    from tokenrouter.config.settings import Settings
    from tokenrouter.dialects.transcripts import Turn
    from tokenrouter.jobs.conversation_view import ViewedRecord
    from tokenrouter.store.conversation_pages import ConversationFilter, ConversationRow

_LINES = "\n\t"


@click.group()
def conversations() -> None:
    """Say whose conversations are kept, read them, delete them."""


def _filters(command: Any) -> Any:
    """Add the options that say which conversations are meant."""
    for option in (
        click.option("--key", default="", metavar="NAME", help="Of this key."),
        click.option("--user", default="", metavar="NAME", help="Of this user's keys."),
        click.option("--team", default="", metavar="NAME", help="Of this team's keys."),
        click.option(
            "--before", metavar="DAY", type=click.DateTime(["%Y-%m-%d"]), help="That ended before this UTC day."
        ),
    ):
        command = option(command)
    return command


@conversations.command("list")
@_filters
@click.option("--q", "text", default="", metavar="TEXT", help="With this in a title, a question or an answer.")
@click.option("--limit", type=click.IntRange(1, 500), default=50, show_default=True, help="Most that are listed.")
@JSON
@CONFIG
def list_command(text: str, limit: int, as_json: bool, config: str | None, **named: Any) -> None:
    """List conversations, the one that grew last first."""
    from dataclasses import asdict

    from tokenrouter.store.conversation_pages import conversation_page

    settings, store = open_database(config)
    page = conversation_page(store, _sealing(settings), _wanted(**named, text=text, with_internal=False), limit=limit)
    if as_json:
        click.echo(json.dumps([asdict(row) for row in page.rows]))
        return
    for row in page.rows:
        click.echo(_line(row))
    if page.next is not None:
        click.echo("There are more; --limit, --q or a filter finds them.", err=True)


@conversations.command("show")
@click.argument("conversation_id", metavar="ID")
@click.option("--internal", is_flag=True, help="Also what the client asked for itself, such as a title.")
@click.option("--raw", is_flag=True, help="The bodies as they were.")
@JSON
@CONFIG
def show_command(conversation_id: str, internal: bool, raw: bool, as_json: bool, config: str | None) -> None:
    """Show a conversation: of each request what is new, and its answer."""
    import msgspec

    from tokenrouter.jobs.conversation_view import viewed
    from tokenrouter.store.conversation_pages import find_conversation, records_of
    from tokenrouter.store.conversations import note_reading

    settings, store = open_database(config)
    sealing = _sealing(settings)
    row = find_conversation(store, sealing, conversation_id)
    if row is None:
        fail(f"there is no conversation {conversation_id!r}; `torod conversations list` lists them")
    note_reading(store, row.id, row.key)
    records = viewed(records_of(store, sealing, conversation_id), with_internal=internal)
    if as_json:
        click.echo(msgspec.json.encode({"conversation": row, "records": list(records)}))
        return
    click.echo(_line(row))
    for record in records:
        _print(record, raw=raw)


@conversations.command("delete")
@click.argument("conversation_id", metavar="[ID]", default="")
@_filters
@click.option("--all", "everything", is_flag=True, help="Every one.")
@CONFIG
def delete_command(conversation_id: str, everything: bool, config: str | None, **named: Any) -> None:
    """Delete one conversation, those of a key, user, team or time, or all, for good."""
    from tokenrouter.store.conversations import delete_conversations

    given = {name: str(value) for name, value in {"id": conversation_id, **named}.items() if value}
    if bool(given) == everything:
        fail("say which: an ID, --key, --user, --team, --before, or --all", code=2)
    _, store = open_database(config)
    wanted = _wanted(**named, conversation_id=conversation_id)
    gone = delete_conversations(store, wanted.conditions(), told=given or {"all": True})
    click.echo(f"Deleted {counted(gone, 'conversation')}.", err=True)


@conversations.group()
def capture() -> None:
    """Say whose conversations are kept: SCOPE is global, team:NAME, user:NAME or key:NAME."""


@capture.command("list")
@JSON
@CONFIG
def rules_command(as_json: bool, config: str | None) -> None:
    """List the rules; the nearest to a request counts: its key's, its user's, its team's, everybody's."""
    from tokenrouter.store.capture_rules import list_capture_rules

    settings, store = open_database(config)
    declared = [{"scope": scope, "enabled": True, "origin": "file"} for scope in settings.conversations.capture]
    stored = [
        {"scope": rule.scope, "enabled": rule.enabled, "origin": "database"} for rule in list_capture_rules(store)
    ]
    if as_json:
        click.echo(json.dumps([*declared, *stored]))
        return
    for rule in (*declared, *stored):
        click.echo(f"{rule['scope']}  {'kept' if rule['enabled'] else 'not kept'}  from {rule['origin']}")
    if not settings.conversations.enabled:
        click.echo("Nothing is kept: the configuration says conversations.enabled = false.", err=True)


@capture.command("on")
@click.argument("scope")
@CONFIG
def on_command(scope: str, config: str | None) -> None:
    """Keep the conversations of SCOPE from now on."""
    _set(scope, config, enabled=True)


@capture.command("off")
@click.argument("scope")
@CONFIG
def off_command(scope: str, config: str | None) -> None:
    """Keep none of SCOPE, whatever is said further away; what is kept stays until it is deleted."""
    _set(scope, config, enabled=False)


@capture.command("remove")
@click.argument("scope")
@CONFIG
def remove_command(scope: str, config: str | None) -> None:
    """Say nothing any more of SCOPE: who stands further away decides."""
    from tokenrouter.store.capture_rules import remove_capture_rule
    from tokenrouter.store.errors import StoreError

    _, store = open_database(config)
    try:
        remove_capture_rule(store, scope)
    except StoreError as error:
        fail(str(error))


def _set(scope: str, config: str | None, *, enabled: bool) -> None:
    from tokenrouter.domain.capture import scope_mistake
    from tokenrouter.store.capture_rules import CaptureRule, set_capture_rule

    if mistake := scope_mistake(scope):
        fail(mistake, code=2)
    settings, store = open_database(config)
    if scope in settings.conversations.capture:
        fail(f"the capture of {scope} is declared in the configuration; change it there")
    if enabled and not settings.conversations.enabled:
        fail("the configuration says conversations.enabled = false; change it there")
    set_capture_rule(store, CaptureRule(scope, enabled, created_at_s=time.time()))


def _sealing(settings: "Settings") -> "Sealing":
    from tokenrouter.config.keyfile import conversations_key, load_or_create_secret
    from tokenrouter.config.sealing import Sealing

    return Sealing(conversations_key(load_or_create_secret(settings)))


def _wanted(
    key: str,
    user: str,
    team: str,
    before: datetime | None,
    text: str = "",
    conversation_id: str = "",
    *,
    with_internal: bool = True,
) -> "ConversationFilter":
    from tokenrouter.store.conversation_pages import ConversationFilter

    until_us = None if before is None else int(before.replace(tzinfo=UTC).timestamp() * 1e6)
    return ConversationFilter(
        id=conversation_id, text=text, key=key, user=user, team=team, until_us=until_us, with_internal=with_internal
    )


def _line(row: "ConversationRow") -> str:
    last = datetime.fromtimestamp(row.last_us / 1e6, UTC).strftime("%Y-%m-%d %H:%M")
    return f"{row.id}  {last}  {row.key}  {counted(row.requests - row.internal, 'request')}  {_plain(row.title)}"


def _print(viewed: "ViewedRecord", *, raw: bool) -> None:
    captured = viewed.record.captured
    model, status = (captured.model, captured.status) if captured else ("?", 0)
    click.echo(f"\n== {viewed.record.id}  {_plain(model)}  {status} {viewed.record.kind}".rstrip())
    if raw and captured is not None:
        click.echo(_plain(captured.request_body.decode("utf-8", "replace"), _LINES))
        click.echo(_plain(captured.answer_body.decode("utf-8", "replace"), _LINES))
        return
    if viewed.system:
        click.echo(f"[system] {_plain(viewed.system, _LINES)}")
    for turn in (*viewed.turns, *viewed.answer.turns):
        _print_turn(turn)
    if viewed.answer.problem:
        click.echo(f"[problem] {_plain(viewed.answer.problem)}")


def _print_turn(turn: "Turn") -> None:
    for piece in turn.pieces:
        what = " ".join(filter(None, (turn.role, piece.kind if piece.kind != "text" else "", piece.name)))
        click.echo(f"[{_plain(what)}] {_plain(piece.text, _LINES)}")


def _plain(text: str, allowed: str = "") -> str:
    """Return `text` without what a terminal would obey: somebody else wrote it."""
    return "".join(char if char.isprintable() or char in allowed else " " for char in text)
