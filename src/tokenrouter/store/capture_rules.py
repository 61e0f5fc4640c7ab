"""Whose conversations are kept for people to read, as it was said at run time: one rule for each scope."""

from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select

from tokenrouter.store.audit import note
from tokenrouter.store.catalog_version import raise_catalog_version
from tokenrouter.store.engine import Store
from tokenrouter.store.errors import CaptureRuleUnknown
from tokenrouter.store.schema import tr_capture_rules


@dataclass(frozen=True, slots=True)
class CaptureRule:
    """One rule; `made_by` is the id of who made it, "" for the command line."""

    scope: str
    enabled: bool
    made_by: str = ""
    created_at_s: float = 0.0


def list_capture_rules(store: Store) -> tuple[CaptureRule, ...]:
    """Return every rule of the database, by scope."""
    with store.read() as connection:
        rows = connection.execute(select(tr_capture_rules).order_by(tr_capture_rules.c.scope)).mappings()
        return tuple(CaptureRule(**row) for row in rows)


def set_capture_rule(store: Store, rule: CaptureRule) -> None:
    """Let `rule` count from now on, in the place of the one of its scope."""
    with store.write() as connection:
        before = _enabled(connection, rule.scope)
        connection.execute(delete(tr_capture_rules).where(tr_capture_rules.c.scope == rule.scope))
        connection.execute(
            insert(tr_capture_rules).values(
                scope=rule.scope, enabled=rule.enabled, made_by=rule.made_by, created_at_s=rule.created_at_s
            )
        )
        raise_catalog_version(connection, keys=())
        note(store, connection, "capture.set", _subject(rule.scope), before, {"enabled": rule.enabled})


def remove_capture_rule(store: Store, scope: str) -> None:
    """Remove the rule of `scope`.

    Raises:
        CaptureRuleUnknown: there is none in the database.
    """
    with store.write() as connection:
        before = _enabled(connection, scope)
        if before is None:
            raise CaptureRuleUnknown(f"nothing is said about the capture of {scope!r} in the database")
        connection.execute(delete(tr_capture_rules).where(tr_capture_rules.c.scope == scope))
        raise_catalog_version(connection, keys=())
        note(store, connection, "capture.remove", _subject(scope), before, None)


def _enabled(connection: Connection, scope: str) -> dict[str, bool] | None:
    """Return what the rule of `scope` says, as the audit log shows it."""
    found = connection.execute(select(tr_capture_rules.c.enabled).where(tr_capture_rules.c.scope == scope)).scalar()
    return None if found is None else {"enabled": found}


def _subject(scope: str) -> tuple[str, str, str]:
    return "capture", scope, scope
