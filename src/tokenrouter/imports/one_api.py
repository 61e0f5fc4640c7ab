"""One API and New API: SQLite, PostgreSQL or the dump of a MySQL, with users, tokens, channels and logs.

Tables: model/{user,token,channel,log}.go, keys: middleware/auth.go, of songquanpeng/one-api; New API's further columns
as its API names them (both read 2026-11). Quota is money there: 500,000 are a US dollar. A token's key is sent as
`sk-KEY`, and was accepted without `sk-` too; both are here.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_network
from typing import Final

from tokenrouter.domain.aliases import Alias, Target
from tokenrouter.domain.catalog import MAX_CREDENTIALS, Provider
from tokenrouter.domain.ledger import LedgerEntry, Usage
from tokenrouter.domain.people import PersonRole
from tokenrouter.imports.cells import Cells
from tokenrouter.imports.found import Found, FoundKey, FoundLimit, FoundUser, LeftBehind
from tokenrouter.imports.naming import Naming, ProviderNaming
from tokenrouter.imports.one_api_channels import kinds_of
from tokenrouter.imports.tables import Tables, history, need_tables, subjects
from tokenrouter.imports.terms import LIFETIME, found_limit, imported_row
from tokenrouter.providers import preset

NANO_USD_PER_QUOTA: Final = 10**9 // 500_000
PREFIX: Final = "sk-"
ENABLED: Final = 1
"""Status of users, tokens and channels; others are disabled, expired or exhausted."""
_EXHAUSTED: Final = 4
_ROLES: Final[Mapping[int, PersonRole]] = {100: "owner", 10: "admin"}
_CONSUMED: Final = 2
_FAILED: Final = 5
"""Kinds of log rows: what was consumed, and New API's errors. Others are top-ups, logins and changes."""
NOTHING: Final = "none/none"
DEFAULT_GROUP: Final = "default"
COMPATIBLE: Final = "openai-compatible"
AZURE: Final = "azure-deployments"
GEMINI: Final = "google-gemini"
"""Kinds whose addresses end in something else than `/v1`."""
AZURE_VERSION: Final = "2024-10-21"
"""Of Azure's API, where a channel names none (its field `other`)."""


UNPRICED: Final = LeftBehind(
    "the ratios that models were charged by",
    "budgets count by prices here; until a model has one, imported keys use it without being charged",
)


@dataclass(slots=True)
class _Channels:
    """Providers by the ids that rows use, and who may use which."""

    providers: dict[int, Provider] = field(default_factory=dict)
    models: dict[str, list[tuple[int, int, str]]] = field(default_factory=dict)
    """Model → (minus its priority, weight, provider) of each channel that has it."""
    groups: dict[str, list[str]] = field(default_factory=dict)
    left_behind: list[LeftBehind] = field(default_factory=list)

    @property
    def are_for_all(self) -> bool:
        return set(self.groups) <= {DEFAULT_GROUP}


def read_one_api(tables: Tables) -> Found:
    """Read an open database.

    Raises:
        SourceUnreadable: it is another program's, or damaged.
    """
    need_tables(tables, "One API", "users", "tokens", "channels")
    channels = _read_channels(tables)
    naming = Naming("the user")
    people = {row.number("id"): row for row in subjects(tables, "users") if not row.time_s("deleted_at")}
    names = {number: naming.name(row.text("username"), f"#{number}") for number, row in people.items()}
    keys, limits, left = _read_tokens(tables, people, names, channels)
    return Found(
        "one-api",
        users=tuple(_user(row, names[number]) for number, row in people.items()),
        keys=tuple(keys.values()),
        limits=(*(_budget(row, names[number]) for number, row in people.items()), *limits),
        providers=tuple(channels.providers.values()),
        aliases=tuple(_aliases(channels)),
        history=lambda: _history(tables, names, keys, channels),
        left_behind=(*naming.renamed, *channels.left_behind, *left, UNPRICED),
    )


def _user(row: Cells, name: str) -> FoundUser:
    return FoundUser(
        name,
        email=row.text("email").strip().lower() or None,
        role=_ROLES.get(row.number("role"), "member"),
        enabled=row.number("status", ENABLED) == ENABLED,
        comment=row.text("display_name") if row.text("display_name") != name else "",
        password_hash=row.text("password"),
        created_at_s=row.time_s("created_at") or 0.0,
    )


def _budget(row: Cells, name: str) -> FoundLimit:
    """Return what a user may spend in all: what is left and what was used."""
    used = row.count("used_quota")
    amount = (row.count("quota") + used) * NANO_USD_PER_QUOTA
    return found_limit(f"user:{name}", "cost_usd", LIFETIME, amount, used * NANO_USD_PER_QUOTA)


def _read_tokens(
    tables: Tables, people: Mapping[int, Cells], names: Mapping[int, str], channels: _Channels
) -> tuple[dict[tuple[int, str], FoundKey], list[FoundLimit], list[LeftBehind]]:
    """Return the keys by user and by the name that log rows give them, their limits, and what is left behind."""
    naming = Naming("the key")
    keys: dict[tuple[int, str], FoundKey] = {}
    limits: list[FoundLimit] = []
    left: list[LeftBehind] = []
    for row in subjects(tables, "tokens"):
        user_id, number, bare = row.number("user_id"), row.number("id"), row.text("key").strip()
        if user_id not in people or not bare or row.time_s("deleted_at"):
            left.append(LeftBehind(f"the token {row.text('name')!r} (#{number})", "it was deleted, or its user was"))
            continue
        key = FoundKey(
            naming.name(f"{names[user_id]} {row.text('name')}".strip(), f"#{number}"),
            secret=PREFIX + bare,
            other_secret=bare,
            user=names[user_id],
            allowed_models=_allowed(row, people[user_id], channels),
            allowed_ips=tuple(_networks(row)),
            created_at_s=row.time_s("created_time") or 0.0,
            expires_at_s=row.time_s("expired_time") if row.number("expired_time", -1) > 0 else None,
            enabled=row.number("status", ENABLED) in (ENABLED, _EXHAUSTED),
            allow_unpriced=True,
        )
        place = user_id, row.text("name")
        keys[place if place not in keys else (user_id, f"#{number}")] = key
        if not row.is_true("unlimited_quota"):
            used = row.count("used_quota")
            amount = (row.count("remain_quota") + used) * NANO_USD_PER_QUOTA
            limits.append(found_limit(f"key:{key.name}", "cost_usd", LIFETIME, amount, used * NANO_USD_PER_QUOTA))
    return keys, limits, [*left, *naming.renamed]


def _allowed(row: Cells, user: Cells, channels: _Channels) -> tuple[str, ...]:
    """Return what a token may use: its own models, else the channels of its group where there are several groups."""
    is_limited = row.is_true("model_limits_enabled", default=True)
    models = row.texts("model_limits") if "model_limits" in row.values else row.texts("models")
    if models and is_limited:
        return models
    if channels.are_for_all:
        return ()
    group = row.text("group") or user.text("group") or DEFAULT_GROUP
    return tuple(f"{name}/*" for name in channels.groups.get(group, ())) or (NOTHING,)


def _networks(row: Cells) -> Iterator[str]:
    """Yield the addresses that a token may come from; New API has them in lines, One API between commas."""
    said = row.text("allow_ips") or row.text("subnet")
    for text in said.replace("\n", ",").split(","):
        try:
            yield str(ip_network(text.strip(), strict=False))
        except ValueError:
            continue


def _read_channels(tables: Tables) -> _Channels:
    naming, channels, kinds = ProviderNaming(), _Channels(), kinds_of(tables)
    for row in subjects(tables, "channels"):
        number, shown = row.number("id"), row.text("name")
        what = f"the channel {shown!r} (#{number})"
        kind = kinds.get(row.number("type"), COMPATIBLE)
        base_url = _base_url(row, kind)
        if not base_url:
            why = f"its type {row.number('type')} is none that we know, and it has no address of its own"
            channels.left_behind.append(LeftBehind(what, why))
            continue
        name = naming.name(shown, str(number))
        secrets = tuple(dict.fromkeys(row.text("key").split()))[:MAX_CREDENTIALS]
        provider = Provider(
            name=name,
            kind=kind,
            base_url=base_url,
            secret=secrets[0] if secrets else None,
            other_secrets=secrets[1:],
            enabled=row.number("status", ENABLED) == ENABLED,
            origin="database",
            model_mapping=_mapping(row),
            models=row.texts("models"),
        )
        channels.providers[number] = provider
        if len(row.text("key").split()) > MAX_CREDENTIALS:
            channels.left_behind.append(LeftBehind(f"further keys of {what}", f"{MAX_CREDENTIALS} are the most"))
        for group in row.texts("group") or (DEFAULT_GROUP,):
            channels.groups.setdefault(group, []).append(name)
        if provider.enabled:
            place = -row.number("priority"), max(1, row.number("weight", 1)), name
            for model in provider.models:
                channels.models.setdefault(model, []).append(place)
    return channels


def _base_url(row: Cells, kind: str) -> str:
    """Return where a channel is asked, "" where nobody knows; addresses there lack the `/v1` that ours end in."""
    row_of_kind = preset(kind)
    usual = row_of_kind.base_url if row_of_kind is not None else ""
    own = row.text("base_url").strip().rstrip("/")
    if not own or own == usual.removesuffix("/v1"):
        return "" if "{" in usual else usual
    if kind == AZURE:
        return f"{own}/openai?api-version={row.text('other') or AZURE_VERSION}"
    if kind == GEMINI:
        return f"{own.removesuffix('/v1beta')}/v1beta"
    return f"{own.removesuffix('/v1')}/v1"


def _mapping(row: Cells) -> dict[str, str]:
    said = row.text("model_mapping")
    try:
        mapping = json.loads(said) if said else {}
    except (ValueError, RecursionError):
        return {}
    return {str(asked): str(sent) for asked, sent in mapping.items()} if isinstance(mapping, dict) else {}


def _aliases(channels: _Channels) -> Iterator[Alias]:
    """Yield each model name that clients ask for: the channels that have it, the highest priority first.

    Of one priority they share the requests by weight; of several, those of the highest are asked in order, and the
    others after them when they fail.
    """
    for model, places in channels.models.items():
        ordered = sorted(places, key=lambda place: (place[0], -place[1], place[2]))
        yield Alias(
            model,
            tuple(Target(f"{name}/{model}", weight=weight) for _, weight, name in ordered),
            selection="weighted" if _are_equal(ordered) else "ordered",
        )


def _are_equal(places: Sequence[tuple[int, int, str]]) -> bool:
    return len(places) > 1 and len({priority for priority, _, _ in places}) == 1


def _history(
    tables: Tables,
    names: Mapping[int, str],
    keys: Mapping[tuple[int, str], FoundKey],
    channels: _Channels,
) -> Iterator[LedgerEntry]:
    for row in history(tables, "logs"):
        if row.number("type") not in (_CONSUMED, _FAILED):
            continue
        user_id, started_us = row.number("user_id"), row.time_us("created_at")
        key = keys.get((user_id, row.text("token_name")))
        provider = channels.providers.get(row.number("channel_id") or row.number("channel"))
        usage = Usage(row.count("prompt_tokens"), row.count("completion_tokens"))
        failed = row.number("type") == _FAILED
        model = row.text("model_name")
        yield imported_row(
            ("one-api", user_id, row.number("id"), started_us, model, row.text("token_name"), *usage[:2]),
            started_us,
            usage,
            key_id=key.id if key else "",
            key_name=key.name if key else row.text("token_name"),
            user=names.get(user_id, row.text("username")),
            provider=provider.name if provider else "",
            model=provider.model_mapping.get(model, model) if provider else model,
            requested_model=model,
            status=502 if failed else 200,
            cost_nano_usd=None if failed else row.count("quota") * NANO_USD_PER_QUOTA,
            latency_us=row.count("use_time") * 1_000_000 or row.count("elapsed_time") * 1000,
            stream=row.is_true("is_stream"),
            client_ip=row.text("ip"),
        )
