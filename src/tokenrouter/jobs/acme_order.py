"""Orders one certificate, by a program of its own: `python -m tokenrouter.jobs.acme_order`.

ACME (RFC 8555) by Certbot's library, which waits where it asks: so it does that in a process that ends, for some
seconds every few weeks. What it is asked and answers stands in `jobs/acme_question.py`.
"""

import datetime
import sys
import time
from collections.abc import Iterable, Iterator
from ipaddress import ip_address
from typing import Any, Final, TextIO
from urllib.parse import urlsplit

import msgspec
import requests
from acme import challenges, client, crypto_util, errors, messages
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from josepy.errors import Error as JoseError
from josepy.jwa import ES256
from josepy.jwk import JWK, JWKEC
from josepy.util import ComparableECKey

from tokenrouter.jobs.acme_question import (
    Answer,
    Authority,
    Issued,
    Order,
    Proof,
    Proofs,
    Question,
    Refusal,
    Renewal,
    RenewalWanted,
)

REQUEST_S: Final = 30
"""How long the authority may take for one answer."""
FIRST_LOOK_S, LONGEST_LOOK_S = 0.2, 3.0
"""How soon it is asked whether it has found what it looks for, and how often in the long run."""
MAX_NONCE_TRIES: Final = 5
"""An authority may refuse any nonce at any time, with a fresh one to try again with (RFC 8555, 6.5)."""

_encode: Final = msgspec.json.Encoder().encode


class TlsAlpn01Response(challenges.KeyAuthorizationChallengeResponse):
    """Tells the authority that the answer to tls-alpn-01 can be looked at."""

    typ = "tls-alpn-01"


@challenges.Challenge.register
class TlsAlpn01(challenges.KeyAuthorizationChallenge):
    """tls-alpn-01 (RFC 8737), which the library has no more since its release 4."""

    typ = "tls-alpn-01"
    response_cls = TlsAlpn01Response

    def validation(self, account_key: JWK, **_: Any) -> str:
        """Return the key authorization, whose digest a certificate is to hold."""
        return self.key_authorization(account_key)


class PatientNetwork(client.ClientNetwork):
    """Tries again while only the nonce was refused."""

    def post(self, *args: Any, **kwargs: Any) -> requests.Response:
        """Send a signed request."""
        for _ in range(MAX_NONCE_TRIES - 1):
            try:
                return super().post(*args, **kwargs)
            except messages.Error as error:
                if error.code != "badNonce":
                    raise
        return super().post(*args, **kwargs)


class Refused(Exception):
    """There will be no certificate; `refusal` says why."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


def answers(question: Question, told: TextIO) -> Iterator[Answer]:
    """Yield what is to be said to `question`; `told` gives an empty line once proofs are shown."""
    try:
        if isinstance(question, RenewalWanted):
            yield _renewal(question)
        else:
            yield from _order(question, told)
    except Refused as error:
        yield error.refusal
    except errors.ValidationError as error:
        yield _not_proven(error.failed_authzrs)
    except errors.IssuanceError as error:
        yield _refusal(error.error)
    except messages.Error as error:
        yield _refusal(error)
    except errors.TimeoutError:
        yield Refusal("timeout", "the certificate authority has not decided in time")
    except requests.RequestException as error:
        where = urlsplit(question.authority.directory_url).netloc
        yield Refusal("unreachable", f"the certificate authority {where} cannot be reached: {_reason(error)}")
    except (errors.Error, JoseError, ValueError, KeyError) as error:
        yield Refusal("invalid", f"the certificate authority was not understood: {type(error).__name__} {error}")


def _order(order: Order, told: TextIO) -> Iterator[Answer]:
    deadline_s = time.monotonic() + order.timeout_s
    acme, account = _client(order.authority)
    _register(acme, account, order.authority)
    names = [name for name in order.names if not _is_ip(name)]
    addresses = [ip_address(name) for name in order.names if _is_ip(name)]
    csr = crypto_util.make_csr(order.key.encode(), names, ipaddrs=addresses)
    wanted = acme.new_order(csr, profile=order.profile or None)
    pending = [
        (one.body.identifier.value, _challenge(one, order.challenge))
        for one in wanted.authorizations
        if one.body.status == messages.STATUS_PENDING
    ]
    yield Proofs([_proof(name, body, account) for name, body in pending])
    if told.readline() != "\n":
        raise Refused(Refusal("invalid", "what the certificate authority wants to see could not be shown"))
    for _, body in pending:
        acme.answer_challenge(body, body.chall.response(account))
    _wait_decided(acme, wanted.authorizations, deadline_s)
    left_s = max(0.0, deadline_s - time.monotonic())
    done = acme.finalize_order(wanted, datetime.datetime.now() + datetime.timedelta(seconds=left_s))
    yield Issued(done.fullchain_pem)


def _wait_decided(acme: client.ClientV2, pending: Iterable[messages.AuthorizationResource], deadline_s: float) -> None:
    """Return when the authority has found what it looked for, everywhere."""
    failed, pause_s = [], FIRST_LOOK_S
    for authorization in pending:
        looked = authorization
        while looked.body.status in (messages.STATUS_PENDING, messages.STATUS_PROCESSING):
            if time.monotonic() > deadline_s:
                raise errors.TimeoutError
            time.sleep(pause_s)
            pause_s = min(pause_s * 1.5, LONGEST_LOOK_S)
            looked, _ = acme.poll(looked)
        if looked.body.status != messages.STATUS_VALID:
            failed.append(looked)
    if failed:
        raise errors.ValidationError(failed)


def _client(authority: Authority) -> tuple[client.ClientV2, JWKEC]:
    key = load_pem_private_key(authority.account_key.encode(), None)
    if not isinstance(key, EllipticCurvePrivateKey):
        raise Refused(Refusal("invalid", "the account's key is of another kind than it was made"))
    account = JWKEC(key=ComparableECKey(key))
    net = PatientNetwork(key=account, alg=ES256, user_agent=authority.user_agent, timeout=REQUEST_S)
    return client.ClientV2(client.ClientV2.get_directory(authority.directory_url, net), net), account


def _register(acme: client.ClientV2, account: JWKEC, authority: Authority) -> None:
    """Sign in with the account of this key; make it where there is none."""
    if not authority.accepts_terms:
        terms = getattr(acme.directory.meta, "terms_of_service", None) or "see its pages"
        words = f"the terms of service are not accepted; read them ({terms}) and set acme_accept_terms = true in [tls]"
        raise Refused(Refusal("terms", words))
    if acme.external_account_required() and not authority.eab_kid:
        words = (
            "this certificate authority wants an account that it knows: set acme_eab_kid and acme_eab_hmac_key of [tls]"
        )
        raise Refused(Refusal("externalAccountRequired", words))
    fields: dict[str, Any] = {"terms_of_service_agreed": True}
    if authority.email:
        fields["email"] = authority.email
    if authority.eab_kid:
        fields["external_account_binding"] = messages.ExternalAccountBinding.from_data(
            account.public_key(), authority.eab_kid, authority.eab_hmac_key, acme.directory
        )
    try:
        acme.new_account(messages.NewRegistration.from_data(**fields))
    except errors.ConflictError as known:
        acme.net.account = messages.RegistrationResource(body=messages.Registration(), uri=known.location)


def _challenge(authorization: messages.AuthorizationResource, kind: str) -> messages.ChallengeBody:
    offered = {one.chall.to_partial_json().get("type", ""): one for one in authorization.body.challenges}
    if kind not in offered:
        name, others = authorization.body.identifier.value, ", ".join(sorted(filter(None, offered))) or "nothing"
        words = f"the certificate authority does not offer {kind} for {name}, but {others}"
        raise Refused(Refusal("unsupported", words, is_validation=True))
    return offered[kind]


def _proof(name: str, body: messages.ChallengeBody, key: JWK) -> Proof:
    return Proof(body.chall.typ, name, body.chall.encode("token"), body.chall.key_authorization(key))


def _renewal(wanted: RenewalWanted) -> Renewal:
    """Return what the authority suggests (RFC 9773), if it does."""
    first = wanted.chain.partition("-----END CERTIFICATE-----")
    renew_at, ask_again_at = _client(wanted.authority)[0].renewal_time("".join(first[:2]).encode() + b"\n")
    return Renewal(None if renew_at is None else renew_at.timestamp(), ask_again_at.timestamp())


def _not_proven(failed: Iterable[messages.AuthorizationResource]) -> Refusal:
    """Return the authority's words for each name."""
    found = [
        (one.body.identifier.value, body.error)
        for one in failed
        for body in one.body.challenges
        if body.error is not None
    ]
    words = "; ".join(f"{name}: {_words(error)}" for name, error in found)
    code = found[0][1].code if found else None
    return Refusal(code or "unauthorized", words or "the names could not be proven", is_validation=True)


def _refusal(error: messages.Error) -> Refusal:
    return Refusal(error.code or "invalid", _words(error))


def _words(error: messages.Error) -> str:
    parts = [error.detail or error.title or error.description or str(error.typ)]
    parts += [_words(one) for one in error.subproblems or ()]
    return "; ".join(parts)


def _reason(error: requests.RequestException) -> str:
    """Return what has failed, without the names of the library's classes around it."""
    inner = error.args[0] if error.args else error
    words = str(getattr(inner, "reason", inner))
    return words.partition("): ")[2] or words


def _is_ip(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def main() -> None:
    """Answer one question."""
    question: Question = msgspec.json.decode(sys.stdin.readline(), type=Question)
    for answer in answers(question, sys.stdin):
        sys.stdout.buffer.write(_encode(answer) + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
