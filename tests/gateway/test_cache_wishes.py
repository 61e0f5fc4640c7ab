"""What clients say of kept answers."""

import pytest

from tokenrouter.gateway.cache_wishes import CacheWish, read_wish


@pytest.mark.parametrize(
    ("own", "standard", "ttl", "wish"),
    [
        (b"", b"", b"", None),
        (b"", b"private, stale-if-error=5", b"", None),
        (b"no-store", b"", b"", CacheWish(no_store=True)),
        (b"", b"No-Cache , max-age=0", b"", CacheWish(no_cache=True, max_age_s=0)),
        (b"only-if-cached", b"max-age=60,max-age=9", b"", CacheWish(only_if_cached=True, max_age_s=9)),
        (b"", b"max-age=-1", b"soon", None),
        (b"", b"max-age=99999999999999999999", b"9999999999999", None),
        (b"", b"", b" 30 ", CacheWish(ttl_s=30)),
    ],
)
def test_both_headers_say_the_same(own: bytes, standard: bytes, ttl: bytes, wish: CacheWish | None) -> None:
    assert read_wish(own, standard, ttl) == wish
