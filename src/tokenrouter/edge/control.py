"""Relaying the control process's paths to it, over its private Unix socket.

The client's own headers go along, but for those that only this process may set: the control process
believes `x-tokenrouter-*`, because nobody else can reach its socket.
"""

from pathlib import Path
from typing import Final

from tokenrouter.domain.catalog import Timeouts
from tokenrouter.domain.errors import ControlPlaneAway, ProviderError
from tokenrouter.edge.request import Request
from tokenrouter.edge.responder import HttpResponder
from tokenrouter.gateway.ports import Upstream, UpstreamResponse
from tokenrouter.providers.outbound import Destination, UnixOrigin, UpstreamRequest

_TIMEOUTS: Final = Timeouts(connect_s=2.0, first_byte_s=60.0, between_bytes_s=300.0, total_s=0.0)
_HOP_BY_HOP: Final = frozenset(
    {
        b"connection",
        b"content-length",
        b"expect",
        b"forwarded",
        b"keep-alive",
        b"proxy-authorization",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
        b"x-forwarded-for",
        b"x-forwarded-host",
        b"x-forwarded-proto",
    }
)
"""Not passed on: they speak of this connection, or claim what only we can know (RFC 9110, 7.6.1)."""
_NOT_ASKED: Final = _HOP_BY_HOP | {b"content-encoding"}
"""Nor this of a request: its body was decompressed when it came in."""


class ControlRelay:
    """The way to the control process."""

    def __init__(self, upstream: Upstream, socket_path: Path) -> None:
        self._upstream = upstream
        self._to = Destination(UnixOrigin(socket_path), _TIMEOUTS, "control")

    async def relay(self, request: Request, responder: HttpResponder, *, extra_headers: bytes = b"") -> None:
        """Answer `request` with what the control process says.

        Raises:
            ControlPlaneAway: it is starting or restarting.
        """
        try:
            response = await self._upstream.send(self._request(request, extra_headers))
        except ProviderError:
            raise ControlPlaneAway(
                "The control process is starting; try again in a moment.", retry_after_s=1.0
            ) from None
        try:
            await self._pass(response, responder)
        except ProviderError:
            responder.close_after()
        finally:
            response.close()

    def _request(self, request: Request, extra_headers: bytes) -> UpstreamRequest:
        head = request.head
        target = head.path + (b"?" + head.query if head.query else b"")
        lines = [b"%b %b HTTP/1.1\r\n" % (head.method, target)]
        lines += [
            b"%b: %b\r\n" % (name, value)
            for name, value in head.headers.items()
            if name not in _NOT_ASKED and not name.startswith(b"x-tokenrouter-")
        ]
        if b"host" not in head.headers:
            lines.append(b"host: localhost\r\n")
        scheme = b"https" if request.is_secure else b"http"
        lines.append(b"x-forwarded-for: %b\r\nx-forwarded-proto: %b\r\n" % (request.client_ip.encode(), scheme))
        lines.append(b"x-request-id: %b\r\n" % request.id.encode() if b"x-request-id" not in head.headers else b"")
        lines.append(extra_headers)
        lines.append(b"content-length: %d\r\n\r\n" % len(request.body))
        return UpstreamRequest(self._to, [b"".join(lines), request.body] if request.body else [b"".join(lines)])

    async def _pass(self, response: UpstreamResponse, responder: HttpResponder) -> None:
        length = response.headers.get(b"content-length")
        headers = b"".join(
            b"%b: %b\r\n" % (name, value)
            for name, values in response.headers.items()
            if name not in _HOP_BY_HOP and name != b"date"
            for value in values.split(b"\n")  # cookies; in others there is no line feed
        )
        responder.start(response.status, headers, int(length) if length is not None else None)
        responder.flow = response
        await response.pump(responder.write)
        responder.finish()
