"""The Classroom system: `tokenrouter.db` (teams with a token and a quota, their requests) and the `.env` beside it.

Tables: app/models/database.py of mcjkurz/TokenRouter, of its README's version and later ones (read 2026-11). Those
added e-mail addresses, a rate, kept prompts, and wrote times in the machine's own zone.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from tokenrouter.config.environment import CLASSROOM_BASE_URL
from tokenrouter.domain.catalog import Provider
from tokenrouter.domain.ledger import LedgerEntry, Usage
from tokenrouter.imports.dotenv import said_in, variables_beside
from tokenrouter.imports.found import Found, FoundKey, FoundLimit, FoundTeam, FoundUser, LeftBehind
from tokenrouter.imports.naming import Naming
from tokenrouter.imports.tables import Tables, history, need_tables, subjects
from tokenrouter.imports.terms import LIFETIME, MINUTE, found_limit, imported_row

PROVIDER: Final = "provider"
_KEPT_IN_ENVIRONMENT: Final = (
    "ADMIN_PASSWORD",
    "REGISTRATION_ENABLED",
    "REGISTRATION_ACCESS_CODES",
    "ALLOWED_EMAIL_DOMAINS",
    "DEFAULT_REGISTRATION_QUOTA",
    "PUBLIC_API_URL",
    "PROVIDER_TIMEOUT",
)
_STATUS: Final = {"success": 200, "error": 502, "quota_exceeded": 429}


def read_classroom(tables: Tables, file: Path | None) -> Found:
    """Read an open database; `file` is where it lies, for what lies beside it.

    Raises:
        SourceUnreadable: it is another program's, or damaged.
    """
    need_tables(tables, "the Classroom system", "teams", "request_logs")
    variables = variables_beside(file) if file is not None else {}
    naming = Naming("the team")
    teams: dict[int, FoundTeam] = {}
    users: list[FoundUser] = []
    keys: dict[int, FoundKey] = {}
    limits: list[FoundLimit] = []
    for row in subjects(tables, "teams"):
        name = naming.name(row.text("name"), f"#{row.number('id')}")
        created_at_s = row.time_s("created_at") or 0.0
        is_active = row.is_true("is_active", True)
        email = row.text("email").strip().lower()
        teams[row.number("id")] = FoundTeam(name, enabled=is_active, created_at_s=created_at_s)
        if email:
            users.append(FoundUser(name, email=email, created_at_s=created_at_s, teams=(name,)))
        keys[row.number("id")] = FoundKey(
            name,
            secret=row.text("token"),
            team=name,
            user=name if email else "",
            created_at_s=created_at_s,
            enabled=is_active,
        )
        scope = f"team:{name}"
        limits.append(found_limit(scope, "tokens", LIFETIME, row.count("quota_tokens"), row.count("used_tokens")))
        if row.count("max_requests_per_minute"):
            limits.append(found_limit(scope, "requests", MINUTE, row.count("max_requests_per_minute")))
    provider = _provider(variables)
    return Found(
        "classroom",
        teams=tuple(teams.values()),
        users=tuple(users),
        keys=tuple(keys.values()),
        limits=tuple(limits),
        providers=(provider,) if provider else (),
        default_provider=provider.name if provider else "",
        history=lambda: _history(tables, keys),
        left_behind=(*naming.renamed, *_left_behind(tables, variables, provider)),
    )


def _history(tables: Tables, keys: Mapping[int, FoundKey]) -> Iterator[LedgerEntry]:
    for row in history(tables, "request_logs"):
        key = keys.get(row.number("team_id"))
        if key is None:
            continue
        started_us, model = row.time_us("timestamp"), row.text("model")
        usage = _usage(row.count("input_tokens"), row.count("output_tokens"), row.count("total_tokens"))
        yield imported_row(
            ("classroom", key.id, row.number("id"), started_us, model, *usage[:2]),
            started_us,
            usage,
            key_id=key.id,
            key_name=key.name,
            user=key.user,
            team=key.team,
            provider=PROVIDER,
            model=model,
            status=_STATUS.get(row.text("status"), 502),
        )


def _usage(input_tokens: int, output_tokens: int, total_tokens: int) -> Usage:
    """Return the tokens; what the quota counted and neither side has is hidden reasoning, which is output."""
    return Usage(input_tokens, max(output_tokens, total_tokens - input_tokens))


def _provider(variables: Mapping[str, str]) -> Provider | None:
    secret = variables.get("PROVIDER_API_KEY", "")
    if not secret:
        return None
    allowed = tuple(name.strip() for name in variables.get("ALLOWED_MODELS", "").split(",") if name.strip())
    return Provider(
        name=PROVIDER,
        kind="openai-compatible",
        base_url=(variables.get("PROVIDER_BASE_URL") or CLASSROOM_BASE_URL).rstrip("/"),
        secret=secret,
        origin="database",
        allowed_models=allowed,
        models=allowed,
    )


def _left_behind(tables: Tables, variables: Mapping[str, str], provider: Provider | None) -> Iterator[LeftBehind]:
    if provider is None:
        yield LeftBehind(
            "the provider", "there is no .env with PROVIDER_API_KEY beside the database; set it where the server runs"
        )
    for name in said_in(variables, *_KEPT_IN_ENVIRONMENT):
        yield LeftBehind(f"${name}", "it is a setting of the server: leave it in its environment, it is read here too")
    if "request_payload" in tables.columns("request_logs"):
        yield LeftBehind(
            "prompts and answers in request_logs", "they were kept without anybody's asking; here nobody keeps them"
        )
    if "max_requests_per_minute" in tables.columns("teams"):
        yield LeftBehind(
            "the zone of times", "versions with a rate wrote local time: where it was not UTC, say which with --tz"
        )
