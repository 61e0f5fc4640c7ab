"""What requests pass before they are routed: it may refuse them, change them, answer for them or watch their answers.

A layer sees a request as its client has sent it, and says quickly whether it has anything to do with it; where none
has, the road is as short as without layers. What a layer refuses before the road began leaves a row in the ledger like
any other refusal; behind it, the road keeps its own books.
"""

from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Protocol

from tokenrouter.domain.errors import GatewayError
from tokenrouter.gateway.call import Call
from tokenrouter.gateway.directory import Principal
from tokenrouter.gateway.ports import Responder

Onward = Callable[[Call, Responder], Coroutine[Any, Any, None]]
"""The rest of the road: the next layer, or routing."""


class Layer(Protocol):
    """One of them."""

    def concerns(self, call: Call, principal: Principal) -> bool:
        """Return whether `call` has to pass; asked of every request, so it has to be quick."""

    async def serve(self, call: Call, principal: Principal, responder: Responder, onward: Onward) -> None:
        """Take `call` on by `onward`, or answer it.

        Raises:
            GatewayError: what the client is to be told.
        """


class Passage:
    """The way of one request through the layers that concern it."""

    def __init__(
        self,
        layers: Sequence[Layer],
        principal: Principal,
        road: Onward,
        refuse: Callable[[Call, GatewayError], None],
    ) -> None:
        """`road` is what lies behind the last layer; `refuse` writes down what no road has written down."""
        self._layers = layers
        self._principal = principal
        self._road = road
        self._refuse = refuse
        self._is_through = False

    async def run(self, call: Call, responder: Responder) -> None:
        """Let `call` pass.

        Raises:
            GatewayError: what the client is to be told; it is written down.
        """
        try:
            await self._enter(0, call, responder)
        except GatewayError as error:
            if not self._is_through:
                self._refuse(call, error)
            raise

    def _enter(self, number: int, call: Call, responder: Responder) -> Coroutine[Any, Any, None]:
        if number == len(self._layers):
            self._is_through = True
            return self._road(call, responder)
        return self._layers[number].serve(
            call, self._principal, responder, lambda onward, answering: self._enter(number + 1, onward, answering)
        )
