"""`[cache]` and `[idempotency]`: which answers are given again, and where they lie."""

from dataclasses import fields
from typing import Final, cast

from tokenrouter.config.settings import AnswerBackend, IdempotencySettings, KeptRoom
from tokenrouter.config.table import Table
from tokenrouter.domain.catalog import CacheRules, ShareInFlight
from tokenrouter.domain.limit_text import suggestion

_LEAST_BYTES: Final = 1024
_EVERYBODY: Final = "*"


def read_cache_rules(top: Table, teams: tuple[str, ...], usual: CacheRules) -> CacheRules:
    """Return for whom answers are kept; `teams` are those that are declared, where any are."""
    table = top.table("cache")
    named = table.texts("teams") if table.has("teams") else usual.teams
    for team in named:
        if teams and team not in (_EVERYBODY, *teams):
            table.problem("teams", f"there is no team {team!r}", suggestion(team, teams))
    words = ("off", "deterministic", "always")
    return CacheRules(
        ttl_s=table.seconds("ttl_s", usual.ttl_s),
        share_in_flight=cast(ShareInFlight, table.choice("share_in_flight", words, usual.share_in_flight)),
        teams=named,
        models=table.texts("models") if table.has("models") else usual.models,
    )


def read_cache_room(top: Table, redis_url: str) -> KeptRoom:
    """Return where kept answers lie; what `read_cache_rules` reads of the same table is known here, too."""
    table = top.table("cache")
    room = _room(table, _backend(table, redis_url))
    for rule in fields(CacheRules):
        table.has(rule.name)
    table.finish()
    return room


def read_idempotency(top: Table, redis_url: str) -> IdempotencySettings:
    """Return how requests that are sent again are met."""
    table, usual = top.table("idempotency"), IdempotencySettings()
    settings = IdempotencySettings(
        enabled=table.flag("enabled", usual.enabled),
        keep_s=table.seconds("keep_s", usual.keep_s),
        room=_room(table, "redis" if redis_url else "memory"),
    )
    table.finish()
    return settings


def _room(table: Table, backend: AnswerBackend) -> KeptRoom:
    usual = KeptRoom()
    room = KeptRoom(
        backend,
        table.count("max_bytes", usual.max_bytes, least=_LEAST_BYTES),
        table.count("max_entry_bytes", usual.max_entry_bytes, least=_LEAST_BYTES),
    )
    if room.max_entry_bytes > room.max_bytes:
        table.problem("max_entry_bytes", f"{room.max_entry_bytes} is more than max_bytes, {room.max_bytes}")
    return room


def _backend(table: Table, redis_url: str) -> AnswerBackend:
    """Return where the cache lies: where processes share counters, they share answers too."""
    backend = table.choice("backend", ("memory", "redis"), "redis" if redis_url else "memory")
    if backend == "redis" and not redis_url:
        table.problem("backend", "needs a server to lie on", 'set redis_url, or use "memory"')
        return "memory"
    return cast(AnswerBackend, backend)
