"""What is looked at to know whether pages show what is old: by scope, something that is another after a change.

Whoever changes anything leaves an entry in the audit log, on whichever node, so its newest numbers say what has
changed; requests and conversations are numbered as they come in. What nobody has decided (a model that appeared, a
provider that fell silent, a file that was read again) is compared with how it was. All of it is some small questions to
the database, by their indexes, once a second for all listeners.
"""

from collections.abc import Mapping
from typing import Final

from tokenrouter.admin.state import ControlState
from tokenrouter.domain.catalog import Catalog
from tokenrouter.store.audit import audit_kinds_after, last_audit_number
from tokenrouter.store.conversation_pages import last_record_number
from tokenrouter.store.ledger import LedgerFilter, journal_positions, ledger_page

SCOPES_OF_KINDS: Final[Mapping[str, tuple[str, ...]]] = {
    "key": ("keys",),
    "access_code": ("access_codes",),
    "limit": ("limits",),
    "alias": ("aliases", "models"),
    "setting": ("aliases", "settings"),
    "team": ("teams", "keys"),
    "member": ("teams", "users"),
    "user": ("users", "keys"),
    "provider": ("providers", "models"),
    "price": ("prices", "models"),
    "settings": ("settings",),
    "secrets": ("settings",),
    "capture": ("conversations",),
    "conversation": ("conversations",),
}
"""What pages show other things of when the audit log has an entry of a kind."""
PARTS_OF_CATALOG: Final[Mapping[str, tuple[str, ...]]] = {
    "providers": ("providers", "switched", "default_provider"),
    "models": ("providers", "facts", "prices"),
    "aliases": ("aliases", "active_profile"),
    "limits": ("limits",),
    "prices": ("prices",),
    "settings": ("policy", "guardrails", "hooks", "changed"),
}
"""Fields of the Catalog that change without anybody's having changed a row."""
OTHERS_ROWS: Final = 200
"""Newest rows of the ledger that are looked at for what other nodes have written, each second."""


class LiveMarks:
    """Remembers what it has seen, and says what is otherwise; one for all that listen at a time."""

    def __init__(self, state: ControlState) -> None:
        self._state = state
        self._audited: int | None = None
        self._decided: dict[str, int] = {}
        self._catalog = Catalog()
        self._came: dict[str, int] = {}

    def look(self) -> Mapping[str, object]:
        """Return the marks of now.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: the database is away.
        """
        state = self._state
        self._read_audit()
        self._compare_catalog()
        self._take_from_others()
        decided: dict[str, object] = {
            scope: (self._decided.get(scope, 0), self._came.get(scope, 0))
            for scope in {*PARTS_OF_CATALOG, *(scope for scopes in SCOPES_OF_KINDS.values() for scope in scopes)}
        }
        health = tuple((row.name, row.status, row.problem) for row in state.provider_statuses())
        decided["providers"] = (decided["providers"], health)
        decided["conversations"] = (decided["conversations"], last_record_number(state.store))
        return decided | {
            "audit": self._audited,
            "usage": (state.recent_rows.last, journal_positions(state.store)),
            "quota": tuple((one.provider, one.status, one.checked_at_s) for one in state.quotas()),
            "alerts": (dict(state.limit_alerts()), dict(state.quota_alerts()), dict(state.webhooks())),
            "benchmark": _progress(state),
            "network": _network(state),
            "running": running(state),
            "requests": requests(state),
            "catalog": state.catalog().version,
        }

    def _read_audit(self) -> None:
        store = self._state.store
        if self._audited is None:
            self._audited = last_audit_number(store)
            return
        for kind, number in audit_kinds_after(store, self._audited).items():
            self._audited = max(self._audited, number)
            for scope in SCOPES_OF_KINDS.get(kind, ()):
                self._decided[scope] = max(number, self._decided.get(scope, 0))

    def _compare_catalog(self) -> None:
        before, now = self._catalog, self._state.catalog()
        if now.version == before.version:
            return
        self._catalog = now
        for scope, parts in PARTS_OF_CATALOG.items():
            if any(getattr(now, part) != getattr(before, part) for part in parts):
                self._came[scope] = now.version

    def _take_from_others(self) -> None:
        """Take in what other nodes have written, while somebody follows the requests and there are other nodes."""
        state = self._state
        if state.tails and state.settings.redis_url:
            newest = ledger_page(state.store, LedgerFilter(), limit=OTHERS_ROWS)
            state.recent_rows.take(reversed(newest))


def running(state: ControlState) -> int:
    """Return how many requests the data processes of this node work on."""
    return int(sum(snapshot.get("gauges", {}).get("in_flight", 0) for snapshot in state.figures().values()))


def requests(state: ControlState) -> int:
    """Return how many requests the data processes of this node have ended."""
    return sum(series["requests"] for snapshot in state.figures().values() for series in snapshot.get("series", ()))


def _progress(state: ControlState) -> object:
    run = state.benchmark.run
    return None if run is None else (run.id, run.status, [one.messages_done for one in run.models])


def _network(state: ControlState) -> object:
    served, status = state.tls(), None if state.acme is None else state.acme.status()
    return (
        (state.listeners.listeners, state.listeners.pending),
        None if served is None else (served.mode, served.facts, served.problem),
        None if status is None else (status.ordering, status.problem, status.problem_at_s),
    )
