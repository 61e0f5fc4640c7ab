"""Conversations as `/api/v1/conversations` shows them: the same shape for every dialect."""

from datetime import UTC, datetime
from typing import Literal

from pydantic import BaseModel

from tokenrouter.admin.amounts import usd
from tokenrouter.dialects.transcripts import PieceKind, Turn, TurnRole
from tokenrouter.domain.capture import Captured, Outcome
from tokenrouter.jobs.conversation_view import ViewedRecord
from tokenrouter.store.conversation_charges import Charge
from tokenrouter.store.conversation_pages import ConversationRow


class ShownPiece(BaseModel):
    """One part of a turn; `name` and `call_id` are those of a tool's call or result."""

    kind: PieceKind
    text: str
    name: str = ""
    call_id: str = ""
    is_error: bool = False


class ShownTurn(BaseModel):
    """What one participant said before the next one did."""

    role: TurnRole
    pieces: list[ShownPiece]


class ShownConversation(BaseModel):
    """One conversation.

    `requests` are those of the conversation itself; `internal_requests` a client made for itself, such as one for a
    title. `total_tokens` and `cost_usd` are what the ledger still knows of both; null is where no price was known.
    """

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
    begun_at: str
    last_at: str
    requests: int
    internal_requests: int
    total_tokens: int
    cost_usd: str | None
    bytes: int


class ShownUse(BaseModel):
    """What the ledger knows of a request: who answered it, and what all who were asked have used."""

    provider: str
    model: str
    input_tokens: int
    output_tokens: int
    cost_usd: str | None
    end_reason: str
    latency_ms: float


class ShownHeader(BaseModel):
    """One header line; of a secret only that it was there."""

    name: str
    value: str


class ShownBody(BaseModel):
    """A request or an answer as it was. `truncated`: the body was longer (`bytes`) than what is kept of it."""

    headers: list[ShownHeader]
    body: str
    bytes: int
    truncated: bool


class ShownRaw(BaseModel):
    """A request and its answer as the client sent the one and got the other."""

    path: str
    request: ShownBody
    answer: ShownBody


class ShownRecord(BaseModel):
    """One request of a conversation.

    `system` is null where the model was told the same as in the request before. `turns` is what is new; `earlier_turns`
    of the request were there before. `problem` is an error that the client was told. `use` is null where the ledger has
    no row any more, `raw` where it was not asked for.
    """

    number: int
    id: str
    kind: Literal["", "title_generation"]
    at: str
    ended_at: str
    operation: str
    dialect: str
    model: str
    provider: str
    client_ip: str
    client_tool: str
    status: int
    outcome: Outcome | None
    is_stream: bool
    truncated: bool
    system: str | None
    earlier_turns: int
    turns: list[ShownTurn]
    answer: list[ShownTurn]
    stop: str
    problem: str
    use: ShownUse | None
    raw: ShownRaw | None = None


def conversation_of(row: ConversationRow) -> ShownConversation:
    """Return a conversation as the API shows it."""
    named = {name: getattr(row, name) for name in ShownConversation.model_fields if hasattr(row, name)}
    named |= {"requests": row.requests - row.internal, "internal_requests": row.internal}
    cost = None if row.cost_nano_usd is None else usd(row.cost_nano_usd)
    return ShownConversation(begun_at=moment(row.begun_us), last_at=moment(row.last_us), cost_usd=cost, **named)


def record_of(viewed: ViewedRecord, *, raw: bool) -> ShownRecord:
    """Return a request as the API shows it."""
    record = viewed.record
    captured = record.captured or Captured(record.id, 0, 0, "", "")
    return ShownRecord(
        number=record.number,
        id=record.id,
        kind="title_generation" if record.kind else "",
        at=moment(captured.started_us),
        ended_at=moment(captured.ended_us),
        operation=captured.operation,
        dialect=captured.dialect,
        model=captured.model,
        provider=captured.provider or (record.charge.provider if record.charge else ""),
        client_ip=captured.client_ip,
        client_tool=captured.client_tool,
        status=captured.status,
        outcome=captured.outcome if record.captured else None,
        is_stream=captured.is_stream,
        truncated=_is_cut(captured),
        system=viewed.system,
        earlier_turns=viewed.earlier_turns,
        turns=[_turn(turn) for turn in viewed.turns],
        answer=[_turn(turn) for turn in viewed.answer.turns],
        stop=viewed.answer.stop,
        problem=viewed.answer.problem,
        use=_use(record.charge) if record.charge else None,
        raw=_raw(captured) if raw else None,
    )


def moment(us: int) -> str:
    """Return a time as ISO 8601 in UTC, with milliseconds."""
    return datetime.fromtimestamp(us / 1e6, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _turn(turn: Turn) -> ShownTurn:
    pieces = [
        ShownPiece(kind=one.kind, text=one.text, name=one.name, call_id=one.call_id, is_error=one.is_error)
        for one in turn.pieces
    ]
    return ShownTurn(role=turn.role, pieces=pieces)


def _use(charge: Charge) -> ShownUse:
    cost = charge.cost_nano_usd
    return ShownUse(
        provider=charge.provider,
        model=charge.model,
        input_tokens=charge.input_tokens,
        output_tokens=charge.output_tokens,
        cost_usd=None if cost is None else usd(cost),
        end_reason=charge.end_reason,
        latency_ms=charge.latency_us / 1000,
    )


def _is_cut(captured: Captured) -> bool:
    return captured.request_bytes > len(captured.request_body) or captured.answer_bytes > len(captured.answer_body)


def _raw(captured: Captured) -> ShownRaw:
    return ShownRaw(
        path=captured.path,
        request=_body(captured.request_headers, captured.request_body, captured.request_bytes),
        answer=_body(captured.answer_headers, captured.answer_body, captured.answer_bytes),
    )


def _body(headers: tuple[tuple[str, str], ...], body: bytes, size: int) -> ShownBody:
    is_cut = size > len(body)
    text = body.decode("utf-8", "replace")
    return ShownBody(
        headers=[ShownHeader(name=name, value=value) for name, value in headers],
        body=f"{text}(truncated)" if is_cut else text,
        bytes=size,
        truncated=is_cut,
    )
