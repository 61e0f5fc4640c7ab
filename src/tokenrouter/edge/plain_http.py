"""Plain HTTP beside HTTPS: it answers a certificate authority's challenges, and may lead everybody else to HTTPS.

A browser is led there by 308, which keeps method and body. A request that brings a key is refused instead: a client
that is redirected works on as if nothing were wrong, and sends its key readable across the network each time. Whether
the gateway is there (`/healthz`, `/readyz`) is told without HTTPS, because load balancers ask by address.
"""

import re
from collections.abc import Callable, Coroutine
from typing import Any, Final

from tokenrouter.domain.errors import GatewayError, HttpsRequired, PathNotFound
from tokenrouter.edge.protocol import Service
from tokenrouter.edge.request import Request
from tokenrouter.edge.responder import HttpResponder
from tokenrouter.edge.tls import CHALLENGE_PATH, ServerTls

ALWAYS: Final = frozenset((b"/healthz", b"/health", b"/readyz", b"/api/v1/network/probe", b"/admin/api/network/probe"))
"""Served without HTTPS in any case: whether somebody is there, and who."""
_NO_KEYS: Final = (
    "Write https:// in the address: this gateway takes no keys over plain HTTP. This one has crossed the network "
    "readable; if that was not a network of your own, replace it."
)
_NOT_HERE: Final = "Write https:// in the address; plain HTTP is not served here."
_HOST: Final = re.compile(rb"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::[0-9]{1,5})?")


class PlainHttp:
    """What plain HTTP is good for where there is HTTPS as well; the rest of it is `service`'s."""

    def __init__(self, service: Service, tls: ServerTls, https_port: Callable[[], int], *, redirects: bool) -> None:
        """`https_port`: where HTTPS is served now; `redirects`: whether this leads there, or serves by itself."""
        self._service = service
        self._tls = tls
        self._https_port = https_port
        self._redirects = redirects

    def handle(self, request: Request, responder: HttpResponder) -> Coroutine[Any, Any, None]:
        """Answer, or have it answered; raises as the service does."""
        path = request.head.path
        if path.startswith(CHALLENGE_PATH) and request.head.method in (b"GET", b"HEAD"):
            self._answer_challenge(path, responder)
            return _done()
        if not self._redirects or request.is_secure or path in ALWAYS:
            return self._service.handle(request, responder)
        self._lead_on(request, responder)
        return _done()

    def fail(self, error: Exception, request: Request, responder: HttpResponder) -> None:
        self._service.fail(error, request, responder)

    def refuse(self, error: GatewayError, path: bytes, responder: HttpResponder) -> None:
        self._service.refuse(error, path, responder)

    def _answer_challenge(self, path: bytes, responder: HttpResponder) -> None:
        answer = self._tls.answers.get(path.removeprefix(CHALLENGE_PATH))
        if answer is None:
            self._service.refuse(PathNotFound("There is no challenge with this token now."), path, responder)
            return
        responder.answer(200, b"content-type: application/octet-stream\r\ncache-control: no-store\r\n", answer)

    def _lead_on(self, request: Request, responder: HttpResponder) -> None:
        """Say where HTTPS is served, by the name that was asked for."""
        head = request.head
        if head.keys:
            self._service.refuse(HttpsRequired(_NO_KEYS), head.path, responder)
            return
        host = _HOST.fullmatch(head.headers.get(b"host", b""))
        if host is None:
            self._service.refuse(HttpsRequired(_NOT_HERE), head.path, responder)
            return
        port = self._https_port()
        authority = host[1] if port == 443 else b"%b:%d" % (host[1], port)
        target = head.path + (b"?" + head.query if head.query else b"")
        location = b"location: https://%b%b\r\n" % (authority, target if target.startswith(b"/") else b"/")
        more = b"content-type: text/plain\r\ncache-control: no-store\r\n"  # 308 is remembered; HTTPS may be moved
        responder.answer(308, location + more, b"This is served over HTTPS.\n")


async def _done() -> None:
    """Nothing is left to do."""
