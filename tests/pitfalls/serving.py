"""A whole data plane without sockets: a request's head and body go in at the edge, a scripted provider answers."""

import json
from collections.abc import Sequence
from pathlib import Path

from tests.gateway.account.provider import Account
from tests.gateway.fakes import KEY, Client, Held, Notes, Provided, Tokens, catalog
from tokenrouter.config.sealing import Sealing
from tokenrouter.domain.catalog import Provider
from tokenrouter.domain.errors import GatewayError
from tokenrouter.domain.limits import LimitState
from tokenrouter.edge.capturing import Capture
from tokenrouter.edge.control import ControlRelay
from tokenrouter.edge.request import Request, RequestHead
from tokenrouter.edge.service import Service
from tokenrouter.gateway.account.resources import Resources
from tokenrouter.gateway.directory import Directory
from tokenrouter.gateway.engine import Gateway
from tokenrouter.gateway.exchange import Ports
from tokenrouter.gateway.ownership import Ownership
from tokenrouter.gateway.ports import UpstreamResponse
from tokenrouter.gateway.stored_responses import StoredResponses
from tokenrouter.journal.conversation_writer import ConversationWriter
from tokenrouter.journal.ownership_log import OwnershipLog
from tokenrouter.journal.response_files import ResponseFiles
from tokenrouter.limits.memory import MemoryLimiter
from tokenrouter.observe.figures import Figures


class _Ready:
    def why_not_ready(self) -> str:
        return ""


class Plane:
    """One provider `acme` of a kind, with what it answers.

    Attributes:
        provided: what it was asked.
    """

    def __init__(self, folder: Path, kind: str, outcome: UpstreamResponse | Exception) -> None:
        acme = Provider("acme", kind, "http://127.0.0.1:9/v1", secret="k")
        source = Held(Directory(catalog(providers=(acme,)), b""))
        account, limiter = Account(), MemoryLimiter((), restored=True)
        self.provided = Provided(outcome)
        ports = Ports(Notes(), limiter, Figures(), Tokens())
        gateway = Gateway(source, self.provided, ports)
        resources = Resources(gateway, source, account, ports, Ownership(OwnershipLog(folder)))
        control = ControlRelay(account, folder / "none.sock")
        stored = StoredResponses(ResponseFiles(folder / "responses", b"k" * 32))

        capture = Capture(source, ConversationWriter(folder / "captured", Sealing(bytes(32))))

        async def states(scopes: Sequence[str]) -> list[LimitState]:
            return limiter.states(scopes)

        self._service = Service(gateway, source, states, control, _Ready(), lambda: False, resources, stored, capture)

    async def post(
        self, path: bytes, body: object, *, query: bytes = b"", headers: dict[bytes, bytes] | None = None
    ) -> Client:
        """Ask, and return the client's side; errors are told to it as they are outside."""
        head = RequestHead(b"POST", path, query, {b"authorization": b"Bearer " + KEY, **(headers or {})})
        request, client = Request(head, json.dumps(body).encode()), Client()
        try:
            await self._service.handle(request, client)  # type: ignore[arg-type]
        except GatewayError as error:
            self._service.fail(error, request, client)  # type: ignore[arg-type]
        return client

    @property
    def asked(self) -> tuple[bytes, bytes]:
        """Head and body of what the provider was asked last."""
        head, _, body = b"".join(self.provided.asked[-1].data).partition(b"\r\n\r\n")
        return head, body
