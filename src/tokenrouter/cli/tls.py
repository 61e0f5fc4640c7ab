"""`torod tls`: the certificate that HTTPS is served with, and having another one from an authority.

Orders go by way of the database, where running servers see what they are to show and what was issued: so these commands
need no key of the server, and work on any machine that has the installation.
"""

import json
from collections.abc import Coroutine, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import click

from tokenrouter.cli.opening import CONFIG, JSON, Installation, fail, open_installation

if TYPE_CHECKING:
    from tokenrouter.jobs.acme_books import NewCertificate
    from tokenrouter.jobs.acme_orders import CertificateOrders
    from tokenrouter.jobs.acme_question import Proof
    from tokenrouter.tls.pair import CertificateFacts

SHOWN_S: Final = 2.0
"""How long an authority is not told yet: running servers hear of a change in the database within half a second."""


@click.group()
def tls() -> None:
    """Look at the certificate of HTTPS, and have another one from a certificate authority."""


@tls.command("status")
@JSON
@CONFIG
def status_command(as_json: bool, config: str | None) -> None:
    """Show which certificate is served, until when, and how it stands with its authority."""
    told = _status(open_installation(config))
    if as_json:
        click.echo(json.dumps(told))
        return
    for name, value in told.items():
        if value not in (None, "", []):
            shown = ", ".join(value) if isinstance(value, list) else str(value)
            click.echo(f"{name.replace('_', ' ')}: {shown}")


@tls.command("test")
@CONFIG
def test_command(config: str | None) -> None:
    """Try to have a certificate, from Let's Encrypt's staging; what is served stays as it is."""
    installation = open_installation(config)
    orders = _orders(installation)
    click.echo(f"asking for {', '.join(installation.settings.tls.domains)} …", err=True)
    new = _bring(orders.try_out())
    click.echo(f"It works: {new.directory_url} has issued a certificate until {_moment(new.facts.not_after_s)}.")


@tls.command("renew")
@CONFIG
def renew_command(config: str | None) -> None:
    """Have a new certificate now; running servers serve it within a second."""
    installation = open_installation(config)
    orders = _orders(installation)
    click.echo(f"asking for {', '.join(installation.settings.tls.domains)} …", err=True)
    new = _bring(orders.renew(by_hand=True))
    click.echo(f"{new.directory_url} has issued a certificate until {_moment(new.facts.not_after_s)}.")


def _orders(installation: Installation) -> "CertificateOrders":
    """Return what orders with; ends where no authority is to be asked."""
    from tokenrouter.jobs.acme_orders import CertificateOrders

    wanted = installation.settings.tls
    if not wanted.enabled or wanted.mode != "letsencrypt":
        fail(
            'certificates are not an authority\'s here: write enabled = true, mode = "letsencrypt" and domain '
            "into [tls] of the configuration"
        )
    return CertificateOrders(lambda: installation.settings, installation.store, installation.ring, _shown)


async def _shown(proofs: "Sequence[Proof]") -> None:
    """Give running servers the time to see what they are to show."""
    import asyncio

    await asyncio.sleep(SHOWN_S if proofs else 0.0)


def _bring(order: "Coroutine[Any, Any, NewCertificate]") -> "NewCertificate":
    import asyncio

    from sqlalchemy.exc import SQLAlchemyError

    from tokenrouter.jobs.acme_asking import CertificateRefused
    from tokenrouter.jobs.acme_books import NotNow
    from tokenrouter.store.errors import StoreError

    try:
        return asyncio.run(order)
    except (CertificateRefused, NotNow, StoreError) as error:
        fail(str(error))
    except SQLAlchemyError as error:
        fail(f"the database is away: {error}")


def _status(installation: Installation) -> dict[str, Any]:
    """Return what is kept on this machine, and what the database knows of orders."""
    import time

    from tokenrouter.jobs.acme_state import directory_of, next_order_s, read_order_state
    from tokenrouter.store.certificates import read_state
    from tokenrouter.tls.folder import served_file

    settings = installation.settings
    told: dict[str, Any] = {"https": "on" if settings.tls.enabled else "off"}
    if not settings.tls.enabled:
        return told
    path = served_file(settings)
    facts, problem = _facts(path)
    told |= {"mode": settings.tls.mode, "listen_addr": settings.tls.listen_addr, "file": str(path)}
    if facts is None:
        told["problem"] = problem
    else:
        told |= {"names": list(facts.names), "issuer": facts.issuer, "valid_until": _moment(facts.not_after_s)}
        told |= {"fingerprint": facts.fingerprint, "warnings": list(facts.warnings)}
    if settings.tls.mode == "letsencrypt":
        with installation.store.read() as connection:
            state = read_order_state(read_state(connection))
        is_theirs = facts is not None and not path.name.startswith("self_signed")
        due_s = max(time.time(), next_order_s(state, settings.tls, facts if is_theirs else None))
        told |= {"authority": directory_of(settings.tls), "next_order": _moment(due_s)}
        told |= {"last_problem": state.problem, "problem_at": _moment(state.problem_at_s) if state.problem else None}
    return told


def _facts(path: Any) -> "tuple[CertificateFacts | None, str]":
    import time

    from tokenrouter.tls.pair import BadCertificate, Pair, read_pair

    try:
        return read_pair(Pair.of_pem(path.read_bytes()), time.time()), ""
    except FileNotFoundError:
        return None, "there is no certificate yet; the server makes one when it starts"
    except (OSError, BadCertificate) as error:
        return None, str(error)


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds).astimezone().isoformat(timespec="seconds")
