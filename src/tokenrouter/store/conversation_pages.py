"""Reading conversations: lists, what is searched in them, one with its requests, and sums.

People's words are encrypted in the database, so it cannot search them. Titles and the beginnings of what was asked and
answered are small, and opening one takes microseconds: a search opens those of the conversations that pass all other
filters, the newest first, up to a bound, and says where it stopped (docs/design/conversations.md).
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from msgspec import DecodeError, msgpack
from sqlalchemy import ColumnElement, Connection, RowMapping, and_, exists, func, or_, select

from tokenrouter.config.sealing import SealBroken, Sealing
from tokenrouter.domain.capture import Captured
from tokenrouter.domain.ledger import NanoUsd
from tokenrouter.store.conversation_charges import Charge, ChargedSum, charged_sums, charges_of
from tokenrouter.store.conversations import Gist, gist_place, read_head, record_place
from tokenrouter.store.engine import Store
from tokenrouter.store.schema import tr_conversation_records, tr_conversations
from tokenrouter.store.within import Within

MAX_PAGE_ROWS: Final = 500
SEARCHED_RECORDS: Final = 5000
"""Titles and words that one question opens, each in some 12 microseconds and read in as many (2026-11)."""
_SEARCHED_AT_ONCE: Final = 50
_READ_AT_ONCE: Final = 32
"""Requests that are opened at a time; each may be some megabytes."""
_records, _conversations = tr_conversation_records.c, tr_conversations.c
_gist: Final = msgpack.Decoder(Gist)
_captured: Final = msgpack.Decoder(Captured)
Cursor = tuple[int, str]
"""Behind which conversation a page begins: its last time in microseconds, and its id."""


@dataclass(frozen=True, slots=True)
class ConversationFilter:
    """Which conversations; empty fields do not restrict.

    Attributes:
        text: looked for, in any case, in titles and in the beginnings of what was asked and answered.
        key: a key's name or id.
        provider, model, client_ip: of any of its requests.
        since_us, until_us: when it last grew; the first is inclusive, the second exclusive.
        with_internal: also those of which there is nothing but what a client asked for itself.
        within: whose may be seen; None is everybody's.
    """

    id: str = ""
    text: str = ""
    key: str = ""
    user: str = ""
    team: str = ""
    provider: str = ""
    model: str = ""
    client_ip: str = ""
    since_us: int = 0
    until_us: int | None = None
    with_internal: bool = False
    within: Within | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """Return all that has to be true of a conversation, but for its words."""
        conditions = [
            column == value
            for column, value in (
                (_conversations.id, self.id),
                (_conversations.user, self.user),
                (_conversations.team, self.team),
            )
            if value
        ]
        if self.key:
            conditions.append(or_(_conversations.key == self.key, _conversations.key_id == self.key))
        if self.since_us:
            conditions.append(_conversations.last_us >= self.since_us)
        if self.until_us is not None:
            conditions.append(_conversations.last_us < self.until_us)
        if not self.with_internal:
            conditions.append(_conversations.requests > _conversations.internal)
        return conditions + _seen_by(self.within) + self._of_requests()

    def _of_requests(self) -> list[ColumnElement[bool]]:
        wanted = (
            (_records.provider, self.provider),
            (_records.model, self.model),
            (_records.client_ip, self.client_ip),
        )
        said = [column == value for column, value in wanted if value]
        return [exists().where(and_(_records.conversation_id == _conversations.id, *said))] if said else []


def _seen_by(within: Within | None) -> list[ColumnElement[bool]]:
    return [] if within is None else [within.condition(_conversations)]


@dataclass(frozen=True, slots=True)
class ConversationRow:
    """One conversation. `total_tokens` and `cost_nano_usd` are what the ledger still knows of its requests."""

    id: str
    title: str
    preview: str
    key_id: str
    key: str
    user: str
    team: str
    operation: str
    provider: str
    model: str
    client_ip: str
    begun_us: int
    last_us: int
    requests: int
    internal: int
    bytes: int
    total_tokens: int = 0
    cost_nano_usd: NanoUsd | None = None


@dataclass(frozen=True, slots=True)
class ConversationPage:
    """Conversations, the one that grew last first; `next` is where the next page begins, None at the end."""

    rows: tuple[ConversationRow, ...]
    next: Cursor | None


@dataclass(frozen=True, slots=True)
class ConversationSums:
    """What is kept in all; the times are None where there is nothing."""

    conversations: int = 0
    requests: int = 0
    bytes: int = 0
    oldest_us: int | None = None
    newest_us: int | None = None


@dataclass(frozen=True, slots=True)
class KeptRecord:
    """One request of a conversation; `captured` is None where it cannot be read any more, `charge` where it is gone."""

    number: int
    id: str
    kind: str
    bytes: int
    captured: Captured | None
    charge: Charge | None = None


def conversation_page(
    store: Store, sealing: Sealing, wanted: ConversationFilter, *, limit: int, after: Cursor | None = None
) -> ConversationPage:
    """Return the conversations behind `after`; a search may stop early, with fewer rows and a `next`."""
    found: list[RowMapping] = []
    with store.read() as connection:
        searched = 0
        while len(found) < limit:
            asked = _SEARCHED_AT_ONCE if wanted.text else limit + 1
            rows = _rows_after(connection, wanted, after, asked)
            some = rows
            if wanted.text:
                some, opened = _with_text(connection, sealing, rows, wanted.text.casefold())
                searched += opened
            found += some
            is_end = len(rows) < asked
            if rows:
                after = rows[-1]["last_us"], rows[-1]["id"]
            if is_end or not wanted.text or searched >= SEARCHED_RECORDS:
                break
        more = None if is_end else after
        if len(found) > limit:
            found = found[:limit]
            more = found[-1]["last_us"], found[-1]["id"]
        sums = charged_sums(connection, [row["id"] for row in found])
        return ConversationPage(tuple(_row(sealing, row, sums) for row in found), more)


def _rows_after(
    connection: Connection, wanted: ConversationFilter, after: Cursor | None, limit: int
) -> Sequence[RowMapping]:
    asked = select(tr_conversations).where(*wanted.conditions())
    if after is not None:
        last_us, conversation_id = after
        same_time = and_(_conversations.last_us == last_us, _conversations.id < conversation_id)
        asked = asked.where(_conversations.last_us <= last_us, or_(_conversations.last_us < last_us, same_time))
    asked = asked.order_by(_conversations.last_us.desc(), _conversations.id.desc()).limit(limit)
    return connection.execute(asked).mappings().all()


def _with_text(
    connection: Connection, sealing: Sealing, rows: Sequence[RowMapping], text: str
) -> tuple[list[RowMapping], int]:
    """Return those of `rows` in whose words `text` is, and how many requests were opened for it."""
    said = {row["id"] for row in rows if any(text in one.casefold() for one in read_head(sealing, row).values())}
    others = [row["id"] for row in rows if row["id"] not in said]
    opened = 0
    if others:
        asked = select(_records.id, _records.conversation_id, _records.gist).where(_records.conversation_id.in_(others))
        for record in connection.execute(asked):
            opened += 1
            if record.conversation_id not in said and text in _words(sealing, record.id, record.gist):
                said.add(record.conversation_id)
    return [row for row in rows if row["id"] in said], opened + len(rows)


def _words(sealing: Sealing, record_id: str, gist: bytes) -> str:
    try:
        words = _gist.decode(sealing.unseal(gist, gist_place(record_id)))
    except (SealBroken, DecodeError):
        return ""
    return f"{words.asked}\n{words.answered}".casefold()


def _row(sealing: Sealing, row: RowMapping, sums: Mapping[str, ChargedSum]) -> ConversationRow:
    head = read_head(sealing, row)
    named = {name: row[name] for name in ConversationRow.__slots__ if name in row}
    title = head.get("title") or head.get("first", "").strip().partition("\n")[0][:120]
    charged = sums.get(row["id"], ChargedSum())
    return ConversationRow(
        **named,
        title=title,
        preview=head.get("last", ""),
        total_tokens=charged.tokens,
        cost_nano_usd=charged.cost_nano_usd,
    )


def find_conversation(
    store: Store, sealing: Sealing, conversation_id: str, within: Within | None = None
) -> ConversationRow | None:
    """Return one conversation; None where there is none, or none that may be seen."""
    conditions = [_conversations.id == conversation_id, *_seen_by(within)]
    with store.read() as connection:
        row = connection.execute(select(tr_conversations).where(*conditions)).mappings().first()
        return None if row is None else _row(sealing, row, charged_sums(connection, [conversation_id]))


def records_of(store: Store, sealing: Sealing, conversation_id: str) -> Iterator[KeptRecord]:
    """Yield the requests of a conversation in their order, a few of them in memory at a time."""
    last = 0
    while True:
        asked = select(tr_conversation_records).where(
            _records.conversation_id == conversation_id, _records.number > last
        )
        with store.read() as connection:
            rows = connection.execute(asked.order_by(_records.number).limit(_READ_AT_ONCE)).mappings().all()
            charges = charges_of(connection, [row["id"] for row in rows])
        for row in rows:
            last = row["number"]
            captured = _opened(sealing, row)
            yield KeptRecord(last, row["id"], row["kind"], row["bytes"], captured, charges.get(row["id"]))
        if len(rows) < _READ_AT_ONCE:
            return


def _opened(sealing: Sealing, row: RowMapping) -> Captured | None:
    try:
        return _captured.decode(sealing.unseal(row["sealed"], record_place(row["id"])))
    except (SealBroken, DecodeError):
        return None


def conversation_sums(store: Store, within: Within | None = None) -> ConversationSums:
    """Return how much is kept that may be seen."""
    asked = select(
        func.count().label("conversations"),
        func.coalesce(func.sum(_conversations.requests), 0).label("requests"),
        func.coalesce(func.sum(_conversations.bytes), 0).label("bytes"),
        func.min(_conversations.begun_us).label("oldest_us"),
        func.max(_conversations.last_us).label("newest_us"),
    )
    with store.read() as connection:
        row = connection.execute(asked.where(*_seen_by(within))).mappings().one()
    counts = {name: int(row[name]) for name in ("conversations", "requests", "bytes")}
    return ConversationSums(**counts, oldest_us=row["oldest_us"], newest_us=row["newest_us"])


@dataclass(frozen=True, slots=True)
class NewsOfRecord:
    """That a request has come in: `number` rises with each."""

    number: int
    id: str
    conversation_id: str
    kind: str
    ended_us: int


def last_record_number(store: Store) -> int:
    """Return the number of the newest request; 0 where there is none."""
    with store.read() as connection:
        return connection.execute(select(func.max(_records.number))).scalar() or 0


def conversations_of(store: Store, request_ids: Collection[str]) -> dict[str, str]:
    """Return the conversation of each of these requests (at most a page of them), as far as they were kept."""
    asked = select(_records.id, _records.conversation_id).where(_records.id.in_(sorted(request_ids)))
    with store.read() as connection:
        return {row.id: row.conversation_id for row in connection.execute(asked)}


def records_after(store: Store, number: int, within: Within | None, *, limit: int) -> tuple[NewsOfRecord, ...]:
    """Return the requests that came in after `number`, oldest first."""
    columns = [getattr(_records, name) for name in NewsOfRecord.__slots__]
    asked = select(*columns).where(_records.number > number).order_by(_records.number).limit(limit)
    if within is not None:
        asked = asked.join(tr_conversations, _conversations.id == _records.conversation_id).where(*_seen_by(within))
    with store.read() as connection:
        return tuple(NewsOfRecord(**row) for row in connection.execute(asked).mappings())
