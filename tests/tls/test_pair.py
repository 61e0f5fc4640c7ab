import hashlib
import ssl
import time

import pytest
import trustme
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from tests.tls.certificates import issued
from tokenrouter.tls.pair import BadCertificate, Pair, day, read_pair

NOW_S = time.time()


def test_what_a_certificate_says_is_told() -> None:
    pair = issued("ai.example.com", "10.1.2.3")
    facts = read_pair(pair, NOW_S)

    assert (set(facts.names), facts.is_self_signed, facts.warnings) == ({"ai.example.com", "10.1.2.3"}, False, ())
    first = pair.chain.decode().partition("-----END")[0] + "-----END CERTIFICATE-----\n"
    digest = hashlib.sha256(ssl.PEM_cert_to_DER_cert(first)).hexdigest()
    assert facts.fingerprint.replace(":", "").lower() == digest
    assert facts.not_before_s < NOW_S < facts.not_after_s
    assert (facts.is_over(NOW_S), facts.is_over(facts.not_after_s)) == (False, True)


def test_both_are_kept_in_one_file_and_taken_apart_again() -> None:
    pair = issued()
    again = Pair.of_pem(pair.pem)

    assert read_pair(again, NOW_S) == read_pair(pair, NOW_S)
    assert again.pem == pair.pem
    assert "PRIVATE" not in repr(pair)


@pytest.mark.parametrize(
    ("chain", "key", "told"),
    [
        (b"", None, "the certificate is no PEM"),
        (b"garbage", None, "the certificate is no PEM"),
        (None, b"garbage", "the key is no PEM"),
        (None, issued().key, "the key is not the certificate's"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_served_is_told_with_why(chain: bytes | None, key: bytes | None, told: str) -> None:
    good = issued()
    with pytest.raises(BadCertificate, match=told):
        read_pair(Pair(good.chain if chain is None else chain, good.key if key is None else key), NOW_S)


@pytest.mark.parametrize("length", [1, 10, 200, 400])
def test_half_a_file_is_refused_wherever_it_was_cut(length: int) -> None:
    good = issued()
    for pair in (Pair(good.chain[:length], good.key), Pair(good.chain, good.key[: min(length, 200)])):
        with pytest.raises(BadCertificate):
            read_pair(pair, NOW_S)


def test_a_key_behind_a_passphrase_is_refused_with_what_to_do() -> None:
    key = load_pem_private_key(issued().key, None)
    locked = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret"))

    with pytest.raises(BadCertificate, match="locked by a passphrase"):
        read_pair(Pair(issued().chain, locked), NOW_S)


def test_what_works_and_should_be_mended_is_warned_of() -> None:
    pair, stranger = issued(), trustme.CA().cert_pem.bytes()
    facts = read_pair(pair, NOW_S)

    late = read_pair(pair, facts.not_after_s + 1).warnings
    early = read_pair(pair, facts.not_before_s - 1).warnings
    disordered = read_pair(Pair(pair.chain + stranger, pair.key), NOW_S).warnings

    assert [one.split(",")[0] for one in late] == [f"the certificate is over since {day(facts.not_after_s)}"]
    assert "counts from" in early[0]
    assert "out of order" in disordered[0]
