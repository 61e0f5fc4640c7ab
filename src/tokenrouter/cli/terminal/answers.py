"""What `toro` reads of a server's answers. What it does not need is not here, so a newer server may have more."""

from collections.abc import Iterator
from typing import Any, TypeVar
from urllib.parse import urlencode

import msgspec

from tokenrouter.cli.client import Server
from tokenrouter.cli.client_errors import NoAnswer

T = TypeVar("T")

PAGE_ROWS = 1000


class Status(msgspec.Struct):
    """`GET /v1/status`: the server and what one's requests of the last `period_seconds` came to."""

    version: str
    period_seconds: int
    requests: int
    failed_requests: int
    prompt_tokens: int
    completion_tokens: int
    providers_available: int
    providers_online: int
    prompt_cached_tokens: int = 0
    avg_latency_ms: float = 0.0


class Limit(msgspec.Struct):
    """A limit that holds who asks; amounts are null where they are not told."""

    scope: str
    metric: str
    window: str
    mode: str
    state: str
    allowed: int | str | None = None
    left: int | str | None = None
    resets_at: str | None = None


class Me(msgspec.Struct):
    """`GET /api/v1/me`: who asks."""

    name: str
    role: str
    user: str = ""
    teams: list[str] = []
    limits: list[Limit] = []


class Provider(msgspec.Struct):
    """One of `GET /api/v1/providers/status`."""

    name: str
    status: str
    problem: str
    model_count: int
    response_ms: float | None = None


class AliasName(msgspec.Struct):
    """An alias that leads to a model."""

    name: str


class Model(msgspec.Struct):
    """One of `GET /api/v1/models`; of `GET /v1/models` it has the id alone."""

    id: str
    status: str = ""
    free: bool = False
    priced: bool = False
    input_per_1m: str | None = None
    output_per_1m: str | None = None
    context_tokens: int | None = None
    aliases: list[AliasName] = []


class ModelList(msgspec.Struct):
    """`GET /v1/models`: what may be asked, aliases too."""

    data: list[Model]


class Sums(msgspec.Struct):
    """What some requests came to; `name` is theirs where they are a group."""

    requests: int
    failed: int
    input_tokens: int
    output_tokens: int
    cached_input_tokens: int
    cost_usd: str
    unpriced_requests: int = 0
    name: str = ""
    key_id: str = ""


class Usage(msgspec.Struct):
    """`GET /api/v1/usage`."""

    total: Sums
    groups: list[Sums]


class Key(msgspec.Struct):
    """A key, without the key itself."""

    id: str
    name: str
    hint: str
    role: str
    enabled: bool
    team: str = ""
    user: str = ""
    expires_at: str | None = None
    temporary: bool = False
    suspended: bool = False


class MadeKey(Key, kw_only=True):
    """A key just made."""

    key: str


class Attempt(msgspec.Struct):
    """One request to a provider, in the ledger."""

    provider: str
    cost_usd: str | None = None


class Booked(msgspec.Struct):
    """`GET /api/v1/ledger/{request_id}`: what a request came to."""

    attempts: list[Attempt]


class Page(msgspec.Struct):
    """A page of a list."""

    data: list[Any]
    next: str | None = None


def read(told: object, kind: type[T]) -> T:
    """Return an answer as what it should be.

    Raises:
        NoAnswer: it is something else.
    """
    try:
        return msgspec.convert(told, kind)
    except msgspec.ValidationError as error:
        raise NoAnswer(
            f"the server's answer is not what toro expects ({error}); is it a TokenRouter, and not much older or newer?"
        ) from None


def rows(server: Server, path: str, **filters: str | int | None) -> Iterator[Any]:
    """Yield every row of a list, page after page; filters that are None or "" do not restrict.

    Raises:
        NoAnswer, Refused: as `Server.ask`; also where a page is followed by itself.
    """
    question = {name: value for name, value in filters.items() if value not in (None, "")}
    after: str | None = ""
    while after is not None:
        query = urlencode({**question, "limit": PAGE_ROWS, **({"after": after} if after else {})})
        page = read(server.ask("GET", f"{path}?{query}"), Page)
        yield from page.data
        if page.next is not None and page.next == after:
            raise NoAnswer("the server's list has no end; is it a TokenRouter, and not much older or newer?")
        after = page.next
