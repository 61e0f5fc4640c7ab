"""The one who writes what was found: all of it in one transaction, or nothing.

What is there already stays as it is, so an import may be run again, to bring what has been used meanwhile or after it
was interrupted. What is there under the same name and is something else is a conflict, and nothing is written until the
operator has decided. A dry run does everything and gives it up at the end, so its report cannot differ from the real
one's.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Final

from sqlalchemy import Connection

from tokenrouter.config.problems import InvalidValues
from tokenrouter.config.stored_providers import read_values
from tokenrouter.domain.alias_checks import alias_mistakes
from tokenrouter.domain.alias_text import InvalidAlias, kept_fields, read_alias
from tokenrouter.domain.aliases import Alias
from tokenrouter.domain.catalog import Key, Provider
from tokenrouter.domain.keys import key_digest, key_hint
from tokenrouter.domain.ledger import LedgerEntry
from tokenrouter.domain.limit_text import MAX_TIME_S
from tokenrouter.domain.limits import Limit, kind_of
from tokenrouter.domain.people import Membership
from tokenrouter.domain.windows import window_start
from tokenrouter.imports.found import Found, FoundKey, FoundLimit, FoundUser, LeftBehind
from tokenrouter.imports.outcome import ImportConflicts, Installation, Outcome
from tokenrouter.imports.provider_words import is_private, provider_words
from tokenrouter.store.adjustments import Adjustment
from tokenrouter.store.aliases import StoredAlias, add_aliases, aliases_in, choose_profile, chosen_profile
from tokenrouter.store.audit import note
from tokenrouter.store.engine import Store
from tokenrouter.store.errors import InvalidField
from tokenrouter.store.facts import read_fact, write_fact
from tokenrouter.store.joined import JoinedStore
from tokenrouter.store.keys import add_key, check_chosen_key, keys_in
from tokenrouter.store.ledger import Row, add_ledger_rows
from tokenrouter.store.limit_use import add_first_uses, count_adjustments, has_carried
from tokenrouter.store.limits import create_limit, limits_in
from tokenrouter.store.names import MAX_NAME_CHARS
from tokenrouter.store.prices import StoredPrice, find_price, put_price
from tokenrouter.store.providers import StoredProvider, create_provider, providers_in
from tokenrouter.store.settings import change_settings, changed_settings
from tokenrouter.store.teams import TeamChanges, add_team, set_member, teams_in, update_team
from tokenrouter.store.users import NewUser, UserChanges, add_user, change_user, users_in

BATCH_ROWS: Final = 500
_HISTORY_FACT: Final = "import"


class _GivenUp(Exception):
    """A dry run has seen everything."""


def write_found(
    store: Store,
    found: Found,
    installation: Installation,
    *,
    now_s: float,
    dry_run: bool = False,
    skip_conflicts: bool = False,
) -> Outcome:
    """Write what was found; with `skip_conflicts` what is in conflict is left behind instead.

    Raises:
        ImportConflicts: there are some; nothing was written.
        SourceUnreadable: the source's history; nothing was written.
        StoreError: the database; nothing was written.
    """
    outcome = Outcome(found.kind, left_behind=list(found.left_behind))
    try:
        with store.write(may_take_long=True) as connection:
            writing = _Writing(JoinedStore(store, connection), connection, found, installation, now_s, outcome)
            writing.write_subjects()
            if outcome.conflicts and not skip_conflicts:
                raise ImportConflicts(tuple(outcome.conflicts))
            writing.write_history()
            note(store, connection, "import.run", ("import", found.kind, found.kind), None, dict(outcome.added))
            if dry_run:
                raise _GivenUp
    except _GivenUp:
        pass
    return outcome


@dataclass(slots=True)
class _Writing:
    """One import on its way."""

    store: Store
    connection: Connection
    found: Found
    to: Installation
    now_s: float
    outcome: Outcome
    strangers: set[str] = field(default_factory=set)
    """Users and keys (`user:…`, `key:…`) whose name is somebody else's here: nothing may be charged to them."""

    def write_subjects(self) -> None:
        self._write_teams()
        self._write_users()
        self._write_keys()
        self._write_limits()
        self._write_providers()
        self._write_aliases()
        self._write_prices()

    def _write_teams(self) -> None:
        there = {team.name for team in teams_in(self.connection)}
        for team in self.found.teams:
            is_new = team.name not in there
            self.outcome.count("teams", is_new=is_new)
            if is_new:
                add_team(
                    self.store,
                    self.connection,
                    team.name,
                    comment=team.comment,
                    allowed_models=team.allowed_models,
                    now_s=team.created_at_s or self.now_s,
                )
                if not team.enabled:
                    update_team(self.store, team.name, TeamChanges(enabled=False))

    def _write_users(self) -> None:
        users = users_in(self.connection)
        by_name = {user.name: user for user in users}
        by_email = {user.email: user.name for user in users if user.email}
        for user in self.found.users:
            there = by_name.get(user.name)
            if there is not None and (not there.email or not user.email or there.email == user.email):
                self.outcome.count("users", is_new=False)
            elif there is not None or (user.email and user.email in by_email):
                self.strangers.add(f"user:{user.name}")
                whose = f"has the address {user.email}" if there is None else "has another e-mail address"
                name = by_email.get(user.email or "", user.name) if there is None else user.name
                self._conflict(f"the user {user.name!r}", f"the user {name!r} is here and {whose}")
                continue
            else:
                self._add_user(user)
                if user.email:
                    by_email[user.email] = user.name
            for team in user.teams:
                set_member(self.store, self.connection, Membership(team, user.name, admin=team in user.leads))

    def _add_user(self, user: FoundUser) -> None:
        wanted = NewUser(user.name, user.email, user.role, user.comment, user.password_hash)
        try:
            add_user(self.store, self.connection, wanted, now_s=user.created_at_s or self.now_s)
        except InvalidField as error:
            if error.field != "email":
                raise
            self._leave(f"the address of {user.name!r}", str(error))
            add_user(self.store, self.connection, replace(wanted, email=None), now_s=user.created_at_s or self.now_s)
        if not user.enabled:
            change_user(self.store, self.connection, user.name, UserChanges(enabled=False))
        self.outcome.count("users", is_new=True)

    def _write_keys(self) -> None:
        declared = {key_digest(key.key, self.to.pepper): key.name for key in self.to.settings.keys}
        stored = keys_in(self.connection)
        by_digest = {key.digest: key for key in stored}
        names = {**{key.name: key.id for key in self.to.settings.keys}, **{key.name: key.id for key in stored}}
        for found in self._parents_first():
            key = self._key(found, names)
            if key is None:
                continue
            if key.digest in by_digest or key.digest in declared:
                self.outcome.count("keys", is_new=False)
            elif key.name in names:
                self.strangers.add(f"key:{key.name}")
                self._conflict(f"the key {key.name!r}", "another key is called so; import with --prefix")
            else:
                add_key(self.store, self.connection, key)
                by_digest[key.digest] = key
                names[key.name] = key.id
                self.outcome.count("keys", is_new=True)

    def _parents_first(self) -> Iterator[FoundKey]:
        """Yield the keys so that each comes after its parent; those of a circle, which is good for nothing, not."""
        waiting: dict[str, list[FoundKey]] = {}
        for key in self.found.keys:
            waiting.setdefault(key.parent, []).append(key)
        ready = waiting.pop("", [])
        while ready:
            key = ready.pop()
            yield key
            ready += waiting.pop(key.name, [])

    def _key(self, found: FoundKey, names: Mapping[str, str]) -> Key | None:
        """Return a key as it is kept, None where it cannot be one."""
        if f"user:{found.user}" in self.strangers:
            self._leave(f"the key {found.name!r}", f"the user {found.user!r} is somebody else here")
            return None
        if found.secret is not None:
            try:
                check_chosen_key(found.secret)
            except InvalidField as error:
                self._leave(f"the key {found.name!r}", f"{error}; make it a new one")
                return None
        if found.parent and found.parent not in names:
            self._leave(f"the key {found.name!r}", f"its parent {found.parent!r} is not here")
            return None
        other = found.other_secret
        return Key(
            id=found.id,
            name=found.name,
            digest=found.digest if found.secret is None else key_digest(found.secret, self.to.pepper),
            role=found.role,
            parent_id=names[found.parent] if found.parent else None,
            team=found.team,
            user=found.user,
            allowed_models=found.allowed_models,
            allowed_ips=found.allowed_ips,
            created_at_s=found.created_at_s or self.now_s,
            expires_at_s=found.expires_at_s,
            enabled=found.enabled,
            hint=found.hint or (key_hint(found.secret) if found.secret is not None else ""),
            comment=found.comment or f"imported from {self.found.kind}",
            allow_unpriced=found.allow_unpriced,
            previous_digest=key_digest(other, self.to.pepper) if other else None,
            previous_until_s=float(MAX_TIME_S - 1) if other else None,
        )

    def _write_limits(self) -> None:
        there = {(one.limit.scope, kind_of(one.limit)): one.limit for one in limits_in(self.connection)}
        there |= {(limit.scope, kind_of(limit)): limit for limit in self.to.settings.limits}
        carried: list[tuple[FoundLimit, Limit]] = []
        for one in self.found.limits:
            limit = one.limit
            if limit.scope in self.strangers:
                continue
            known = there.get((limit.scope, kind_of(limit)))
            self.outcome.count("limits", is_new=known is None)
            if known is None:
                create_limit(self.store, limit, comment=f"imported from {self.found.kind}", now_s=self.now_s)
            elif known.amount != limit.amount:
                self._leave(f"the amount of {limit.id}", f"it is {known.amount} here, and stays so")
            carried.append((one, known or limit))
        self._carry(carried)

    def _carry(self, carried: Sequence[tuple[FoundLimit, Limit]]) -> None:
        """Count what was used there, once in the life of the database; an interval goes on as it began there."""
        began = {
            (limit.id, limit.scope): self._started_us(one) for one, limit in carried if limit.window.kind == "interval"
        }
        add_first_uses(self.connection, began)
        count_adjustments(
            self.connection,
            [
                self._adjustment(one, limit)
                for one, limit in carried
                if one.used and not has_carried(self.connection, limit.id, limit.scope)
            ],
        )

    def _adjustment(self, one: FoundLimit, limit: Limit) -> tuple[Adjustment, int]:
        """Return what was used, and when the window began in which it counts."""
        made_us = int(self.now_s * 1e6)
        at_us = self._started_us(one) if limit.window.kind == "interval" else made_us
        match limit.window.kind:
            case "interval":
                window_us = at_us
            case "lifetime":
                window_us = 0
            case _:
                window_us = int(window_start(limit.window, self.now_s, self.now_s) * 1e6)
        once = f"import/{limit.id}/{limit.scope}"
        made = Adjustment("import", limit.id, limit.scope, one.used, at_us, made_us, self.found.kind, once=once)
        return made, window_us

    def _started_us(self, one: FoundLimit) -> int:
        return int((one.window_started_s or self.now_s) * 1e6)

    def _write_providers(self) -> None:
        there = {one.name: str(one.values.get("base_url", "")) for one in providers_in(self.connection, self.to.ring)}
        there |= {provider.name: provider.base_url for provider in self.to.settings.providers}
        for provider in self.found.providers:
            known = there.get(provider.name)
            if known is not None and known.rstrip("/") != provider.base_url.rstrip("/"):
                self._conflict(f"the provider {provider.name!r}", f"one of that name is here, at {known}")
                continue
            if known is None:
                self._add_provider(provider)
            else:
                self.outcome.count("providers", is_new=False)
        self._choose_default()

    def _add_provider(self, provider: Provider) -> None:
        words = provider_words(provider)
        try:
            read_values(words, self.to.settings.timeouts)
        except InvalidValues as error:
            self._leave(f"the provider {provider.name!r}", str(error))
            return
        self.outcome.count("providers", is_new=True)
        comment = f"imported from {self.found.kind}"
        stored = StoredProvider(provider.name, words, enabled=provider.enabled, comment=comment)
        create_provider(self.store, self.to.ring, stored, now_s=self.now_s)
        if is_private(provider) and not self.to.settings.allow_private_providers:
            self._leave(
                f"asking {provider.base_url}",
                "it is a private address: set allow_private_providers = true, or declare the provider in the file",
            )

    def _choose_default(self) -> None:
        wanted = self.found.default_provider
        if not wanted or self.to.settings.default_provider or changed_settings(self.store).get("default_provider"):
            return
        change_settings(self.store, {"default_provider": wanted}, lambda _: None)

    def _write_aliases(self) -> None:
        stored = aliases_in(self.connection)
        there = {(one.alias.scope, one.alias.name): one.alias for one in stored}
        there |= {(alias.scope, alias.name): alias for alias in self.to.settings.aliases}
        wanted = []
        for alias in self.found.aliases:
            known = there.get((alias.scope, alias.name))
            if alias.scope in self.strangers:
                continue
            if known is None:
                wanted.append(alias)
            elif known.targets == alias.targets:
                self.outcome.count("aliases", is_new=False)
            else:
                self._conflict(f"the alias {alias.name!r} of {alias.scope}", "there is one that leads elsewhere")
        usable = self._usable_aliases(wanted, tuple(there.values()))
        comment = f"imported from {self.found.kind}"
        kept = (StoredAlias(alias, comment, "", self.now_s) for alias in usable)
        add_aliases(self.store, self.connection, kept)
        self.outcome.count("aliases", is_new=True, number=len(usable))
        if self.found.active_profile and not chosen_profile(self.store):
            choose_profile(self.store, self.found.active_profile)

    def _usable_aliases(self, wanted: Iterable[Alias], there: tuple[Alias, ...]) -> list[Alias]:
        """Return those that can be, alone and beside the others; what leads to one that cannot cannot either."""
        usable = [alias for alias in wanted if self._is_alias(alias)]
        providers = [one.name for one in providers_in(self.connection, self.to.ring)]
        names = (*providers, *(provider.name for provider in self.to.settings.providers))
        while True:
            own = {id(alias) for alias in usable}
            wrong = {id(one.alias): one for one in alias_mistakes((*there, *usable), names) if id(one.alias) in own}
            if not wrong:
                return usable
            for one in wrong.values():
                self._leave(f"the alias {one.alias.name!r} of {one.alias.scope}", one.message)
            usable = [alias for alias in usable if id(alias) not in wrong]

    def _is_alias(self, alias: Alias) -> bool:
        try:
            read_alias(kept_fields(alias), needs_default=False)
        except InvalidAlias as error:
            self._leave(f"the alias {alias.name[:MAX_NAME_CHARS]!r} of {alias.scope}", str(error))
            return False
        return True

    def _write_prices(self) -> None:
        for name, values in self.found.prices.items():
            is_new = name not in self.to.settings.prices and find_price(self.store, name) is None
            self.outcome.count("prices", is_new=is_new)
            if is_new:
                put_price(self.store, StoredPrice(name, values, f"imported from {self.found.kind}", "", self.now_s))

    def write_history(self) -> None:
        """Write the ledger rows; of those that a limit counted, the limit has what was used already."""
        fact = f"{_HISTORY_FACT}/{self.found.kind}/{self.found.history_name}" if self.found.history_name else ""
        known_us = int(read_fact(self.connection, fact) or "-1") if fact else -1
        newest_us = known_us
        for batch in _batches(self.found.history()):
            fresh = [entry for entry in batch if entry.started_us > known_us]
            new = add_ledger_rows(self.connection, [Row(entry) for entry in fresh])
            self.outcome.count("requests", is_new=True, number=new)
            self.outcome.count("requests", is_new=False, number=len(batch) - new)
            newest_us = max([newest_us, *(entry.started_us for entry in fresh)])
        if fact and newest_us > known_us:
            write_fact(self.connection, fact, str(newest_us))

    def _leave(self, what: str, why: str) -> None:
        self.outcome.left_behind.append(LeftBehind(what, why))

    def _conflict(self, what: str, why: str) -> None:
        self.outcome.conflicts.append(LeftBehind(what, why))


def _batches(entries: Iterable[LedgerEntry]) -> Iterator[list[LedgerEntry]]:
    rows = iter(entries)
    while batch := list(islice(rows, BATCH_ROWS)):
        yield batch
