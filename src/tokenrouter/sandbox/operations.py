"""What a vendor's path means: a question to a model, a page that no model makes, or a job of many questions.

Each vendor's routes read the path and say so in one of these forms; `vendors` then serves them all alike.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from tokenrouter.sandbox import ids
from tokenrouter.sandbox.delivery import Answer, encoded
from tokenrouter.sandbox.errors import ApiError
from tokenrouter.sandbox.fields import Fields, read_body
from tokenrouter.sandbox.question import Question
from tokenrouter.sandbox.server import Request

Admit = Callable[[Request], str]
"""Says who asks, for caches and faults that remember, or raises the vendor's ApiError."""
Restate = Callable[[ApiError], ApiError]
"""The same failure in the vendor's form."""


def error_body(error: ApiError) -> bytes:
    """The error's document as JSON."""
    return encoded(error.document())


def read_json(request: Request) -> Fields:
    """The body as one JSON object. Raises: ApiError."""
    return read_body(request.body)


def request_id() -> str:
    """A new name for a request."""
    return ids.digits("req_", 32)


@dataclass(frozen=True, slots=True)
class Raw:
    """A document that is not JSON; `headers` are lines that each end in CRLF."""

    data: bytes
    headers: str


@dataclass(frozen=True, slots=True)
class Page:
    """An answer without a model: `make` returns JSON or `Raw`, and may raise ApiError.

    Attributes:
        headers: lines that each end in CRLF.
        dialect: the API's name in the books; without one the page is not noted.
    """

    make: Callable[[], object]
    restate: Restate
    headers: str = ""
    dialect: str = ""


@dataclass(frozen=True, slots=True)
class Operation:
    """A question to a model.

    Attributes:
        dialect: the API's name in the books.
        model: the name asked for, or None where it stands in the body.
        default_model: the name where the body may leave it out.
        read: makes fields of the body; raises ApiError.
        restate, error_body: how a failure looks here.
        headers: header lines of every answer, from the id of the request.
        id: names the request in the books and to the caller.
    """

    dialect: str
    model: str | None
    streams: bool
    admit: Admit
    answer: Callable[[Question], Answer]
    restate: Restate
    headers: Callable[[str], str]
    error_body: Callable[[ApiError], bytes] = field(default=error_body)
    default_model: str | None = None
    read: Callable[[Request], Fields] = field(default=read_json)
    id: str = field(default_factory=request_id)

    def model_name(self, fields: Fields) -> str:
        if self.model is not None:
            return self.model
        if self.default_model is not None and not fields.present("model"):
            return self.default_model
        return fields.required_text("model")


AskNow = Callable[[Request], object]
"""Answers a request of the same vendor at once, with lines of its own in the books, and returns the document.

Raises ApiError where the vendor would refuse.
"""


@dataclass(frozen=True, slots=True)
class Job:
    """A page whose making asks models: a batch. `make` gets the way to ask.

    Attributes:
        operation: what one of its requests means; None if no model answers it.
        dialect: the API's name in the books, for the page and for each of its requests.
    """

    make: Callable[[AskNow], object]
    operation: Callable[[Request], Operation | None]
    restate: Restate
    headers: str
    dialect: str
