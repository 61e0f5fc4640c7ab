"""LiteLLM's proxy: its `config.yaml` and its PostgreSQL (keys, teams, users, budgets, spend).

Tables: schema.prisma of BerriAI/litellm (read 2026-11). A key is kept there as the SHA-256 of `sk-…`, which is our
digest of it, so keys answer as they are. Spend is dollars, a budget's length a text like `30d`.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from tokenrouter.domain.ledger import LedgerEntry, Operation, Usage
from tokenrouter.domain.limits import Metric, Window
from tokenrouter.domain.people import PersonRole
from tokenrouter.imports.cells import Cells
from tokenrouter.imports.found import Found, FoundKey, FoundLimit, FoundTeam, FoundUser, LeftBehind
from tokenrouter.imports.litellm_config import LitellmConfig
from tokenrouter.imports.naming import Naming
from tokenrouter.imports.tables import Tables, history, need_tables, subjects
from tokenrouter.imports.terms import LIFETIME, MINUTE, found_limit, imported_row, interval_or_lifetime

MASTER: Final = "litellm-master"
NOTHING: Final = "none/none"
_EVERYTHING: Final = frozenset({"all-proxy-models", "all-team-models", "*"})
_NOTHING_AT_ALL: Final = "no-default-models"
_UNITS_S: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400, "mo": 30 * 86_400}
"""Units of a budget's length (its documentation, "Budgets"); a month is taken as 30 days."""
_LENGTH: Final = re.compile(r"(\d{1,7})(s|mo|m|h|d|w)")
_ROLES: Final[Mapping[str, PersonRole]] = {"proxy_admin": "admin"}
_OPERATIONS: Final[Mapping[str, Operation]] = {
    "acompletion": "chat",
    "completion": "chat",
    "atext_completion": "completions",
    "text_completion": "completions",
    "aembedding": "embeddings",
    "embedding": "embeddings",
    "aresponses": "responses",
    "responses": "responses",
    "anthropic_messages": "messages",
    "aimage_generation": "images",
    "image_generation": "images",
    "atranscription": "transcriptions",
    "transcription": "transcriptions",
    "aspeech": "speech",
    "speech": "speech",
    "amoderation": "moderations",
    "arerank": "rerank",
    "rerank": "rerank",
}


@dataclass(slots=True)
class _People:
    """Names by the ids that rows use, and keys by their hash."""

    teams: dict[str, str] = field(default_factory=dict)
    users: dict[str, str] = field(default_factory=dict)
    keys: dict[str, FoundKey] = field(default_factory=dict)
    budgets: dict[str, Cells] = field(default_factory=dict)
    left_behind: list[LeftBehind] = field(default_factory=list)


def read_litellm(tables: Tables | None, config: LitellmConfig) -> Found:
    """Put together what the file and the database say; without a database there is only the master key.

    Raises:
        SourceUnreadable: the database is another program's, or damaged.
    """
    people = _People()
    master = FoundKey(MASTER, secret=config.master_key, role="admin") if config.master_key else None
    found = Found(
        "litellm",
        keys=(master,) if master else (),
        providers=config.providers,
        aliases=config.aliases,
        prices=dict(config.prices),
        left_behind=config.left_behind,
    )
    if tables is None:
        why = "no database was given: a postgresql:// URL beside the file brings them"
        return found.leaving(LeftBehind("virtual keys, teams and users", why))
    need_tables(tables, "LiteLLM", "LiteLLM_VerificationToken")
    people.budgets = {row.text("budget_id"): row for row in subjects(tables, "LiteLLM_BudgetTable")}
    teams, team_limits = _read_teams(tables, people)
    users, user_limits = _read_users(tables, people)
    keys, key_limits = _read_keys(tables, people)
    return Found(
        "litellm",
        teams=tuple(teams),
        users=tuple(users),
        keys=(*found.keys, *keys),
        limits=(*team_limits, *user_limits, *key_limits),
        providers=found.providers,
        aliases=found.aliases,
        prices=found.prices,
        history=lambda: _history(tables, people),
        left_behind=(*found.left_behind, *people.left_behind, *_not_carried(tables)),
    )


def _read_teams(tables: Tables, people: _People) -> tuple[list[FoundTeam], list[FoundLimit]]:
    naming = Naming("the team")
    teams: list[FoundTeam] = []
    limits: list[FoundLimit] = []
    for row in subjects(tables, "LiteLLM_TeamTable"):
        identity = row.text("team_id")
        name = people.teams[identity] = naming.name(row.text("team_alias") or identity, identity[:8])
        teams.append(
            FoundTeam(
                name,
                enabled=not row.is_true("blocked"),
                allowed_models=_models(row),
                created_at_s=row.time_s("created_at") or 0.0,
            )
        )
        limits += _limits(row, f"team:{name}", people)
    people.left_behind += naming.renamed
    return teams, limits


def _read_users(tables: Tables, people: _People) -> tuple[list[FoundUser], list[FoundLimit]]:
    naming = Naming("the user")
    users: list[FoundUser] = []
    limits: list[FoundLimit] = []
    members = _members(tables, people)
    for row in subjects(tables, "LiteLLM_UserTable"):
        identity, email = row.text("user_id"), row.text("user_email").strip().lower()
        name = people.users[identity] = naming.name(row.text("user_alias") or email or identity, identity[:8])
        teams, leads = members.get(identity, ((), ()))
        users.append(
            FoundUser(
                name,
                email=email or None,
                role=_ROLES.get(row.text("user_role"), "member"),
                created_at_s=row.time_s("created_at") or 0.0,
                teams=teams,
                leads=leads,
            )
        )
        if row.text("password"):
            people.left_behind.append(
                LeftBehind(f"the password of {name!r}", "it is kept in another way; set a new one")
            )
        limits += _limits(row, f"user:{name}", people)
    people.left_behind += naming.renamed
    return users, limits


def _members(tables: Tables, people: _People) -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    """Return by user the teams that they are in, and those that they administer."""
    teams: dict[str, dict[str, bool]] = {}
    for row in subjects(tables, "LiteLLM_TeamTable"):
        team, said = people.teams[row.text("team_id")], row.json("members_with_roles")
        for one in said if isinstance(said, list) else []:
            if isinstance(one, dict) and isinstance(one.get("user_id"), str):
                teams.setdefault(one["user_id"], {})[team] = one.get("role") == "admin"
    return {user: (tuple(of), tuple(team for team, is_admin in of.items() if is_admin)) for user, of in teams.items()}


def _read_keys(tables: Tables, people: _People) -> tuple[list[FoundKey], list[FoundLimit]]:
    naming = Naming("the key")
    keys: list[FoundKey] = []
    limits: list[FoundLimit] = []
    for row in subjects(tables, "LiteLLM_VerificationToken"):
        token = row.text("token")
        digest = _digest(token)
        if digest is None:
            people.left_behind.append(LeftBehind(f"the key {row.text('key_alias')!r}", "its hash cannot be read"))
            continue
        key = people.keys[digest.hex()] = FoundKey(
            naming.name(row.text("key_alias") or row.text("key_name") or digest.hex()[:12], digest.hex()[:8]),
            digest=digest,
            team=people.teams.get(row.text("team_id"), row.text("team_id")),
            user=people.users.get(row.text("user_id"), row.text("user_id")),
            allowed_models=_models(row),
            created_at_s=row.time_s("created_at") or 0.0,
            expires_at_s=row.time_s("expires"),
            enabled=not row.is_true("blocked"),
            hint=row.text("key_name").replace("...", "…"),
            allow_unpriced=True,  # what has no price costs nothing there
        )
        keys.append(key)
        limits += _limits(row, f"key:{key.name}", people)
        people.left_behind += _parts_left(row, key.name)
    people.left_behind += naming.renamed
    return keys, limits


def _digest(token: str) -> bytes | None:
    """Return the digest of a key: what is kept is its SHA-256, or in old versions the key."""
    if token.startswith("sk-"):
        return hashlib.sha256(token.encode()).digest()
    try:
        digest = bytes.fromhex(token)
    except ValueError:
        return None
    return digest if len(digest) == hashlib.sha256().digest_size else None


def _models(row: Cells) -> tuple[str, ...]:
    """Return what may be used; `all-…` restricts nothing here, since the key is charged to its team anyway."""
    models = row.texts("models")
    if _NOTHING_AT_ALL in models:
        return (NOTHING,)
    return () if _EVERYTHING & set(models) else models


def _parts_left(row: Cells, name: str) -> Iterator[LeftBehind]:
    for column, why in (
        ("aliases", "aliases are of a user, a team or everybody"),
        ("model_max_budget", "set limits on models instead"),
        ("allowed_routes", "a role says what a key may do"),
        ("guardrails", "guardrails are declared in the configuration"),
    ):
        if row.json(column):
            yield LeftBehind(f"{column} of the key {name!r}", why)


def _limits(row: Cells, scope: str, people: _People) -> Iterator[FoundLimit]:
    """Yield the limits of a key, team or user: its own columns, or those of the budget that it shares."""
    shared = people.budgets.get(row.text("budget_id"))
    said = {name: _first(row, shared, name) for name in (*_RATES, "max_budget", "soft_budget")}
    length_s = _length_s(_first(row, shared, "budget_duration").text("budget_duration"))
    window = interval_or_lifetime(length_s)
    budget = said["max_budget"].nano_usd("max_budget")
    if budget is not None:
        reset_s = _first(row, shared, "budget_reset_at").time_s("budget_reset_at")
        started_s = max(0.0, reset_s - length_s) if reset_s and length_s else None
        yield found_limit(scope, "cost_usd", window, budget, max(0, row.nano_usd("spend") or 0), started_s)
    for column, (metric, of) in _RATES.items():
        if said[column].values.get(column) is not None:
            yield found_limit(scope, metric, of, said[column].count(column))


_RATES: Final[Mapping[str, tuple[Metric, Window]]] = {
    "tpm_limit": ("tokens", MINUTE),
    "rpm_limit": ("requests", MINUTE),
    "max_parallel_requests": ("concurrency", LIFETIME),
}


def _first(row: Cells, shared: Cells | None, column: str) -> Cells:
    return row if shared is None or row.values.get(column) is not None else shared


def _length_s(text: str) -> int:
    found = _LENGTH.fullmatch(text.strip())
    return int(found[1]) * _UNITS_S[found[2]] if found is not None else 0


def _not_carried(tables: Tables) -> Iterator[LeftBehind]:
    for table, what, why in (
        (
            "LiteLLM_ProxyModelTable",
            "models kept in its database",
            "they are encrypted there; write them into config.yaml",
        ),
        ("LiteLLM_OrganizationTable", "organizations", "teams stand on their own here"),
        ("LiteLLM_EndUserTable", "budgets of end users", "use is charged to keys, users and teams"),
        ("LiteLLM_TagTable", "tags", "there is nothing of the kind here"),
        ("LiteLLM_MCPServerTable", "MCP servers", "there is nothing of the kind here"),
    ):
        count = len(subjects(tables, table))
        if count:
            yield LeftBehind(f"{count} {what}", why)


def _history(tables: Tables, people: _People) -> Iterator[LedgerEntry]:
    for row in history(tables, "LiteLLM_SpendLogs"):
        started_us, ended_us = row.time_us("startTime"), row.time_us("endTime")
        key = people.keys.get(row.text("api_key"))
        failed = row.text("status") == "failure"
        said: Any = row.json("metadata")
        yield imported_row(
            ("litellm", row.text("request_id")),
            started_us,
            Usage(row.count("prompt_tokens"), row.count("completion_tokens"), _cached_tokens(said)),
            operation=_OPERATIONS.get(row.text("call_type"), "passthrough"),
            key_id=key.id if key else "",
            key_name=key.name if key else "",
            user=key.user if key else people.users.get(row.text("user"), row.text("user")),
            team=key.team if key else people.teams.get(row.text("team_id"), row.text("team_id")),
            provider=row.text("custom_llm_provider"),
            model=row.text("model"),
            alias=row.text("model_group"),
            requested_model=row.text("model_group"),
            status=_status(said) if failed else 200,
            cost_nano_usd=row.nano_usd("spend"),
            latency_us=max(0, ended_us - started_us) if ended_us else 0,
            client_ip=row.text("requester_ip_address"),
        )


def _cached_tokens(metadata: Any) -> int:
    usage = metadata.get("usage_object") if isinstance(metadata, dict) else None
    details = usage.get("prompt_tokens_details") if isinstance(usage, dict) else None
    cached = details.get("cached_tokens") if isinstance(details, dict) else None
    return cached if isinstance(cached, int) and cached > 0 else 0


def _status(metadata: Any) -> int:
    error = metadata.get("error_information") if isinstance(metadata, dict) else None
    code = str(error.get("error_code", "")) if isinstance(error, dict) else ""
    return int(code) if re.fullmatch(r"[45]\d\d", code) else 502
