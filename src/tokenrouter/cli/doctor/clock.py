"""The clock: windows of limits, expiries and sign-ins go by it, and several nodes must agree."""

import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Final
from urllib.parse import urlsplit

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from tokenrouter.cli.doctor.finding import Finding, Patient
from tokenrouter.store.engine import make_engine
from tokenrouter.store.errors import StoreError
from tokenrouter.store.urls import is_postgres

NOTICED_S: Final = 2.0
"""The clocks of machines that keep time differ by much less."""
WRONG_S: Final = 60.0
"""From here on sign-ins by identity providers fail, and limits of minutes count the wrong minute."""
WRITTEN_S: Final = 1_767_225_600.0
"""2026-01-01: no clock that is right says less."""
ASK_S: Final = 5.0


def check_clock(patient: Patient) -> Iterator[Finding]:
    """Compare our clock with those of others, as far as there are any."""
    now_s = time.time()
    if now_s < WRITTEN_S:
        says = f"this machine believes that it is {time.strftime('%Y-%m-%d', time.gmtime(now_s))}"
        yield Finding("problem", "clock", says, "set it by NTP: timedatectl set-ntp true")
    if patient.settings is None:
        return
    compared = False
    if is_postgres(patient.settings.database_url):
        offset_s = _postgres_offset_s(patient.settings.database_url)
        compared = offset_s is not None
        if offset_s is not None:
            yield drift("the clock of the PostgreSQL server", offset_s)
    if not patient.offline and not patient.settings.proxies:
        for provider in patient.settings.providers:
            if provider.enabled and (found := _http_offset_s(provider.base_url)) is not None:
                yield drift(f"the clock of {provider.name}", found, exact_s=1.0)
                return
    if not compared:
        yield Finding("note", "clock", "there was no other clock to compare it with")


def drift(whose: str, offset_s: float, *, exact_s: float = 0.0) -> Finding:
    """Say how far ours is from another clock, which is known to `exact_s`."""
    off_s = max(0.0, abs(offset_s) - exact_s)
    says = f"{whose} is {abs(offset_s):.1f} s {'ahead of' if offset_s > 0 else 'behind'} ours"
    if off_s < NOTICED_S:
        return Finding("ok", "clock", f"{whose} says the same as ours")
    do = "set both by NTP: timedatectl set-ntp true"
    return Finding("problem" if off_s >= WRONG_S else "warning", "clock", says, do)


def _postgres_offset_s(url: str) -> float | None:
    try:
        engine = make_engine(url)
        try:
            with engine.connect() as connection:
                theirs = connection.execute(text("SELECT extract(epoch FROM clock_timestamp())")).scalar_one()
                return float(theirs) - time.time()
        finally:
            engine.dispose()
    except (StoreError, SQLAlchemyError):
        return None  # told by another check


def _http_offset_s(url: str) -> float | None:
    """Return by how much a web server's clock is ahead of ours, None where it does not tell (RFC 9110, 6.6.1)."""
    parts = urlsplit(url)
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=ASK_S)
    try:
        connection.request("HEAD", "/")
        said = connection.getresponse().getheader("Date")
        return parsedate_to_datetime(said).timestamp() - time.time() if said else None
    except (OSError, HTTPException, ValueError):
        return None
    finally:
        connection.close()
