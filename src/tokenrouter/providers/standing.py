"""What the answer to a harmless question, the list of models, says of a provider as a whole (pure).

It is a word for people and for choosing, never for a request: a request's own answer is read by `refusals`. Only the
status code decides, with two exceptions that TokenRouter-Go's users know (its health checker, read 2026-11): a 400 that
is about the key, and the page by which Cloudflare keeps programs out.
"""

from collections.abc import Mapping
from typing import Final

from tokenrouter.domain.conditions import Status
from tokenrouter.providers.refusals import read_refusal

_SAYS_NOTHING: Final = frozenset({404, 405, 410, 501})
"""There is no such list here, which many servers do without."""
_BUSY: Final = 429
"""It answers, only not now."""
_CHALLENGE_HEADER: Final = b"cf-mitigated"
"""`challenge` on every challenge page
(https://developers.cloudflare.com/cloudflare-challenges/challenge-types/challenge-pages/detect-response/, 2026-11)."""
_CHALLENGE_WORDS: Final = (b"just a moment...", b"/cdn-cgi/challenge-platform/", b"cf-chl-")
_KEY_WORDS: Final = ("api key", "api_key", "apikey", "credential")
_LOOKED_AT_BYTES: Final = 64 * 2**10


def standing_of(status: int, headers: Mapping[bytes, bytes], body: bytes) -> Status:
    """Return how a provider is that answered so. Header names are lower-case; `body` may be cut."""
    if status < 300 or status == _BUSY:
        return "online"
    if _is_challenge(headers, body):
        return "blocked"
    if status in (401, 403) or (status == 400 and _is_about_key(body)):
        return "auth problem"
    return "unknown" if status in _SAYS_NOTHING else "offline"


def _is_challenge(headers: Mapping[bytes, bytes], body: bytes) -> bool:
    if headers.get(_CHALLENGE_HEADER) == b"challenge":
        return True
    if not headers.get(b"content-type", b"").startswith(b"text/html"):
        return False
    page = body[:_LOOKED_AT_BYTES].lower()
    return any(words in page for words in _CHALLENGE_WORDS)


def _is_about_key(body: bytes) -> bool:
    refusal = read_refusal(body)
    said = " ".join((refusal.message, *refusal.codes)).lower()
    return any(words in said for words in _KEY_WORDS)
