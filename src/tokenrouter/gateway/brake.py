"""One flow that is held back for two reasons: a client that does not read, and a limit that has not yet been asked.

Either may hold it and let it go without knowing of the other; it runs while neither holds it.
"""

from typing import Literal

from tokenrouter.gateway.ports import Flow

Reason = Literal["client", "limit"]


class Brake:
    """The client's end of `flow`: pauses it for the client, and for a limit too."""

    __slots__ = ("_flow", "_reasons")

    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self._reasons: set[Reason] = set()

    def pause(self) -> None:
        """Hold the flow for the client."""
        self.hold("client")

    def resume(self) -> None:
        """Let the flow go, as far as the client is concerned."""
        self.let_go("client")

    def hold(self, reason: Reason) -> None:
        """Hold the flow; once for each reason."""
        if not self._reasons:
            self._flow.pause()
        self._reasons.add(reason)

    def let_go(self, reason: Reason) -> None:
        """Let the flow go if nothing else holds it."""
        held = bool(self._reasons)
        self._reasons.discard(reason)
        if held and not self._reasons:
            self._flow.resume()
