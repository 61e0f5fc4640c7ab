"""How long somebody has to wait who got a secret wrong: by address and by account, for all nodes together.

An attempt is counted before the secret is looked at and taken back when it was right, in one transaction with the
question whether it may be made at all: attempts that come at the same moment on several nodes count as many. Waits grow
with the failures and never pass a bound, so nobody is locked out for good; whoever is signed in is not asked at all.
"""

import hashlib
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, delete, insert, select, update

from tokenrouter.store.engine import Store
from tokenrouter.store.schema import tr_sign_in_waits

FORGET_S: Final = 3600.0
"""After so long without a failure all is forgotten."""
MAX_ROWS: Final = 50_000
"""Most that are remembered; the oldest go first. An attacker with more addresses than that has no use for this one."""
_IPV6_PREFIX: Final = 64
"""What one household or machine has: the rest of an IPv6 address is for its owner to choose (RFC 6177)."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How waits grow: not at all for `free` failures, then from `first_s`, doubling, up to `longest_s`."""

    free: int
    first_s: float
    longest_s: float

    def wait_s(self, failures: int) -> float:
        """Return the wait after so many failures."""
        if failures < self.free:
            return 0.0
        return min(self.longest_s, self.first_s * 2.0 ** min(failures - self.free, 40))


BY_ACCOUNT: Final = Pace(free=5, first_s=2.0, longest_s=300.0)
"""A guesser gets some three hundred guesses a day; the owner waits for five minutes at most."""
BY_ADDRESS: Final = Pace(free=20, first_s=2.0, longest_s=900.0)
"""A class behind one address may mistype twenty times in an hour before anybody waits."""


@dataclass(frozen=True, slots=True)
class Guesser:
    """Who makes an attempt: the address, and the account that is tried. Either may be empty."""

    address: str = ""
    account: str = ""

    def subjects(self) -> tuple[tuple[str, Pace], ...]:
        """Return under which names failures are counted, in one order for everybody."""
        account = hashlib.sha256(self.account.strip().casefold().encode("utf-8", "replace")).hexdigest()[:32]
        found = ((f"account:{account}", BY_ACCOUNT, self.account), (f"address:{_block(self.address)}", BY_ADDRESS, "x"))
        return tuple((subject, pace) for subject, pace, is_told in found if is_told)


def begin_attempt(store: Store, guesser: Guesser, *, now_s: float) -> float:
    """Count an attempt and return 0, or return how many seconds are to be waited first (and count nothing)."""
    subjects = guesser.subjects()
    with store.read() as connection:
        wait_s = _wait_s(connection, subjects, now_s)
    if wait_s > 0:
        return wait_s
    with store.write() as connection:
        wait_s = _wait_s(connection, subjects, now_s)
        if wait_s <= 0:
            _count(connection, [subject for subject, _ in subjects], now_s)
    return wait_s


def attempt_succeeded(store: Store, guesser: Guesser) -> None:
    """Take an attempt back that was right, and forget what the account got wrong; the address keeps its failures."""
    with store.write() as connection:
        for subject, pace in guesser.subjects():
            if pace is BY_ACCOUNT:
                connection.execute(delete(tr_sign_in_waits).where(tr_sign_in_waits.c.subject == subject))
                continue
            rows = tr_sign_in_waits
            less = update(rows).where(rows.c.subject == subject, rows.c.failures > 0)
            connection.execute(less.values(failures=rows.c.failures - 1))


def _wait_s(connection: Connection, subjects: Sequence[tuple[str, Pace]], now_s: float) -> float:
    rows = tr_sign_in_waits.c
    query = select(rows.subject, rows.failures, rows.last_s).where(rows.subject.in_([one for one, _ in subjects]))
    paces = dict(subjects)
    return max(
        (
            max(0.0, last_s + paces[subject].wait_s(failures) - now_s)
            for subject, failures, last_s in connection.execute(query)
            if now_s - last_s < FORGET_S
        ),
        default=0.0,
    )


def _count(connection: Connection, subjects: Sequence[str], now_s: float) -> None:
    rows = tr_sign_in_waits
    connection.execute(delete(rows).where(rows.c.last_s <= now_s - FORGET_S))
    for subject in subjects:
        more = update(rows).where(rows.c.subject == subject).values(failures=rows.c.failures + 1, last_s=now_s)
        if connection.execute(more).rowcount == 0:
            connection.execute(insert(rows).values(subject=subject, failures=1, last_s=now_s))
    newest = select(rows.c.last_s).order_by(rows.c.last_s.desc()).offset(MAX_ROWS).limit(1).scalar_subquery()
    connection.execute(delete(rows).where(rows.c.last_s <= newest))


def _block(address: str) -> str:
    """Return an address as it is counted: IPv6 by its first 64 bits, and as IPv4 where it holds one."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address[:100]
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            return str(ip.ipv4_mapped)
        return str(ipaddress.ip_network((int(ip), _IPV6_PREFIX), strict=False))
    return str(ip)
