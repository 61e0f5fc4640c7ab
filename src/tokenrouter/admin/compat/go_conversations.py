"""`/admin/api/conversations`: what was captured, in TokenRouter-Go's fields.

Whoever may read which of them, and how requests belong together, is as for `/api/v1/conversations`. Nothing is captured
until somebody wants it; there, everything was.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends

from tokenrouter.admin import capture, conversations
from tokenrouter.admin.callers import Grant, needs
from tokenrouter.admin.compat.go_body import Lenient, sent
from tokenrouter.admin.conversation_bodies import ShownBody, ShownConversation, ShownRecord, ShownTurn
from tokenrouter.admin.problems import Problem
from tokenrouter.admin.state import ControlState, State
from tokenrouter.domain.capture import EVERYBODY
from tokenrouter.store.capture_rules import list_capture_rules
from tokenrouter.store.conversation_pages import MAX_PAGE_ROWS, ConversationFilter

router: Final = APIRouter(prefix="/admin/api", include_in_schema=False)

Reading = Annotated[Grant, needs("conversations.read")]
Deleting = Annotated[Grant, needs("conversations.delete")]
USUAL_THREADS: Final = 50
MAX_THREADS: Final = 5000
_YES: Final = ("1", "true", "yes", "on")


class CaptureWish(Lenient):
    """Whether everybody's conversations are kept, and how many of them; 0 leaves a number as it is."""

    enabled: bool = False
    max_items: int = 0
    max_age_days: int = 0


def wanted_threads(
    q: str = "", provider: str = "", model: str = "", api_key_name: str = "", remote_ip: str = "", before: str = ""
) -> ConversationFilter:
    """Return which conversations are meant; a time that is none does not restrict, as there."""
    return ConversationFilter(
        text=q.strip(),
        provider=provider.strip(),
        model=model.strip(),
        key=api_key_name.strip(),
        client_ip=remote_ip.strip(),
        until_us=_moment_us(before.strip()),
    )


@router.get("/conversations")
def read_threads(
    state: State,
    grant: Reading,
    wanted: Annotated[ConversationFilter, Depends(wanted_threads)],
    limit: str = "",
) -> dict[str, Any]:
    """Return the conversations that grew last; those before `next_before` are the next page."""
    most = min(int(limit) if limit.isdecimal() and len(limit) < 7 and int(limit) else USUAL_THREADS, MAX_THREADS)
    threads, goes_on = _threads(state, grant, wanted, most)
    kept = state.settings.conversations
    return {
        "threads": [_shown_thread(thread) for thread in threads],
        "total": conversations.read_sums(state, grant).conversations,
        "next_before": threads[-1].last_at if goes_on and threads else "",
        "max_items": kept.max_items,
        "max_age_days": kept.max_age_days,
        "enabled": _is_captured(state),
    }


@router.delete("/conversations")
def remove_all(state: State, grant: Deleting) -> dict[str, Any]:
    """Delete every conversation that the caller may delete."""
    removed = conversations.remove_many(state, grant, ConversationFilter(), everything=True)
    return {"status": "ok", "removed": removed.removed}


@router.get("/conversations/{conversation_id:path}")
def read_thread(state: State, grant: Reading, conversation_id: str, include_internal: str = "") -> dict[str, Any]:
    """Return one conversation with its requests."""
    whole = conversations.read_one(
        state,
        grant,
        conversation_id,
        include_internal=include_internal.lower() in _YES,
        raw=True,
        limit=conversations.MAX_RECORDS,
        after=0,
    )
    records = [_shown_record(whole, record) for record in whole.records]
    return {"id": whole.id, "title": whole.title, "records": records}


@router.delete("/conversations/{conversation_id:path}")
def remove_thread(state: State, grant: Deleting, conversation_id: str) -> dict[str, Any]:
    """Delete one conversation."""
    removed = conversations.remove_one(state, grant, conversation_id)
    return {"status": "ok", "id": conversation_id, "removed": removed.removed}


@router.get("/settings/conversations")
def read_capture(state: State, _grant: Annotated[Grant, needs("capture.write")]) -> dict[str, Any]:
    """Return whether everybody's conversations are kept."""
    kept = state.settings.conversations
    return {"enabled": _is_captured(state), "max_items": kept.max_items, "max_age_days": kept.max_age_days}


@router.put("/settings/conversations")
def change_capture(
    state: State,
    grant: Annotated[Grant, needs("capture.write")],
    wanted: Annotated[CaptureWish, Depends(sent(CaptureWish))],
) -> dict[str, str]:
    """Keep everybody's conversations, or nobody's that is not named."""
    kept = state.settings.conversations
    for name in ("max_items", "max_age_days"):
        if getattr(wanted, name) not in (0, getattr(kept, name)):
            file = state.settings.paths.config_file or state.settings.paths.default_config_file
            words = f"write {name} = {getattr(wanted, name)} under [conversations] into {file} and have it read again"
            raise Problem(409, "declared_elsewhere", words)
    if wanted.enabled != _is_captured(state):
        capture.set_rule(state, grant, EVERYBODY, capture.WantedRule(enabled=wanted.enabled))
    return {"status": "ok"}


def _threads(
    state: ControlState, grant: Grant, wanted: ConversationFilter, most: int
) -> tuple[list[ShownConversation], bool]:
    """Return up to `most` conversations, and whether there are more."""
    found: list[ShownConversation] = []
    after: str | None = ""
    while after is not None and len(found) < most:
        rows = min(MAX_PAGE_ROWS, most - len(found))
        page = conversations.read_page(state, grant, wanted, limit=rows, after=after)
        found += page.data
        after = page.next
    return found, after is not None


def _is_captured(state: ControlState) -> bool:
    """Whether everybody's conversations are kept unless something nearer says otherwise."""
    kept = state.settings.conversations
    if not kept.enabled or EVERYBODY in kept.capture:
        return kept.enabled
    return any(rule.enabled for rule in list_capture_rules(state.store) if rule.scope == EVERYBODY)


def _moment_us(text: str) -> int | None:
    try:
        return round(datetime.fromisoformat(text).timestamp() * 1e6)
    except (ValueError, OverflowError):
        return None


def _shown_thread(thread: ShownConversation) -> dict[str, Any]:
    return {
        "conversation_key": thread.id,
        "last_at": thread.last_at,
        "count": thread.requests,
        "provider": thread.provider,
        "model": thread.model,
        "api_key_name": thread.key,
        "remote_ip": thread.client_ip,
        "last_preview": thread.preview,
        "token_count": thread.total_tokens,
        "title": thread.title,
    }


def _shown_record(thread: ShownConversation, record: ShownRecord) -> dict[str, Any]:
    question, answer = _text(record.turns), _text(record.answer) or record.problem
    raw = record.raw
    return {
        "id": record.id,
        "conversation_key": thread.id,
        "created_at": record.at,
        "updated_at": record.ended_at,
        "endpoint": record.operation,
        "provider": record.provider,
        "model": record.model,
        "remote_ip": record.client_ip,
        "api_key_name": thread.key,
        "request_headers": _headers(raw.request if raw else None),
        "response_headers": _headers(raw.answer if raw else None),
        "request_payload_raw": raw.request.body if raw else "",
        "response_payload_raw": raw.answer.body if raw else "",
        "request_text_markdown": question,
        "response_text_markdown": answer,
        "request_render_markdown": question,
        "response_render_markdown": answer,
        "request_system_markdown": record.system or "",
        "response_think_markdown": _text(record.answer, ("thinking",)),
        "status_code": record.status,
        "latency_ms": round(record.use.latency_ms) if record.use else 0,
        "stream": record.is_stream,
        "is_internal": bool(record.kind),
        "internal_kind": record.kind,
    }


def _text(turns: Iterable[ShownTurn], kinds: tuple[str, ...] = ("text", "refusal")) -> str:
    return "\n\n".join(piece.text for turn in turns for piece in turn.pieces if piece.kind in kinds and piece.text)


def _headers(body: ShownBody | None) -> dict[str, str]:
    return {header.name: header.value for header in body.headers} if body else {}
