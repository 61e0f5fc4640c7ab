"""What a client says in its headers about answers that are kept.

`x-tokenrouter-cache` speaks of nothing else; `cache-control` is the standard's word for the same (RFC 9111, 5.2.1), and
some programs send it without meaning us. So a client can only restrict with either what its key may do anyway.
"""

from dataclasses import dataclass
from typing import Final

CACHE_HEADER: Final = b"x-tokenrouter-cache"
TTL_HEADER: Final = b"x-tokenrouter-cache-ttl"
STANDARD_HEADER: Final = b"cache-control"
_MAX_DIGITS: Final = 9


@dataclass(frozen=True, slots=True)
class CacheWish:
    """One client's wish.

    Attributes:
        no_store: nothing is read and nothing is kept.
        no_cache: nothing is read; the answer is kept.
        only_if_cached: nobody is asked.
        max_age_s: oldest answer that is read, or None for any.
        ttl_s: how long the answer is kept at most, or None for as long as is usual.
    """

    no_store: bool = False
    no_cache: bool = False
    only_if_cached: bool = False
    max_age_s: int | None = None
    ttl_s: int | None = None


NO_WISH: Final = CacheWish()


def read_wish(own: bytes, standard: bytes, ttl: bytes) -> CacheWish | None:
    """Return what the three headers say together, None where that is nothing; unknown words are passed over."""
    words = {part.strip().lower() for part in (own + b"," + standard).split(b",")}
    ages = [_seconds(word.removeprefix(b"max-age=")) for word in words if word.startswith(b"max-age=")]
    wish = CacheWish(
        no_store=b"no-store" in words,
        no_cache=b"no-cache" in words,
        only_if_cached=b"only-if-cached" in words,
        max_age_s=min((age for age in ages if age is not None), default=None),
        ttl_s=_seconds(ttl.strip()),
    )
    return None if wish == NO_WISH else wish


def _seconds(digits: bytes) -> int | None:
    return int(digits) if digits.isdigit() and len(digits) <= _MAX_DIGITS else None
