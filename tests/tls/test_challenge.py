import hashlib

import pytest
from cryptography import x509

from tokenrouter.tls.challenge import ACME_IDENTIFIER, asked_name, challenge_pair
from tokenrouter.tls.pair import read_pair


def test_the_digest_stands_in_a_critical_extension_beside_the_name_alone() -> None:
    pair = challenge_pair("gateway.example", "token.thumbprint", 1e9)

    assert read_pair(pair, 1e9).names == ("gateway.example",)
    found = x509.load_pem_x509_certificate(pair.chain).extensions.get_extension_for_oid(ACME_IDENTIFIER)
    assert found.critical
    assert isinstance(found.value, x509.UnrecognizedExtension)
    assert found.value.value == b"\x04\x20" + hashlib.sha256(b"token.thumbprint").digest()


def test_it_counts_now_whatever_the_authoritys_clock_says() -> None:
    facts = read_pair(challenge_pair("gateway.example", "a.b", 1e9), 1e9)

    assert facts.not_before_s < 1e9 - 3600
    assert facts.not_after_s > 1e9 + 3600


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("gateway.example", "gateway.example"),
        ("192.0.2.7", "7.2.0.192.in-addr.arpa"),
        ("2001:db8::1", "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa"),
    ],
)
def test_an_address_is_asked_for_backwards(name: str, asked: str) -> None:
    assert asked_name(name) == asked
    assert read_pair(challenge_pair(name, "a.b", 1e9), 1e9).names == (name,)
