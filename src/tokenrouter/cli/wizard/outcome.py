"""The end of the wizard: files written, the administrator's key made, and what to do next."""

import secrets
import shlex
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import click

from tokenrouter.cli.opening import fail, open_installation
from tokenrouter.cli.wizard.questions import NONE, Said
from tokenrouter.cli.wizard.saving import Draft, read_text, replace_file, save
from tokenrouter.config.load import split_address

KEY_NAME: Final = "admin"
ENCRYPTION_KEY: Final = "ENCRYPTION_KEY"


@dataclass(slots=True)
class Outcome:
    """What was answered, and the files that come of it; `secret_files` are written before the configuration."""

    draft: Draft
    answers: Said
    secret_files: dict[Path, str] = field(default_factory=dict, repr=False)

    @property
    def is_change(self) -> bool:
        """Whether any file changes."""
        return self.draft.is_change or bool(self.secret_files)

    def add_encryption_key(self, environ: Mapping[str, str]) -> dict[str, str]:
        """Plan an `ENCRYPTION_KEY` in `.env` where a PostgreSQL needs one and there is none; return what it adds."""
        if not str(self.answers.get("database_url", "")).startswith("postgres") or environ.get(ENCRYPTION_KEY):
            return {}
        named = environ.get("TOKENROUTER_ENV_FILE")
        path = Path(named).expanduser() if named else self.draft.path.with_name(".env")
        text = read_text(path) or ""
        if any(line.removeprefix("export ").startswith(f"{ENCRYPTION_KEY}=") for line in text.splitlines()):
            return {}
        key = secrets.token_urlsafe(32)
        gap = "" if not text or text.endswith("\n") else "\n"
        self.secret_files[path] = f"{text}{gap}{ENCRYPTION_KEY}={key}\n"
        return {ENCRYPTION_KEY: key}


def finish(outcome: Outcome, config: str | None, *, goes_on: bool) -> None:
    """Write everything, make the key that was asked for, and say what is next.

    Raises:
        NotSaved: a file could not be written.
    """
    draft = outcome.draft
    for path, text in outcome.secret_files.items():
        _write_secret(path, text, like=path if path.exists() else draft.path)
    if draft.is_change:
        save(draft, backup=True)
        click.echo(f"Wrote {draft.path}.", err=True)
    if outcome.answers.get("admin") == "key":
        _make_admin_key(config)
    for line in _next_steps(outcome, config, goes_on=goes_on):
        click.echo(line)


def _write_secret(path: Path, text: str, *, like: Path) -> None:
    try:
        replace_file(path, text, like=like)
    except OSError as error:
        fail(f"{path} cannot be written: {error.strerror}; the configuration is as it was")
    click.echo(f"Wrote {path} (only its owner may read it).", err=True)


def _make_admin_key(config: str | None) -> None:
    """Make an administrator's key in the database, which keeps no more than its digest, and show it."""
    from tokenrouter.config.keyfile import pepper
    from tokenrouter.store.errors import StoreError
    from tokenrouter.store.keys import KeyRequest, create_key, list_keys

    installation = open_installation(config)
    taken = {*(key.name for key in installation.settings.keys), *(key.name for key in list_keys(installation.store))}
    name = next(
        one for n in range(1, len(taken) + 2) if (one := KEY_NAME if n == 1 else f"{KEY_NAME}-{n}") not in taken
    )
    try:
        request = KeyRequest(name=name, role="admin", comment="made by torod config")
        made = create_key(installation.store, request, pepper=pepper(installation.ring.secrets[0]), now_s=time.time())
    except StoreError as error:
        fail(f"the configuration is written, but no key could be made: {error}")
    click.echo(f"The administrator's key {name!r}, shown only now:", err=True)
    click.echo(made.key)


def _next_steps(outcome: Outcome, config: str | None, *, goes_on: bool) -> list[str]:
    address = client_address(outcome.answers)
    command = f"torod serve --config {shlex.quote(config)}" if config else "torod serve"
    lines = [] if goes_on else ["", "What is next:", f"  {command}"]
    if address and not goes_on:
        lines += [f"  toro connect --url {address}", f"  {address}/admin is the admin UI."]
    if outcome.answers.get("admin") == "link" and not goes_on:
        lines.append("  The first start prints the administrator's link; later: torod admin setup-link")
    if outcome.answers.get("provider_type") == NONE:
        lines.append("  There is no provider yet: torod config again, or torod serve --sandbox")
    return lines


def client_address(answers: Said) -> str:
    """Return where clients on this machine reach the gateway, "" where that was not answered."""
    if public := str(answers.get("public_url", "")):
        return public.rstrip("/").removesuffix("/v1")
    is_tls = answers.get("tls") in ("pem", "self_signed", "letsencrypt")
    address = str(answers.get("tls_listen_addr" if is_tls else "listen_addr", ""))
    parts = split_address(address)
    if parts is None:
        return ""
    host = (answers.get("tls_domain") or ("",))[0] if is_tls else ""
    host = host or {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(parts[0], parts[0])
    port = "" if is_tls and parts[1] == 443 else f":{parts[1]}"
    return f"{'https' if is_tls else 'http'}://{f'[{host}]' if ':' in host and host[0] != '[' else host}{port}"
