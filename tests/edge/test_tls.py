import ssl
from pathlib import Path

import pytest
import trustme

from tests.tls.certificates import issued
from tokenrouter.edge.tls import ServerTls, server_context
from tokenrouter.tls.pair import Pair


def file(folder: Path, name: str, pair: Pair) -> Path:
    (folder / name).write_bytes(pair.pem)
    return folder / name


def hello(name: str, *protocols: str) -> bytes:
    """Return the first message of a client."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.set_alpn_protocols(list(protocols))
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    with pytest.raises(ssl.SSLWantReadError):
        context.wrap_bio(incoming, outgoing, server_hostname=name).do_handshake()
    return outgoing.read()


def test_tls_1_2_is_the_oldest_that_is_spoken(tmp_path: Path) -> None:
    context = server_context(file(tmp_path, "a", issued()))

    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    assert not any("RC4" in cipher["name"] or "3DES" in cipher["name"] for cipher in context.get_ciphers())


def test_another_certificate_counts_from_the_next_handshake_on(tmp_path: Path) -> None:
    tls = ServerTls(file(tmp_path, "a", issued()))
    before = tls.context_for(b"")
    tls.use(file(tmp_path, "b", issued()))

    assert tls.context_for(b"") is not before


@pytest.mark.parametrize("content", [b"", b"garbage", issued().chain, issued().key, issued().key + issued().chain])
def test_one_that_cannot_be_used_changes_nothing(tmp_path: Path, content: bytes) -> None:
    tls = ServerTls(file(tmp_path, "a", issued()))
    before = tls.context_for(b"")
    (tmp_path / "b").write_bytes(content)
    with pytest.raises(OSError):  # noqa: PT011 (OpenSSL's words are many)
        tls.use(tmp_path / "b")
    with pytest.raises(OSError):  # noqa: PT011
        tls.answer_challenges({"token": "answer"}, {"a.test": tmp_path / "none"})

    assert tls.context_for(b"") is before
    assert (tls.answers, tls.awaits_authority) == ({}, False)


def test_the_certificate_of_a_challenge_is_seen_by_the_authority_alone(tmp_path: Path) -> None:
    authority = trustme.CA()
    tls = ServerTls(file(tmp_path, "a", issued(authority=authority)))
    usual = tls.context_for(b"")
    tls.answer_challenges({"t": "a"}, {"one.test": file(tmp_path, "b", issued("one.test")), "two.test": tmp_path / "a"})

    assert tls.awaits_authority
    assert tls.answers == {b"t": b"a"}
    chosen = [tls.context_for(hello(name, "acme-tls/1")) for name in ("one.test", "two.test", "ONE.test")]
    assert len({id(context) for context in (*chosen, usual)}) == 3
    for seen in (hello("one.test", "http/1.1"), hello("one.test", "h2", "http/1.1"), hello("other.test", "acme-tls/1")):
        assert tls.context_for(seen) is usual

    tls.answer_challenges({}, {})
    assert tls.context_for(hello("one.test", "acme-tls/1")) is usual
