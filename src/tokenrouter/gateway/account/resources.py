"""Requests about what lies in a provider's account: each tenant sees its own, and every one is written down.

An id is on the disk with its owner before the answer that names it goes out; a path that names an id looks it up
before anybody is asked.
"""

from collections.abc import Awaitable, Callable

from tokenrouter.domain.errors import GatewayError
from tokenrouter.domain.ownership import IdKind
from tokenrouter.gateway.account.batch_errands import BatchErrands
from tokenrouter.gateway.account.batch_watch import BatchWatch
from tokenrouter.gateway.account.batches import Batches
from tokenrouter.gateway.account.call import Action, ResourceCall
from tokenrouter.gateway.account.errands import Asking, Errand
from tokenrouter.gateway.account.files import FileErrands
from tokenrouter.gateway.engine import Gateway
from tokenrouter.gateway.exchange import Exchange, Ports
from tokenrouter.gateway.hook_rules import Guard, no_guard
from tokenrouter.gateway.lanes import subject_of
from tokenrouter.gateway.ownership import Ownership
from tokenrouter.gateway.ports import Responder, Source, Upstream
from tokenrouter.gateway.raw.passthrough import Passthrough

Doing = Callable[[Asking], Awaitable[Errand]]


class Resources:
    """Serves those requests. One per data process.

    Attributes:
        batches: what running batches hold.
        watch: looks after batches that their owners do not look at.
        passthrough: serves what is passed on raw, by the same rules of who owns what.
    """

    def __init__(
        self,
        gateway: Gateway,
        source: Source,
        upstream: Upstream,
        ports: Ports,
        ownership: Ownership,
        guard: Guard = no_guard,
    ) -> None:
        """Join them to their ports; `guard` is asked about uploads, batches and raw requests."""
        self._gateway = gateway
        self._guard = guard
        self._source = source
        self._ports = ports
        self.batches = Batches(ports, ownership, upstream)
        self.passthrough = Passthrough(gateway, source, ports, ownership, guard)
        files = FileErrands(ownership)
        batches = BatchErrands(ownership, self.batches, gateway.new_request_id)
        self.watch = BatchWatch(source, upstream, ownership, batches, gateway.books)
        self._doing: dict[tuple[IdKind, Action, str], Doing] = {
            ("file", "collection", "POST"): files.upload,
            ("file", "collection", "GET"): files.list,
            ("file", "item", "GET"): files.look,
            ("file", "item", "DELETE"): files.delete,
            ("file", "content", "GET"): files.content,
            ("batch", "collection", "POST"): batches.begin,
            ("batch", "collection", "GET"): batches.list,
            ("batch", "item", "GET"): batches.look,
            ("batch", "cancel", "POST"): batches.cancel,
        }

    async def serve(self, asked: ResourceCall, responder: Responder) -> None:
        """Answer `asked`, whose method its target has.

        Raises:
            GatewayError: what the client is to be told; it is written down.
        """
        call, directory = asked.call, self._source.current()
        principal = directory.principal(call.head.digest, call.now_s, call.head.client_ip)
        target = asked.target
        try:
            if asked.method == "POST" and target.action == "collection":
                self._guard(principal, "a file" if target.kind == "file" else "a batch")
            doing = self._doing[target.kind, target.action, asked.method]
            errand = await doing(Asking(directory, principal, asked, self._gateway.books))
        except GatewayError as error:
            self._gateway.refuse(call, subject_of(principal, call.head.dialect, ""), error)
            raise
        exchange = Exchange(errand.call, errand.lane, errand.head, responder, self._ports)
        await self._gateway.serve_on(exchange, errand.road, to_its_end=errand.to_its_end)
