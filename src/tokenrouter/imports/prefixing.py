"""A prefix before every name of an import, so that two schools, or a school and a lab, can move into one installation.

Teams, users and keys get it, with all that names them. Providers and aliases do not: clients ask for models by them.
"""

from collections.abc import Iterator
from dataclasses import replace

from tokenrouter.domain.aliases import Alias
from tokenrouter.domain.ledger import LedgerEntry
from tokenrouter.domain.limit_text import limit_id
from tokenrouter.imports.found import Found, FoundKey, FoundLimit

_NAMED = ("team", "user", "key")


def prefixed(found: Found, prefix: str) -> Found:
    """Return `found` with `prefix` before each name; "" changes nothing."""
    if not prefix:
        return found
    teams = tuple(replace(team, name=prefix + team.name) for team in found.teams)
    users = tuple(
        replace(
            user,
            name=prefix + user.name,
            teams=tuple(prefix + team for team in user.teams),
            leads=tuple(prefix + team for team in user.leads),
        )
        for user in found.users
    )
    return replace(
        found,
        teams=teams,
        users=users,
        keys=tuple(_key(key, prefix) for key in found.keys),
        limits=tuple(_limit(one, prefix) for one in found.limits),
        aliases=tuple(_alias(alias, prefix) for alias in found.aliases),
        history=lambda: _history(found, prefix),
    )


def _put(prefix: str, name: str) -> str:
    return prefix + name if name else ""


def _key(key: FoundKey, prefix: str) -> FoundKey:
    return replace(
        key,
        name=prefix + key.name,
        parent=_put(prefix, key.parent),
        team=_put(prefix, key.team),
        user=_put(prefix, key.user),
    )


def _limit(one: FoundLimit, prefix: str) -> FoundLimit:
    scope, limit = _scope(one.limit.scope, prefix), one.limit
    named = replace(limit, scope=scope, id=limit_id(scope, limit.metric, limit.window, limit.mode))
    return replace(one, limit=named)


def _alias(alias: Alias, prefix: str) -> Alias:
    return replace(alias, scope=_scope(alias.scope, prefix))


def _scope(scope: str, prefix: str) -> str:
    kind, colon, name = scope.partition(":")
    return f"{kind}:{prefix}{name}" if colon and kind in _NAMED and name != "*" else scope


def _history(found: Found, prefix: str) -> Iterator[LedgerEntry]:
    for entry in found.history():
        yield replace(
            entry,
            key_name=_put(prefix, entry.key_name),
            user=_put(prefix, entry.user),
            team=_put(prefix, entry.team),
        )
