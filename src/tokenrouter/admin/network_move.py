"""Moving a listener over the API: the new address is opened, looked at from outside, and kept or given up.

Whoever moves it asks the new address who is there (`GET /api/v1/network/probe`, which anybody may) and says whether it
was this gateway. Without that word within a minute, the supervisor closes the new address by itself. So an address that
cannot be reached from where its administrator sits is never kept.
"""

import asyncio
import re
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict

from tokenrouter.admin.amounts import time_text
from tokenrouter.admin.callers import Grant, needs
from tokenrouter.admin.problems import Problem
from tokenrouter.admin.state import ControlState, State
from tokenrouter.admin.texts import Text
from tokenrouter.config.load import split_address
from tokenrouter.jobs.listener_desk import CannotMove, PendingMove, url_of
from tokenrouter.store.settings import note_move

router: Final = APIRouter(prefix="/api/v1/network", tags=["settings"])

Writing = Annotated[Grant, needs("settings.write")]
EVERYWHERE: Final = ("0.0.0.0", "::")
PROBE_PATH: Final = "/api/v1/network/probe"
_HOST: Final = re.compile(r"([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]+)?\Z")
_FORBID: Final = ConfigDict(extra="forbid")


class NewAddress(BaseModel):
    """Where to listen from now on, as `host:port`: for plain HTTP, or for HTTPS. One of them at a time."""

    model_config = _FORBID

    listen_addr: Text | None = None
    tls_listen_addr: Text | None = None


class PendingSwitch(BaseModel):
    """A move that waits for a word.

    `probe_url` leads to the new address as its visitor would reach it; there, `instance` is to be `instance_id`.
    `left_s` is how long it waits, for whoever has another clock.
    """

    status: Literal["pending_probe"] = "pending_probe"
    switch_id: str
    instance_id: str
    setting: str
    old_address: str
    new_address: str
    probe_url: str
    expires_at: str
    left_s: float


class Word(BaseModel):
    """Whether the new address led here. Anything but true gives it up."""

    model_config = _FORBID

    switch_id: Text
    probe_ok: bool


class Decided(BaseModel):
    """What became of a move: where it listens now, and what stands before a path."""

    status: Literal["moved", "cancelled"]
    setting: str
    address: str
    url: str


class Probed(BaseModel):
    """Who answers."""

    ok: bool
    instance: str


@router.put("", status_code=202)
async def move(request: Request, state: State, _grant: Writing, wanted: NewAddress) -> PendingSwitch:
    """Open a new address beside the one of now; `POST /api/v1/network/confirm` within a minute keeps it."""
    named = {"listen_addr": wanted.listen_addr, "tls.listen_addr": wanted.tls_listen_addr}
    given = [(setting, address) for setting, address in named.items() if address is not None]
    if len(given) != 1:
        raise Problem(422, "invalid_field", "Name either listen_addr or tls_listen_addr.")
    return shown_switch(state, request, await begin_move(state, *given[0]))


@router.post("/confirm")
async def confirm(state: State, grant: Writing, word: Word) -> Decided:
    """Keep the new address and give up the old one, or the other way round."""
    return await decide(state, grant, word.switch_id, keep=word.probe_ok)


@router.delete("/override")
async def undo(state: State, grant: Writing) -> list[Decided]:
    """Listen again where the configuration says, at once and without a probe."""
    done = []
    for setting, declared in dict(state.settings.moved).items():
        pending = await begin_move(state, setting, declared)
        done.append(await decide(state, grant, pending.id, keep=True, noted=declared))
    return done


@router.api_route("/probe", methods=["GET"], openapi_extra={"security": []})
def probe(request: Request, state: State) -> Response:
    """Tell anybody which process answers: a page of the old address looks whether the new one leads to it."""
    origin = request.headers.get("origin", "")
    headers = {"access-control-allow-origin": origin, "vary": "Origin"} if origin else {}
    answer = Probed(ok=True, instance=state.instance_id)
    return JSONResponse(answer.model_dump(), headers={**headers, "cache-control": "no-store"})


async def begin_move(state: ControlState, setting: str, address: str) -> PendingMove:
    """Open the new address.

    Raises:
        Problem: it is none, it is taken, nothing listens because of the setting, or a move goes on.
    """
    parts = split_address(address)
    if parts is None or not parts[1]:
        raise Problem(422, "invalid_field", f"{address[:100]!r} is not host:port, like 127.0.0.1:8080.")
    try:
        return await state.listeners.move(setting, *parts)
    except CannotMove as error:
        raise Problem(409, "cannot_move", f"It stays where it is: {error}.") from None


async def decide(state: ControlState, grant: Grant, switch_id: str, *, keep: bool, noted: str = "") -> Decided:
    """Keep the new address, also over a restart, or give it up; `noted` is how it was named, where that was said.

    It is in the audit log before it is so: while the database is away, an answer that nothing was done is true.

    Raises:
        Problem: 404, there is no such move any more.
        StoreError, SQLAlchemyError: the database is away; nothing was decided.
    """
    pending = state.listeners.pending
    if pending is None or pending.id != switch_id:
        raise _not_decided("there is no such move any more: it has been undone")
    kept = pending.new if keep else pending.old
    between = pending.old.address, pending.new.address
    if keep:
        await asyncio.to_thread(note_move, grant.store, kept.setting, *between)
    try:
        await state.listeners.end(switch_id, keep=keep)
    except CannotMove as error:
        if keep:
            await asyncio.to_thread(note_move, grant.store, kept.setting, *reversed(between))
        raise _not_decided(str(error)) from None
    if keep:
        state.keep_moved(kept.setting, noted or kept.address)
    url = url_of(kept.kind, kept.address, state.settings.tls.domains)
    return Decided(status="moved" if keep else "cancelled", setting=kept.setting, address=kept.address, url=url)


def _not_decided(why: str) -> Problem:
    return Problem(404, "switch_not_found", f"Nothing was decided: {why}.")


def shown_switch(state: ControlState, request: Request, pending: PendingMove) -> PendingSwitch:
    """Return the move as it is shown to whoever asks by `request`."""
    return PendingSwitch(
        switch_id=pending.id,
        instance_id=state.instance_id,
        setting=pending.new.setting,
        old_address=pending.old.address,
        new_address=pending.new.address,
        probe_url=visitors_url(request, pending) + PROBE_PATH,
        expires_at=time_text(pending.until_s) or "",
        left_s=max(0.0, round(pending.until_s - state.clock(), 1)),
    )


def visitors_url(request: Request, pending: PendingMove) -> str:
    """Return how a visitor reaches the new address: where it is every address, by the name that they came by."""
    host, port = split_address(pending.new.address) or ("", 0)
    if host in EVERYWHERE:
        named = _HOST.match(request.headers.get("host", ""))
        host = named[1].strip("[]") if named else "127.0.0.1"
    shown = f"[{host}]" if ":" in host else host
    return url_of(pending.new.kind, f"{shown}:{port}")
