import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenrouter.domain.addresses import read_networks
from tokenrouter.edge.forwarded import TrustedProxies, is_secure

PROXIES = TrustedProxies(read_networks(["10.0.0.0/8", "::1"]))
PEER = "10.0.0.1"


def client(header: str) -> str:
    return PROXIES.client_of(PEER, {b"x-forwarded-for": header.encode("latin-1")} if header else {})


def test_nobody_is_believed_unless_the_operator_says_so() -> None:
    assert not TrustedProxies().trusts("127.0.0.1")
    assert [PROXIES.trusts(peer) for peer in ("10.9.9.9", "::1", "192.0.2.1", "")] == [True, True, False, False]


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", PEER),
        ("192.0.2.7", "192.0.2.7"),
        ("127.0.0.1, 192.0.2.7", "192.0.2.7"),
        ("192.0.2.7, 10.1.1.1, 10.2.2.2", "192.0.2.7"),
        ("198.51.100.1, 192.0.2.7:4711", "192.0.2.7"),
        ("[2001:db8::7]:443", "2001:db8::7"),
        ("unknown", PEER),
        ("192.0.2.7, unknown", PEER),
        ("192.0.2.7, unknown, 10.3.3.3", "10.3.3.3"),
        ("10.5.5.5", "10.5.5.5"),
        (", ,", PEER),
    ],
)
def test_the_nearest_address_that_is_no_proxy_is_the_client(header: str, expected: str) -> None:
    assert client(header) == expected


@given(st.text(st.characters(max_codepoint=255), max_size=200))
def test_what_a_client_writes_before_its_address_changes_nothing(said: str) -> None:
    assert client(f"{said}, 192.0.2.7") == "192.0.2.7"


def test_a_long_list_is_not_gone_through() -> None:
    assert client(", ".join(["192.0.2.7"] + ["10.1.1.1"] * 5000)) == "10.1.1.1"


@pytest.mark.parametrize(
    ("header", "expected"), [(b"https", True), (b"http, HTTPS", True), (b"https, http", False), (b"", False)]
)
def test_the_nearest_proxys_word_about_the_scheme_counts(header: bytes, expected: bool) -> None:
    assert is_secure({b"x-forwarded-proto": header}) is expected
