"""`/api/v1/network/tls`: the certificate that is served, and having another one from an authority.

An authority may take minutes. Whoever asks waits for `WAITED_S`, within which most have answered; afterwards the order
goes on by itself, and what comes of it is read here.
"""

import asyncio
from collections.abc import Coroutine
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel
from sqlalchemy.exc import SQLAlchemyError

from tokenrouter.admin.amounts import time_text
from tokenrouter.admin.callers import Grant, needs
from tokenrouter.admin.problems import Problem
from tokenrouter.admin.state import ControlState, State
from tokenrouter.config.settings import TlsMode
from tokenrouter.jobs.acme import Acme
from tokenrouter.jobs.acme_asking import CertificateRefused
from tokenrouter.jobs.acme_books import NewCertificate, NotNow
from tokenrouter.store.errors import StoreError
from tokenrouter.tls.pair import CertificateFacts

router: Final = APIRouter(prefix="/api/v1/network/tls", tags=["settings"])

WAITED_S: Final = 50.0
"""Shorter than a data process waits for an answer of ours (`edge/control.py`)."""
NO_AUTHORITY: Final = (
    'certificates are not an authority\'s here; write enabled = true, mode = "letsencrypt" and domain into [tls] of '
    "the configuration, and restart the server"
)


class Certificate(BaseModel):
    """What a certificate says. `fingerprint` is its SHA-256, as browsers show it."""

    names: list[str]
    issuer: str
    self_signed: bool
    not_before: str | None
    not_after: str | None
    fingerprint: str


class ShownAuthority(BaseModel):
    """How it stands with the certificate authority.

    `problem` is why the last order came to nothing, in its words, "" when it went well; `next_order_at` when the next
    one is made by itself; `ordering`: that goes on now. `orders_today` are at most ten.
    """

    directory_url: str
    ordering: bool
    problem: str
    problem_at: str | None
    next_order_at: str | None
    orders_today: int


class TlsShown(BaseModel):
    """HTTPS as this node serves it.

    `mode` is how its certificate came about: `self_signed` too while an authority has not given one. `problem` is why
    there is no newer one.
    """

    enabled: bool
    mode: TlsMode | None
    certificate: Certificate | None
    problem: str
    authority: ShownAuthority | None


class OrderShown(BaseModel):
    """What an order has brought; `running`: the authority has not decided yet, read `/api/v1/network/tls` later."""

    status: Literal["issued", "running"]
    directory_url: str
    certificate: Certificate | None


@router.get("")
def read_tls(state: State, _grant: Annotated[Grant, needs("settings.read")]) -> TlsShown:
    """Return the certificate that is served, and how it stands with its authority."""
    served = state.tls()
    return TlsShown(
        enabled=served is not None,
        mode=None if served is None else served.mode,
        certificate=None if served is None else _certificate(served.facts),
        problem="" if served is None else served.problem,
        authority=shown_authority(state.acme),
    )


@router.post("/test", responses={202: {"model": OrderShown}})
async def try_out(state: State, _grant: Annotated[Grant, needs("settings.write")], response: Response) -> OrderShown:
    """Order a certificate as a trial: from Let's Encrypt's staging, or the authority of the configuration.

    Nothing that is served changes. It shows whether the name leads here and the challenge can be looked at.
    """
    acme = asked_acme(state)
    return _shown(await brought(acme, acme.orders.try_out()), response)


@router.post("/renew", responses={202: {"model": OrderShown}})
async def renew(state: State, grant: Annotated[Grant, needs("settings.write")], response: Response) -> OrderShown:
    """Order a certificate now, whether it is time or not; it is served as soon as it is there."""
    acme = asked_acme(state)
    return _shown(await brought(acme, acme.renew(grant.store)), response)


def asked_acme(state: ControlState) -> Acme:
    """Return who asks the authority.

    Raises:
        Problem: there is none to ask.
    """
    if state.acme is None or not state.acme.is_on:
        raise Problem(409, "no_certificate_authority", NO_AUTHORITY)
    return state.acme


async def brought(acme: Acme, order: Coroutine[Any, Any, NewCertificate]) -> NewCertificate | None:
    """Return what `order` brings; None: it goes on by itself, longer than anybody waits.

    Raises:
        Problem: it brings nothing.
    """
    task = acme.begin(order)
    await asyncio.wait([task], timeout=WAITED_S)
    if not task.done():
        return None
    try:
        return task.result()
    except NotNow as error:
        raise Problem(429, "too_many_orders", str(error), headers={"retry-after": str(error.wait_s)}) from None
    except CertificateRefused as error:
        raise Problem(502, "certificate_refused", str(error)) from None
    except (StoreError, SQLAlchemyError) as error:
        raise Problem(503, "database_away", "the database is away; nothing was ordered") from error


def _shown(new: NewCertificate | None, response: Response) -> OrderShown:
    if new is None:
        response.status_code = 202
        return OrderShown(status="running", directory_url="", certificate=None)
    return OrderShown(status="issued", directory_url=new.directory_url, certificate=_certificate(new.facts))


def _certificate(facts: CertificateFacts) -> Certificate:
    return Certificate(
        names=list(facts.names),
        issuer=facts.issuer,
        self_signed=facts.is_self_signed,
        not_before=time_text(facts.not_before_s),
        not_after=time_text(facts.not_after_s),
        fingerprint=facts.fingerprint,
    )


def shown_authority(acme: Acme | None) -> ShownAuthority | None:
    """Return how it stands with the authority; None where none is asked."""
    status = None if acme is None else acme.status()
    if status is None:
        return None
    return ShownAuthority(
        directory_url=status.directory_url,
        ordering=status.ordering,
        problem=status.problem,
        problem_at=time_text(status.problem_at_s) if status.problem else None,
        next_order_at=time_text(status.next_order_s),
        orders_today=status.orders_today,
    )
