"""What is known when it is chosen where a request goes: of the request, of the places, and chance.

Nothing of it is worked out before a choice asks for it; most ask for one thing.
"""

from collections.abc import Mapping

from tokenrouter.dialects.base import Head
from tokenrouter.dialects.prompt_text import estimated_tokens
from tokenrouter.dialects.sessions import session_of
from tokenrouter.domain.conditions import Condition
from tokenrouter.domain.ledger import Usage
from tokenrouter.domain.prices import cost
from tokenrouter.gateway.call import CallHead
from tokenrouter.gateway.choices import Route
from tokenrouter.gateway.directory import Directory, Principal
from tokenrouter.gateway.estimates import FIRST_OUTPUT_TOKENS
from tokenrouter.gateway.lanes import Books
from tokenrouter.gateway.loads import Load


class Circumstances:
    """Those of one request; it is `choices.Known`."""

    __slots__ = ("_books", "_conditions", "_directory", "_head", "_peeked", "_principal", "_session", "stream")

    def __init__(
        self,
        directory: Directory,
        principal: Principal,
        head: CallHead,
        peeked: Head,
        books: Books,
        conditions: Mapping[str, Condition],
        session: int = -1,
    ) -> None:
        """`session` is that of the request where it is known already."""
        self._directory = directory
        self._principal = principal
        self._head = head
        self._peeked = peeked
        self._books = books
        self._conditions = conditions
        self._session = session
        self.stream = peeked.stream

    def tokens(self) -> int:
        """Return how long the request's text is."""
        return estimated_tokens(self._peeked.body.fields)

    def session(self) -> int:
        """Return what stands for its conversation."""
        if self._session < 0:
            head, fields = self._head, self._peeked.body.fields
            self._session = session_of(self._principal.tenant, head.session, head.dialect.operation, fields)
        return self._session

    @property
    def keeps_together(self) -> bool:
        """Whether the choice went by the conversation."""
        return self._session > 0

    def chance(self) -> float:
        """Return a number from 0 to below 1."""
        return self._books.chance()

    def now_s(self) -> float:
        """Return the time by the clock of the loads."""
        return self._books.loads.clock()

    def load(self, route: Route) -> Load:
        """Return how busy and how fast a place is."""
        return self._books.loads.of(route.place)

    def left(self, route: Route) -> float:
        """Return which share of its provider's quota is left."""
        condition = self._conditions.get(route.entry.provider.name)
        return 1.0 if condition is None or condition.left is None else condition.left

    def cost(self, route: Route) -> int | None:
        """Return what it is going to cost there: as many tokens as the model makes of it, and an answer as usual."""
        provider = route.entry.provider.name
        price = self._directory.price(provider, route.model)
        if price is None:
            return None
        peeked, estimates = self._peeked, self._books.estimates.of(provider, route.model)
        usual = estimates.answers.usual
        output = FIRST_OUTPUT_TOKENS if usual is None else usual
        if peeked.max_output_tokens is not None:
            output = min(output, peeked.max_output_tokens)
        prompt = estimates.fair(body_bytes=peeked.size, content_bytes=0).input_tokens
        return cost(Usage(input_tokens=prompt, output_tokens=output * peeked.answers), price)
