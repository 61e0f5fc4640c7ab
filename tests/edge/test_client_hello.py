import ssl
from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenrouter.edge.client_hello import MAX_HELLO_BYTES, ClientHello, NoHello, read_client_hello


def hello(name: str | None = "gateway.example", protocols: tuple[str, ...] = ()) -> bytes:
    """What OpenSSL says first."""
    context = ssl.create_default_context()
    context.check_hostname = name is not None
    if protocols:
        context.set_alpn_protocols(list(protocols))
    inside, outside = ssl.MemoryBIO(), ssl.MemoryBIO()
    with pytest.raises(ssl.SSLWantReadError):
        context.wrap_bio(inside, outside, server_hostname=name).do_handshake()
    return outside.read()


HELLO = hello("gateway.example", ("acme-tls/1",))
READ = ClientHello("gateway.example", (b"acme-tls/1",))


@pytest.mark.parametrize(
    ("name", "protocols"),
    [("gateway.example", ("acme-tls/1",)), ("a.b.example", ("h2", "http/1.1")), ("a.example", ()), (None, ("h2",))],
)
def test_name_and_protocols_of_a_real_hello_are_read(name: str | None, protocols: tuple[str, ...]) -> None:
    read = read_client_hello(hello(name, protocols))

    assert read == ClientHello(name or "", tuple(one.encode() for one in protocols))
    assert read.is_acme == (protocols == ("acme-tls/1",))


def test_who_offers_something_beside_is_an_ordinary_client() -> None:
    read = read_client_hello(hello("gateway.example", ("acme-tls/1", "http/1.1")))

    assert read is not None
    assert not read.is_acme


@pytest.mark.parametrize("size", range(0, len(HELLO), 7))
def test_a_part_of_a_hello_waits_for_the_rest(size: int) -> None:
    assert read_client_hello(HELLO[:size]) is None


@given(st.lists(st.integers(1, len(HELLO) - 6), max_size=8))
def test_over_how_many_records_it_is_spread_does_not_matter(cuts: list[int]) -> None:
    edges = sorted({0, len(HELLO) - 5, *cuts})
    records = [b"\x16\x03\x01" + (b - a).to_bytes(2) + HELLO[5 + a : 5 + b] for a, b in pairwise(edges)]

    assert read_client_hello(b"".join(records)) == READ
    assert read_client_hello(b"".join(records)[:-1]) is None


def test_what_follows_a_hello_does_not_matter() -> None:
    assert read_client_hello(HELLO + b"more") == READ


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\n",
        b"\x16\x02",
        b"\x15\x03\x01\x00\x02",
        b"\x16\x03\x01\x00\x00",
        b"\x16\x03\x01\x7f\xff",
        b"\x16\x03\x01\x00\x04\x02\x00\x00\x01",
        b"\x16\x03\x01\x00\x04\x01\xff\xff\xff",
        b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x03",
    ],
)
def test_other_bytes_are_no_hello(data: bytes) -> None:
    with pytest.raises(NoHello):
        read_client_hello(data)


def test_a_hello_without_an_end_is_given_up() -> None:
    one_byte = b"\x16\x03\x01\x00\x01"
    endless = one_byte + b"\x01" + one_byte + b"\x00" + one_byte + b"\x3f" + one_byte + b"\x00" + (one_byte + b"x") * 9

    assert read_client_hello(endless) is None
    with pytest.raises(NoHello):
        read_client_hello(endless + (one_byte + b"x") * (MAX_HELLO_BYTES // 6))


@given(st.binary(max_size=300))
def test_garbage_is_no_hello_or_waits(data: bytes) -> None:
    with suppress(NoHello):
        assert read_client_hello(data) is None


@given(st.integers(5, len(HELLO) - 1), st.integers(0, 255))
def test_a_changed_byte_never_reads_behind_the_end(place: int, byte: int) -> None:
    changed = bytearray(HELLO)
    changed[place] = byte
    with suppress(NoHello):
        read_client_hello(bytes(changed))
