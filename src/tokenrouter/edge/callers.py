"""In whose words to speak to a caller whose path does not say it.

Three vendors share `/v1/models`, and an error may concern a path that nobody has. So the prefix decides, then the
headers that only one vendor's clients send (measured with their SDKs).
"""

from typing import Final

from tokenrouter.dialects.anthropic.messages import MESSAGES
from tokenrouter.dialects.base import Dialect
from tokenrouter.dialects.gemini.content import GENERATE_CONTENT
from tokenrouter.dialects.openai_chat.chat import CHAT
from tokenrouter.edge import paths
from tokenrouter.edge.request import RequestHead

_PREFIXES: Final[tuple[tuple[bytes, Dialect], ...]] = (
    (b"/openai/", CHAT),
    (b"/anthropic/", MESSAGES),
    (b"/gemini/", GENERATE_CONTENT),
    (b"/v1beta", GENERATE_CONTENT),
)


def dialect_of_path(path: bytes) -> Dialect | None:
    """Return the dialect that `path` alone tells, or None."""
    target = paths.find(path)
    if target is not None and target.dialect is not None:
        return target.dialect
    return next((dialect for prefix, dialect in _PREFIXES if path.startswith(prefix)), None)


def dialect_of(head: RequestHead) -> Dialect:
    """Return the dialect that a caller understands."""
    known = dialect_of_path(head.path)
    if known is not None:
        return known
    headers = head.headers
    if b"x-goog-api-key" in headers or b"x-goog-api-client" in headers or head.query_key:
        return GENERATE_CONTENT
    return MESSAGES if b"anthropic-version" in headers else CHAT
