"""Providers of the database: made by API or command line, changed and removed there.

What a provider is asked with lies in envelopes (`store/secrets.py`) and leaves the database only on its way into the
Catalog. A provider whose secrets cannot be decrypted is listed like any other, with the reason.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from tokenrouter.config.keyring import KeyRing
from tokenrouter.config.stored_providers import KIND, join_secrets, split_secrets
from tokenrouter.store.audit import note
from tokenrouter.store.catalog_version import raise_catalog_version
from tokenrouter.store.engine import Store
from tokenrouter.store.errors import ProviderTaken, ProviderUnknown
from tokenrouter.store.facts import facts_under, read_fact, write_fact
from tokenrouter.store.schema import tr_providers, tr_settings
from tokenrouter.store.secrets import (
    OpenedSecret,
    keep_secrets,
    open_secrets,
    problem_of,
    remove_secrets,
    secret_hint,
)

_ENABLED_FACT: Final = "provider_enabled:"
_columns: Final = tr_providers.c


@dataclass(frozen=True, slots=True)
class StoredProvider:
    """A provider of the database, with what is noted about it.

    Attributes:
        values: what it is in the words of `[[providers]]`, its secrets among them as far as they open.
        hints: of its secrets, by field.
        unreadable: fields whose secrets cannot be decrypted; `problem` says why the first one cannot.
        made_by: the id of a key or person, "" for the command line.
    """

    name: str
    values: Mapping[str, Any] = field(repr=False)
    enabled: bool = True
    hints: Mapping[str, str] = field(default_factory=dict)
    unreadable: tuple[str, ...] = ()
    problem: str = ""
    comment: str = ""
    made_by: str = ""
    created_at_s: float = 0.0
    changed_at_s: float = 0.0


Check = Callable[[StoredProvider], None]
Change = Callable[[StoredProvider], StoredProvider]


def create_provider(store: Store, ring: KeyRing, provider: StoredProvider, *, now_s: float) -> StoredProvider:
    """Keep `provider`, and return it as it is kept.

    Raises:
        ProviderTaken: there is one of its name.
        SecretUnreadable: its secrets cannot be kept.
    """
    stored = replace(provider, created_at_s=now_s, changed_at_s=now_s, hints=_hints(provider.values))
    with store.write() as connection:
        try:
            connection.execute(insert(tr_providers).values(_row(stored)))
        except IntegrityError as error:
            raise ProviderTaken(f"there is a provider {stored.name!r} already; change it") from error
        keep_secrets(connection, ring, KIND, stored.name, split_secrets(stored.values)[1], now_s=now_s)
        raise_catalog_version(connection, keys=())
        note(store, connection, "provider.create", _subject(stored), None, _told(stored))
    return stored


def list_providers(store: Store, ring: KeyRing) -> tuple[StoredProvider, ...]:
    """Return every provider of the database, oldest first."""
    with store.read() as connection:
        return providers_in(connection, ring)


def providers_in(connection: Connection, ring: KeyRing) -> tuple[StoredProvider, ...]:
    """Return every provider as a transaction sees them, oldest first."""
    secrets: dict[str, list[OpenedSecret]] = {}
    for one in open_secrets(connection, ring, KIND):
        secrets.setdefault(one.place.id, []).append(one)
    rows = connection.execute(select(tr_providers).order_by(_columns.created_at_s, _columns.name)).mappings()
    return tuple(_stored(row, secrets.get(row["name"], [])) for row in rows)


def find_provider(store: Store, ring: KeyRing, name: str) -> StoredProvider:
    """Return one provider of the database.

    Raises:
        ProviderUnknown: there is none of that name.
    """
    with store.read() as connection:
        return _find(connection, ring, name)


def change_provider(store: Store, ring: KeyRing, name: str, change: Change, *, now_s: float) -> StoredProvider:
    """Put what `change` makes of a provider in its place, and return it.

    Raises:
        ProviderUnknown: there is none of that name.
        SecretUnreadable: its secrets cannot be kept.
        Exception: what `change` raises, before anything is written.
    """
    with store.write() as connection:
        before = _find(connection, ring, name)
        wanted = change(before)
        after = replace(wanted, changed_at_s=now_s)
        connection.execute(update(tr_providers).where(_columns.name == name).values(_row(after)))
        if after.values != before.values:
            after = replace(after, hints=_hints(after.values), unreadable=(), problem="")
            keep_secrets(connection, ring, KIND, name, split_secrets(after.values)[1], now_s=now_s)
        raise_catalog_version(connection, keys=())
        note(store, connection, "provider.change", _subject(after), _told(before), _told(after))
    return after


def remove_provider(store: Store, ring: KeyRing, name: str, check: Check = lambda _: None) -> StoredProvider:
    """Remove a provider and its secrets, and return what it was; `check` is asked before anything is written.

    Raises:
        ProviderUnknown: there is none of that name.
        Exception: what `check` raises.
    """
    with store.write() as connection:
        gone = _find(connection, ring, name)
        check(gone)
        connection.execute(delete(tr_providers).where(_columns.name == name))
        remove_secrets(connection, KIND, name)
        raise_catalog_version(connection, keys=())
        note(store, connection, "provider.remove", _subject(gone), _told(gone), None)
    return gone


def override_enabled(store: Store, name: str, enabled: bool | None) -> None:
    """Let a provider of the file or the environment be on or off, whatever is declared; None undoes that."""
    fact = f"{_ENABLED_FACT}{name}"
    with store.write() as connection:
        before = read_fact(connection, fact)
        after = None if enabled is None else json.dumps(enabled)
        if before == after:
            return
        if after is None:
            connection.execute(delete(tr_settings).where(tr_settings.c.key == fact))
        else:
            write_fact(connection, fact, after)
        raise_catalog_version(connection, keys=())
        told = ({"enabled_override": None if one is None else json.loads(one)} for one in (before, after))
        note(store, connection, "provider.override", (KIND, name, name), *told)


def enabled_overrides(connection: Connection) -> dict[str, bool]:
    """Return what `override_enabled` has said, by provider."""
    facts = facts_under(connection, _ENABLED_FACT)
    return {name.removeprefix(_ENABLED_FACT): json.loads(value) for name, value in facts.items()}


def _find(connection: Connection, ring: KeyRing, name: str) -> StoredProvider:
    row = connection.execute(select(tr_providers).where(_columns.name == name)).mappings().first()
    if row is None:
        raise ProviderUnknown(f"there is no provider {name!r} in the database")
    return _stored(row, open_secrets(connection, ring, KIND, name))


def _hints(values: Mapping[str, Any]) -> dict[str, str]:
    return {name: secret_hint(text) for name, text in split_secrets(values)[1].items()}


def _subject(provider: StoredProvider) -> tuple[str, str, str]:
    return KIND, provider.name, provider.name


def _told(provider: StoredProvider) -> dict[str, Any]:
    """Return what the audit log tells of a provider: of its secrets, that they are there."""
    said, _ = split_secrets(provider.values)
    return {**said, "enabled": provider.enabled, "comment": provider.comment, "secrets": dict(provider.hints)}


def _row(provider: StoredProvider) -> dict[str, Any]:
    said, _ = split_secrets(provider.values)
    return {
        "name": provider.name,
        "enabled": provider.enabled,
        "said": json.dumps(said),
        "comment": provider.comment,
        "made_by": provider.made_by,
        "created_at_s": provider.created_at_s,
        "changed_at_s": provider.changed_at_s,
    }


def _stored(row: RowMapping, secrets: list[OpenedSecret]) -> StoredProvider:
    opened = {one.place.field: one.text for one in secrets if not one.problem}
    return StoredProvider(
        row["name"],
        join_secrets(json.loads(row["said"]), opened),
        row["enabled"],
        {one.place.field: one.hint for one in secrets},
        tuple(one.place.field for one in secrets if one.problem),
        problem_of(secrets),
        row["comment"],
        row["made_by"],
        row["created_at_s"],
        row["changed_at_s"],
    )
