"""Whose requests and answers are kept for people to read, and one of them as it was kept.

Nobody's, until an operator says so: what is kept is what people have written. Who is meant is said by scope, and the
nearest word counts: a key's own, then those of its parents, of its user, its team, and of everybody.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from msgspec import Struct

SCOPE_KINDS: Final = ("key", "user", "team")
EVERYBODY: Final = "global"
DEFAULT_BODY_BYTES: Final = 128 * 2**10
"""As much as TokenRouter-Go kept of a body."""
Outcome = Literal["answered", "refused", "broken_off", "disconnected"]
"""How an answer ended for its client. `refused`: a status from 400 on; `broken_off`: an error in a stream that had
begun; `disconnected`: the client left, or the gateway stopped."""


@dataclass(frozen=True, slots=True)
class CaptureRules:
    """By scope, whether its requests are kept. `max_body_bytes`: so much of each body, the rest is left out."""

    scopes: dict[str, bool] = field(default_factory=dict)
    max_body_bytes: int = DEFAULT_BODY_BYTES

    @property
    def is_off(self) -> bool:
        """Whether nobody's are kept."""
        return not any(self.scopes.values())

    def capture(self, charged: Sequence[str]) -> bool:
        """Return whether a request is kept that is charged to the scopes `charged`, the nearest first."""
        return next((self.scopes[scope] for scope in charged if scope in self.scopes), False)


class Captured(Struct, frozen=True):
    """One request with its answer, as the client sent the one and got the other.

    Attributes:
        id: of the request, as in the ledger.
        started_us, ended_us: microseconds since the epoch.
        dialect, operation: what was asked for, and in which words.
        path: with its query, without keys.
        key_id, key, user, team: who asked.
        model: as it was asked for, "" where none could be read.
        session: what names the conversation, in the client's own words; "" where nothing does.
        previous: the id of the response that it goes on from, or "".
        is_stream: whether the answer came in pieces.
        sse: False where these were the elements of a JSON array.
        request_headers, answer_headers: those that may be kept; secrets are blanked out.
        request_body, answer_body: as far as they are kept.
        request_bytes, answer_bytes: how long they were.
    """

    id: str
    started_us: int
    ended_us: int
    dialect: str
    operation: str
    path: str = ""
    key_id: str = ""
    key: str = ""
    user: str = ""
    team: str = ""
    client_ip: str = ""
    client_tool: str = ""
    model: str = ""
    session: str = ""
    previous: str = ""
    status: int = 0
    outcome: Outcome = "answered"
    is_stream: bool = False
    sse: bool = True
    request_headers: tuple[tuple[str, str], ...] = ()
    answer_headers: tuple[tuple[str, str], ...] = ()
    request_body: bytes = b""
    answer_body: bytes = b""
    request_bytes: int = 0
    answer_bytes: int = 0

    @property
    def provider(self) -> str:
        """Who answered, as the answer's own head says; "" where it does not."""
        return dict(self.answer_headers).get("x-tokenrouter-provider", "")


def scope_mistake(scope: str) -> str:
    """Return what is wrong with the scope of a rule, or ""."""
    kind, colon, name = scope.partition(":")
    if scope == EVERYBODY or (kind in SCOPE_KINDS and colon and name.strip() == name and name):
        return ""
    return f"{scope!r} is no scope; use global, team:NAME, user:NAME or key:NAME"
