"""TokenTracer: its PostgreSQL (users, API keys, providers' keys, aliases, requests).

Tables: db/schema.sql of andyantrim/tokentracer-proxy (read 2026-11). An API key there is a JWT of which the SHA-256 was
noted; that is our digest of a long key, so the keys answer here as they are, and, unlike there, can be revoked.

Everybody had providers of their own there. Here providers are everybody's, so what a key may use is said in the key:
the providers of its user, whatever the model.
"""

import base64
import binascii
import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tokenrouter.domain.alias_text import MAX_THRESHOLD_TOKENS
from tokenrouter.domain.aliases import Alias, Target
from tokenrouter.domain.catalog import Provider
from tokenrouter.domain.ledger import LedgerEntry, Usage
from tokenrouter.domain.limit_text import MAX_AMOUNT
from tokenrouter.imports.cells import Cells
from tokenrouter.imports.found import Found, FoundKey, FoundLimit, FoundUser, LeftBehind
from tokenrouter.imports.naming import Naming, ProviderNaming
from tokenrouter.imports.tables import Tables, history, need_tables, subjects
from tokenrouter.imports.terms import DAY, MINUTE, found_limit, imported_row
from tokenrouter.providers import preset

KEY_LIFE_S: Final = 365 * 86_400
"""How long its keys are good: what the JWT says (section 4.1 of its API), counted from when it was made."""
NOTHING: Final = "none/none"
"""Allows nothing: no provider of an import is called so; an empty list would allow everything."""
_NONCE_BYTES: Final = 12
_KINDS: Final = {"openai": "openai", "anthropic": "anthropic", "gemini": "google-gemini"}


@dataclass(slots=True)
class _People:
    """Names by the ids that rows use."""

    users: dict[int, str] = field(default_factory=dict)
    providers: dict[int, str] = field(default_factory=dict)
    owned: dict[int, list[str]] = field(default_factory=dict)
    left_behind: list[LeftBehind] = field(default_factory=list)

    def allowed(self, user_id: int) -> tuple[str, ...]:
        """Return what keys of a user may use."""
        return tuple(f"{name}/*" for name in self.owned.get(user_id, ())) or (NOTHING,)


def read_tokentracer(tables: Tables, *, encryption_key: str, now_s: float) -> Found:
    """Read an open database; `encryption_key` is its `ENCRYPTION_KEY`, "" where nobody knows it.

    Raises:
        SourceUnreadable: it is another program's, or damaged.
    """
    need_tables(tables, "TokenTracer", "users", "api_keys", "provider_keys", "model_aliases")
    people, naming = _People(), Naming("the user")
    rows = subjects(tables, "users")
    for row in rows:
        people.users[row.number("id")] = naming.name(row.text("email").strip().lower(), f"#{row.number('id')}")
    providers = tuple(_providers(tables, people, encryption_key))
    used_today = _used_today(tables, rows, now_s)
    return Found(
        "tokentracer",
        users=tuple(_user(row, people) for row in rows),
        keys=tuple(_keys(tables, people)),
        limits=tuple(limit for row in rows for limit in _rates(row, people, used_today)),
        providers=providers,
        aliases=tuple(_aliases(tables, people)),
        history=lambda: _history(tables, people),
        left_behind=(*naming.renamed, *people.left_behind),
    )


def _user(row: Cells, people: _People) -> FoundUser:
    name = people.users[row.number("id")]
    return FoundUser(
        name,
        email=row.text("email").strip().lower() or None,
        password_hash=row.text("password_hash"),
        created_at_s=row.time_s("created_at") or 0.0,
    )


def _keys(tables: Tables, people: _People) -> Iterator[FoundKey]:
    naming = Naming("the key")
    for row in subjects(tables, "api_keys"):
        user_id = row.number("user_id")
        user = people.users.get(user_id)
        digest = _digest(row.text("key_hash"))
        if user is None or digest is None:
            people.left_behind.append(LeftBehind(f"the key {row.text('name')!r}", "its user or its hash is missing"))
            continue
        created_at_s = row.time_s("created_at") or 0.0
        yield FoundKey(
            naming.name(f"{user} {row.text('name')}", f"#{row.number('id')}"),
            digest=digest,
            user=user,
            allowed_models=people.allowed(user_id),
            created_at_s=created_at_s,
            expires_at_s=created_at_s + KEY_LIFE_S if created_at_s else None,
            hint=f"{row.text('prefix')}…",
        )
    people.left_behind += naming.renamed


def _digest(text: str) -> bytes | None:
    try:
        digest = bytes.fromhex(text)
    except ValueError:
        return None
    return digest if len(digest) == hashlib.sha256().digest_size else None


def _rates(row: Cells, people: _People, used_today: Mapping[int, int]) -> Iterator[FoundLimit]:
    """Yield a user's own rates: 0 says that the server's count, below 0 that none does."""
    user_id = row.number("id")
    for column, window, used in (
        ("rate_limit_minute", MINUTE, 0),
        ("rate_limit_daily", DAY, used_today.get(user_id, 0)),
    ):
        amount = row.number(column)
        if amount:
            yield found_limit(
                f"user:{people.users[user_id]}", "requests", window, amount if amount > 0 else MAX_AMOUNT, used
            )


def _used_today(tables: Tables, users: list[Cells], now_s: float) -> Mapping[int, int]:
    """Return how many requests the users with a rate for the day have made since it began (in UTC)."""
    limited = {row.number("id") for row in users if row.number("rate_limit_daily") > 0}
    if not limited:
        return {}
    midnight_s = datetime.fromtimestamp(now_s, UTC).replace(hour=0, minute=0, second=0, microsecond=0).timestamp()
    return Counter(
        row.number("user_id")
        for row in history(tables, "request_logs")
        if row.number("user_id") in limited and (row.time_s("created_at") or 0.0) >= midnight_s
    )


def _providers(tables: Tables, people: _People, encryption_key: str) -> Iterator[Provider]:
    naming = ProviderNaming()
    for row in subjects(tables, "provider_keys"):
        number, vendor = row.number("id"), row.text("provider")
        kind = preset(_KINDS.get(vendor, vendor))
        what = f"the {vendor} key {row.text('label')!r} of {people.users.get(row.number('user_id'), 'nobody')}"
        if kind is None:
            people.left_behind.append(LeftBehind(what, f"TokenTracer knows no provider {vendor!r}, and nor do we"))
            continue
        name = naming.name(vendor, str(number))
        people.providers[number] = name
        people.owned.setdefault(row.number("user_id"), []).append(name)
        secret = _decrypted(row.text("encrypted_key"), encryption_key)
        if secret is None:
            why = "does not decrypt it" if encryption_key else "is needed for it (--encryption-key)"
            people.left_behind.append(
                LeftBehind(f"the secret of {what}", f"TokenTracer's ENCRYPTION_KEY {why}; set it in provider {name!r}")
            )
        yield Provider(name=name, kind=kind.name, base_url=kind.base_url, secret=secret, origin="database")


def _decrypted(sealed: str, encryption_key: str) -> str | None:
    """Return a secret: base64 of nonce and AES-256-GCM under the SHA-256 of the key (pkg/crypto/crypto.go)."""
    if not encryption_key:
        return None
    try:
        raw = base64.b64decode(sealed, validate=True)
        opened = AESGCM(hashlib.sha256(encryption_key.encode()).digest()).decrypt(
            raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], None
        )
        return opened.decode()
    except (binascii.Error, InvalidTag, ValueError):
        return None


def _aliases(tables: Tables, people: _People) -> Iterator[Alias]:
    rows = subjects(tables, "model_aliases")
    names = {row.number("id"): (row.number("user_id"), row.text("alias")) for row in rows}
    for row in rows:
        user, provider = people.users.get(row.number("user_id")), people.providers.get(row.number("provider_key_id"))
        alias = row.text("alias")
        if user is None or provider is None:
            people.left_behind.append(LeftBehind(f"the alias {alias!r}", "its user or its provider's key is missing"))
            continue
        owner, fallback = names.get(row.number("fallback_alias_id"), (None, ""))
        if fallback and owner != row.number("user_id"):
            people.left_behind.append(LeftBehind(f"the fallback of {alias!r} of {user}", "it is somebody else's alias"))
            fallback = ""
        light, threshold = row.text("light_model"), row.number("light_model_threshold", 100)
        yield Alias(
            alias,
            (Target(f"{provider}/{row.text('target_model')}"),),
            scope=f"user:{user}",
            fallback=fallback,
            use_light_model=row.is_true("use_light_model") and bool(light) and threshold > 0,
            light_model=light,
            light_model_threshold=max(0, min(threshold, MAX_THRESHOLD_TOKENS)),
        )


def _history(tables: Tables, people: _People) -> Iterator[LedgerEntry]:
    for row in history(tables, "request_logs"):
        user, started_us = people.users.get(row.number("user_id"), ""), row.time_us("created_at")
        usage = Usage(row.count("input_tokens"), row.count("output_tokens"))
        yield imported_row(
            ("tokentracer", user, row.number("id"), started_us, row.text("model_used"), *usage[:2]),
            started_us,
            usage,
            user=user,
            provider=row.text("provider_used"),
            model=row.text("model_used"),
            alias=row.text("alias_used"),
            requested_model=row.text("alias_used"),
            status=row.number("status_code", 200),
        )
