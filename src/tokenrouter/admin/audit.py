"""`/api/v1/audit`: who changed what, newest first, in pages or as a file; and whether anybody altered it since."""

from dataclasses import replace
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from pydantic import AfterValidator, AwareDatetime, BaseModel
from starlette.responses import StreamingResponse

from tokenrouter.admin.amounts import time_text
from tokenrouter.admin.callers import Grant, needs
from tokenrouter.admin.paging import CSV, Page, Place, Reader, WantedPage, checked, listing
from tokenrouter.admin.state import ControlState, State
from tokenrouter.admin.texts import encodable
from tokenrouter.domain.actors import ActorKind
from tokenrouter.store.audit import AuditEntry, AuditFilter, audit_page, verify_audit

router: Final = APIRouter(prefix="/api/v1/audit", tags=["audit"])

MAX_TEXT_CHARS: Final = 200

Reading = Annotated[Grant, needs("audit.read")]
Text = Annotated[str, Query(max_length=MAX_TEXT_CHARS), AfterValidator(encodable)]


class ShownActor(BaseModel):
    """Who did it: a person, a key, a command on the server, or the server itself."""

    kind: ActorKind
    id: str
    name: str
    address: str


class ShownSubject(BaseModel):
    """What it was done to."""

    kind: str
    id: str
    name: str


class ShownEntry(BaseModel):
    """One change; `before` and `after` have what has changed, and null where the subject was not there."""

    number: int
    at: str
    actor: ShownActor
    action: str
    subject: ShownSubject
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    hash: str


class ShownState(BaseModel):
    """What a verification found. `ok`: the chain is whole, and holds the head that was asked for."""

    ok: bool
    entries: int
    broken_at: int | None
    head: str
    noted: bool


@router.get("", response_model=Page[ShownEntry], responses=CSV)
def read_page(
    state: State,
    _grant: Reading,
    page: WantedPage,
    actor: Annotated[Text, Query(description="Id or name of who did it.")] = "",
    action: Annotated[Text, Query(description="Such as key.create.")] = "",
    kind: Annotated[Text, Query(description="Of the subject, such as key.")] = "",
    subject: Annotated[Text, Query(description="Id or name of what it was done to.")] = "",
    q: Annotated[Text, Query(description="A part of a name or an action.")] = "",
    since: Annotated[AwareDatetime | None, Query(alias="from")] = None,
    until: Annotated[AwareDatetime | None, Query(alias="to", description="Not included.")] = None,
) -> Page[ShownEntry] | StreamingResponse:
    """Return one page, or all of it as a file; empty filters do not restrict."""
    wanted = AuditFilter(
        actor=actor,
        action=action,
        kind=kind,
        subject=subject,
        text=q,
        since_us=int(since.timestamp() * 1e6) if since else 0,
        until_us=int(until.timestamp() * 1e6) if until else None,
    )
    return listing("audit", page, ShownEntry, _reader(state, wanted), _shown)


@router.get("/verify")
def verify(state: State, _grant: Reading, head: Annotated[str, Query(max_length=64)] = "") -> ShownState:
    """Go through the whole log; `head` is the hash of an entry that was noted elsewhere, and must be in it."""
    found = verify_audit(state.store, noted=head)
    return ShownState(
        ok=found.broken_at is None and found.noted,
        entries=found.entries,
        broken_at=found.broken_at,
        head=found.head,
        noted=found.noted,
    )


def _reader(state: ControlState, wanted: AuditFilter) -> Reader[AuditEntry]:
    def read(after: Place, rows: int) -> list[tuple[Place, AuditEntry]]:
        [before] = checked(after, int) if after else (None,)
        entries = audit_page(state.store, replace(wanted, before_number=before), limit=rows)
        return [((entry.number,), entry) for entry in entries]

    return read


def _shown(entry: AuditEntry) -> ShownEntry:
    actor = entry.actor
    kind, subject_id, name = entry.subject
    return ShownEntry(
        number=entry.number,
        at=time_text(entry.at_us / 1e6) or "",
        actor=ShownActor(kind=actor.kind, id=actor.id, name=actor.name, address=actor.address),
        action=entry.action,
        subject=ShownSubject(kind=kind, id=subject_id, name=name),
        before=entry.before,
        after=entry.after,
        hash=entry.hash,
    )
