"""When a certificate is ordered: what is known of earlier orders, and the one place that decides. Pure.

An authority counts what it is asked for, and shuts out for a week whoever asks too much. So all that was tried stands
in the database, where neither a restart nor another node forgets it.
"""

from collections.abc import Sequence
from typing import Final, TypeVar

import msgspec

from tokenrouter.config.settings import TlsSettings
from tokenrouter.jobs.acme_question import Proof
from tokenrouter.tls.pair import CertificateFacts

T = TypeVar("T")
LETS_ENCRYPT: Final = "https://acme-v02.api.letsencrypt.org/directory"
LETS_ENCRYPT_STAGING: Final = "https://acme-staging-v02.api.letsencrypt.org/directory"
"""Its real directory and the one for trying, whose certificates nobody trusts (letsencrypt.org/docs, 2026-11)."""
DAY_S: Final = 86_400.0
MAX_TRIES_A_DAY: Final = 10
"""Of orders, and of trials as many: Let's Encrypt allows a name five failures an hour, and five certificates a week."""
BACK_OFF_S: Final = (60.0, 600.0, 3600.0, 6 * 3600.0, 12 * 3600.0)
"""After so many failures in a row."""
RENEW_AFTER: Final = 2 / 3
"""Of a lifetime, where the authority does not say itself when it is time: 30 days before the end of 90, 2 of 6."""
JITTER: Final = 0.05
"""Of a lifetime: so much sooner, by chance, so that not all who began together come back together."""
LAST_CALL: Final = 0.1
"""Of a lifetime, before its end: later than that nobody may say that there is time."""


class OrderState(msgspec.Struct, frozen=True):
    """What is known of orders.

    Attributes:
        directory_url: who gave the certificate that counts.
        renew_at_s: when it is to be renewed; 0 where nobody has said.
        ask_again_at_s: when the authority is to be asked again about that.
        tries, tests: when certificates were ordered in the last day, and when that was tried out.
        failures: in a row, up to now; `asked_for` is what was asked for when they happened.
        code, problem, problem_at_s: what the last one was; "" when it went well.
        busy_until_s: how long whoever orders now may take at most.
    """

    directory_url: str = ""
    renew_at_s: float = 0.0
    ask_again_at_s: float = 0.0
    tries: tuple[float, ...] = ()
    tests: tuple[float, ...] = ()
    failures: int = 0
    asked_for: str = ""
    code: str = ""
    problem: str = ""
    problem_at_s: float = 0.0
    busy_until_s: float = 0.0


class Showing(msgspec.Struct, frozen=True):
    """What all nodes are to show now; after `until_s`, whoever asked for it has died."""

    proofs: list[Proof] = []
    until_s: float = 0.0


def read_order_state(text: str) -> OrderState:
    """Return what `write_order_state` wrote; nothing is known where that cannot be read."""
    return _read(text, OrderState) or OrderState()


def read_showing(text: str, now_s: float) -> Sequence[Proof]:
    """Return what is to be shown at `now_s`."""
    showing = _read(text, Showing)
    return showing.proofs if showing is not None and now_s < showing.until_s else ()


def as_text(state: OrderState | Showing) -> str:
    """Return it as it is kept."""
    return msgspec.json.encode(state).decode()


def directory_of(tls: TlsSettings) -> str:
    """Return the authority that is asked."""
    return tls.acme_directory_url or LETS_ENCRYPT


def staging_of(tls: TlsSettings) -> str:
    """Return the authority that is asked for a trial: Let's Encrypt's, or the operator's own, which has no other."""
    if tls.acme_directory_url in ("", LETS_ENCRYPT):
        return LETS_ENCRYPT_STAGING
    return tls.acme_directory_url


def asked_for(tls: TlsSettings) -> str:
    """Return what an order asks for and with what; after a change of it, earlier failures do not count."""
    parts = (directory_of(tls), *sorted(tls.domains), tls.challenge, tls.acme_profile, tls.email, tls.acme_eab_kid)
    return " ".join((*parts, tls.acme_ca_file, str(tls.acme_accept_terms)))


def next_order_s(state: OrderState, tls: TlsSettings, facts: CertificateFacts | None) -> float:
    """Return when to order the next certificate; `facts` are of the one that an authority has given."""
    return max(wanted_at_s(state, tls, facts), allowed_at_s(state, tls))


def wanted_at_s(state: OrderState, tls: TlsSettings, facts: CertificateFacts | None) -> float:
    """Return when another certificate is needed; 0 is at once."""
    if facts is None or set(facts.names) != set(tls.domains) or state.directory_url != directory_of(tls):
        return 0.0
    lifetime_s = facts.not_after_s - facts.not_before_s
    renew_at_s = state.renew_at_s or facts.not_before_s + RENEW_AFTER * lifetime_s
    return min(renew_at_s, facts.not_after_s - LAST_CALL * lifetime_s)


def allowed_at_s(state: OrderState, tls: TlsSettings, *, by_hand: bool = False) -> float:
    """Return from when on an order is allowed; `by_hand` it need not wait because of failures."""
    full_s = _full_until_s(state.tries)
    if by_hand or not state.failures or not state.tries or state.asked_for != asked_for(tls):
        return full_s
    pause_s = BACK_OFF_S[-1] if state.code == "rateLimited" else BACK_OFF_S[min(state.failures, len(BACK_OFF_S)) - 1]
    return max(full_s, state.tries[-1] + pause_s)


def trial_allowed_at_s(state: OrderState) -> float:
    """Return from when on a trial is allowed."""
    return _full_until_s(state.tests)


def first_renewal_s(facts: CertificateFacts, chance: float) -> float:
    """Return when a new certificate is to be renewed; `chance` is from 0 to 1."""
    lifetime_s = facts.not_after_s - facts.not_before_s
    return facts.not_before_s + (RENEW_AFTER - JITTER * chance) * lifetime_s


def with_moment(moments: tuple[float, ...], now_s: float) -> tuple[float, ...]:
    """Return the moments of the last day, and `now_s`."""
    return (*(one for one in moments if now_s - DAY_S < one <= now_s), now_s)


def _full_until_s(moments: tuple[float, ...]) -> float:
    return moments[-MAX_TRIES_A_DAY] + DAY_S if len(moments) >= MAX_TRIES_A_DAY else 0.0


def _read(text: str, kind: type[T]) -> T | None:
    try:
        return msgspec.json.decode(text, type=kind) if text else None
    except msgspec.DecodeError:
        return None
