import asyncio
import ssl
from dataclasses import replace

import pytest
import trustme

from tests.upstream.serving import OK, answering, read_request, request, serving
from tokenrouter.domain.errors import ProviderUnreachable
from tokenrouter.providers.base import Origin
from tokenrouter.upstream.client import UpstreamClient
from tokenrouter.upstream.proxies import Proxy, ProxyTable

TABLE = {"http_proxy": "http://user:p%40ss@proxy:3128", "no_proxy": "direct.example, .internal,plain:8080"}


def test_a_proxy_url_is_read_with_its_user() -> None:
    proxy = Proxy.parse("http://user:p%40ss@proxy:3128")

    assert (proxy.host, proxy.port) == ("proxy", 3128)
    assert proxy.authorization == "Basic dXNlcjpwQHNz"
    with pytest.raises(ValueError, match="http://"):
        Proxy.parse("socks5://proxy")


@pytest.mark.parametrize(
    ("origin", "proxied"),
    [
        (Origin("http", "vendor.example", 80), True),
        (Origin("https", "vendor.example", 443), False),
        (Origin("http", "direct.example", 80), False),
        (Origin("http", "api.internal", 80), False),
        (Origin("http", "plain", 8080), False),
        (Origin("http", "plain", 80), True),
        (Origin("http", "127.0.0.1", 80), False),
    ],
)
def test_the_variables_mean_what_they_mean_to_curl(origin: Origin, proxied: bool) -> None:
    assert (ProxyTable(TABLE).proxy_for(origin) is not None) is proxied


async def test_plain_http_goes_to_the_proxy_as_an_absolute_url() -> None:
    seen: list[bytes] = []

    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await read_request(reader))
        writer.write(OK)

    async with serving(proxy) as port, UpstreamClient({"http_proxy": f"http://u:p@127.0.0.1:{port}"}) as client:
        response = await client.send(replace(request(80, host="vendor.example")))
        response.close()

    assert seen[0].startswith(b"POST http://vendor.example/x HTTP/1.1\r\nproxy-authorization: Basic ")


async def test_https_goes_through_a_tunnel_and_is_verified_inside_it() -> None:
    authority = trustme.CA()
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("vendor.example").configure_cert(server)
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    asked: list[bytes] = []

    async with serving(answering(OK), server) as inner:

        async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            asked.append(await reader.readuntil(b"\r\n\r\n"))
            back, forth = await asyncio.open_connection("127.0.0.1", inner)
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            await asyncio.gather(copy(reader, forth), copy(back, writer))

        async with serving(proxy) as port, UpstreamClient({"https_proxy": f"127.0.0.1:{port}"}, trusting) as client:
            response = await client.send(request(443, host="vendor.example", tls=True))
            assert response.take() == b"hi"
            response.close()

    assert asked[0].startswith(b"CONNECT vendor.example:443 HTTP/1.1\r\n")


async def test_a_proxy_that_refuses_is_told() -> None:
    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")

    async with serving(proxy) as port, UpstreamClient({"https_proxy": f"127.0.0.1:{port}"}) as client:
        with pytest.raises(ProviderUnreachable, match="407"):
            await client.send(request(443, host="vendor.example", tls=True))


async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()
