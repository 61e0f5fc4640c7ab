"""What the control process and the program that orders certificates (`jobs/acme_order.py`) say to each other.

Each says one JSON value per line. The control process asks with an `Order` or a `RenewalWanted`; an order is answered
with the `Proofs` that are to be shown, then, once they are shown (an empty line says so), with what was `Issued`.
Everything may be answered with a `Refusal`. Keys pass through pipes only: command lines are everybody's to read.
"""

from typing import Literal

import msgspec

ChallengeKind = Literal["http-01", "tls-alpn-01"]


class Authority(msgspec.Struct):
    """A certificate authority, and who we are to it.

    Attributes:
        directory_url: its ACME directory (RFC 8555, 7.1.1).
        account_key: PEM; the account is made when there is none for it.
        email: where it may write to, or "".
        accepts_terms: whether the operator has accepted its terms of service.
        eab_kid, eab_hmac_key: what binds the account to one that it knows from elsewhere (RFC 8555, 7.3.4), or "".
        user_agent: what we call ourselves.
    """

    directory_url: str
    account_key: str
    email: str = ""
    accepts_terms: bool = False
    eab_kid: str = ""
    eab_hmac_key: str = ""
    user_agent: str = ""


class Order(msgspec.Struct, tag="order"):
    """A certificate for `names`, for the PEM `key`; `profile` is the authority's word for its kind, or ""."""

    authority: Authority
    names: list[str]
    key: str
    challenge: ChallengeKind
    profile: str = ""
    timeout_s: float = 120.0


class RenewalWanted(msgspec.Struct, tag="renewal"):
    """Asks when the authority wants the certificate `chain` to be renewed."""

    authority: Authority
    chain: str


Question = Order | RenewalWanted


class Proof(msgspec.Struct, frozen=True):
    """What is to be shown where `name` leads: `key_authorization` at `token`, or in a certificate."""

    kind: ChallengeKind
    name: str
    token: str
    key_authorization: str


class Proofs(msgspec.Struct, tag="proofs"):
    """What is to be shown before the authority looks; none where it still believes us."""

    proofs: list[Proof]


class Issued(msgspec.Struct, tag="issued"):
    """The certificate with its chain, as PEM."""

    chain: str


class Renewal(msgspec.Struct, tag="renewal_at"):
    """When to renew, in seconds since the epoch; None where the authority does not say. And when to ask again."""

    renew_at_s: float | None
    ask_again_at_s: float


class Refusal(msgspec.Struct, tag="refusal"):
    """Why there is no certificate.

    Attributes:
        code: the authority's (`rateLimited`, `unauthorized`, …; RFC 8555, 6.7), or `unreachable`, `terms`, `timeout`,
            `invalid`.
        message: in its words.
        is_validation: whether it looked and did not find what it wanted: another challenge may succeed.
    """

    code: str
    message: str
    is_validation: bool = False


Answer = Proofs | Issued | Renewal | Refusal
