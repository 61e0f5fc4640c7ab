import asyncio
from pathlib import Path

import pytest

from tests.edge.talking import Answering, echo, talk
from tests.tls.certificates import issued
from tokenrouter.edge.plain_http import PlainHttp
from tokenrouter.edge.protocol import Bounds, Connections
from tokenrouter.edge.tls import ServerTls


@pytest.fixture
def tls(tmp_path: Path) -> ServerTls:
    (tmp_path / "a").write_bytes(issued().pem)
    tls = ServerTls(tmp_path / "a")
    tls.answer_challenges({"token": "token.print"}, {})
    return tls


async def answer(tls: ServerTls, request: str, *, redirects: bool = True, port: int = 8443) -> str:
    connections = Connections(PlainHttp(Answering(echo), tls, lambda: port, redirects=redirects), Bounds())
    server = await asyncio.get_running_loop().create_server(connections.new, "127.0.0.1", 0)
    try:
        return (await talk(server.sockets[0].getsockname()[1], (request + "\r\n\r\n").encode())).decode()
    finally:
        server.close()
        connections.abort("shutdown")


@pytest.mark.parametrize(
    ("host", "port", "location"),
    [
        ("ai.test", 443, "https://ai.test/a?b=c"),
        ("ai.test:8080", 8443, "https://ai.test:8443/a?b=c"),
        ("[::1]:80", 8443, "https://[::1]:8443/a?b=c"),
    ],
)
async def test_a_visitor_is_led_to_https_by_the_name_that_they_asked_for(
    tls: ServerTls, host: str, port: int, location: str
) -> None:
    told = await answer(tls, f"GET /a?b=c HTTP/1.1\r\nhost: {host}", port=port)

    assert told.startswith("HTTP/1.1 308 ")
    assert f"location: {location}\r\n" in told
    assert "cache-control: no-store\r\n" in told, "a browser remembers 308 for ever, and HTTPS may be moved"


@pytest.mark.parametrize("host", ["evil/path", "a b", "x@y", ""])
async def test_a_name_that_is_none_leads_nowhere(tls: ServerTls, host: str) -> None:
    assert "https_required" in await answer(tls, f"GET / HTTP/1.1\r\nhost: {host}")


@pytest.mark.parametrize(
    "shown", ["authorization: Bearer key-0123456789", "x-api-key: key-0123456789", "x-goog-api-key: k"]
)
async def test_a_key_is_refused_instead_of_led_on(tls: ServerTls, shown: str) -> None:
    told = await answer(tls, f"POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\n{shown}\r\ncontent-length: 0")

    assert told.startswith("HTTP/1.1 403 ")
    assert "https_required" in told
    assert "key-0123456789" not in told


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/api/v1/network/probe"])
async def test_whether_somebody_is_there_is_told_all_the_same(tls: ServerTls, path: str) -> None:
    assert f"GET {path}" in await answer(tls, f"GET {path} HTTP/1.1\r\nhost: a")


@pytest.mark.parametrize("redirects", [True, False])
async def test_challenges_are_answered(tls: ServerTls, redirects: bool) -> None:
    path = "/.well-known/acme-challenge/"
    known = await answer(tls, f"GET {path}token HTTP/1.1\r\nhost: a", redirects=redirects)
    unknown = await answer(tls, f"GET {path}other HTTP/1.1\r\nhost: a", redirects=redirects)

    assert (known[:12], known.endswith("\r\n\r\ntoken.print"), unknown[:12]) == ("HTTP/1.1 200", True, "HTTP/1.1 404")


async def test_where_plain_http_serves_everything_nothing_else_changes(tls: ServerTls) -> None:
    assert "POST /v1/x" in await answer(
        tls, "POST /v1/x HTTP/1.1\r\nhost: a\r\nx-api-key: k\r\ncontent-length: 0", redirects=False
    )
