"""A class list becomes teams, people, a key and a limit each: all of it, or nothing.

A list is imported more than once in a year, so importing is bringing up to date: who is known (by e-mail address, or
else by name) is changed and keeps their key, and only who is new gets one. Who is in the teams of the list and not in
the list is named, and switched off only where that is asked for, because lists are also handed in by halves.

What a dry run shows is the import itself, which is then taken back.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Final

from tokenrouter.domain.catalog import Key
from tokenrouter.domain.limit_text import limit_id
from tokenrouter.domain.limits import Limit, Window, kind_of
from tokenrouter.domain.people import Membership, User
from tokenrouter.domain.roster import Roster, RosterLine, RosterMistake, Unlimited
from tokenrouter.store.engine import Store
from tokenrouter.store.errors import StoreError
from tokenrouter.store.joined import JoinedStore
from tokenrouter.store.keys import KeyChanges, KeyRequest, create_key, list_keys, update_key
from tokenrouter.store.limits import create_limit, list_limits, remove_limit, update_limit
from tokenrouter.store.teams import create_team, list_teams, members_of, memberships_of, put_member, remove_member
from tokenrouter.store.users import NewUser, UserChanges, create_user, list_users, update_user

_LIFETIME: Final = Window("lifetime")


@dataclass(frozen=True, slots=True)
class RosterWishes:
    """How a list is to be taken.

    Attributes:
        team: of lines that name none; "" for none.
        disable_gone: whether who is gone from the teams of the list is switched off.
        enable_listed: whether who is in the list and switched off is switched on again.
    """

    team: str = ""
    disable_gone: bool = False
    enable_listed: bool = False


@dataclass(frozen=True, slots=True)
class Declared:
    """What the file or the environment owns: it is neither made again nor changed."""

    keys: Sequence[Key] = ()
    teams: Sequence[str] = ()
    limits: Sequence[Limit] = ()


@dataclass(frozen=True, slots=True)
class PersonOutcome:
    """What became of one line.

    Attributes:
        name: as the person is known here.
        changes: in words; empty where all was so already.
        key: the new key, in clear, this once; None where there was one.
        quota_tokens: for all time, as it is now; None for no limit.
    """

    number: int
    name: str
    email: str
    team: str
    changes: tuple[str, ...]
    key: str | None = field(default=None, repr=False)
    quota_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class RosterOutcome:
    """What became of a list. With mistakes nothing has changed.

    Attributes:
        gone: who is in the teams of the list, and not in the list.
        disabled: those of them who were switched off.
    """

    people: tuple[PersonOutcome, ...] = ()
    new_teams: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    disabled: tuple[str, ...] = ()
    mistakes: tuple[RosterMistake, ...] = ()
    notes: tuple[str, ...] = ()


class _TakenBack(Exception):
    """Ends a transaction that is not to be committed."""


def import_roster(
    store: Store,
    roster: Roster,
    wishes: RosterWishes,
    declared: Declared,
    *,
    pepper: bytes,
    now_s: float,
    dry_run: bool = False,
) -> RosterOutcome:
    """Bring teams, people, keys and limits up to date with `roster`, and return what that was; keys are shown once.

    With `dry_run` nothing has changed afterwards, and no key is shown, since there is none.
    """
    if roster.mistakes:
        return RosterOutcome(mistakes=roster.mistakes, notes=roster.notes)
    outcome = RosterOutcome()
    try:
        with store.write() as connection:
            work = _Import(JoinedStore(store, connection), wishes, declared, pepper, now_s)
            outcome = replace(work.bring_up_to_date(roster.lines), notes=roster.notes)
            if dry_run or outcome.mistakes:
                raise _TakenBack
    except _TakenBack:
        return replace(outcome, people=tuple(replace(person, key=None) for person in outcome.people))
    return outcome


class _Import:
    """One import, within one transaction. What is there is read once, and kept up to date beside the database."""

    def __init__(
        self, store: JoinedStore, wishes: RosterWishes, declared: Declared, pepper: bytes, now_s: float
    ) -> None:
        self._store = store
        self._wishes = wishes
        self._declared = declared
        self._pepper = pepper
        self._now_s = now_s
        users = list_users(store)
        self._by_name = {user.name: user for user in users}
        self._by_email = {user.email: user for user in users if user.email}
        keys = list_keys(store)
        self._keys: dict[str, list[Key]] = {}
        for key in keys:
            self._keys.setdefault(key.user, []).append(key)
        self._key_names = {name for key in (*declared.keys, *keys) for name in (key.name, key.id)}
        self._limits = {stored.limit.id: stored.limit for stored in list_limits(store)}
        self._owned = {(limit.scope, kind_of(limit)) for limit in declared.limits}
        self._teams = {*declared.teams, *(team.name for team in list_teams(store))}

    def bring_up_to_date(self, lines: Sequence[RosterLine]) -> RosterOutcome:
        """Do what `lines` say."""
        lines = [replace(line, team=line.team or self._wishes.team) for line in lines]
        new_teams = self._make_teams(line.team for line in lines)
        people: list[PersonOutcome] = []
        mistakes: list[RosterMistake] = []
        seen: dict[str, int] = {}
        for line in lines:
            try:
                person = self._bring_person(line)
            except StoreError as error:
                mistakes.append(RosterMistake(line.number, getattr(error, "field", ""), str(error)))
                continue
            first = seen.setdefault(person.name, line.number)
            if first != line.number:
                mistakes.append(RosterMistake(line.number, "", f"{person.name!r} is meant by line {first} already"))
            people.append(person)
        gone = self._gone({line.team for line in lines if line.team}, seen)
        disabled = [name for name in gone if self._disable(name)] if self._wishes.disable_gone else []
        return RosterOutcome(tuple(people), new_teams, gone, tuple(disabled), tuple(mistakes))

    def _make_teams(self, names: Iterable[str]) -> tuple[str, ...]:
        missing = tuple(name for name in dict.fromkeys(names) if name and name not in self._teams)
        for name in missing:
            create_team(self._store, name, comment="made from a class list", now_s=self._now_s)
        return missing

    def _bring_person(self, line: RosterLine) -> PersonOutcome:
        changes: list[str] = []
        user = self._bring_user(line, changes)
        key = self._bring_key(line, user, changes)
        if line.team and self._member(line.team, user.name) is None:
            put_member(self._store, Membership(line.team, user.name))
        quota = self._bring_quota(line, user, changes)
        return PersonOutcome(line.number, user.name, user.email or "", line.team, tuple(changes), key, quota)

    def _bring_user(self, line: RosterLine, changes: list[str]) -> User:
        email = line.email.lower()
        known = self._by_email.get(email) if email else None
        known = known or self._by_name.get(line.name)
        if known is None:
            user = create_user(self._store, NewUser(line.name, email or None), now_s=self._now_s)
            changes.append("is new")
        else:
            user = self._change_user(known, email, changes)
            if user.name != line.name:
                changes.append(f"goes on being called {user.name!r}")
        self._by_name[user.name] = user
        if user.email:
            self._by_email[user.email] = user
        return user

    def _change_user(self, known: User, email: str, changes: list[str]) -> User:
        wanted = UserChanges()
        if email and email != known.email:
            changes.append(f"has the e-mail address {email}")
            wanted = replace(wanted, email=email)
        if not known.enabled and self._wishes.enable_listed:
            changes.append("is switched on again")
            wanted = replace(wanted, enabled=True)
        elif not known.enabled:
            changes.append("is switched off, and stays so")
        if wanted == UserChanges():
            return known
        return update_user(self._store, known.id, wanted)

    def _bring_key(self, line: RosterLine, user: User, changes: list[str]) -> str | None:
        """Bring the person's keys up to date, or make one; return that in clear."""
        keys = self._keys.get(user.name, [])
        models = () if line.allowed_models == ("*",) else line.allowed_models
        if not keys:
            name = self._free_name(user.name)
            request = KeyRequest(name, team=line.team, user=user.name, allowed_models=models)
            made = create_key(self._store, request, pepper=self._pepper, now_s=self._now_s)
            self._key_names.update((name, made.stored.id))
            self._keys[user.name] = [made.stored]
            changes.append("gets a key" if name == user.name else f"gets a key, named {name!r}")
            return made.key
        for place, key in enumerate(keys):
            changed = replace(
                key,
                team=line.team or key.team,
                allowed_models=models if line.allowed_models else key.allowed_models,
            )
            if changed == key:
                continue
            if changed.team != key.team:
                changes.append(f"moves from the team {key.team!r} to {changed.team!r}" if key.team else "joins a team")
                self._leave(key.team, user.name)
            if changed.allowed_models != key.allowed_models:
                changes.append("may use other models")
            renewed = KeyChanges(team=changed.team, allowed_models=changed.allowed_models)
            keys[place] = update_key(self._store, key.id, renewed)
        return None

    def _free_name(self, name: str) -> str:
        """Return `name`, or `name 2`, … where a key is called so: names of keys are unique, too."""
        if name not in self._key_names:
            return name
        return next(one for number in count(2) if (one := f"{name[:95]} {number}") not in self._key_names)

    def _bring_quota(self, line: RosterLine, user: User, changes: list[str]) -> int | None:
        """Let the person's limit be what the line says; a line that says nothing leaves it."""
        scope = f"user:{user.name}"
        known = self._limits.get(limit_id(scope, "tokens", _LIFETIME))
        if line.quota_tokens is None:
            return known.amount if known else None
        if isinstance(line.quota_tokens, Unlimited):
            if known is not None:
                remove_limit(self._store, known.id)
                del self._limits[known.id]
                changes.append("has no limit any more")
            return None
        amount = line.quota_tokens
        limit = Limit(limit_id(scope, "tokens", _LIFETIME), scope, "tokens", _LIFETIME, amount)
        if (scope, kind_of(limit)) in self._owned:
            changes.append("has a limit in the file, which stays")
            return None
        if known is None:
            self._limits[limit.id] = create_limit(self._store, limit, now_s=self._now_s).limit
            changes.append(f"may use {amount:,} tokens")
        elif known.amount != amount:
            update_limit(self._store, replace(known, amount=amount))
            changes.append(f"may use {amount:,} tokens in place of {known.amount:,}")
        return amount

    def _gone(self, teams: Iterable[str], listed: Iterable[str]) -> tuple[str, ...]:
        """Return the plain members of `teams` who are not `listed`; team admins and admins are nobody's pupils."""
        plain = {member.user for team in sorted(teams) for member in members_of(self._store, team) if not member.admin}
        missing = plain - set(listed)
        return tuple(sorted(name for name in missing if name in self._by_name and self._by_name[name].role == "member"))

    def _disable(self, name: str) -> bool:
        user = self._by_name[name]
        if not user.enabled:
            return False
        update_user(self._store, user.id, UserChanges(enabled=False))
        return True

    def _leave(self, team: str, user: str) -> None:
        """Take a plain member out of a team; who administers it goes on doing so."""
        member = self._member(team, user)
        if member is not None and not member.admin:
            remove_member(self._store, team, user)

    def _member(self, team: str, user: str) -> Membership | None:
        return next((one for one in memberships_of(self._store, user) if one.team == team), None)
