"""What a vendor's path means: a question to a model, or a page that no model makes.

Each vendor's routes read the path and say so in one of these two forms; `vendors` then serves them all alike.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from tokenrouter.sandbox.delivery import Answer, encoded
from tokenrouter.sandbox.errors import ApiError
from tokenrouter.sandbox.fields import Fields
from tokenrouter.sandbox.question import Question
from tokenrouter.sandbox.server import Request

Admit = Callable[[Request], str]
"""Says who asks, for caches and faults that remember, or raises the vendor's ApiError."""
Restate = Callable[[ApiError], ApiError]
"""The same failure in the vendor's form."""


def error_body(error: ApiError) -> bytes:
    """The error's document as JSON."""
    return encoded(error.document())


@dataclass(frozen=True, slots=True)
class Page:
    """An answer without a model: `make` may raise ApiError."""

    make: Callable[[], object]
    restate: Restate


@dataclass(frozen=True, slots=True)
class Operation:
    """A question to a model.

    Attributes:
        model: the name asked for, or None where it stands in the body.
        restate, error_body: how a failure looks here.
        headers: header lines of every answer, from the id of the request.
    """

    model: str | None
    streams: bool
    admit: Admit
    answer: Callable[[Question], Answer]
    restate: Restate
    headers: Callable[[str], str]
    error_body: Callable[[ApiError], bytes] = field(default=error_body)

    def model_name(self, fields: Fields) -> str:
        return self.model if self.model is not None else fields.required_text("model")
